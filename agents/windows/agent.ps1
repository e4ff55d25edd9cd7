# Kitto's endpoint agent for Windows: looks at the machine it runs on and reports what changed.
# Windows PowerShell 5.1 and nothing else; nothing stays in memory between runs. The wire: docs/checkins.md.
# Exit codes: 0 done, 1 try again later, 2 somebody must do something.
[CmdletBinding()]
param(
    [Parameter(Position = 0, Mandatory = $true)]
    [ValidateSet('enrol', 'checkin', 'install-timer', 'show', 'seal', 'uninstall', 'version', 'self-test')]
    [string] $Command,
    [string] $Server = '',
    [switch] $TokenStdin,
    [string] $TokenFile = '',
    [string] $Ca = '',
    [switch] $Full,
    [switch] $Due,
    [string] $Vectors = '',
    [string] $State = "$env:ProgramData\Kitto\Agent"
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
[Net.ServicePointManager]::Expect100Continue = $false

$Version = '0.1.0'
$Task = 'KittoAgent'
$EveryMinutes = 15
$TimeoutSeconds = 20
$LargestAnswer = 65536
$Mebibyte = 1048576
$FirstPauseSeconds = 900
$LongestPauseSeconds = 6 * 3600
$SmallestClockErrorMs = 1000
$ToleratedClockErrorMs = 300000
$Sections = 'battery', 'cpu', 'disks', 'encryption', 'hardware', 'memory', 'network', 'os', 'software'
$Utf8 = New-Object Text.UTF8Encoding $false

# A task of the system has no console to set.
try { [Console]::OutputEncoding = $Utf8 }
catch { Write-Verbose $_.Exception.Message }

$script:Code = 1 # of what is thrown and was not foreseen
$script:Pause = $null # seconds that the server asked for

function Stop-Agent([int] $Code, [string] $Text) {
    $script:Code = $Code
    throw $Text
}

function Get-Field($Object, [string] $Name) {
    # A field of an answer, $null where it is not there.
    if ($Object -is [Collections.IDictionary]) { return $Object[$Name] }
    if ($null -ne $Object -and $Object.PSObject.Properties[$Name]) { return $Object.$Name }
    return $null
}

# <wire.ps1>

# -- the state folder: SYSTEM and administrators only --

function Open-State {
    New-Item -ItemType Directory -Path $State -Force | Out-Null
    & icacls.exe $State /inheritance:r /grant '*S-1-5-18:(OI)(CI)F' /grant '*S-1-5-32-544:(OI)(CI)F' /q | Out-Null
    if ($LASTEXITCODE) { Stop-Agent 2 "The folder $State could not be closed to others. Run this as administrator." }
    try {
        $script:Lock = [IO.File]::Open("$State\lock", 'OpenOrCreate', 'ReadWrite', 'None')
    }
    catch {
        Stop-Agent 1 'Another run of the agent is under way.'
    }
}

function Write-State([string] $Name, $Value) {
    # A power cut leaves the old file or the new one.
    $fresh = "$State\$Name.new"
    [IO.File]::WriteAllText($fresh, (ConvertTo-Canonical $Value), $Utf8)
    if (Test-Path -LiteralPath "$State\$Name") { [IO.File]::Replace($fresh, "$State\$Name", $null) }
    else { [IO.File]::Move($fresh, "$State\$Name") }
}

function Read-Credential {
    try { return [IO.File]::ReadAllText("$State\credential.json", $Utf8) | ConvertFrom-Json }
    catch { Stop-Agent 2 'This machine is not enrolled. Run: kitto-agent.ps1 enrol -Server URL -TokenStdin' }
}

function Read-Memory {
    # Losing it costs one full report, nothing else; a damaged file counts as none.
    $memory = @{
        counter = [long] 0; clock_offset_ms = [long] 0; acknowledged = ''
        not_before = [long] 0; failures = [long] 0; first_failure = [long] 0
    }
    try {
        $known = [IO.File]::ReadAllText("$State\memory.json", $Utf8) | ConvertFrom-Json
        foreach ($name in @($memory.Keys)) {
            $value = Get-Field $known $name
            if ($null -eq $value) { continue }
            if ($name -eq 'acknowledged') { $memory[$name] = [string] $value }
            else { $memory[$name] = [long] $value }
        }
    }
    catch { $memory.acknowledged = '' }
    return $memory
}

function Clear-State {
    foreach ($name in 'credential.json', 'memory.json') {
        if (Test-Path -LiteralPath "$State\$name") { Remove-Item -LiteralPath "$State\$name" -Force }
    }
}

# <look.ps1>

# -- which machine this is --

function Get-Mark([string] $Value) {
    if (-not $Value) { return '' }
    return (Get-Sha256 $Utf8.GetBytes("kitto-agent:$Value")).Substring(0, 16)
}

function Get-Marks {
    # What tells two machines with one disk image apart; empty where unknown.
    $guid = (Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Cryptography').MachineGuid
    return @{ 'machine-id' = Get-Mark $guid; 'hardware UUID' = Get-Mark (Get-Hardware).uuid }
}

function Get-Fingerprint([hashtable] $Marks) {
    $names = [string[]] @($Marks.Keys)
    [Array]::Sort($names, [StringComparer]::Ordinal)
    return (Get-Sha256 $Utf8.GetBytes(-join @($names | ForEach-Object { $Marks[$_] }))).Substring(0, 8)
}

function Assert-SameMachine($Credential) {
    $now = Get-Marks
    $then = @{}
    foreach ($property in $Credential.machine.PSObject.Properties) {
        $then[$property.Name] = [string] $property.Value
        if ($property.Value -and $now[$property.Name] -ne $property.Value) {
            Stop-Agent 2 "The credential here belongs to another machine ($($property.Name) differs), so nothing was sent. Run: kitto-agent.ps1 seal, then enrol again with a new token."
        }
    }
    return Get-Fingerprint $then
}

function Get-Presented {
    $hardware = Get-Hardware
    $found = @{ hostname = $env:COMPUTERNAME; macs = @() }
    foreach ($name in 'vendor', 'model', 'serial', 'uuid', 'board_serial', 'virtual') { $found[$name] = $hardware[$name] }
    $found.macs = @((Get-Network).rows | Where-Object { $_.bus -eq 'onboard' -and $_.mac } | ForEach-Object { $_.mac })
    return $found
}

# -- what it does when it runs --

function Get-NowMs { return [DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds() }

function Get-Offset($Answer) {
    $now = Get-Field $Answer.body 'now'
    if ($null -eq $now) { return [long] 0 }
    return [long] $now - (Get-NowMs)
}

function Stop-Refused($Answer) {
    if ($Answer.status -eq 410) {
        Remove-Agent
        Stop-Agent 2 'The server has removed this machine. The agent takes itself away.'
    }
    if ($Answer.status -eq 429 -or $Answer.status -ge 500) {
        $script:Pause = $Answer.wait
        Stop-Agent 1 "The server answered $($Answer.status)."
    }
    $said = Get-Field $Answer.body 'detail'
    if (-not $said) { $said = "The server answered $($Answer.status)." }
    Stop-Agent 2 $said
}

function Send-Once($Credential, [hashtable] $Memory, [string] $Path, [byte[]] $Body) {
    # Two messages within one millisecond, and a clock that was set back, still count upwards; but a counter from
    # a clock that ran far ahead must not lock us out.
    $now = (Get-NowMs) + $Memory.clock_offset_ms
    $ahead = $Memory.counter - $now
    $counter = $now
    if ($ahead -ge 0 -and $ahead -lt $ToleratedClockErrorMs) { $counter = $Memory.counter + 1 }
    $Memory.counter = $counter
    $signed = Get-Authorization $Credential.secret $Credential.device $Path $Body $counter (New-Nonce)
    return Send-Post $Credential.server $Path $Body $signed
}

function Send-Signed($Credential, [hashtable] $Memory, [string] $Path, [byte[]] $Body) {
    # Heals a wrong clock once.
    $answer = Send-Once $Credential $Memory $Path $Body
    if ($answer.status -eq 401 -and $null -ne (Get-Field $answer.body 'now')) {
        $offset = Get-Offset $answer
        $moved = [Math]::Abs($offset - $Memory.clock_offset_ms) -gt $SmallestClockErrorMs
        $Memory.clock_offset_ms = $offset
        if ($moved) { $answer = Send-Once $Credential $Memory $Path $Body }
    }
    if ($answer.status -notin 200, 204) { Stop-Refused $answer }
    $pause = Get-Field $answer.body 'next'
    if ($null -ne $pause) {
        $seconds = [Math]::Min([long] $pause, $LongestPauseSeconds)
        $Memory.not_before = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds() + $seconds
    }
    $secret = Get-Field $answer.body 'secret'
    if ($secret) {
        $Credential.secret = $secret
        Write-State 'credential.json' $Credential
    }
    return $answer
}

function Send-Report($Credential, [hashtable] $Memory, [string] $Mark) {
    $report = Get-Report
    foreach ($name in $report.failed.Keys) { [Console]::Error.WriteLine("could not read ${name}: $($report.failed[$name])") }
    $whole = Get-WholeHash $report.hashes
    $now = Get-Volatile
    $beat = @{ h = $whole; m = $Mark; up = $now.uptime_s; fr = $now.free_mb; v = $Version }
    if ($whole -ne $Memory.acknowledged) { $beat.s = $report.hashes }
    if ($Memory.first_failure) { $beat.ff = $Memory.first_failure }
    $answer = Send-Signed $Credential $Memory '/agent/v1/checkin' $Utf8.GetBytes((ConvertTo-Canonical $beat))
    $wanted = @()
    if ($answer.status -eq 200) {
        if ($null -eq $answer.body -or -not $answer.body.PSObject.Properties['want']) {
            Stop-Agent 1 'What answered is no Kitto: is there a sign-in page of the network in between?'
        }
        $wanted = @($answer.body.want)
    }
    if ($Full -or $wanted -contains '*') { $wanted = $Sections }
    $names = @($wanted | Where-Object { $report.hashes.ContainsKey("$_") })
    if ($names.Count) {
        $told = @{}
        foreach ($name in $names) { $told[$name] = @{ h = $report.hashes[$name]; d = $report.contents[$name] } }
        $text = ConvertTo-Canonical @{ h = $whole; v = $Version; sections = $told }
        Send-Signed $Credential $Memory '/agent/v1/sections' (ConvertTo-Gzip $Utf8.GetBytes($text)) | Out-Null
    }
    $Memory.acknowledged = $whole
    if ($names.Count) { Write-Output "sent: $($names -join ', ')" } else { Write-Output 'unchanged' }
}

function Set-Pause([hashtable] $Memory) {
    # Longer after each failure, spread at random so that machines do not come back at once.
    $now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    $Memory.failures += 1
    if (-not $Memory.first_failure) { $Memory.first_failure = $now }
    $longest = [Math]::Min($FirstPauseSeconds * [Math]::Pow(2, [Math]::Min($Memory.failures - 1, 8)), $LongestPauseSeconds)
    $seconds = $script:Pause
    if ($null -eq $seconds) { $seconds = Get-Random -Minimum 0 -Maximum ([int] $longest + 1) }
    $Memory.not_before = $now + [Math]::Min([long] $seconds, $LongestPauseSeconds)
}

function Invoke-CheckIn {
    Open-State
    $credential = Read-Credential
    $memory = Read-Memory
    # A pause longer than the longest one means that the clock was set back, not that we must wait.
    $left = $memory.not_before - [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    if ($Due -and $left -gt 0 -and $left -le $LongestPauseSeconds) {
        Write-Output 'not due yet'
        return
    }
    try {
        Send-Report $credential $memory (Assert-SameMachine $credential)
        $memory.failures = [long] 0
        $memory.first_failure = [long] 0
    }
    catch {
        if ($script:Code -eq 1) { Set-Pause $memory }
        throw
    }
    finally {
        if (Test-Path -LiteralPath "$State\credential.json") { Write-State 'memory.json' $memory }
    }
}

function Invoke-Enrolment {
    if ($TokenStdin) { $token = [Console]::In.ReadLine() } else { $token = [IO.File]::ReadAllText($TokenFile) }
    if (-not "$token".Trim()) { Stop-Agent 2 'There is no token to enrol with. Ask the IT desk for one.' }
    Open-State
    if ($Ca) { Import-Certificate -FilePath $Ca -CertStoreLocation Cert:\LocalMachine\Root | Out-Null }
    $marks = Get-Marks
    $hello = @{ token = "$token".Trim(); v = $Version; m = Get-Fingerprint $marks; machine = Get-Presented }
    $answer = Send-Post $Server '/agent/v1/enrol' $Utf8.GetBytes((ConvertTo-Canonical $hello)) ''
    if ($answer.status -ne 201) { Stop-Refused $answer }
    Clear-State
    $credential = @{ server = $Server.TrimEnd('/'); device = $answer.body.id; secret = $answer.body.secret; machine = $marks }
    Write-State 'credential.json' $credential
    $memory = Read-Memory
    $memory.clock_offset_ms = Get-Offset $answer
    Write-State 'memory.json' $memory
    if ($answer.body.state -eq 'active') { Write-Output 'enrolled' }
    else { Write-Output 'enrolled, waiting for a person to confirm this machine' }
}

function Install-Timer {
    # As SYSTEM, every 15 minutes; the first minute differs from machine to machine.
    $words = "-NoProfile -NonInteractive -ExecutionPolicy Bypass -WindowStyle Hidden -File `"$PSCommandPath`" checkin -Due"
    $first = [Convert]::ToInt32((Get-Fingerprint (Get-Marks)).Substring(0, 4), 16) % $EveryMinutes
    $action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument $words
    $often = @{ Once = $true; At = (Get-Date).Date.AddMinutes($first); RepetitionInterval = New-TimeSpan -Minutes $EveryMinutes }
    $trigger = New-ScheduledTaskTrigger @often
    $manners = @{ StartWhenAvailable = $true; AllowStartIfOnBatteries = $true; DontStopIfGoingOnBatteries = $true }
    $settings = New-ScheduledTaskSettingsSet @manners -MultipleInstances IgnoreNew -ExecutionTimeLimit (New-TimeSpan -Minutes 10)
    $what = @{ TaskName = $Task; Action = $action; Trigger = $trigger; Settings = $settings }
    Register-ScheduledTask @what -User 'SYSTEM' -RunLevel Highest -Force | Out-Null
    Write-Output "timer installed: task $Task"
}

function Remove-Agent {
    Clear-State
    if (Get-ScheduledTask -TaskName $Task -ErrorAction SilentlyContinue) {
        Unregister-ScheduledTask -TaskName $Task -Confirm:$false
    }
    if ($PSCommandPath -like "$env:ProgramFiles\Kitto\*") { Remove-Item -LiteralPath $PSCommandPath -Force }
}

function Uninstall-Agent {
    Open-State
    try {
        $credential = Read-Credential
        Send-Signed $credential (Read-Memory) '/agent/v1/bye' ([byte[]] @()) | Out-Null
    }
    catch { [Console]::Error.WriteLine("the server was not told: $($_.Exception.Message)") }
    Remove-Agent
    Write-Output 'removed'
}

function Show-Report {
    $report = Get-Report
    $shown = @{
        'at enrolment' = Get-Presented; 'each time' = Get-Volatile
        'sections' = $report.contents; 'could not be read' = $report.failed
    }
    Write-Output (ConvertTo-Canonical $shown)
}

function Test-Vectors {
    # The same file proves the agent in Python: what is computed here must be what is written there.
    $told = [IO.File]::ReadAllText($Vectors, $Utf8) | ConvertFrom-Json
    $wrong = @()
    foreach ($one in @($told.canonical)) {
        if ((ConvertTo-Canonical $one.value) -cne $one.text) { $wrong += "canonical: $($one.text)" }
        if ((Get-SectionHash $one.value) -cne $one.hash) { $wrong += "hash: $($one.text)" }
    }
    foreach ($one in @($told.whole)) {
        $hashes = @{}
        foreach ($property in $one.sections.PSObject.Properties) { $hashes[$property.Name] = $property.Value }
        if ((Get-WholeHash $hashes) -cne $one.hash) { $wrong += "whole: $($one.hash)" }
    }
    foreach ($one in @($told.marks)) {
        $marks = @{}
        foreach ($property in $one.values.PSObject.Properties) { $marks[$property.Name] = Get-Mark $property.Value }
        if ((Get-Fingerprint $marks) -cne $one.fingerprint) { $wrong += "marks: $($one.fingerprint)" }
    }
    foreach ($one in @($told.signed)) {
        $body = ConvertFrom-Base64Url $one.body
        $header = Get-Authorization $one.secret $one.device $one.path $body $one.counter $one.nonce
        if ($header -cne $one.header) { $wrong += "signed: $($one.header)" }
    }
    if ($wrong.Count) { Stop-Agent 2 "These differ: $($wrong -join '; ')" }
    Write-Output 'every vector holds'
}

try {
    switch ($Command) {
        'enrol' { Invoke-Enrolment }
        'checkin' { Invoke-CheckIn }
        'install-timer' { Install-Timer }
        'show' { Show-Report }
        'seal' { Open-State; Clear-State; Write-Output 'sealed: this machine must be enrolled again' }
        'uninstall' { Uninstall-Agent }
        'version' { Write-Output $Version }
        'self-test' { Test-Vectors }
    }
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit $script:Code
}
