# Why Windows wants to be restarted; nothing when it does not.
$ErrorActionPreference = 'Stop'
$Ansible.Changed = $false
$signs = @{
    update = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired'
    component = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending'
}
foreach ($sign in $signs.GetEnumerator()) {
    if (Test-Path -LiteralPath $sign.Value) { $sign.Key }
}
$names = 'HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName'
$active = (Get-ItemProperty -LiteralPath "$names\ActiveComputerName").ComputerName
$wanted = (Get-ItemProperty -LiteralPath "$names\ComputerName").ComputerName
if ($active -ne $wanted) { 'name' }
$locale = 'HKLM:\SYSTEM\CurrentControlSet\Control\Nls\CodePage'
if ((Get-ItemProperty -LiteralPath $locale).ACP -ne "$([Globalization.CultureInfo]::GetCultureInfo((Get-WinSystemLocale).Name).TextInfo.ANSICodePage)") { 'locale' }
