"""Frames of a car's bus through the module: what a core takes, and what the way there costs.

One run, one process, about ten seconds: the frames of the synthetic Roadster recording go again and
again into a car and its module, first by a plain call (as in a replay at speed 0: the module looks
after each frame), then through a bus of python-can with its reading thread, first the interface
`virtual`, then `slcan` on a pseudo-terminal. Rounds take turns, the best of each counts; figures
are CPU time of the whole process, what puts the frames on the bus included.

    python benchmarks/bus.py [FRAMES A ROUND]
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from random import Random

import can

from ovms.base.clock import SystemClock
from ovms.car.bus.live import LiveBus
from ovms.car.bus.place import BusPlace
from ovms.car.bus.slcan import SlcanPort
from ovms.car.drivers import BusDriver
from ovms.car.frames import Frame
from ovms.car.module import Module
from ovms.car.recordings.recording import Recording
from ovms.car.trust import Trust
from ovms.car.vehicles.roadster import Roadster
from ovms.car.vehicles.roadster.demo import DEMO_RECORDING
from ovms.protocol import Message

ROUNDS = 3
CHUNK = 20
"""Frames that are put on the bus before the module has a turn."""


class Ear:
    """A link that hears everything."""

    async def wait_until_up(self) -> None:
        """Be up."""

    async def tell(self, messages: Sequence[Message]) -> None:
        """Hear."""


class Counting(Roadster):
    """A car that counts its frames."""

    count = 0

    def receive(self, frame: Frame, now: float) -> None:
        """Count it, and take it in."""
        self.count += 1
        super().receive(frame, now)


def frames(count: int) -> list[Frame]:
    """Return so many frames."""
    recorded = list(Recording(DEMO_RECORDING).frames())
    return list(itertools.islice(itertools.cycle(recorded), count))


async def by_call(wanted: list[Frame]) -> None:
    """Hand each frame to the car, and look."""
    car = Counting()
    module = Module(car)
    module.connect(0)
    for at, frame in enumerate(wanted):
        now = at / 1000
        car.receive(frame, now)
        module.poll(now)


async def through(bus: LiveBus, put: Callable[[Frame], object], wanted: list[Frame]) -> None:
    """Put each frame on the bus, and wait until the car has it."""
    car = Counting()
    driver, module = BusDriver(car, bus, clock=SystemClock()), Module(car)
    module.connect(driver.now)
    driving = asyncio.create_task(driver.run(module, Ear()))
    for start in range(0, len(wanted), CHUNK):
        for frame in wanted[start : start + CHUNK]:
            put(frame)
        while car.count < min(start + CHUNK, len(wanted)):  # noqa: ASYNC110 (a count, no event)
            await asyncio.sleep(0.0002)
    driving.cancel()
    await asyncio.gather(driving, return_exceptions=True)


async def opened(place: BusPlace) -> LiveBus:
    """Open a bus."""
    bus = LiveBus(place, Trust.WRITE, random=Random())  # noqa: S311 (jitter)
    bus.open()
    while bus.problem is not None:  # noqa: ASYNC110 (another thread's doing)
        await asyncio.sleep(0.01)
    return bus


async def by_virtual(wanted: list[Frame]) -> float:
    """Measure python-can's own bus."""
    bus = await opened(BusPlace("virtual", "benchmark"))
    with can.Bus(interface="virtual", channel="benchmark") as other:
        return await cost(lambda each: through(bus, lambda f: other.send(_message(f)), each),
                          wanted, bus)  # fmt: skip


def _message(frame: Frame) -> can.Message:
    return can.Message(arbitration_id=frame.id, data=frame.data, is_extended_id=False)


async def by_slcan(wanted: list[Frame]) -> float:
    """Measure a serial adapter."""
    port = SlcanPort(lambda frame: None)
    port.open()
    bus = await opened(BusPlace("slcan", port.path, None, {"sleep_after_open": 0}))
    try:
        return await cost(lambda each: through(bus, port.send, each), wanted, bus)
    finally:
        port.close()


async def cost(
    work: Callable[[list[Frame]], Awaitable[None]], wanted: list[Frame], bus: LiveBus | None = None
) -> float:
    """Return the CPU seconds of one round."""
    began = time.process_time()
    await work(wanted)
    spent = time.process_time() - began
    if bus is not None:
        await bus.close()
    return spent


async def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    wanted = frames(count)
    ways = {"call": lambda: cost(by_call, wanted), "virtual": lambda: by_virtual(wanted),
            "slcan": lambda: by_slcan(wanted)}  # fmt: skip
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            best[name] = min(best.get(name, 1e9), await way())
    for name, spent in best.items():
        rate = count / spent
        print(f"{name:8} {rate:9,.0f} frames/s a core {spent / count * 1e6:6.1f} µs each"
              f"  {best['call'] / spent:5.2f} of a plain call")  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main())
