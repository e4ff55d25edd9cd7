"""Fetches the Ansible collections our recipes name: `python tools/fetch_collections.py INTO`.

Collections are published in one large package; only those that a playbook uses are unpacked from it, without
their tests. When no recipe uses any, there is nothing to fetch. Idempotent: what is there already is kept.
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

PLAYBOOKS = Path(__file__).resolve().parents[1] / "playbooks"
PACKAGE = "ansible==12.3.0"
SHA256 = "cd156f82fa87f7a899212b0efa9f7ca3a24d609212de9f78428a572eb01e5414"
COMES_WITH_CORE = ("ansible", "builtin")
LEFT_OUT = ("tests", "docs", "changelogs", ".github")
# `namespace.collection.module:` at the beginning of a line of a task.
USE = re.compile(r"^\s*(?:-\s+)?([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\.[a-z_][a-z0-9_.]*:", re.MULTILINE)

Collection = tuple[str, str]


def used(playbooks: Path) -> set[Collection]:
    """The collections that tasks name in full."""
    texts = [path.read_text("utf-8") for path in playbooks.rglob("*.yml")]
    return {(found[1], found[2]) for text in texts for found in USE.finditer(text)} - {COMES_WITH_CORE}


def unpack(wheel: Path, wanted: set[Collection], into: Path) -> None:
    """Take the wanted collections out of the package. Raises KeyError for one that is not in it."""
    with zipfile.ZipFile(wheel) as archive:
        for collection in sorted(wanted):
            members = list(_members(archive, collection))
            if not members:
                raise KeyError(".".join(collection))
            for member in members:
                archive.extract(member, into)


def _members(archive: zipfile.ZipFile, collection: Collection) -> Iterator[zipfile.ZipInfo]:
    top = ("ansible_collections", *collection)
    for member in archive.infolist():
        parts = tuple(member.filename.split("/"))
        if parts[:3] == top and len(parts) > len(top) and parts[3] not in LEFT_OUT:
            yield member


def fetch(folder: Path) -> Path:
    """Download the package; pip compares it with our checksum."""
    (folder / "wanted.txt").write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n", "utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    pip += [
        "--only-binary=:all:",
        "--require-hashes",
        "--dest",
        str(folder),
        "-r",
        str(folder / "wanted.txt"),
    ]
    subprocess.run(pip, check=True)
    return next(folder.glob("*.whl"))


def main(words: list[str]) -> int:
    if len(words) != 1:
        print("usage: python tools/fetch_collections.py INTO", file=sys.stderr)
        return 2
    into = Path(words[0])
    wanted = {one for one in used(PLAYBOOKS) if not (into / "ansible_collections" / one[0] / one[1]).is_dir()}
    if not wanted:
        print("collections: none to fetch")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        unpack(fetch(Path(folder)), wanted, into)
    print("collections: " + ", ".join(sorted(".".join(one) for one in wanted)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
