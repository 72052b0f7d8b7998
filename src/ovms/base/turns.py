"""One at a time, and everybody in turn: who asks for much waits behind who asks for little."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Turns(Generic[K]):
    """Lets one caller at a time work. Among those who wait, each key has its turn.

    A key is whoever shares the work, an owner for example. However many callers of one key wait,
    another key waits for one of them at most. Belongs to one event loop.
    """

    def __init__(self) -> None:
        self._waiting: dict[K, deque[asyncio.Future[None]]] = {}
        """Who waits, by key, in the order in which the keys have their turns."""
        self._holder: K | None = None
        """Whose turn it is."""
        self._behind: deque[asyncio.Future[None]] = deque()
        """Who waits of the same key: behind all others, once this turn is over."""

    @asynccontextmanager
    async def take(self, key: K) -> AsyncIterator[None]:
        """Wait for a turn of a key, which is not ``None``, and keep it until the block ends."""
        if self._holder is None:
            self._holder = key
        else:
            await self._wait(key)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, key: K) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        mine = self._behind if key == self._holder else self._waiting.setdefault(key, deque())
        mine.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it had just come
            raise

    def _pass_on(self) -> None:
        """Pass the turn on to the next key that somebody still waits for."""
        if self._behind and self._holder is not None:
            self._waiting[self._holder] = self._behind
        self._holder, self._behind = None, deque()
        while self._waiting:
            key = next(iter(self._waiting))
            queue = self._waiting[key]
            turn = queue.popleft()
            if turn.done():  # it waits no more
                if not queue:
                    del self._waiting[key]
                continue
            self._holder, self._behind = key, self._waiting.pop(key)
            turn.set_result(None)
            return
