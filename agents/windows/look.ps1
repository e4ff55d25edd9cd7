# -- what the machine is --

function Get-Text($Value) {
    return ([string] $Value).Trim(" `t`r`n" + [char] 0)
}

function Get-Hardware {
    $system = Get-CimInstance -ClassName Win32_ComputerSystem
    $bios = Get-CimInstance -ClassName Win32_BIOS
    $product = Get-CimInstance -ClassName Win32_ComputerSystemProduct
    $board = @(Get-CimInstance -ClassName Win32_BaseBoard)[0]
    $enclosure = @(Get-CimInstance -ClassName Win32_SystemEnclosure)[0]
    $date = ''
    if ($bios.ReleaseDate) { $date = $bios.ReleaseDate.ToString('MM/dd/yyyy', [Globalization.CultureInfo]::InvariantCulture) }
    $maker = "$($system.Manufacturer) $($system.Model)"
    $virtual = ''
    if ($maker -match '^(qemu|vmware|innotek|xen|bochs|microsoft corporation virtual)') { $virtual = 'machine' }
    return @{
        vendor       = Get-Text $system.Manufacturer
        model        = Get-Text $system.Model
        serial       = Get-Text $bios.SerialNumber
        uuid         = (Get-Text $product.UUID).ToLowerInvariant()
        sku          = Get-Text $system.SystemSKUNumber
        board_vendor = Get-Text $board.Manufacturer
        board_model  = Get-Text $board.Product
        board_serial = Get-Text $board.SerialNumber
        asset_tag    = Get-Text $enclosure.SMBIOSAssetTag
        bios_version = Get-Text $bios.SMBIOSBIOSVersion
        bios_date    = $date
        chassis      = Get-Chassis ([int] (@($enclosure.ChassisTypes)[0]))
        virtual      = $virtual
    }
}

function Get-Chassis([int] $Kind) {
    # SMBIOS chassis types (DSP0134, 7.4.1) in the words of the ledger.
    if ($Kind -in 8, 9, 10, 14, 31) { return 'laptop' }
    if ($Kind -in 30, 32) { return 'tablet' }
    if ($Kind -in 17, 23, 25, 28, 29) { return 'server' }
    if ($Kind -in 3, 4, 5, 6, 7, 13, 15, 16, 24, 35, 36) { return 'desktop' }
    return ''
}

function Get-System {
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    $known = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    return @{
        family       = 'windows'
        name         = Get-Text $system.Caption
        version      = Get-Text $system.Version
        codename     = Get-Text (Get-Field $known 'DisplayVersion')
        kernel       = "$($system.Version).$(Get-Field $known 'UBR')"
        architecture = Get-Text $env:PROCESSOR_ARCHITECTURE
        hostname     = Get-Text $env:COMPUTERNAME
        time_zone    = (Get-TimeZone).Id
        locale       = (Get-WinSystemLocale).Name
    }
}

function Get-Cpu {
    $all = @(Get-CimInstance -ClassName Win32_Processor)
    return @{
        model   = (Get-Text $all[0].Name) -replace '\s+', ' '
        sockets = $all.Count
        cores   = [long] ($all | Measure-Object -Property NumberOfCores -Sum).Sum
        threads = [long] ($all | Measure-Object -Property NumberOfLogicalProcessors -Sum).Sum
    }
}

function Get-Memory {
    $modules = @(foreach ($one in @(Get-CimInstance -ClassName Win32_PhysicalMemory)) {
            @{
                slot      = Get-Text $one.DeviceLocator
                size_mb   = [long] [Math]::Floor($one.Capacity / $Mebibyte)
                vendor    = Get-Text $one.Manufacturer
                part      = Get-Text $one.PartNumber
                speed_mts = [long] $one.Speed
            }
        })
    $installed = [long] 0
    foreach ($one in $modules) { $installed += $one.size_mb }
    $total = (Get-CimInstance -ClassName Win32_OperatingSystem).TotalVisibleMemorySize
    return @{ total_mb = [long] [Math]::Floor($total / 1024); installed_mb = $installed; modules = $modules }
}

function Get-Disks {
    $rotating = @{}
    foreach ($one in @(Get-PhysicalDisk -ErrorAction SilentlyContinue)) {
        $rotating["$($one.DeviceId)"] = "$($one.MediaType)" -eq 'HDD'
    }
    $found = @(foreach ($one in @(Get-CimInstance -ClassName Win32_DiskDrive | Sort-Object -Property Index)) {
            if ($one.InterfaceType -eq 'USB' -or $one.MediaType -notlike 'Fixed*') { continue }
            @{
                name    = "disk$($one.Index)"
                model   = Get-Text $one.Model
                serial  = Get-Text $one.SerialNumber
                size_mb = [long] [Math]::Floor($one.Size / $Mebibyte)
                rotates = [bool] $rotating["$($one.Index)"]
            }
        })
    return @{ rows = $found }
}

