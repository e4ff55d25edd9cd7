"""Builds agent.pyz, the one file that is put on a machine: python -m kitto_agent.build OUT."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

SHEBANG = b"#!/usr/bin/env python3\n"
# A fixed time makes equal sources give equal bytes, so that a copy can be recognised by its hash.
TIME = (2020, 1, 1, 0, 0, 0)
LEFT_OUT = ("build.py", "README.md")
ENTRY = b"import sys\nfrom kitto_agent.cli import main\nsys.exit(main(sys.argv[1:]))\n"


def build(out: Path) -> Path:
    """Write the zipapp to `out` and make it executable; gives `out`."""
    package = Path(__file__).parent
    fresh = out.with_name(out.name + ".new")
    with fresh.open("wb") as file:
        file.write(SHEBANG)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
            _add(bundle, "__main__.py", ENTRY)
            for path in sorted(package.rglob("*")):
                inside = path.relative_to(package.parent)
                if path.is_file() and path.name not in LEFT_OUT and "__pycache__" not in inside.parts:
                    _add(bundle, inside.as_posix(), path.read_bytes())
    fresh.chmod(0o755)
    fresh.replace(out)
    return out


def _add(bundle: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    bundle.writestr(entry, content)


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("usage: python -m kitto_agent.build OUT")
    made = build(Path(sys.argv[1]))
    print(f"{made}: {made.stat().st_size} bytes")
