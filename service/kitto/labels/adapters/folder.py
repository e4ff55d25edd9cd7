"""The folder of finished labels: each PDF under its own SHA-256, written whole or not at all."""

import hashlib
import os
import tempfile
from pathlib import Path

from kitto.labels.rules import LabelStoreBroken


def keep(folder: Path, pdf: bytes) -> str:
    """Store a PDF and return its SHA-256. Storing the same twice is storing it once."""
    sha256 = hashlib.sha256(pdf).hexdigest()
    target = folder / f"{sha256}.pdf"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not target.exists():
            handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(pdf)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
    except OSError as broken:
        raise LabelStoreBroken(str(broken)) from broken
    return sha256


def take(folder: Path, sha256: str) -> bytes | None:
    """The PDF as it was kept; None when it is gone or no longer the same."""
    try:
        pdf = (folder / f"{sha256}.pdf").read_bytes()
    except FileNotFoundError:
        return None
    except OSError as broken:
        raise LabelStoreBroken(str(broken)) from broken
    return pdf if hashlib.sha256(pdf).hexdigest() == sha256 else None
