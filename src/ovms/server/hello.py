"""The first message of TLS, the caller's hello, by its raw bytes: how much of it is missing.

TLS costs memory from its making on, and what it is fed costs more. So it is made only for a whole
hello. Pure.
"""

from __future__ import annotations

from typing import Final

HELLO_LIMIT: Final = 6144
"""Bytes of a hello with its headers. A module's has 300, a browser's up to 2000, and none 4000."""

RECORDS_LIMIT: Final = 4
"""Records that a hello may be split into. Everybody sends it in one."""

_RECORD_HEADER: Final = 5
_MESSAGE_HEADER: Final = 4
_HANDSHAKE: Final = b"\x16\x03"
"""How a record of the handshake begins, in every version."""
_CLIENT_HELLO: Final = 1


class BadHello(Exception):
    """What came is no hello, or one that is too long."""


def missing(data: bytes) -> int:
    """Return how many bytes must come before the hello can be judged again; 0 if it is whole.

    ``data`` is all that came. Raises :class:`BadHello`.
    """
    message = b""
    start = 0
    for _ in range(RECORDS_LIMIT):
        header = data[start : start + _RECORD_HEADER]
        if not header.startswith(_HANDSHAKE[: len(header)]):
            raise BadHello("no TLS")
        if len(header) < _RECORD_HEADER:
            return _RECORD_HEADER - len(header)
        end = start + _RECORD_HEADER + int.from_bytes(header[3:])
        message += data[start + _RECORD_HEADER : end]
        if _length(message) > HELLO_LIMIT or end > HELLO_LIMIT:
            raise BadHello(f"a hello of more than {HELLO_LIMIT} bytes")
        if end > len(data):
            return end - len(data)
        if len(message) >= max(_length(message), _MESSAGE_HEADER):
            return 0
        start = end
    raise BadHello(f"a hello in more than {RECORDS_LIMIT} records")


def _length(message: bytes) -> int:
    """Return the length that a hello gives itself, its header included; 0 if that is not here."""
    if message and message[0] != _CLIENT_HELLO:
        raise BadHello("no hello")
    if len(message) < _MESSAGE_HEADER:
        return 0
    return _MESSAGE_HEADER + int.from_bytes(message[1:_MESSAGE_HEADER])
