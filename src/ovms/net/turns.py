"""What a connection gets of the event loop: turns, and a rate over time.

A connection that sends much must not hold up the others. So what it sends is processed in turns:
after each, whatever else the loop has to do has its turn, and then the next connection that waits.
Its rate over time is bounded as well, see :class:`Allowance`. While a connection waits it is not
read, so TCP holds the other end back and nothing is lost.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ovms.net.cork import Cork

TURN_MESSAGES = 32
"""Messages of a connection in one turn: what a module sends in ten seconds."""

TURN_PART = 16
"""Messages that are handled between two looks whether a turn is over."""

TURN_BYTES = 1 << 14
"""Bytes of a connection in one turn, however few messages they are."""

TURN_TIME = 0.001
"""Seconds of a turn, should its messages take long: then it ends with the next one."""

ROUND_TIME = 0.002
"""Seconds of turns before the loop looks at its sockets again."""

SLOW_PAUSE = 0.05
"""Seconds until a connection that was slowed down has its next turn: a disk syncs several times."""

CHUNK = 4096
"""Bytes that are processed between two looks whether a turn is over, unless they bring messages."""

FRAMES_CHUNK = 2048
"""The same of a WebSocket, whose smallest frame has six bytes and costs as much as a message."""

BYTES_A_MESSAGE = 1024
"""Bytes that count as much as a message against an :class:`Allowance`."""


class TurnTaker(Protocol):
    """Somebody who waits for a turn."""

    def take_turn(self) -> None:
        """Do some of what is to be done; wait again if something is left."""


class TurnQueue:
    """Gives turns to those who wait for one, in the order in which they came."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.cork = Cork()
        """Holds back what is written to any connection during a turn."""
        self._waiting: OrderedDict[TurnTaker, None] = OrderedDict()
        self._is_due = False

    @property
    def depth(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def add(self, taker: TurnTaker) -> None:
        """Put somebody behind all who wait; whoever waits already keeps the place."""
        self._waiting[taker] = None
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._run)

    def add_later(self, taker: TurnTaker, seconds: float) -> None:
        """Do the same after so many seconds."""
        asyncio.get_running_loop().call_later(seconds, self.add, taker)

    def _run(self) -> None:
        self._is_due = False
        end = self.now() + ROUND_TIME
        while self._waiting:
            taker, _ = self._waiting.popitem(last=False)
            taker.take_turn()
            if self.now() >= end:
                break
        if self._waiting and not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._run)


class ReadTurn:
    """One turn of a connection: what it has had of it, and what that counts."""

    __slots__ = ("_end", "_now", "began", "cost", "messages", "size")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.began = now()
        self._end = self.began + TURN_TIME
        """When, in the seconds of ``now``."""
        self.messages = 0
        """Messages that were handled."""
        self.size = 0
        """Bytes that were processed."""
        self.cost = 0.0
        """What they count against an :class:`Allowance`."""

    def add_messages(self, count: int) -> bool:
        """Note that messages were handled; return whether others have their turn now."""
        self.messages += count
        return self.messages >= TURN_MESSAGES or self._now() >= self._end

    def add_chunk(self, chunk: bytes, lines: int) -> None:
        """Note bytes that are processed, and how many lines and frames they brought."""
        self.size += len(chunk)
        self.cost += lines + len(chunk) / BYTES_A_MESSAGE

    @property
    def is_over(self) -> bool:
        """Return whether others have their turn now."""
        is_full = self.messages >= TURN_MESSAGES or self.size >= TURN_BYTES
        return is_full or self._now() >= self._end


@dataclass(frozen=True, slots=True)
class MessageRate:
    """How many messages a connection may send: ``a_second`` for long, ``burst`` at once."""

    a_second: float
    burst: float


MESSAGE_RATE = MessageRate(a_second=200.0, burst=20_000.0)
"""What a car, an app or a batch client may send. A module sends five records a second; the burst is
twice what our own car keeps during a gap, should TCP deliver all of it in one piece."""


class Allowance:
    """What a connection may still send by its :class:`MessageRate`.

    Lines count, those that are no messages too, frames of a WebSocket that bring none, and bytes.
    """

    __slots__ = ("_full", "_rate")

    def __init__(self, rate: MessageRate) -> None:
        self._rate = rate
        self._full = 0.0
        """When all of the burst is there again."""

    def spend(self, cost: float, now: float) -> float:
        """Count what was sent; return the seconds until more may be, 0 if it may be at once."""
        rate, full = self._rate, self._full
        self._full = full = (now if now > full else full) + cost / rate.a_second
        wait = full - now - rate.burst / rate.a_second
        return wait if wait > 0 else 0.0
