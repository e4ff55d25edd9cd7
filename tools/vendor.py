"""Renews or checks the vendored front end: `python tools/vendor.py [check|renew]`.

`renew` fetches each package by `npm pack`, takes the named files, and writes `vendor.lock`
with their checksums. `check` compares the files with the lock and needs no network.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "service/kitto/web/static/vendor"
LOCK = VENDOR / "vendor.lock"


@dataclass(frozen=True)
class Package:
    """An npm package: the files we take from it, and the names they get here."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "htmx.org",
        "4.0.1",
        "0BSD",
        {"dist/htmx.min.js": "htmx.min.js", "dist/ext/hx-sse.min.js": "hx-sse.min.js"},
    ),
    Package("@picocss/pico", "2.1.1", "MIT", {"css/pico.min.css": "pico.min.css"}),
    Package("@digital-go-jp/design-tokens", "1.1.9", "MIT", {"dist/tokens.css": "tokens.css"}),
    Package("tinykeys", "3.1.0", "MIT", {"dist/tinykeys.modern.js": "tinykeys.js"}),
)
LICENCES = ("LICENSE", "LICENSE.md", "LICENSE.txt")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def unpack(package: Package, folder: Path) -> dict[str, bytes]:
    """The files of one package, as published."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        return {
            member.name.removeprefix("package/"): file.read()
            for member in archive.getmembers()
            if (file := archive.extractfile(member)) is not None
        }


def renew() -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    entries = []
    for package in PACKAGES:
        with tempfile.TemporaryDirectory() as folder:
            content = unpack(package, Path(folder))
        licence = next(content[name] for name in LICENCES if name in content)
        files = {new: _plain(content[old]) for old, new in package.files.items()}
        files[f"{package.name.split('/')[-1]}.LICENSE.txt"] = licence
        for name, text in files.items():
            (VENDOR / name).write_bytes(text)
        entry = asdict(package) | {"files": {name: sha256(text) for name, text in files.items()}}
        entries.append(entry)
    LOCK.write_text(json.dumps(entries, indent=2) + "\n", "utf-8")


def _plain(content: bytes) -> bytes:
    # source maps are not shipped, so a browser's console must not look for them
    lines = [line for line in content.splitlines(keepends=True) if b"sourceMappingURL=" not in line]
    return b"".join(lines)


def complaints() -> list[str]:
    """Files that differ from the lock, are missing, or are not in it."""
    locked = {
        name: checksum
        for entry in json.loads(LOCK.read_text("utf-8"))
        for name, checksum in entry["files"].items()
    }
    there = {path.name: sha256(path.read_bytes()) for path in VENDOR.iterdir() if path != LOCK}
    return [
        f"{name}: locked {locked.get(name, 'nowhere')}, here {there.get(name, 'missing')}"
        for name in sorted(locked.keys() | there.keys())
        if locked.get(name) != there.get(name)
    ]


def main(words: list[str]) -> int:
    if words == ["renew"]:
        renew()
    elif words not in ([], ["check"]):
        print("usage: python tools/vendor.py [check|renew]", file=sys.stderr)
        return 2
    found = complaints()
    print("\n".join(found) or "vendored files are as locked")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
