"""Fetches the Ansible collections our recipes name: `python tools/fetch_collections.py [INTO]`.

They are published in one large package; only those in COLLECTIONS are taken from it, without tests and
papers. Each must be, file for file, what its checksum here says, whether it was there, in the cache or
fetched; the network is asked for nothing that the cache has. Standard library only.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "collections"
"""Where Kitto looks for what comes with it, beside its recipes."""
PACKAGE = "ansible==12.3.0"
SHA256 = "cd156f82fa87f7a899212b0efa9f7ca3a24d609212de9f78428a572eb01e5414"
# A test holds these against what our recipes use; `checksum` makes the second half.
COLLECTIONS = {
    "ansible.windows": "be56cbe90d4a4e8674fe5456194cf078302943903c4490f6204e0e9c1488f9e1",
    "chocolatey.chocolatey": "d8fd9ddf57903688244d9fc46463d3f5dbe3084ea7610c72522f1d344b817ca5",
}
TAKEN = ("meta", "plugins", "MANIFEST.json", "COPYING", "LICENSE")


class FetchError(Exception):
    """The collections cannot be had here; the text says why and what helps."""


def checksum(folder: Path) -> str:
    """Of the names and contents of all files; what Python compiled is none of them."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        if path.is_file() and "__pycache__" not in path.parts:
            own = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{own}  {path.relative_to(folder).as_posix()}\n".encode())
    return whole.hexdigest()


def missing(place: Path = PLACE) -> list[str]:
    """The collections that are not there, or are not what they should be."""
    return [name for name, known in COLLECTIONS.items() if checksum(_folder(place, name)) != known]


def provide(place: Path = PLACE) -> list[str]:
    """Put what is missing there, from the cache or from the net; its names. Raises FetchError."""
    with _alone(place):
        wanted = missing(place)
        if wanted:
            cache = cache_folder()
            with _alone(cache):
                if not_kept := [name for name in wanted if name in missing(cache)]:
                    _fetch(not_kept, cache)
                for name in wanted:
                    _put(_folder(cache, name), _folder(place, name))
        return wanted


def cache_folder() -> Path:
    """One for all checkouts of this user."""
    env = os.environ  # noqa: TID251 -- a tool has no settings
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kitto" / "collections"


def unpack(wheel: Path, name: str, into: Path) -> None:
    """Take one collection out of the package. Raises FetchError when it is not in it as we know it."""
    top = ("ansible_collections", *name.split("."))
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            parts = tuple(member.filename.split("/"))
            if parts[:3] == top and len(parts) > len(top) and parts[3] in TAKEN:
                archive.extract(member, into)
    if checksum(_folder(into, name)) != COLLECTIONS.get(name):
        raise FetchError(
            f"{PACKAGE} holds no {name}, or another one than its checksum in {Path(__file__).name} says."
        )


def _fetch(names: list[str], cache: Path) -> None:
    """Download the package, which pip compares with our checksum, and keep what we use of it."""
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        folder = Path(scratch)
        (folder / "wanted.txt").write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n", "utf-8")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-cache-dir",
        ]
        pip += [
            "--retries",
            "2",
            "--timeout",
            "30",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
        ]
        done = subprocess.run(
            [*pip, "--dest", scratch, "-r", str(folder / "wanted.txt")],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise FetchError(
                f"{PACKAGE} could not be fetched: {said[-1] if said else 'pip does not say why'}"
            )
        for name in names:
            unpack(next(folder.glob("*.whl")), name, folder)
            _put(_folder(folder, name), _folder(cache, name))


def _put(source: Path, target: Path) -> None:
    """Copy a folder so that it is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as scratch:
        shutil.copytree(source, Path(scratch) / "new")
        shutil.rmtree(target, ignore_errors=True)
        (Path(scratch) / "new").rename(target)


def _folder(place: Path, name: str) -> Path:
    return place.joinpath("ansible_collections", *name.split("."))


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(words: list[str]) -> int:
    """Put the collections into the folder that is named, or to where Kitto looks for them."""
    if len(words) > 1:
        print("usage: python tools/fetch_collections.py [INTO]", file=sys.stderr)
        return 2
    place = Path(words[0]) if words else PLACE
    try:
        came = provide(place)
    except (FetchError, OSError, zipfile.BadZipFile) as trouble:
        print(
            f"{trouble}\nPlays for Windows do not run without it. Mend that and say it again.",
            file=sys.stderr,
        )
        return 1
    if came:
        print(f"Ansible collections for Windows are in {place}: {', '.join(came)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
