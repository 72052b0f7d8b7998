"""What a caller speaks, by its first bytes: lines, a WebSocket, HTTP for another handler, or TLS.

At a port for modules and apps there are lines and WebSockets. Only ``GET`` counts as HTTP, and
every path but that of the WebSocket is answered with 404. A port for HTTP has a handler: the
factory of an :class:`asyncio.Protocol`. There everything but TLS and the WebSocket is handed over
to it, with the connection, as soon as that is known: lines too, which it refuses.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

HttpHandler = Callable[[str], asyncio.Protocol]
"""Makes the protocol that takes over a connection, see :meth:`ovms.net.pump.Pump`. It gets who
calls, as host:port."""

PATHS: Final = ("/apiv2", "/apiv2/")
"""Where the WebSocket is."""

HEAD_LIMIT: Final = 8192
"""Bytes of an HTTP head, request or answer: a browser's has one or two thousand."""

METHODS: Final = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"OPTIONS ")
"""How a request begins."""

TLS_BEGIN: Final = b"\x16\x03"
"""How the first record of TLS begins, in every version."""

TLS_ALERT: Final = b"\x15\x03\x01\x00\x02\x02\x28"
"""The end of a handshake of TLS, before it began: a fatal alert, handshake failure."""

_HEAD_END = re.compile(rb"\n\r?\n")


class Speech(Enum):
    """What a caller speaks."""

    UNKNOWN = auto()
    """Too few bytes have come."""
    LINES = auto()
    WEBSOCKET = auto()
    """A request whose head is complete; what is wrong with it the codec says, in HTTP's words."""
    OTHER_HTTP = auto()
    """Something for the handler, however much of it has come."""
    TLS = auto()
    """TLS, where none is spoken."""
    TOO_LONG = auto()
    """A request whose head does not end within :data:`HEAD_LIMIT`."""


def speech(first: bytes, *, has_handler: bool) -> Speech:
    """Return what a caller speaks that has sent ``first`` until now."""
    if first[:1] == TLS_BEGIN[:1]:
        return Speech.TLS if first.startswith(TLS_BEGIN) else _part_of(TLS_BEGIN, first)
    if has_handler and not _may_be_ours(first):
        return Speech.OTHER_HTTP
    get = METHODS[0]
    if not first.startswith(get):
        return Speech.UNKNOWN if get.startswith(first) else Speech.LINES
    if not _HEAD_END.search(first, 0, HEAD_LIMIT):
        return Speech.TOO_LONG if len(first) >= HEAD_LIMIT else Speech.UNKNOWN
    return Speech.WEBSOCKET


def _may_be_ours(first: bytes) -> bool:
    """Return whether a request may be for our WebSocket, by what has come of it."""
    start = METHODS[0] + PATHS[0].encode()
    if not first.startswith(start):
        return start.startswith(first)
    line = first.partition(b"\n")[0].rstrip(b"\r")
    return is_our_path(line[len(METHODS[0]) :].partition(b" ")[0].decode("latin-1"))


def _part_of(whole: bytes, first: bytes) -> Speech:
    return Speech.UNKNOWN if whole.startswith(first) else Speech.LINES


def is_our_path(target: str) -> bool:
    """Return whether a request's target is where the WebSocket is; a query does not matter."""
    return target.partition("?")[0] in PATHS
