# The serial number that the firmware of this machine names.
$ErrorActionPreference = 'Stop'
(Get-CimInstance -ClassName Win32_BIOS).SerialNumber
$Ansible.Changed = $false
