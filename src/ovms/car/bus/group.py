"""Several buses of one car, as one for its driver.

Each frame carries the name of the bus that it came from or goes to. What goes to no named bus goes
to the first one. The order of frames of different buses is not kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from ovms.car.bus.live import LiveBus
from ovms.car.frames import Frame
from ovms.car.trust import Trust


class BusGroup:
    """Buses by name. Each was made with the event ``news`` and its name."""

    def __init__(self, buses: Mapping[str, LiveBus], news: asyncio.Event) -> None:
        self._buses = dict(buses)
        self._first = next(iter(self._buses))
        self._news = news

    @property
    def name(self) -> str:
        """See :class:`~ovms.car.bus.Bus`."""
        return " ".join(f"{name}={bus.name}" for name, bus in self._buses.items())

    @property
    def trust(self) -> Trust:
        """What may be sent to them."""
        return self._buses[self._first].trust

    @property
    def problem(self) -> str | None:
        """Which of them are not open, and why; ``None`` while all are."""
        problems = ((name, bus.problem) for name, bus in self._buses.items())
        return "; ".join(f"{name}: {text}" for name, text in problems if text) or None

    def open(self) -> None:
        """Start to open and read the buses."""
        for bus in self._buses.values():
            bus.open()

    async def close(self) -> None:
        """Stop reading and close the buses."""
        await asyncio.gather(*(bus.close() for bus in self._buses.values()))

    async def receive(self, patience: float) -> list[Frame]:
        """See :class:`~ovms.car.bus.Bus`."""
        frames = self._take()
        if not frames:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._news.wait()
            self._news.clear()
            frames = self._take()
        return frames

    def _take(self) -> list[Frame]:
        return [frame for bus in self._buses.values() for frame in bus.take()]

    def wake(self) -> None:
        """See :class:`~ovms.car.bus.Bus`."""
        self._news.set()

    async def send(self, frames: Sequence[Frame]) -> str | None:
        """See :class:`~ovms.car.bus.Bus`. A bus that takes no frame does not delay the others."""
        jobs = []
        for name, bus in self._buses.items():
            its = [frame for frame in frames if self._place(frame) == name]
            if its:
                jobs.append(bus.send(its))
        results = await asyncio.gather(*jobs)
        return next((problem for problem in results if problem is not None), None)

    def _place(self, frame: Frame) -> str:
        return frame.channel if frame.channel in self._buses else self._first
