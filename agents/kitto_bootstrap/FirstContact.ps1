# First contact with Kitto: let Kitto in by WinRM over HTTPS, keep everybody else out.
# Made for one machine; the token in it works once. Run as administrator. Windows PowerShell 5.1.
# Exit codes: 0 done, 1 try again later, 2 somebody must do something.
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12

$Order = '{}' | ConvertFrom-Json # what follows is put here by Kitto

$Port = 5986
$Task = 'KittoFirstContact'
$CertificateName = 'Kitto WinRM'
$PatienceSeconds = 4 * 3600
$Administrators = 'S-1-5-32-544'
$Winlogon = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'

$script:NeedsPerson = $false

function Write-Step([string] $Text) {
    Write-Output "kitto: $Text"
}

# -- speaking with Kitto --

function Add-Trust {
    # The authority travels in the order when the machine cannot know it.
    if (-not $Order.ca) { return }
    $parts = [regex]::Matches($Order.ca, '(?s)-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----')
    $store = New-Object Security.Cryptography.X509Certificates.X509Store 'Root', 'LocalMachine'
    $store.Open('ReadWrite')
    foreach ($part in $parts) {
        $raw = [Convert]::FromBase64String($part.Groups[1].Value)
        $store.Add((New-Object Security.Cryptography.X509Certificates.X509Certificate2 (, $raw)))
    }
    $store.Close()
}

function Get-Complaint($Failure) {
    # The sentence that Kitto answered with, else what went wrong on the way.
    try {
        return ($Failure.ErrorDetails.Message | ConvertFrom-Json).detail
    }
    catch {
        return $Failure.Exception.Message
    }
}

function Get-Status($Failure) {
    if ($Failure.Exception.PSObject.Properties['Response'] -and $Failure.Exception.Response) {
        return [int] $Failure.Exception.Response.StatusCode
    }
    return 0
}

function Invoke-Kitto([string] $Door, [hashtable] $Message, [int] $Seconds = $PatienceSeconds) {
    # Calls until Kitto answers. 409: a person has to confirm the key. 429, 5xx and silence: too early.
    $Message['token'] = $Order.token
    $body = [Text.Encoding]::UTF8.GetBytes(($Message | ConvertTo-Json -Compress))
    $end = (Get-Date).AddSeconds($Seconds)
    while ($true) {
        try {
            $address = "$($Order.server)/bootstrap/v1/$Door"
            return Invoke-RestMethod -Uri $address -Method Post -Body $body -ContentType 'application/json' -TimeoutSec 60
        }
        catch {
            $status = Get-Status $_
            $why = Get-Complaint $_
            if ($status -ge 400 -and $status -lt 500 -and $status -notin 409, 429) {
                $script:NeedsPerson = $true
                throw $why
            }
            if ((Get-Date) -gt $end) { throw }
            Write-Step "waiting: $why"
            Start-Sleep -Seconds 30
        }
    }
}

# -- who this machine is --

function Get-Identity {
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    @{
        serial   = [string] (Get-CimInstance -ClassName Win32_BIOS).SerialNumber
        uuid     = [string] (Get-CimInstance -ClassName Win32_ComputerSystemProduct).UUID
        hostname = $env:COMPUTERNAME
        system   = "$($system.Caption) $($system.Version)"
    }
}

function Get-OwnAddress {
    # Sends nothing: only asks for the way to Kitto.
    $target = [Net.Dns]::GetHostAddresses(([uri] $Order.server).DnsSafeHost)[0]
    $socket = New-Object Net.Sockets.Socket $target.AddressFamily, 'Dgram', 'Udp'
    try {
        $socket.Connect($target, 443)
        return [string] $socket.LocalEndPoint.Address
    }
    finally {
        $socket.Close()
    }
}

# -- letting Kitto in, and nobody else --

