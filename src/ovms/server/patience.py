"""How long somebody waits for a future, with one timer for all who wait."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, TypeVar

T = TypeVar("T")


class Patience:
    """Ends waits that take longer than ``seconds``: thousands a second cost one timer."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()
        """What is waited for, and until when by the loop's clock; the first ends first."""
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, future: asyncio.Future[T]) -> T:
        """Return a future's result; cancel it and raise :class:`TimeoutError` when it is late."""
        if not future.done():
            loop = future.get_loop()
            self._waiting.append((loop.time() + self.seconds, future))
            if self._timer is None:
                self._timer = loop.call_later(self.seconds, self._end, loop)
        try:
            return await future
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise TimeoutError from None

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        """End those that are late, and look again when the next may be."""
        self._timer = None
        now = loop.time()
        while self._waiting:
            until, future = self._waiting[0]
            if not future.done() and until > now:
                self._timer = loop.call_at(until, self._end, loop)
                return
            self._waiting.popleft()
            future.cancel()
