"""A channel for tests, and their clock and chance."""

from __future__ import annotations

import asyncio
from random import Random

from ovms.base.clock import ManualClock
from ovms.server.notify.channel import Channel, Notice
from ovms.server.notify.registry import find_types

START = 1_700_000_000.0

TYPES = find_types()
"""All channels that are ours."""


class FakeChannel(Channel):
    """Keeps what it is sent. ``error`` is raised instead; ``hold`` is waited for before."""

    push_type = "fake"

    def __init__(self) -> None:
        self.sent: list[tuple[str, Notice]] = []
        self.error: Exception | None = None
        self.hold: asyncio.Event | None = None
        self.tries = 0
        self.closed = 0

    @property
    def bodies(self) -> list[str]:
        """The bodies that were sent."""
        return [notice.body for _, notice in self.sent]

    async def send(self, key: str, notice: Notice) -> None:
        """Keep a notice."""
        self.tries += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        self.sent.append((key, notice))

    async def close(self) -> None:
        """Count."""
        self.closed += 1


def chance() -> Random:
    """Return chance that repeats itself."""
    return Random(1)  # noqa: S311 (a test's)


def clock() -> ManualClock:
    """Return a clock that stands at a day of 2023."""
    return ManualClock(START)
