# -- the wire: canonical JSON, hashes, signatures --

function ConvertTo-JsonText([string] $Text) {
    # As Python's json.dumps writes it with ensure_ascii=False.
    $out = New-Object Text.StringBuilder
    [void] $out.Append('"')
    foreach ($sign in $Text.ToCharArray()) {
        $code = [int] $sign
        if ($code -eq 34) { [void] $out.Append('\"') }
        elseif ($code -eq 92) { [void] $out.Append('\\') }
        elseif ($code -eq 10) { [void] $out.Append('\n') }
        elseif ($code -eq 13) { [void] $out.Append('\r') }
        elseif ($code -eq 9) { [void] $out.Append('\t') }
        elseif ($code -eq 8) { [void] $out.Append('\b') }
        elseif ($code -eq 12) { [void] $out.Append('\f') }
        elseif ($code -lt 32) { [void] $out.Append('\u' + $code.ToString('x4')) }
        else { [void] $out.Append($sign) }
    }
    [void] $out.Append('"')
    return $out.ToString()
}

function ConvertTo-Canonical($Value) {
    # Equal values always give equal text: keys sorted, no blanks.
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [bool]) { return $Value.ToString().ToLowerInvariant() }
    if ($Value -is [string]) { return ConvertTo-JsonText $Value }
    if ($Value -is [Collections.IDictionary]) {
        $names = [string[]] @($Value.Keys)
        [Array]::Sort($names, [StringComparer]::Ordinal)
        $parts = @(foreach ($name in $names) { (ConvertTo-JsonText $name) + ':' + (ConvertTo-Canonical $Value[$name]) })
        return '{' + ($parts -join ',') + '}'
    }
    if ($Value -is [Management.Automation.PSCustomObject]) {
        $table = @{}
        foreach ($property in $Value.PSObject.Properties) { $table[$property.Name] = $property.Value }
        return ConvertTo-Canonical $table
    }
    if ($Value -is [Collections.IEnumerable]) {
        $parts = @(foreach ($item in $Value) { ConvertTo-Canonical $item })
        return '[' + ($parts -join ',') + ']'
    }
    return ([long] $Value).ToString([Globalization.CultureInfo]::InvariantCulture)
}

function Get-Sha256([byte[]] $Bytes) {
    $sha = [Security.Cryptography.SHA256]::Create()
    try { return -join @($sha.ComputeHash($Bytes) | ForEach-Object { $_.ToString('x2') }) }
    finally { $sha.Dispose() }
}

function Get-SectionHash($Content) {
    return (Get-Sha256 $Utf8.GetBytes((ConvertTo-Canonical $Content))).Substring(0, 16)
}

function Get-WholeHash([hashtable] $Hashes) {
    $names = [string[]] @($Hashes.Keys)
    [Array]::Sort($names, [StringComparer]::Ordinal)
    $lines = -join @($names | ForEach-Object { "$_=$($Hashes[$_])`n" })
    return (Get-Sha256 $Utf8.GetBytes($lines)).Substring(0, 16)
}

function ConvertTo-Base64Url([byte[]] $Bytes) {
    return [Convert]::ToBase64String($Bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_')
}

function ConvertFrom-Base64Url([string] $Text) {
    $plain = $Text.Replace('-', '+').Replace('_', '/')
    $plain += '=' * ((4 - $plain.Length % 4) % 4)
    return , [Convert]::FromBase64String($plain)
}

function New-Nonce {
    $bytes = New-Object byte[] 8
    $chance = [Security.Cryptography.RandomNumberGenerator]::Create()
    $chance.GetBytes($bytes)
    $chance.Dispose()
    return ConvertTo-Base64Url $bytes
}

function Get-Authorization([string] $Secret, [string] $Device, [string] $Path, [byte[]] $Body, [long] $Counter, [string] $Nonce) {
    # Signed are method, path, counter, nonce, device and the SHA-256 of the body as it goes over the wire.
    $text = 'POST', $Path, "$Counter", $Nonce, $Device, (Get-Sha256 $Body) -join "`n"
    $key = ConvertFrom-Base64Url $Secret
    $hmac = New-Object Security.Cryptography.HMACSHA256 (, [byte[]] $key)
    try { $mac = ConvertTo-Base64Url $hmac.ComputeHash($Utf8.GetBytes($text)) }
    finally { $hmac.Dispose() }
    return "HMAC1 $Device.$Counter.$Nonce.$mac"
}

function ConvertTo-Gzip([byte[]] $Bytes) {
    $held = New-Object IO.MemoryStream
    $zip = New-Object IO.Compression.GZipStream $held, ([IO.Compression.CompressionMode]::Compress)
    $zip.Write($Bytes, 0, $Bytes.Length)
    $zip.Close()
    return , $held.ToArray()
}

function Read-Answer($Response) {
    # Status, Retry-After, and the JSON object that was sent, if any.
    $stream = $Response.GetResponseStream()
    $held = New-Object IO.MemoryStream
    $piece = New-Object byte[] 8192
    while ($held.Length -lt $LargestAnswer -and ($got = $stream.Read($piece, 0, $piece.Length)) -gt 0) {
        $held.Write($piece, 0, $got)
    }
    $body = $null
    try { $body = $Utf8.GetString($held.ToArray()) | ConvertFrom-Json }
    catch { $body = $null }
    $wait = $null
    if ($Response.Headers['Retry-After'] -match '^\d+$') { $wait = [int] $Response.Headers['Retry-After'] }
    return @{ status = [int] $Response.StatusCode; wait = $wait; body = $body }
}

function Send-Post([string] $Server, [string] $Path, [byte[]] $Body, [string] $Authorization) {
    $address = [uri] $Server
    if ($address.Scheme -ne 'https' -and -not $address.IsLoopback) {
        Stop-Agent 2 "The server address must begin with https:// (plain http only on this machine): $Server"
    }
    $request = [Net.HttpWebRequest]::Create($Server.TrimEnd('/') + $Path)
    $request.Method = 'POST'
    $request.Proxy = $null
    $request.AllowAutoRedirect = $false
    $request.Timeout = $TimeoutSeconds * 1000
    $request.ReadWriteTimeout = $TimeoutSeconds * 1000
    $request.ContentLength = $Body.Length
    if ($Authorization) { $request.Headers['Authorization'] = $Authorization }
    else { $request.ContentType = 'application/json' }
    try {
        if ($Body.Length) {
            $stream = $request.GetRequestStream()
            $stream.Write($Body, 0, $Body.Length)
            $stream.Close()
        }
        $response = $request.GetResponse()
    }
    catch {
        # PowerShell wraps what .NET throws; an answer of 4xx or 5xx is inside.
        $failure = $_.Exception
        while ($null -ne $failure -and $failure -isnot [Net.WebException]) { $failure = $failure.InnerException }
        if ($null -eq $failure) { throw }
        $response = $failure.Response
        if ($null -eq $response) { Stop-Agent 1 "$Server did not answer: $($failure.Message)" }
    }
    try { return Read-Answer $response }
    finally { $response.Close() }
}
