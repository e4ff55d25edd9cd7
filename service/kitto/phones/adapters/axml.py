"""Reading the compiled manifest of an APK: its package, version, and the receivers that can be device admin.

Source: ResourceTypes.h of the Android Open Source Project (chunks of string pool, resource map, elements).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kitto.base.i18n import N_, Words
from kitto.phones.rules.refusals import ApkUnreadable

_XML, _POOL, _MAP, _ELEMENT = 0x0003, 0x0001, 0x0180, 0x0102
_UTF8: Final = 1 << 8
_NONE: Final = 0xFFFFFFFF
_NAME, _PERMISSION, _VERSION = 0x01010003, 0x01010006, 0x0101021C
_ADMIN: Final = "android.permission.BIND_DEVICE_ADMIN"
_MOST_STRINGS: Final = 100_000
_LONGEST: Final = 1024
"""Many entries may point to one long string; names are far shorter."""
_ATTRIBUTE: Final = 20
_MOST_ELEMENTS: Final = 100_000


@dataclass(frozen=True)
class Manifest:
    """What the manifest says. `receivers`: full names of those that may become device admin."""

    package: str
    version: str
    receivers: frozenset[str]


def read_manifest(data: bytes) -> Manifest:
    """Read a compiled AndroidManifest.xml. Refuses ApkUnreadable."""
    strings: list[str] = []
    resources: tuple[int, ...] = ()
    package = version = ""
    receivers: set[str] = set()
    for kind, chunk in _chunks(data):
        if kind == _POOL and not strings:
            strings = _pool(chunk)
        elif kind == _MAP:
            count = (len(chunk) - 8) // 4
            resources = struct.unpack_from(f"<{count}I", chunk, 8)
        elif kind == _ELEMENT:
            name, values = _element(chunk, strings, resources)
            if name == "manifest":
                package, version = values.get("package", ""), values.get(_VERSION, "")
            elif name == "receiver" and values.get(_PERMISSION) == _ADMIN:
                receivers.add(_full(package, values.get(_NAME, "")))
    if not package:
        raise ApkUnreadable(reason=Words(N_("its manifest names no package.")))
    return Manifest(package[:255], version[:100], frozenset(receivers - {""}))


def _chunks(data: bytes) -> Iterator[tuple[int, bytes]]:
    kind, header, size = struct.unpack_from("<HHI", data)
    if kind != _XML or size > len(data):
        raise ApkUnreadable(reason=Words(N_("its manifest is not compiled.")))
    at, elements = header, 0
    while at + 8 <= size:
        kind, _, length = struct.unpack_from("<HHI", data, at)
        elements += 1
        if not 8 <= length <= size - at or elements > _MOST_ELEMENTS:  # noqa: PLR2004 -- a chunk's own header
            raise ApkUnreadable(reason=Words(N_("its manifest is damaged.")))
        yield kind, data[at : at + length]
        at += length


def _pool(chunk: bytes) -> list[str]:
    count, _, flags, start = struct.unpack_from("<4I", chunk, 8)
    if count > _MOST_STRINGS:
        raise ApkUnreadable(reason=Words(N_("its manifest is damaged.")))
    offsets = struct.unpack_from(f"<{count}I", chunk, 28)
    read = _utf8 if flags & _UTF8 else _utf16
    return [read(chunk, start + offset) for offset in offsets]


def _utf8(chunk: bytes, at: int) -> str:
    at += 2 if chunk[at] & 0x80 else 1  # its length in UTF-16, which nobody needs
    length = chunk[at]
    at += 1
    if length & 0x80:
        length = (length & 0x7F) << 8 | chunk[at]
        at += 1
    return chunk[at : at + min(length, _LONGEST)].decode("utf-8", "replace")


def _utf16(chunk: bytes, at: int) -> str:
    (length,) = struct.unpack_from("<H", chunk, at)
    at += 2
    if length & 0x8000:
        length = (length & 0x7FFF) << 16 | struct.unpack_from("<H", chunk, at)[0]
        at += 2
    return chunk[at : at + 2 * min(length, _LONGEST)].decode("utf-16-le", "replace")


def _element(
    chunk: bytes, strings: list[str], resources: tuple[int, ...]
) -> tuple[str, dict[str | int, str]]:
    _, name, start, size, count = struct.unpack_from("<IIHHH", chunk, 16)
    if size < _ATTRIBUTE:
        raise ApkUnreadable(reason=Words(N_("its manifest is damaged.")))
    values: dict[str | int, str] = {}
    for number in range(count):
        _, key, raw, _, kind, data = struct.unpack_from("<IIIHxBI", chunk, 16 + start + number * size)
        text = raw if raw != _NONE else data if kind == 3 else _NONE  # noqa: PLR2004 -- TYPE_STRING
        said = strings[text] if text < len(strings) else ""
        # Names may be anything; the resource number is what Android goes by.
        values[resources[key] if key < len(resources) else strings[key]] = said
    return strings[name], values


def _full(package: str, name: str) -> str:
    if name.startswith("."):
        return package + name
    return name if "." in name or not name else f"{package}.{name}"
