"""Apple's programs on a stand-in for a Mac: its name says which one it is. Runs on the bench PC, not here."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

State = dict[str, Any]
Words = list[str]
STATE = Path("/var/mac/state.json")
KEPT = ("UniqueID", "PrimaryGroupID", "NFSHomeDirectory", "Password", "RealName", "UserShell")
ZONES = ("Asia/Tokyo", "Europe/Berlin", "GMT")
FIRST = {
    "names": {"ComputerName": "MacBook Air", "LocalHostName": "MacBook-Air"},
    "zone": "GMT",
    "defaults": {},
    "users": {
        "kitto": {"UniqueID": "501", "RealName": "Kitto", "UserShell": "/bin/zsh"},
        "root": {"UniqueID": "0"},
    },
    "admins": ["kitto", "root"],
    "pkgs": ["com.apple.pkg.Core"],
    "brew": [],
    "filevault": False,
    "recovery_key": False,
    "deaf": [],
    "log": [],
}


class Unknown(Exception):  # noqa: N818 -- not an error of this program
    """Something a Mac would not understand, or that this stand-in does not know."""


def main(name: str, words: Words) -> int:
    state = {**FIRST, **json.loads(STATE.read_text() or "{}")}
    state["log"] = [*state["log"], [name, *words]]
    try:
        status = PROGRAMS[name](state, words)
    except (Unknown, IndexError, KeyError) as wrong:
        print(f"{name}: not emulated: {words} ({wrong})", file=sys.stderr)
        status = 64
    STATE.write_text(json.dumps(state))
    return status or 0


def root() -> None:
    if os.geteuid() != 0:
        raise Unknown("must be run as root")


def scutil(state: State, words: Words) -> int:
    if words[0] == "--get" and words[1] in ("ComputerName", "HostName", "LocalHostName"):
        if words[1] not in state["names"]:
            print(f"{words[1]}: not set")
            return 1
        print(state["names"][words[1]])
        return 0
    if words[0] == "--set" and words[1] in ("ComputerName", "HostName", "LocalHostName") and len(words) == 3:
        root()
        state["names"][words[1]] = words[2]
        return 0
    raise Unknown


def systemsetup(state: State, words: Words) -> int:
    root()
    if words == ["-gettimezone"]:
        print(f"Time Zone: {state['zone']}")
    elif words == ["-listtimezones"]:
        print("Time Zones:")
        for zone in ZONES:
            print(f" {zone}")
    elif words[0] == "-settimezone" and len(words) == 2:
        # The real one ends with 0 too when it did nothing.
        if "systemsetup" not in state["deaf"] and words[1] in ZONES:
            state["zone"] = words[1]
        print(f"Set TimeZone: {state['zone']}")
    else:
        raise Unknown
    return 0


def defaults(state: State, words: Words) -> int:
    if words[1] != "/Library/Preferences/.GlobalPreferences" or words[2] not in (
        "AppleLocale",
        "AppleLanguages",
    ):
        raise Unknown
    if words[0] == "read":
        if words[2] not in state["defaults"]:
            print("The domain/default pair does not exist", file=sys.stderr)
            return 1
        value = state["defaults"][words[2]]
        print(
            value if isinstance(value, str) else "(\n" + ",\n".join(f'    "{one}"' for one in value) + "\n)"
        )
    elif words[0] == "write" and words[3] == "-string" and len(words) == 5:
        root()
        state["defaults"][words[2]] = words[4]
    elif words[0] == "write" and words[3] == "-array":
        root()
        state["defaults"][words[2]] = words[4:]
    else:
        raise Unknown
    return 0


def dscl(state: State, words: Words) -> int:
    users = state["users"]
    if words[:2] == [".", "-create"]:
        root()
        return _create(users, words[2].removeprefix("/Users/"), words[3:])
    if words[:3] == [".", "-list", "/Users"] and words[3:] in ([], ["UniqueID"]):
        for name, user in users.items():
            print(f"{name} {user['UniqueID']}" if words[3:] else name)
        return 0
    name = words[2].removeprefix("/Users/")
    if words[:2] == [".", "-read"] and words[3] in ("RealName", "UserShell"):
        if name not in users:
            print("<dscl_cmd> DS Error: -14136 (eDSRecordNotFound)", file=sys.stderr)
            return 56
        value = users[name].get(words[3], "")
        # A value with a space stands on a line of its own.
        print(f"{words[3]}:\n {value}" if " " in value else f"{words[3]}: {value}")
        return 0
    raise Unknown


def _create(users: dict[str, dict[str, str]], name: str, words: Words) -> int:
    user = users.setdefault(name, {"UniqueID": "?"})
    if not words:
        return 0
    if len(words) != 2 or words[0] not in KEPT:
        raise Unknown
    if words[0] == "UniqueID" and words[1] in [other["UniqueID"] for other in users.values()]:
        raise Unknown("that number is taken")
    user[words[0]] = words[1]
    return 0


def createhomedir(state: State, words: Words) -> int:
    root()
    if words[:2] != ["-c", "-u"] or words[2] not in state["users"]:
        raise Unknown
    user = state["users"][words[2]]
    # So that chown, which is no program of Apple's, knows the name too.
    subprocess.run(
        ["useradd", "-o", "-u", user["UniqueID"], "-g", "20", "-M", "-d", user["NFSHomeDirectory"], words[2]],
        check=True,
    )
    Path(user["NFSHomeDirectory"]).mkdir(parents=True)
    print("creating home directories for (mac.local)")
    return 0


def dseditgroup(state: State, words: Words) -> int:
    if words[:3] == ["-o", "checkmember", "-m"] and words[4] == "admin":
        inside = words[3] in state["admins"]
        print(f"{'yes' if inside else 'no'} {words[3]} is {'' if inside else 'NOT '}a member of admin")
        return 0 if inside else 67
    if words[:2] == ["-o", "edit"] and words[2] in ("-a", "-d") and words[4:] == ["-t", "user", "admin"]:
        root()
        if words[3] not in state["users"]:
            print("Record was not found.", file=sys.stderr)
            return 64
        members = [name for name in state["admins"] if name != words[3]]
        state["admins"] = [*members, words[3]] if words[2] == "-a" else members
        return 0
    raise Unknown


def ioreg(state: State, words: Words) -> int:
    if words != ["-rd1", "-c", "IOPlatformExpertDevice"]:
        raise Unknown
    print("+-o MacBookAir10,1  <class IOPlatformExpertDevice, id 0x100000112, registered, matched, active>")
    print("    {")
    print('      "IOPlatformUUID" = "0C2B7F2A-0000-5000-8000-000000000000"')
    print(f'      "IOPlatformSerialNumber" = "{state["serial"]}"')
    print("    }")
    return 0


def sw_vers(state: State, words: Words) -> int:
    if words != ["-productVersion"]:
        raise Unknown
    print("15.6")
    return 0


def softwareupdate(state: State, words: Words) -> int:
    if words != ["--list"]:
        raise Unknown
    print("Software Update Tool\n\nFinding available software\nSoftware Update found the following:")
    print("* Label: macOS Sequoia 15.7-24G222")
    print("\tTitle: macOS Sequoia 15.7, Version: 15.7, Size: 3KiB, Recommended: YES,")
    return 0


def pkgutil(state: State, words: Words) -> int:
    if words != ["--pkgs"]:
        raise Unknown
    print("\n".join(state["pkgs"]))
    return 0


def curl(state: State, words: Words) -> int:
    if "--fail" not in words or "--output" not in words:
        raise Unknown
    # The bench has no server for packages: the address itself is the package, and says its receipt.
    Path(words[words.index("--output") + 1]).write_text(words[-1])
    return 0


def shasum(state: State, words: Words) -> int:
    if words != ["-a", "256", "-c"]:
        raise Unknown
    wanted, _, name = sys.stdin.read().strip().partition("  ")
    right = hashlib.sha256(Path(name).read_bytes()).hexdigest() == wanted
    print(f"{name}: {'OK' if right else 'FAILED'}")
    return 0 if right else 1


def installer(state: State, words: Words) -> int:
    root()
    if words[0] != "-pkg" or words[2:] != ["-target", "/"]:
        raise Unknown
    state["pkgs"].append(Path(words[1]).read_text().rpartition("/")[2].removesuffix(".pkg"))
    return 0


def brew(state: State, words: Words) -> int:
    if os.geteuid() == 0:
        print(
            "Error: Running Homebrew as root is extremely dangerous and no longer supported.", file=sys.stderr
        )
        return 1
    if words == ["list", "--versions"]:
        for name in state["brew"]:
            print(f"{name} 1.0")
        return 0
    if words[:2] == ["install", "--quiet"] and len(words) == 3:
        state["brew"].append(words[2])
        return 0
    raise Unknown


def fdesetup(state: State, words: Words) -> int:
    root()
    if words == ["status"]:
        print(f"FileVault is {'On' if state['filevault'] else 'Off'}.")
    elif words == ["haspersonalrecoverykey"]:
        print("true" if state["recovery_key"] else "false")
    else:
        raise Unknown
    return 0


def xcode_select(state: State, words: Words) -> int:
    if words != ["-p"]:
        raise Unknown
    print("xcode-select: error: unable to get active developer directory", file=sys.stderr)
    return 2


PROGRAMS = {
    "scutil": scutil,
    "systemsetup": systemsetup,
    "defaults": defaults,
    "dscl": dscl,
    "createhomedir": createhomedir,
    "dseditgroup": dseditgroup,
    "ioreg": ioreg,
    "sw_vers": sw_vers,
    "softwareupdate": softwareupdate,
    "pkgutil": pkgutil,
    "curl": curl,
    "shasum": shasum,
    "installer": installer,
    "brew": brew,
    "fdesetup": fdesetup,
    "xcode-select": xcode_select,
}

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[0]).name, sys.argv[1:]))