function New-Password {
    $bytes = New-Object byte[] 24
    $chance = [Security.Cryptography.RandomNumberGenerator]::Create()
    $chance.GetBytes($bytes)
    $chance.Dispose()
    return [Convert]::ToBase64String($bytes) + 'aA1!'
}

function Set-Account([string] $Password) {
    $secure = ConvertTo-SecureString -String $Password -AsPlainText -Force
    if (Get-LocalUser -Name $Order.account -ErrorAction SilentlyContinue) {
        Set-LocalUser -Name $Order.account -Password $secure -PasswordNeverExpires $true
    }
    else {
        New-LocalUser -Name $Order.account -Password $secure -PasswordNeverExpires -Description 'Kitto' | Out-Null
    }
    try {
        Add-LocalGroupMember -SID $Administrators -Member $Order.account
    }
    catch {
        if ($_.FullyQualifiedErrorId -notlike 'MemberExists*') { throw }
    }
}

function Get-Certificate([string] $Address) {
    # Made on this machine; its key never leaves it. The same one when this is run again.
    $known = Get-ChildItem -Path Cert:\LocalMachine\My | Where-Object { $_.FriendlyName -eq $CertificateName }
    if ($known) { return @($known)[0] }
    $names = "2.5.29.17={text}DNS=$env:COMPUTERNAME&IPAddress=$Address"
    $purpose = '2.5.29.37={text}1.3.6.1.5.5.7.3.1'
    $wanted = @{
        Subject           = "CN=$env:COMPUTERNAME"
        FriendlyName      = $CertificateName
        CertStoreLocation = 'Cert:\LocalMachine\My'
        KeyAlgorithm      = 'RSA'
        KeyLength         = 3072
        HashAlgorithm     = 'SHA256'
        KeyExportPolicy   = 'NonExportable'
        NotAfter          = (Get-Date).AddYears(5)
        TextExtension     = @($names, $purpose)
    }
    return New-SelfSignedCertificate @wanted
}

function ConvertTo-Pem($Certificate) {
    $lines = [Convert]::ToBase64String($Certificate.RawData, 'InsertLineBreaks')
    return "-----BEGIN CERTIFICATE-----`n$($lines -replace "`r", '')`n-----END CERTIFICATE-----`n"
}

function Set-Listener($Certificate) {
    # Enable-PSRemoting opens plain HTTP to everybody for a moment: a block stands before that door meanwhile.
    $block = @{ Name = 'Kitto-Block-HTTP'; DisplayName = 'Kitto: no WinRM over HTTP'; Direction = 'Inbound' }
    Remove-NetFirewallRule -Name $block.Name -ErrorAction SilentlyContinue
    New-NetFirewallRule @block -Action Block -Protocol TCP -LocalPort 5985 -Profile Any | Out-Null
    Enable-PSRemoting -SkipNetworkProfileCheck -Force | Out-Null
    Get-ChildItem -Path WSMan:\localhost\Listener | Remove-Item -Recurse -Force
    $listener = @{ Path = 'WSMan:\localhost\Listener'; Transport = 'HTTPS'; Address = '*' }
    New-Item @listener -CertificateThumbPrint $Certificate.Thumbprint -Force | Out-Null
    Set-Item -Path WSMan:\localhost\Service\Auth\Basic -Value $false
    Set-Item -Path WSMan:\localhost\Service\AllowUnencrypted -Value $false
    Get-NetFirewallRule -Name 'WINRM-HTTP-In-TCP*' -ErrorAction SilentlyContinue | Disable-NetFirewallRule
    $allow = @{ Name = 'Kitto-WinRM-HTTPS'; DisplayName = 'Kitto: WinRM over HTTPS'; Direction = 'Inbound' }
    Remove-NetFirewallRule -Name $allow.Name -ErrorAction SilentlyContinue
    $scope = @{ Protocol = 'TCP'; LocalPort = $Port; Profile = 'Any'; RemoteAddress = @($Order.places) }
    New-NetFirewallRule @allow @scope -Action Allow | Out-Null
    Remove-NetFirewallRule -Name $block.Name
    Set-Service -Name WinRM -StartupType Automatic
    Restart-Service -Name WinRM -Force
}

# -- going on after a restart, and tidying up --

function Register-Again {
    # If the machine is switched off before the end, it goes on at its next start.
    if (-not $PSCommandPath) { return }
    $words = "-NoProfile -ExecutionPolicy Bypass -File `"$PSCommandPath`""
    $action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument $words
    $start = New-ScheduledTaskTrigger -AtStartup
    Register-ScheduledTask -TaskName $Task -Action $action -Trigger $start -User 'SYSTEM' -RunLevel Highest -Force |
        Out-Null
}

