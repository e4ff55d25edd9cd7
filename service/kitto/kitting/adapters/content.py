"""Names a folder by what is in it, so that "what exactly was applied" can be proved later."""

import hashlib
from pathlib import Path


def content_of(folder: Path) -> str:
    """SHA-256 over names, run bits and bytes of every file, in order of their names; 64 hex digits."""
    whole = hashlib.sha256()
    paths = [path for path in folder.rglob("*") if path.is_file()]
    for path in sorted(paths, key=lambda path: path.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix()
        runs = path.stat().st_mode & 0o100
        whole.update(f"{name}\0{int(bool(runs))}\0{path.stat().st_size}\0".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()
