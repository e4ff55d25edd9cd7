"""What a person does with each kind of file, step by step."""

from collections.abc import Mapping
from typing import Final

from kitto.base.i18n import N_
from kitto.bootstrap.rules.states import ArtifactKind

_CABLE: Final = N_("Connect the machine to the kitting network by cable.")
_WAIT: Final = N_("Wait until the device's page says “finished”.")
_DELETE: Final = N_("Delete the file from the stick: it was made for this machine and works once.")

HOW: Final[Mapping[ArtifactKind, tuple[str, ...]]] = {
    ArtifactKind.AUTOUNATTEND: (
        N_("This erases the first disk of the machine."),
        N_("Put autounattend.xml onto the Windows installation stick, at its top."),
        _CABLE,
        N_("Start the machine from the stick. It installs Windows, calls Kitto, and restarts."),
        _WAIT,
        _DELETE,
    ),
    ArtifactKind.WINDOWS_PACKAGE: (
        N_("Build the package with Windows Configuration Designer, as BUILD.txt in the file says."),
        N_("Copy kitto.ppkg to the top of a USB stick."),
        _CABLE,
        N_("Switch the PC on, and put the stick in at its first screen."),
        _WAIT,
        _DELETE,
    ),
    ArtifactKind.WINDOWS_SCRIPT: (
        _CABLE,
        N_("Copy the file to the machine and run it in PowerShell as administrator."),
        N_("Or scan the code with a scanner that types: it enters the one line that does the same."),
        _WAIT,
        _DELETE,
    ),
    ArtifactKind.CLOUD_INIT: (
        N_("Format a USB stick as FAT with the volume label CIDATA and unpack both files onto it."),
        _CABLE,
        N_("Start the machine from a disk or image that has cloud-init, with the stick in it."),
        _WAIT,
        _DELETE,
    ),
    ArtifactKind.PRESEED: (
        N_("This erases the first disk of the machine."),
        N_("Put preseed.cfg onto the stick with the Debian installer, at its top."),
        _CABLE,
        N_(
            "Start from the stick, choose Advanced options, Automated install, and give file:///cdrom/preseed.cfg."
        ),
        _WAIT,
        _DELETE,
    ),
    ArtifactKind.LINUX_SCRIPT: (
        _CABLE,
        N_("Copy the file to the machine and run: sudo python3 kitto-bootstrap.py"),
        N_("Or scan the code with a scanner that types: it enters the one line that does the same."),
        _WAIT,
        _DELETE,
    ),
    ArtifactKind.MACOS: (
        _CABLE,
        N_("Copy both files to the Mac. Open the profile and accept it in System Settings."),
        N_("Open Terminal and run: sudo sh kitto-bootstrap.command"),
        _WAIT,
        _DELETE,
    ),
}
