"""Call a server, and make sure that it is the server before the car says anything.

Scheme 0x30 has the same key stream in both directions. So what the car says in known words is key
stream for what an impostor may say back: commands. The digest in a welcome proves nothing, because
an overheard welcome can be repeated. Without TLS that has checked the server's certificate, a car
therefore stays silent until a line of the server has been deciphered. That line is proof, because
nothing was said before from which its key stream could be known. Every server speaks first: ours
sends a ping, others send the number of apps.

A welcome whose token was seen before is refused at once (:mod:`~ovms.car.tokens`).
"""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import Final

from ovms.car.tokens import TokenMemory
from ovms.net.client import ClientConnection, ConnectFailed, ConnectionLost, connect
from ovms.protocol import Role
from ovms.protocol.crypto import make_token
from ovms.protocol.errors import RemoteProtocolError

PROOF_TIMEOUT: Final = 60.0
"""Seconds from the welcome until the server's first line must have come, without verified TLS."""

REPEATED = "its welcome is one that was seen before"
SILENT = f"it says nothing within {PROOF_TIMEOUT:g} s after its welcome"


class UnprovenServer(ConnectFailed):
    """What was called does not prove that it is the server."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"this may not be the server: {reason}")


def is_verifying(tls: ssl.SSLContext | None) -> bool:
    """Return whether a connection with this context proves who the server is."""
    return tls is not None and tls.verify_mode is ssl.CERT_REQUIRED


def own_token(tokens: TokenMemory, *, is_verified: bool) -> str:
    """Return a new token for a call. It is remembered if somebody could repeat it."""
    token = make_token(os.urandom)
    if not is_verified:
        tokens.note(token)
    return token


def check_token(tokens: TokenMemory, token: str, *, is_verified: bool) -> None:
    """Raise :class:`UnprovenServer` for a server's token that was seen before; remember others."""
    if token in tokens:
        raise UnprovenServer(REPEATED)
    if not is_verified:
        tokens.note(token)


async def call_server(
    host: str,
    port: int,
    vehicle_id: str,
    secret: bytes,
    tokens: TokenMemory,
    *,
    tls: ssl.SSLContext | None = None,
    websocket: bool = False,
    timeout: float = PROOF_TIMEOUT,
) -> ClientConnection:
    """Connect as a car. Return once it is proven that this is the server; nothing was said yet.

    Raises what :func:`~ovms.net.client.connect` raises, and :class:`UnprovenServer`.
    """
    is_verified = is_verifying(tls)
    connection = await connect(
        host, port, Role.CAR, vehicle_id, secret, tls=tls, websocket=websocket,
        token=own_token(tokens, is_verified=is_verified),
    )  # fmt: skip
    try:
        check_token(tokens, connection.server_token, is_verified=is_verified)
        if not is_verified:
            await _hear_first(connection, timeout)
    except BaseException:
        connection.cut()
        raise
    return connection


async def _hear_first(connection: ClientConnection, timeout: float) -> None:
    """Wait until a line has been deciphered; the message is left to be received."""
    try:
        async with asyncio.timeout(timeout):
            await connection.ready()
    except TimeoutError:
        raise UnprovenServer(SILENT) from None
    except ConnectionLost as error:
        if isinstance(error.__cause__, RemoteProtocolError):
            raise UnprovenServer("its first line does not decipher") from error
        raise ConnectFailed(str(error)) from error
