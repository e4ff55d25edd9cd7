# A package of winget is there, in the given version where one is given.
param([string]$Id, [string]$Version)
$ErrorActionPreference = 'Stop'
$Ansible.Changed = $false
$winget = Get-ChildItem -Path "$env:ProgramFiles\WindowsApps\Microsoft.DesktopAppInstaller_*_x64__8wekyb3d8bbwe\winget.exe" |
    Sort-Object -Property FullName | Select-Object -Last 1
if (-not $winget) {
    throw '[winget_missing] This Windows has no winget. Update the App Installer first.'
}
$listed = & $winget.FullName list --id $Id --exact --accept-source-agreements --disable-interactivity | Out-String
if ($listed -notmatch [Regex]::Escape($Id) -or ($Version -and $listed -notmatch [Regex]::Escape($Version))) {
    $Ansible.Changed = $true
    if (-not $Ansible.CheckMode) {
        $words = @('install', '--id', $Id, '--exact', '--scope', 'machine', '--silent', '--disable-interactivity')
        $words += @('--accept-package-agreements', '--accept-source-agreements')
        if ($Version) { $words += @('--version', $Version) }
        $said = & $winget.FullName @words | Out-String
        if ($LASTEXITCODE -ne 0) {
            throw "[winget_failed] winget could not install $Id ($LASTEXITCODE): $said"
        }
    }
}
