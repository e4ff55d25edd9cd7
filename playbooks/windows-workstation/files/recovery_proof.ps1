# Whether the key that Kitto kept is the one that opens this disk, and the disk is protected.
param([string]$Kept)
$ErrorActionPreference = 'Stop'
$Ansible.Changed = $false
$volume = Get-BitLockerVolume -MountPoint $env:SystemDrive
$keys = @($volume.KeyProtector | Where-Object KeyProtectorType -EQ 'RecoveryPassword')
@{
    fits = [bool]($keys | Where-Object RecoveryPassword -CEQ $Kept)
    protection = "$($volume.ProtectionStatus)"
    status = "$($volume.VolumeStatus)"
}
