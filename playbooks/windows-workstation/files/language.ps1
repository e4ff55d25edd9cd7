# The language pack is there, and Windows speaks the language after the next sign-in.
param([string]$Language)
$ErrorActionPreference = 'Stop'
$Ansible.Changed = $false
if (-not (Get-InstalledLanguage -Language $Language)) {
    $Ansible.Changed = $true
    if (-not $Ansible.CheckMode) {
        Install-Language -Language $Language | Out-Null
    }
}
if ((Get-SystemPreferredUILanguage) -ne $Language) {
    $Ansible.Changed = $true
    if (-not $Ansible.CheckMode) {
        Set-SystemPreferredUILanguage -Language $Language
    }
}
