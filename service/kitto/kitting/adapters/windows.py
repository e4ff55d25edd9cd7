"""Who a Windows device is, asked over WinRM."""

from typing import Final

import msgspec

from kitto.base.winrm import WindowsTarget, WindowsTrouble, not_understood, run

WHO: Final = r"""
$ErrorActionPreference = 'Stop'
$bios = Get-CimInstance -ClassName Win32_BIOS
$product = Get-CimInstance -ClassName Win32_ComputerSystemProduct
$system = Get-CimInstance -ClassName Win32_ComputerSystem
$windows = Get-CimInstance -ClassName Win32_OperatingSystem
@{
    serial = $bios.SerialNumber
    uuid = $product.UUID
    vendor = $system.Manufacturer
    model = $system.Model
    name = $system.DNSHostName
    system = $windows.Caption
    build = $windows.BuildNumber
} | ConvertTo-Json -Compress
"""


class WhoItIs(msgspec.Struct, frozen=True, kw_only=True):
    """What a device says of itself. Serial and model come from its firmware."""

    serial: str = ""
    uuid: str = ""
    vendor: str = ""
    model: str = ""
    name: str = ""
    system: str = ""
    build: str = ""


def probe(target: WindowsTarget, seconds: float = 60) -> WhoItIs:
    """Ask a device who it is. Raises WindowsTrouble; changes nothing there."""
    ran = run(target, WHO, seconds)
    try:
        if ran.code == 0:
            return msgspec.json.decode(ran.out.strip(), type=WhoItIs, strict=False)
    except msgspec.DecodeError:
        pass
    raise not_understood(target, ran)


__all__ = ["WHO", "WhoItIs", "WindowsTarget", "WindowsTrouble", "probe", "run"]
