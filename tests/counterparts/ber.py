"""The part of ASN.1 BER that SNMP v1 and v2c messages need (X.690, RFC 1157, RFC 3416), and no more."""

from dataclasses import dataclass

Oid = tuple[int, ...]

INTEGER, OCTETS, NULL, OBJECT, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x80, 0x81, 0x82
GET, GET_NEXT, RESPONSE, SET, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5
V1, V2C = 0, 1


class BerError(ValueError):
    """These bytes are no message we understand."""


@dataclass(frozen=True)
class Value:
    """One value as it goes over the wire: its tag and its content octets."""

    tag: int
    content: bytes = b""


@dataclass(frozen=True)
class Request:
    """`first` and `second` are error-status and error-index, or non-repeaters and max-repetitions."""

    version: int
    community: bytes
    kind: int
    number: int
    first: int
    second: int
    oids: tuple[Oid, ...]


def encode(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer_content(number: int) -> bytes:
    """Two's complement in as few octets as hold it, the sign included."""
    # ~ makes -128 fit in one octet as it should.
    bits = (number if number >= 0 else ~number).bit_length()
    return number.to_bytes(bits // 8 + 1, "big", signed=True)


def oid_content(oid: Oid) -> bytes:
    first, second, *rest = oid
    return b"".join(_base128(part) for part in (first * 40 + second, *rest))


def _base128(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(0x80 | number & 0x7F)
    return bytes(reversed(octets))


def encode_binding(oid: Oid, value: Value) -> bytes:
    return encode(SEQUENCE, encode(OBJECT, oid_content(oid)) + encode(value.tag, value.content))


def encode_response(request: Request, status: int, index: int, bindings: bytes) -> bytes:
    numbers = b"".join(encode(INTEGER, integer_content(n)) for n in (request.number, status, index))
    pdu = encode(RESPONSE, numbers + encode(SEQUENCE, bindings))
    head = encode(INTEGER, integer_content(request.version)) + encode(OCTETS, request.community)
    return encode(SEQUENCE, head + pdu)


def decode_request(datagram: bytes) -> Request:
    """Read one request; anything else, from anyone, is a `BerError`."""
    message, _ = _take(datagram, SEQUENCE)
    version, rest = _take(message, INTEGER)
    community, rest = _take(rest, OCTETS)
    if _integer(version) not in (V1, V2C) or not rest:
        raise BerError("not SNMP v1 or v2c")
    kind = rest[0]
    pdu, _ = _take(rest, kind)
    number, pdu = _take(pdu, INTEGER)
    first, pdu = _take(pdu, INTEGER)
    second, pdu = _take(pdu, INTEGER)
    bindings, _ = _take(pdu, SEQUENCE)
    oids = []
    while bindings:
        binding, bindings = _take(bindings, SEQUENCE)
        oid, _ = _take(binding, OBJECT)
        oids.append(_oid(oid))
    numbers = _integer(number), _integer(first), _integer(second)
    return Request(_integer(version), community, kind, *numbers, tuple(oids))


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the element that `data` starts with, and what follows it."""
    if len(data) < 2 or data[0] != tag:
        raise BerError(f"expected an element {tag:#04x}")
    size, start = data[1], 2
    if size & 0x80:
        octets = size & 0x7F
        size, start = int.from_bytes(data[2 : 2 + octets], "big"), 2 + octets
    if len(data) < start + size:
        raise BerError("the message is cut off")
    return data[start : start + size], data[start + size :]


def _integer(content: bytes) -> int:
    if not 0 < len(content) <= 8:
        raise BerError("an integer of impossible length")
    return int.from_bytes(content, "big", signed=True)


def _oid(content: bytes) -> Oid:
    parts, number = [], 0
    for octet in content:
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            parts.append(number)
            number = 0
    if not parts or content[-1] & 0x80:
        raise BerError("an object identifier that does not end")
    first = min(parts[0] // 40, 2)
    return (first, parts[0] - first * 40, *parts[1:])
