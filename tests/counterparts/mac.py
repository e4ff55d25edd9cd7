"""A stand-in for a Mac: a Linux bench PC with programs of Apple's names that keep state and know few words.

They follow Apple's manual pages for what our recipe uses, and end with 64 and a complaint on everything else,
so that a recipe cannot pass by saying what a Mac would not understand. docs/macos.md lists what only a real
Mac proves.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.counterparts.pcs import BenchPc, bench_pc

PROGRAM = Path(__file__).with_name("mac_programs.py")
PLACES = {
    "/usr/sbin": (
        "scutil",
        "systemsetup",
        "dseditgroup",
        "createhomedir",
        "softwareupdate",
        "ioreg",
        "pkgutil",
    ),
    "/usr/sbin/": ("installer",),
    "/usr/bin": ("dscl", "defaults", "sw_vers", "fdesetup", "curl", "shasum", "xcode-select"),
    "/opt/homebrew/bin": ("brew",),
}
STATE = "/var/mac/state.json"


class Mac:
    """One stand-in; `pc` is the machine below it."""

    def __init__(self, pc: BenchPc) -> None:
        self.pc = pc

    @property
    def state(self) -> dict[str, Any]:
        """What its programs remember."""
        found: dict[str, Any] = json.loads(self.pc.run(f"cat {STATE}").stdout)
        return found

    def change(self, **values: Any) -> None:
        """Change what its programs remember, as a hand at the Mac would."""
        self.pc.run(f"cat >{STATE}", stdin=json.dumps({**self.state, **values}))

    def install(self) -> None:
        """Put the programs in their places."""
        self.pc.run("mkdir -p /var/mac /opt/homebrew/bin /Library/Preferences /Users; chmod 777 /var/mac")
        program = "#!/usr/bin/python3\n" + PROGRAM.read_text("utf-8")
        self.pc.run("cat >/var/mac/program; chmod 755 /var/mac/program", stdin=program)
        for place, names in PLACES.items():
            for name in names:
                self.pc.run(f"ln -sf /var/mac/program {place.rstrip('/')}/{name}")
        start = {"serial": self.pc.hardware.serial}
        self.pc.run(f"cat >{STATE}; chmod 666 {STATE}", stdin=json.dumps(start))


@contextmanager
def bench_mac(serial: str = "C02XK2QZ3", *, authorized_key: str) -> Iterator[Mac]:
    """A stand-in that is switched on; gone when the block ends. `pc.reduced` says that there is none here."""
    with bench_pc(serial, vendor="Apple Inc.", model="MacBookAir10,1", authorized_key=authorized_key) as pc:
        mac = Mac(pc)
        if not pc.reduced:
            mac.install()
        yield mac
