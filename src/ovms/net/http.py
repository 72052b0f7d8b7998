"""What a caller speaks, by its first bytes: lines, a WebSocket, HTTP for another handler, or TLS.

Lines and WebSockets are ours. Any other request may be handed over, with its connection, to a
handler of HTTP: the factory of an :class:`asyncio.Protocol`. Without a handler only ``GET`` counts
as HTTP, and every path but that of the WebSocket is answered with 404.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

HttpHandler = Callable[[], asyncio.Protocol]
"""Makes the protocol that takes over a connection, see :meth:`ovms.net.pump.Pump`."""

PATHS: Final = ("/apiv2", "/apiv2/")
"""Where the WebSocket is."""

HEAD_LIMIT: Final = 8192
"""Bytes of an HTTP head, request or answer: a browser's has one or two thousand."""

METHODS: Final = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"OPTIONS ")
"""How a request begins that may be handed over."""

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
    """A request whose head is complete, for the handler."""
    TLS = auto()
    """TLS, where none is spoken."""
    TOO_LONG = auto()
    """A request whose head does not end within :data:`HEAD_LIMIT`."""


def speech(first: bytes, *, has_handler: bool) -> Speech:
    """Return what a caller speaks that has sent ``first`` until now."""
    if first[:1] == TLS_BEGIN[:1]:
        return Speech.TLS if first.startswith(TLS_BEGIN) else _part_of(TLS_BEGIN, first)
    methods = METHODS if has_handler else METHODS[:1]
    if not first.startswith(methods):
        is_part = any(method.startswith(first) for method in methods)
        return Speech.UNKNOWN if is_part else Speech.LINES
    if not _HEAD_END.search(first, 0, HEAD_LIMIT):
        return Speech.TOO_LONG if len(first) >= HEAD_LIMIT else Speech.UNKNOWN
    is_for_us = not has_handler or is_ours(first.partition(b"\n")[0])
    return Speech.WEBSOCKET if is_for_us else Speech.OTHER_HTTP


def _part_of(whole: bytes, first: bytes) -> Speech:
    return Speech.UNKNOWN if whole.startswith(first) else Speech.LINES


def is_ours(request_line: bytes) -> bool:
    """Return whether a request, by its first line, is for our WebSocket."""
    method, _, rest = request_line.partition(b" ")
    return method == b"GET" and is_our_path(rest.partition(b" ")[0].decode("latin-1"))


def is_our_path(target: str) -> bool:
    """Return whether a request's target is where the WebSocket is; a query does not matter."""
    return target.partition("?")[0] in PATHS
