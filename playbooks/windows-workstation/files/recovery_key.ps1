# The recovery password of the system disk; made when there is none. It is not encrypted by this.
$ErrorActionPreference = 'Stop'
$Ansible.Changed = $false
$volume = Get-BitLockerVolume -MountPoint $env:SystemDrive
$keys = @($volume.KeyProtector | Where-Object KeyProtectorType -EQ 'RecoveryPassword')
if (-not $keys) {
    Add-BitLockerKeyProtector -MountPoint $env:SystemDrive -RecoveryPasswordProtector -WarningAction SilentlyContinue | Out-Null
    $Ansible.Changed = $true
    $volume = Get-BitLockerVolume -MountPoint $env:SystemDrive
    $keys = @($volume.KeyProtector | Where-Object KeyProtectorType -EQ 'RecoveryPassword')
}
@{ id = $keys[0].KeyProtectorId; key = $keys[0].RecoveryPassword }
