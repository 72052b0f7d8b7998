"""Where messages wait for one listener, within a bound."""

from __future__ import annotations

import asyncio
from collections import deque

from ovms.protocol import Message


class Inbox:
    """Messages for one listener, of some codes or all, until the connection is lost.

    At ``limit`` messages :meth:`put` waits for room, which holds back
    the connection and the server.
    """

    def __init__(self, limit: int, codes: str | None = None) -> None:
        self._codes = codes
        self._limit = limit
        self._waiting: deque[Message] = deque()
        self._is_closed = False
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, message: Message) -> None:
        """Add a message, if the listener wants it and is still there."""
        if self._codes is not None and message.code not in self._codes:
            return
        await self._room.wait()
        if not self._is_closed:
            self._waiting.append(message)
            self._news.set()
            if len(self._waiting) == self._limit:
                self._room.clear()

    async def get(self) -> Message | None:
        """Return the next message, and wait for it; ``None`` when no more will come."""
        while not self._waiting:
            if self._is_closed:
                return None
            self._news.clear()
            await self._news.wait()
        self._room.set()
        return self._waiting.popleft()

    def close(self) -> None:
        """End the inbox: no more will come, or nobody listens any more. May be called again."""
        self._is_closed = True
        self._news.set()
        self._room.set()
