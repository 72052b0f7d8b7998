"""What moves the car on: a recording that is replayed, its bus, or time that passes.

A driver owns the car's time. It feeds the vehicle, asks the module what is to be told, and hands
that to the link, one after the other in one task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from ovms.base.clock import Clock
from ovms.base.failures import FailureLog
from ovms.car.bus import Bus
from ovms.car.frames import Frame
from ovms.car.module import Module
from ovms.car.vehicles.interface import BusVehicle
from ovms.protocol import Message

TICK = 1.0
"""Real seconds after which what is due is looked for, if nothing else happens."""

FRAMES_A_TURN = 100
"""Frames that are read before everybody else on the event loop has a turn: a few milliseconds."""

LOOP_GAP = 1.0
"""Seconds of the car's time between the end of a recording and its next beginning."""


class Listener(Protocol):
    """The link, as a driver sees it."""

    async def wait_until_up(self) -> None:
        """Wait until there is a link."""

    async def tell(self, messages: Sequence[Message]) -> None:
        """Send messages, and wait for room; without a link they are dropped."""


class Driver(Protocol):
    """Whatever moves the car on."""

    @property
    def now(self) -> float:
        """The car's time, s."""
        ...

    async def run(self, module: Module, link: Listener) -> None:
        """Move the car on; return when there is nothing more to come."""


@runtime_checkable
class Described(Protocol):
    """A driver that says in a word what it is: a simulation, a recording, a bus by its name."""

    def describe(self) -> str:
        """Say it."""
        ...


class Replay:
    """A recording, ``speed`` of its seconds in each real second; 0 is as fast as the link takes it.

    At speed 0 the recording waits while there is no link; otherwise it goes on. ``open_frames``
    opens it, once more for each round of an endless ``loop``. :meth:`run` raises
    :class:`~ovms.car.replay.RecordingError`.
    """

    def __init__(
        self,
        vehicle: BusVehicle,
        open_frames: Callable[[], Iterator[Frame]],
        *,
        clock: Clock,
        speed: float = 1.0,
        loop: bool = False,
        tick: float = TICK,
    ) -> None:
        self.now = 0.0
        self._vehicle = vehicle
        self._open_frames = open_frames
        self._clock = clock
        self._began = clock.monotonic()
        self._speed = speed
        self._loop = loop
        self._tick = tick

    def describe(self) -> str:
        """Return what it is."""
        return "recording"

    async def run(self, module: Module, link: Listener) -> None:
        """Replay to the end; for ever in a loop."""
        self._began = self._clock.monotonic()
        start = 0.0
        while True:
            await self._play(start, module, link)
            if not self._loop:
                return
            start = self.now + LOOP_GAP

    async def _play(self, start: float, module: Module, link: Listener) -> None:
        for count, frame in enumerate(self._open_frames()):
            time = max(self.now, start + frame.time)
            if self._speed:
                await self._wait(time, module, link)
            else:
                await link.wait_until_up()
            if count % FRAMES_A_TURN == 0:
                await asyncio.sleep(0)
            self.now = time
            with module.failures.catch("receive"):
                self._vehicle.receive(frame, time)
            await link.tell(module.poll(time))

    async def _wait(self, time: float, module: Module, link: Listener) -> None:
        """Wait until it is ``time`` in the recording; tell what falls due meanwhile."""
        while (remaining := (time - self._elapsed()) / self._speed) > 0:
            await asyncio.sleep(min(remaining, self._tick))
            self.now = max(self.now, min(time, self._elapsed()))
            await link.tell(module.poll(self.now))

    def _elapsed(self) -> float:
        return (self._clock.monotonic() - self._began) * self._speed


class ClockDriver:
    """A car that lives by the clock, ``speed`` of its seconds in each real second.

    Its time begins as the clock's time of day, and is measured with the clock that never jumps.
    """

    def __init__(self, *, clock: Clock, speed: float = 1.0, tick: float = TICK) -> None:
        self._clock = clock
        self._speed = speed
        self._tick = tick
        self._start = clock.time()
        self._began = clock.monotonic()

    def describe(self) -> str:
        """Return what it is."""
        return "simulation"

    @property
    def now(self) -> float:
        """Unix seconds, of the car."""
        return self._start + (self._clock.monotonic() - self._began) * self._speed

    async def run(self, module: Module, link: Listener) -> None:
        """Live for ever."""
        while True:
            await asyncio.sleep(self._tick)
            await link.tell(module.poll(self.now))


class BusDriver(ClockDriver):
    """A car that is read from its bus, and written to as far as it is trusted."""

    def __init__(self, vehicle: BusVehicle, bus: Bus, *, clock: Clock, tick: float = TICK) -> None:
        super().__init__(clock=clock, tick=tick)
        self._vehicle = vehicle
        self._bus = bus
        vehicle.wake = bus.wake

    async def run(self, module: Module, link: Listener) -> None:
        """Read the bus for ever."""
        failures = module.failures
        while True:
            frames = await self._bus.receive(self._patience(failures))
            for start in range(0, len(frames) or 1, FRAMES_A_TURN):
                now = self.now
                for frame in frames[start : start + FRAMES_A_TURN]:
                    with failures.catch("receive"):
                        self._vehicle.receive(frame, now)
                await self._send(failures)
                await link.tell(module.poll(self.now))
                await asyncio.sleep(0)

    def describe(self) -> str:
        """Name its bus."""
        return self._bus.name

    def _patience(self, failures: FailureLog) -> float:
        """Return the seconds until something is due."""
        due = None
        with failures.catch("next_sending"):
            due = self._vehicle.next_sending
        return self._tick if due is None else min(self._tick, max(0.0, due - self.now))

    async def _send(self, failures: FailureLog) -> None:
        now = self.now
        while frames := self._due(now, failures):
            problem = await self._bus.send(frames)
            with failures.catch("sent"):
                self._vehicle.sent(self.now, problem)

    def _due(self, now: float, failures: FailureLog) -> list[Frame]:
        """Return the frames that the vehicle wants to send now."""
        with failures.catch("sending"):
            return self._vehicle.sending(now)
        return []