function Get-Encryption {
    if (-not (Get-Command -Name Get-BitLockerVolume -ErrorAction SilentlyContinue)) {
        return @{ system_disk = 'unknown'; volumes = @() }
    }
    $all = @(Get-BitLockerVolume)
    $system = @($all | Where-Object { $_.MountPoint -eq $env:SystemDrive })
    $is = 'unknown'
    if ($system.Count) {
        $is = 'off'
        if ("$($system[0].ProtectionStatus)" -eq 'On') { $is = 'on' }
    }
    $volumes = @($all | Where-Object { "$($_.VolumeStatus)" -ne 'FullyDecrypted' } | Sort-Object -Property MountPoint |
            ForEach-Object { @{ name = Get-Text $_.MountPoint; kind = 'BitLocker' } })
    return @{ system_disk = $is; volumes = $volumes }
}

function ConvertTo-Mac([string] $Address) {
    $plain = ($Address -replace '[^0-9A-Fa-f]', '').ToLowerInvariant()
    if ($plain.Length -ne 12) { return '' }
    return ($plain -split '(..)' | Where-Object { $_ }) -join ':'
}

function Get-Network {
    $cards = @(foreach ($one in @(Get-NetAdapter -Physical | Sort-Object -Property Name)) {
            $kind = 'ethernet'
            if ([int] $one.NdisPhysicalMedium -in 1, 9) { $kind = 'wifi' }
            $bus = 'onboard'
            if ($one.PnPDeviceID -like 'USB*') { $bus = 'usb' }
            @{
                name   = Get-Text $one.Name
                mac    = ConvertTo-Mac $one.PermanentAddress
                kind   = $kind
                bus    = $bus
                driver = Get-Text $one.DriverFileName
            }
        })
    return @{ rows = $cards }
}

function Get-Battery {
    $found = @(foreach ($one in @(Get-CimInstance -Namespace root\wmi -ClassName BatteryStaticData -ErrorAction SilentlyContinue)) {
            $which = @{ Namespace = 'root\wmi'; ErrorAction = 'SilentlyContinue' }
            $charged = Get-CimInstance @which -ClassName BatteryFullChargedCapacity | Where-Object { $_.InstanceName -eq $one.InstanceName }
            $worn = Get-CimInstance @which -ClassName BatteryCycleCount | Where-Object { $_.InstanceName -eq $one.InstanceName }
            $health = 0
            if ($charged -and $one.DesignedCapacity) {
                $health = [Math]::Min(100, [Math]::Floor(20 * $charged.FullChargedCapacity / $one.DesignedCapacity) * 5)
            }
            $cycles = 0
            if ($worn) { $cycles = [Math]::Floor($worn.CycleCount / 10) * 10 }
            @{
                name           = Get-Text $one.InstanceName
                vendor         = Get-Text $one.ManufactureName
                model          = Get-Text $one.DeviceName
                serial         = Get-Text $one.SerialNumber
                health_percent = [long] $health
                cycles         = [long] $cycles
            }
        })
    return @{ rows = $found }
}

function Get-Software {
    # What is installed for everybody; the hives of people are not looked at.
    $rows = @{}
    foreach ($below in '', 'WOW6432Node\') {
        $place = "HKLM:\SOFTWARE\${below}Microsoft\Windows\CurrentVersion\Uninstall\*"
        foreach ($one in @(Get-ItemProperty -Path $place -ErrorAction SilentlyContinue)) {
            $name = Get-Text (Get-Field $one 'DisplayName')
            if (-not $name -or (Get-Field $one 'SystemComponent') -eq 1) { continue }
            $kind = 'program'
            if ((Get-Field $one 'WindowsInstaller') -eq 1) { $kind = 'msi' }
            $row = @($name, (Get-Text (Get-Field $one 'DisplayVersion')), $kind)
            $rows[$row -join "`n"] = $row
        }
    }
    $order = [string[]] @($rows.Keys)
    [Array]::Sort($order, [StringComparer]::Ordinal)
    return @{ rows = @(foreach ($key in $order) { , $rows[$key] }) }
}

function Read-Section([string] $Name) {
    switch ($Name) {
        'battery' { return Get-Battery }
        'cpu' { return Get-Cpu }
        'disks' { return Get-Disks }
        'encryption' { return Get-Encryption }
        'hardware' { return Get-Hardware }
        'memory' { return Get-Memory }
        'network' { return Get-Network }
        'os' { return Get-System }
        'software' { return Get-Software }
    }
}

function Get-Report {
    # A section that cannot be read is left out: that means "not known now", never "gone".
    $report = @{ contents = @{}; hashes = @{}; failed = @{} }
    foreach ($name in $Sections) {
        try {
            $content = Read-Section $name
            # PowerShell takes lists apart on their way out of a function; in a table they stay what they are.
            if ($content.ContainsKey('rows')) { $content = $content.rows }
            $report.contents[$name] = $content
            $report.hashes[$name] = Get-SectionHash $content
        }
        catch { $report.failed[$name] = $_.Exception.Message }
    }
    return $report
}

function Get-Volatile {
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    $disk = Get-CimInstance -ClassName Win32_LogicalDisk -Filter "DeviceID='$env:SystemDrive'"
    $up = [long] [Math]::Max(0, ((Get-Date) - $system.LastBootUpTime).TotalSeconds)
    return @{ uptime_s = $up; free_mb = [long] [Math]::Floor($disk.FreeSpace / $Mebibyte) }
}
