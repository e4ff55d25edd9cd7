"""Reads memory modules from the firmware's own table (SMBIOS, DMTF DSP0134)."""

from __future__ import annotations

import struct
from typing import Iterator, List, NamedTuple, Tuple

MEMORY_DEVICE = 17
END_OF_TABLE = 127
HEADER = 4
# Offsets in a memory device (7.18); older firmware ends the structure before the later ones.
SIZE, LOCATOR, SPEED, MAKER, PART, EXTENDED_SIZE, END_OF_EXTENDED = 0x0C, 0x10, 0x15, 0x17, 0x1A, 0x1C, 0x20
_SIZE_UNKNOWN = 0xFFFF
_SIZE_IS_ELSEWHERE = 0x7FFF
_IN_KILOBYTES = 0x8000


class Module(NamedTuple):
    """One memory module that is plugged in."""

    slot: str
    size_mb: int
    vendor: str
    part: str
    speed_mts: int


def memory_modules(table: bytes) -> List[Module]:
    """List the filled slots of a raw SMBIOS structure table, in the table's order."""
    modules = []
    for kind, fixed, texts in _structures(table):
        if kind == MEMORY_DEVICE and len(fixed) >= SPEED:
            size = _size_mb(fixed)
            if size:
                modules.append(_module(fixed, texts, size))
    return modules


def _module(fixed: bytes, texts: List[str], size: int) -> Module:
    def text(offset: int) -> str:
        number = fixed[offset] if len(fixed) > offset else 0
        return texts[number - 1].strip() if 0 < number <= len(texts) else ""

    speed = struct.unpack_from("<H", fixed, SPEED)[0] if len(fixed) >= MAKER else 0
    return Module(text(LOCATOR), size, text(MAKER), text(PART), speed)


def _size_mb(fixed: bytes) -> int:
    size = int(struct.unpack_from("<H", fixed, SIZE)[0])
    if size in (0, _SIZE_UNKNOWN):
        return 0
    if size == _SIZE_IS_ELSEWHERE and len(fixed) >= END_OF_EXTENDED:
        return int(struct.unpack_from("<I", fixed, EXTENDED_SIZE)[0]) & 0x7FFFFFFF
    return (size & 0x7FFF) // 1024 if size & _IN_KILOBYTES else size


def _structures(table: bytes) -> Iterator[Tuple[int, bytes, List[str]]]:
    at = 0
    while at + HEADER <= len(table):
        kind, length = table[at], table[at + 1]
        if length < HEADER:
            return  # damaged: the rest cannot be found
        end = table.find(b"\0\0", at + length)
        if end < 0:
            return
        strings = table[at + length : end]
        texts = [part.decode("utf-8", "replace") for part in strings.split(b"\0")] if strings else []
        yield kind, table[at : at + length], texts
        if kind == END_OF_TABLE:
            return
        at = end + 2
