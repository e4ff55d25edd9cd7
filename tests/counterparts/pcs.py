"""Puts throw-away Linux PCs on the bench: own disk, name, serial number, host key and a real sshd."""

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.counterparts import claims, image, keys, namespaces
from tests.counterparts.firmware import Hardware
from tests.counterparts.namespace_pc import NamespacePc
from tests.counterparts.pc import TECHNICIAN, BenchPc, PcProcess, PcStartError
from tests.counterparts.reduced_pc import ReducedPc

__all__ = ["TECHNICIAN", "BenchPc", "Hardware", "PcProcess", "PcStartError", "bench_pc", "why_reduced"]


@contextmanager
def bench_pc(
    serial: str = "8XK2QZ3",
    *,
    authorized_key: str,
    vendor: str = "Dell Inc.",
    model: str = "Latitude 7450",
    hostname: str = "debian",
    apt_source: str = "",
    reduced: bool = False,
) -> Iterator[BenchPc]:
    """A PC that is switched on and answers SSH when the block starts, and is gone without a trace after it.

    `authorized_key` is the public key that may sign in as `kitto`; the PC knows nothing else. `apt_source`
    is the one line of its sources.list. Where the real thing is impossible (see `why_reduced`), or when
    `reduced` asks for it, a small SSH server with the same contract stands in and says so.
    """
    hardware = Hardware(serial=serial, vendor=vendor, model=model)
    if reduced or why_reduced():
        with tempfile.TemporaryDirectory(prefix="kitto-pc-") as folder:
            stand_in = ReducedPc(hardware, Path(folder), authorized_key, hostname, why_reduced())
            yield from _switched_on(stand_in)
        return
    with claims.claim("pc", base=namespaces.disk_base()) as claimed:
        pc = NamespacePc(hardware, claimed, image.image(), keys.new_key_pair())
        pc.install(hostname=hostname, authorized_key=authorized_key, apt_source=apt_source)
        yield from _switched_on(pc)


def _switched_on(pc: BenchPc) -> Iterator[BenchPc]:
    try:
        pc.power_on()
        yield pc
    finally:
        pc.power_off()


@functools.cache
def why_reduced() -> str:
    """Why bench PCs are reduced on this machine; empty when they are real. Builds a missing image."""
    if reason := namespaces.why_not():
        return reason
    try:
        image.image()
    except image.ImageError as refused:
        return str(refused)
    return ""
