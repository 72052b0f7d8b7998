"""The first message of TLS, as a caller's own library writes it and as nobody does."""

from __future__ import annotations

import ssl
from contextlib import suppress


def client_hello(name: str | None = "localhost", version: ssl.TLSVersion | None = None) -> bytes:
    """Return a hello that asks for a host name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def hello_of(length: int) -> bytes:
    """Return what has the shape of a hello of so many bytes, and none of its contents."""
    return (
        b"\x16\x03\x01" + (length - 5).to_bytes(2) + b"\x01" + (length - 9).to_bytes(3)
        + bytes(length - 9)
    )  # fmt: skip
