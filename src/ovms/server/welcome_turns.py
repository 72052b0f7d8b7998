"""Accepting goes before logging in: in each turn of the event loop only so many log-ins begin.

When all cars call at the same moment, the system holds a thousand of them and drops the others,
which try again after 1, 3, 7 and 15 seconds. Whoever is accepted waits here instead, without that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

WELCOMES_A_TURN: Final = 50
"""Log-ins that begin in one turn of the event loop, some 15 ms of work; more than ever come but
after a restart."""


class WelcomeTurns:
    """Lets so many pass in a turn of the event loop, in the order in which they came."""

    def __init__(self) -> None:
        self._free = WELCOMES_A_TURN
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Return at once, or in one of the next turns if many have come."""
        if self._free == WELCOMES_A_TURN:
            asyncio.get_running_loop().call_soon(self._begin)
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _begin(self) -> None:
        """Begin a turn of the event loop."""
        self._free = WELCOMES_A_TURN
        while self._waiting and self._free:
            turn = self._waiting.popleft()
            if not turn.done():  # it was cancelled
                turn.set_result(None)
                self._free -= 1
        if self._free < WELCOMES_A_TURN:
            asyncio.get_running_loop().call_soon(self._begin)
