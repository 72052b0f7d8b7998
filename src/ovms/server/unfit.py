"""Callers without TLS at the port for TLS: what the log says of them, and what they are told. Pure.

A module or an app is only closed: it understands no answer but a welcome.
"""

from __future__ import annotations

from typing import Final

from ovms.net.http import METHODS

TEXT: Final = (
    b"This port speaks TLS: call it by https or wss. Without TLS there are other ports, usually"
    b" 6868 for calls by HTTP and 6867 for cars and apps.\n"
)

ANSWER: Final = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(TEXT), TEXT)
)
"""What an HTTP client is told."""

REASON: Final = "no TLS at the port for TLS: set TLS in the caller, or the port without TLS"

LOGGED_ID_LENGTH: Final = 32
"""Characters of a caller's vehicle id that are logged."""


NO_PROXY: Final = "a proxy's header from an address that proxy_from does not name"

HEADERS: Final = (b"PROXY ", b"\r\n\r\n\0")
"""How a header of the PROXY protocol begins, in versions 1 and 2; fewer bytes come from nobody."""


def reason_of(data: bytes) -> str:
    """Return what is logged: what the caller does, and what to do."""
    return NO_PROXY if data.startswith(HEADERS) else REASON


def answer_to(data: bytes) -> bytes:
    """Return what a caller is told that has begun so; nothing if it would not understand."""
    return ANSWER if data.startswith(METHODS) else b""


def is_caller(data: bytes) -> bool:
    """Return whether it is a program that was set to the wrong port, and no noise."""
    return data.startswith((*METHODS, b"MP-", b"AP-", *HEADERS))


def facts_of(data: bytes) -> dict[str, str]:
    """Return what is logged of a caller: the vehicle's id of a welcome by secret."""
    words = data.partition(b"\n")[0].split()
    if len(words) < 5 or not words[0].startswith(b"MP-") or words[1] != b"0":
        return {}
    return {"vehicle": words[4].decode("latin-1").upper()[:LOGGED_ID_LENGTH]}
