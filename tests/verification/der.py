"""DER by hand: the few shapes that RFC 3161 tokens and certificate timestamps need."""

from __future__ import annotations

from collections.abc import Iterable


def tagged(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 + len(length)]) + length + body


def sequence(*parts: bytes) -> bytes:
    return tagged(0x30, *parts)


def set_of(parts: Iterable[bytes]) -> bytes:
    return tagged(0x31, *sorted(parts))


def octets(data: bytes) -> bytes:
    return tagged(0x04, data)


def integer(value: int) -> bytes:
    return tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def object_id(dotted: str) -> bytes:
    first, second, *rest = (int(one) for one in dotted.split("."))
    body = bytearray([40 * first + second])
    for number in rest:
        group = [number & 0x7F]
        while number := number >> 7:
            group.append(0x80 | (number & 0x7F))
        body.extend(reversed(group))
    return tagged(0x06, bytes(body))


def utf8(text: str) -> bytes:
    return tagged(0x0C, text.encode())
