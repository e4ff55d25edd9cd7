"""Keeps the shipped fonts as they came: `python -m kitto.base.paper.vendor [check | renew VERSION]`."""

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Final

from kitto.base.paper.fonts import FOLDER

LOCK: Final = FOLDER / "vendor.lock"
PACKAGE: Final = "@expo-google-fonts/noto-sans-jp"
SOURCES: Final = {
    "NotoSansJP-Regular.ttf": "package/400Regular/NotoSansJP_400Regular.ttf",
    "NotoSansJP-Bold.ttf": "package/700Bold/NotoSansJP_700Bold.ttf",
    "OFL.txt": "package/LICENSE_FONT",
}


def check() -> list[str]:
    """What differs from the lock file, as sentences; empty when all is as it came."""
    locked = tomllib.loads(LOCK.read_text())["files"]
    wrong = [f"{name} is not in the lock file" for name in SOURCES if name not in locked]
    for name, wanted in locked.items():
        path = FOLDER / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif _sha256(path.read_bytes()) != wanted:
            wrong.append(f"{name} has been changed")
    return wrong


def renew(version: str) -> None:
    """Fetch this version with npm, unpack the fonts and write the lock file."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", f"{PACKAGE}@{version}"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        archive = next(Path(folder).glob("*.tgz")).read_bytes()
    lines = [f'package = "{PACKAGE}"', f'version = "{version}"', f'archive = "{_sha256(archive)}"']
    lines += ['licence = "OFL-1.1"', "", "[files]"]
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for name, source in SOURCES.items():
            member = tar.extractfile(source)
            if member is None:
                message = f"{source} is not in version {version}"
                raise SystemExit(message)
            content = member.read()
            (FOLDER / name).write_bytes(content)
            lines.append(f'"{name}" = "{_sha256(content)}"')
    LOCK.write_text("\n".join(lines) + "\n")


def main(arguments: list[str]) -> int:
    match arguments:
        case ["renew", version]:
            renew(version)
        case [] | ["check"]:
            pass
        case _:
            sys.stderr.write("usage: python -m kitto.base.paper.vendor [check | renew VERSION]\n")
            return 2
    wrong = check()
    sys.stdout.writelines(f"{line}\n" for line in wrong or ["fonts: as they came"])
    return 1 if wrong else 0


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
