"""How long others wait while a server does something large."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from benchmarks.speed import wire
from benchmarks.speed.callers import Caller

PAUSE = 0.02
"""Seconds from an answer to the next ping of a caller."""


class PingingCaller(asyncio.Protocol):
    """Takes a caller's place, and says a line again and again.

    Each goes out when the one before was answered and a pause is over.
    """

    def __init__(self, caller: Caller, waits: list[float], *, records: bool = False) -> None:
        self._caller = caller
        self._waits = waits
        self._records = records
        self._number = 0
        self._asked = 0.0
        self._is_stopped = False
        caller.transport.set_protocol(self)

    def ping(self) -> None:
        """Send a ping, or a record, whose acknowledgement is awaited."""
        if self._is_stopped:
            return
        self._number += 1
        self._asked = time.perf_counter()
        self._caller.say(wire.record(self._number) if self._records else wire.PING)

    def data_received(self, data: bytes) -> None:
        """Note how long the answer took."""
        self._waits.append(time.perf_counter() - self._asked)
        asyncio.get_running_loop().call_later(PAUSE, self.ping)

    def connection_lost(self, error: Exception | None) -> None:
        """Count as an endless wait that nothing comes any more."""
        if not self._is_stopped:
            self._waits.append(float("inf"))

    def stop(self) -> None:
        """Ping no more. What was asked and is not answered has waited until now."""
        self._is_stopped = True


@asynccontextmanager
async def pinging(
    callers: Sequence[Caller], waits: list[float], *, records: bool = False
) -> AsyncIterator[None]:
    """Have callers ping meanwhile, evenly spread, and note how long each answer took, seconds."""
    others = [PingingCaller(each, waits, records=records) for each in callers]
    loop = asyncio.get_running_loop()
    for number, each in enumerate(others):
        loop.call_later(PAUSE * number / len(others), each.ping)
    yield
    for each in others:
        each.stop()
    await asyncio.sleep(10 * PAUSE)
