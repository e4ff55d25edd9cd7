# The system disk is encrypted with the TPM; it begins at once, or with the next start.
$ErrorActionPreference = 'Stop'
$Ansible.Changed = $false
$volume = Get-BitLockerVolume -MountPoint $env:SystemDrive
if (-not ($volume.KeyProtector | Where-Object KeyProtectorType -EQ 'RecoveryPassword')) {
    throw '[recovery_key_missing] The disk has no recovery key. Run the step from its beginning.'
}
if ($volume.VolumeStatus -eq 'FullyDecrypted') {
    $Ansible.Changed = $true
    if (-not $Ansible.CheckMode) {
        Enable-BitLocker -MountPoint $env:SystemDrive -EncryptionMethod XtsAes256 -UsedSpaceOnly -SkipHardwareTest -TpmProtector | Out-Null
    }
}
