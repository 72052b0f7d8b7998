"""What moves a car forward: a recording that is replayed, its bus, or the clock.

A driver owns the car's time. In one task it feeds the vehicle, asks the module for messages, and
passes these to the link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ovms.base.clock import Clock
from ovms.base.failures import FailureLog
from ovms.base.logs import get_logger
from ovms.car.bus import Bus
from ovms.car.frames import Frame
from ovms.car.module import Module
from ovms.car.recordings.errors import RecordingError
from ovms.car.vehicles.interface import BusVehicle
from ovms.protocol import Message

log = get_logger("ovms.car")

TICK = 1.0
"""Real seconds after which the module is asked for messages, if nothing else happens."""

FRAMES_A_TURN = 100
"""Frames that are read before other tasks have a turn: a few milliseconds."""

UNREAD_HINT = "ovms vehicle-type decode shows which ids are in it"

LOOP_GAP = 1.0
"""Seconds of the car's time between the end of a recording and its next start."""


class Listener(Protocol):
    """The link, as a driver sees it."""

    async def wait_until_up(self) -> None:
        """Wait until there is a link."""

    async def tell(self, messages: Sequence[Message]) -> None:
        """Send messages and wait until there is room for more. Without a link, drop them."""


class Driver(Protocol):
    """What moves a car forward."""

    @property
    def now(self) -> float:
        """The car's time in seconds."""
        ...

    def describe(self) -> str:
        """Return what it is in a word: a simulation, a recording, or the name of a bus."""
        ...

    async def run(self, module: Module, link: Listener) -> None:
        """Move the car forward. Return when there is nothing more to come."""


class Replay:
    """Replays a recording, ``speed`` of its seconds in each real second.

    Speed 0 is as fast as the link takes the messages; then the recording waits while there is no
    link. ``open_frames`` opens the recording, again for each round of an endless ``loop``. One that
    cannot be read to its end ends there, and ``problem`` tells why.
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
        self.problem: RecordingError | None = None
        self._is_understood = False
        """Whether the vehicle reads any of the frames."""

    def describe(self) -> str:
        """Return what it is."""
        return "recording"

    async def run(self, module: Module, link: Listener) -> None:
        """Replay to the end, or for ever in a loop."""
        self._began = self._clock.monotonic()
        start = 0.0
        while True:
            try:
                await self._play(start, module, link)
            except RecordingError as error:
                self.problem = error
            if not self._is_understood:
                log.warning("the vehicle type reads no frame of the recording", hint=UNREAD_HINT)
                self._is_understood = True  # it is told once
            if self.problem is not None or not self._loop:
                return
            start = self.now + LOOP_GAP

    async def _play(self, start: float, module: Module, link: Listener) -> None:
        ids: frozenset[tuple[int, bool]] = frozenset()
        with module.failures.catch("ids"):
            ids = self._vehicle.ids
        for count, frame in enumerate(self._open_frames()):
            time = max(self.now, start + frame.time)
            if self._speed:
                await self._wait(time, module, link)
            else:
                await link.wait_until_up()
            if count % FRAMES_A_TURN == 0:
                await asyncio.sleep(0)
            if time - self.now >= TICK:  # what was the case until now has lasted
                await link.tell(module.poll(time))
            self.now = time
            self._is_understood |= (frame.id, frame.is_extended) in ids
            with module.failures.catch("receive"):
                self._vehicle.receive(frame, time)
            await link.tell(module.poll(time))

    async def _wait(self, time: float, module: Module, link: Listener) -> None:
        """Wait until it is ``time`` in the recording. Send what falls due meanwhile."""
        while (remaining := (time - self._elapsed()) / self._speed) > 0:
            await asyncio.sleep(min(remaining, self._tick))
            self.now = max(self.now, min(time, self._elapsed()))
            await link.tell(module.poll(self.now))

    def _elapsed(self) -> float:
        return (self._clock.monotonic() - self._began) * self._speed


class ClockDriver:
    """Moves a car by the clock, ``speed`` of its seconds in each real second.

    The car's time starts as the time of day, and goes on by the clock that never jumps.
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
        """The car's time in Unix seconds."""
        return self._start + (self._clock.monotonic() - self._began) * self._speed

    async def run(self, module: Module, link: Listener) -> None:
        """Run for ever."""
        while True:
            await asyncio.sleep(self._tick)
            await link.tell(module.poll(self.now))


class BusDriver(ClockDriver):
    """Reads a car's bus, and writes to it as far as the module is trusted."""

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
        """Return the name of the bus."""
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
