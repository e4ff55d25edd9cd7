# Enrols the agent if it is not, puts it on its timer, and lets it report. Says how that ended.
param([string]$Server, [string]$Token)
# What the agent says on stderr is no error of this script.
$ErrorActionPreference = 'Continue'
$Ansible.Changed = $false
$agent = "$env:ProgramFiles\Kitto\kitto-agent.ps1"
$start = @('-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', $agent)
$said = ''
$code = 0
if (-not (Test-Path -LiteralPath "$env:ProgramData\Kitto\Agent\credential.json")) {
    $said = $Token | & powershell.exe @start enrol -Server $Server -TokenStdin 2>&1 | Out-String
    $code = $LASTEXITCODE
    $Ansible.Changed = $code -eq 0
}
if ($code -eq 0 -and -not (Get-ScheduledTask -TaskName KittoAgent -ErrorAction SilentlyContinue)) {
    $said = & powershell.exe @start install-timer 2>&1 | Out-String
    $code = $LASTEXITCODE
    $Ansible.Changed = $true
}
# A server that is busy for a moment is no reason to fail: 1 means "try again later".
for ($round = 1; $code -eq 0 -and $round -le 5; $round++) {
    $said = & powershell.exe @start checkin -Full 2>&1 | Out-String
    if ($LASTEXITCODE -ne 1 -or $round -eq 5) {
        $code = $LASTEXITCODE
        break
    }
    Start-Sleep -Seconds 3
}
@{ code = $code; said = $said.Trim() }