function Remove-Traces {
    # Everything that brought us here, and every copy of the token or of a first password.
    $removed = @()
    foreach ($value in 'AutoAdminLogon', 'AutoLogonCount', 'DefaultPassword', 'DefaultUserName', 'DefaultDomainName') {
        if (Get-ItemProperty -Path $Winlogon -Name $value -ErrorAction SilentlyContinue) {
            Remove-ItemProperty -Path $Winlogon -Name $value
            $removed += "Winlogon\$value"
        }
    }
    if (Get-Command -Name Get-ProvisioningPackage -ErrorAction SilentlyContinue) {
        foreach ($package in @(Get-ProvisioningPackage -AllInstalledPackages)) {
            if ($package.PackageName -like 'Kitto*') {
                Uninstall-ProvisioningPackage -PackageId $package.PackageId | Out-Null
                $removed += $package.PackageName
            }
        }
    }
    $files = @("$env:windir\Panther\unattend.xml", "$env:windir\Panther\Unattend\unattend.xml")
    $files += "$env:windir\Panther\unattend-original.xml", "$env:windir\System32\Sysprep\unattend.xml"
    $files += "$env:ProgramData\Kitto\FirstContact.ps1"
    if ($PSCommandPath) { $files += $PSCommandPath }
    foreach ($file in ($files | Select-Object -Unique)) {
        if (Test-Path -LiteralPath $file) {
            Remove-Item -LiteralPath $file -Force
            $removed += $file
        }
    }
    if (Get-ScheduledTask -TaskName $Task -ErrorAction SilentlyContinue) {
        Unregister-ScheduledTask -TaskName $Task -Confirm:$false
        $removed += "task $Task"
    }
    return $removed
}

function Invoke-FirstContact {
    Register-Again
    Add-Trust
    $hello = Get-Identity
    $serial = $hello.serial
    $address = Get-OwnAddress
    $wasLoggedOn = (Get-ItemProperty -Path $Winlogon).PSObject.Properties.Name -contains 'AutoAdminLogon'
    $certificate = Get-Certificate $address
    $password = New-Password
    $hello += @{
        transport = 'winrm'
        key       = ConvertTo-Pem $certificate
        address   = $address
        port      = $Port
        password  = $password
    }
    Write-Step "calling Kitto for $($Order.tag)"
    $welcome = Invoke-Kitto 'hello' $hello
    Write-Step "account $($welcome.account)"
    Set-Account $password
    Write-Step 'WinRM for Kitto only'
    Set-Listener $certificate
    Write-Step 'tidying up'
    $closed = @(Remove-Traces)
    Invoke-Kitto 'done' @{ serial = $serial; agent = 'missing'; closed = $closed } 600 | Out-Null
    Write-Step "done: $($Order.tag) belongs to Kitto now"
    # The desktop that the installation opened shall not stay open.
    if ($wasLoggedOn) { shutdown.exe /r /t 15 | Out-Null }
}

try {
    Invoke-FirstContact
    exit 0
}
catch {
    Write-Step $_.Exception.Message
    if ($script:NeedsPerson) { exit 2 }
    exit 1
}
