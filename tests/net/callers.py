"""What tests of callers have in common: how they call, and servers that answer oddly."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ovms.net.client import (
    ClientConnection,
    connect,
)
from ovms.protocol import Message, Role
from tests.net.ends import (
    SECRET,
)
from tests.waiting import PATIENCE

PING = Message("A")


def call(
    port: int,
    timeout: float = PATIENCE,
    *,
    tls: ssl.SSLContext | None = None,
    websocket: bool = False,
    host: str = "127.0.0.1",
) -> asyncio.Task[ClientConnection]:
    """Call a port."""
    calling = connect(
        host, port, Role.CAR, "CAR1", SECRET, timeout=timeout, tls=tls, websocket=websocket
    )
    return asyncio.create_task(calling)


@asynccontextmanager
async def answering(
    answer: bytes, *, closes: bool = True, resets: bool = False, until: bytes = b"\n"
) -> AsyncIterator[int]:
    """Listen for callers, and say some bytes to each after its welcome."""
    done = asyncio.Event()

    async def answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(until)
        writer.write(answer)
        if not closes:
            await done.wait()
        if resets:
            linger = b"\1\0\0\0\0\0\0\0"
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer_one, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        done.set()
        server.close()
        await asyncio.sleep(0.01)
