from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from ovms.base.clock import ManualClock
from ovms.car.drivers import BusDriver, ClockDriver, Replay
from ovms.car.frames import Frame
from ovms.car.module import Module
from ovms.car.trust import Trust
from ovms.car.vehicles import find_type
from ovms.car.vehicles.interface import BusVehicle, VehicleOptions
from ovms.car.vehicles.roadster import Roadster
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message

SOC = [Frame(at, 0x100, bytes([0x80, 90 - at])) for at in (0, 10, 20)]
DOORS = [Frame(at, 0x100, bytes([0x96, at % 2, 0, 0, 0])) for at in range(1, 400)]


class FakeLink:
    """Hears what the driver tells; up unless the test says otherwise."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.up = asyncio.Event()
        self.up.set()

    async def wait_until_up(self) -> None:
        """Wait until there is a link."""
        await self.up.wait()

    async def tell(self, messages: Sequence[Message]) -> None:
        """Hear."""
        self.heard.extend(messages)


def replay(frames: list[Frame], clock: ManualClock, speed: float, loop: bool = False) -> Replay:
    """Return a replay with its own Roadster."""
    return Replay(Roadster(), lambda: iter(frames), clock=clock, speed=speed, loop=loop, tick=0.001)


def connected(driver: Replay) -> Module:
    """Return the connected module of a replay's car."""
    module = Module(driver._vehicle)
    module.connect(0)
    return module


async def settle() -> None:
    """Let everybody on the loop have some turns."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_at_speed_0_a_recording_takes_no_time_and_skips_nothing() -> None:
    """All frames are folded without waiting, and each change of a door is told."""
    driver, link = replay(DOORS, ManualClock(), 0), FakeLink()
    await driver.run(connected(driver), link)
    assert driver.now == DOORS[-1].time
    assert sum(message.code == "D" for message in link.heard) == len(DOORS)


async def test_at_speed_0_frames_wait_for_the_link() -> None:
    """While the link is away nothing is read on."""
    driver, link = replay(DOORS, ManualClock(), 0), FakeLink()
    link.up.clear()
    run = asyncio.create_task(driver.run(connected(driver), link))
    await settle()
    assert driver.now == 0
    link.up.set()
    await run
    assert driver.now == DOORS[-1].time


async def test_at_speed_0_others_have_their_turns() -> None:
    """Others on the event loop are not held up until the recording's end."""
    driver, link = replay(DOORS, ManualClock(), 0), FakeLink()
    run = asyncio.create_task(driver.run(connected(driver), link))
    turns = 0
    while not run.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns >= len(DOORS) // 100


async def test_a_recording_runs_by_the_clock_whether_there_is_a_link_or_not() -> None:
    """At speed 10 a recording of 20 s takes 2 s of the clock, without waiting for a link."""
    clock = ManualClock()
    driver, link = replay(SOC, clock, 10), FakeLink()
    link.up.clear()
    module = connected(driver)
    run = asyncio.create_task(driver.run(module, link))
    for soc in (90, 80, 70):
        while module.vehicle.state.soc != soc:  # noqa: ASYNC110 (the driver ticks in real time)
            await asyncio.sleep(0.001)
        assert (driver.now, run.done()) == (90 - soc, soc == 70)
        clock.advance(1.0)
        await settle()
    await run


async def test_a_loop_begins_again_and_time_goes_on() -> None:
    """In a loop the recording starts over; the car's time never goes back."""
    driver, link = replay(SOC, ManualClock(), 0, loop=True), FakeLink()
    module = connected(driver)
    run = asyncio.create_task(driver.run(module, link))
    times = [0.0]
    while times[-1] < 50:
        await asyncio.sleep(0)
        times.append(driver.now)
    run.cancel()
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("frame", "told"),
    [(SOC[0], 0), (SOC[0]._replace(id=0x123), 1), (SOC[0]._replace(is_extended=True), 1)],
)
async def test_a_recording_of_another_car_is_told(frame: Frame, told: int) -> None:
    """Once, if the vehicle type reads no id of it."""
    driver = replay([frame] * 3, ManualClock(), 0)
    with capture_logs() as logged:
        await driver.run(connected(driver), FakeLink())
    assert [entry["event"] for entry in logged] == [
        "the vehicle type reads no frame of the recording"
    ] * told


async def test_a_living_car_follows_the_clock() -> None:
    """The car's time starts as the time of day and runs with the speed asked for."""
    clock = ManualClock(1000.0)
    driver, link = ClockDriver(clock=clock, speed=60, tick=0.001), FakeLink()
    module = Module(SimCar(start=driver.now, seed=1))
    module.connect(driver.now)
    run = asyncio.create_task(driver.run(module, link))
    clock.advance(10)
    assert driver.now == 1600
    while not link.heard:  # noqa: ASYNC110 (the driver ticks in real time)
        await asyncio.sleep(0.001)
    run.cancel()
    assert {"S", "D"} <= {message.code for message in link.heard}


class FakeBus:
    """A bus that gives what the test puts on it, and keeps what is sent."""

    def __init__(self) -> None:
        self.come: asyncio.Queue[list[Frame]] = asyncio.Queue()
        self.sent: list[Frame] = []
        self.problem: str | None = None
        self.patience: list[float] = []

    name = "fake:bus"

    async def receive(self, patience: float) -> list[Frame]:
        """Return what is there."""
        self.patience.append(patience)
        return await self.come.get()

    async def send(self, frames: Sequence[Frame]) -> str | None:
        """Take it."""
        self.sent += frames
        return self.problem

    def wake(self) -> None:
        """Return nothing."""
        self.come.put_nowait([])


async def run_on(bus: FakeBus, car: Roadster, clock: ManualClock) -> tuple[Module, FakeLink]:
    """Start a driver on a bus; give its connected module with feature 15 on, and link."""
    driver, link, module = BusDriver(car, bus, clock=clock), FakeLink(), Module(car)
    module.connect(driver.now)
    module.receive(Message("C", b"2,15,1"), driver.now)
    driving = asyncio.create_task(driver.run(module, link))
    await settle()
    asyncio.get_running_loop().call_later(30, driving.cancel)
    return module, link


async def test_what_is_on_the_bus_is_told() -> None:
    """At once, however many frames come together."""
    bus, clock = FakeBus(), ManualClock()
    module, link = await run_on(bus, Roadster(), clock)
    bus.come.put_nowait([*DOORS[:250], SOC[0]])
    await settle()
    assert module.vehicle.state.soc == 90
    assert {message.code for message in link.heard} >= {"S", "D"}
    assert bus.sent == []


async def test_a_command_is_sent_at_once_and_answered_when_it_shows() -> None:
    """The driver wakes for it, and again for its second frame."""
    bus, clock = FakeBus(), ManualClock()
    car = Roadster(trust=Trust.WRITE)
    module, link = await run_on(bus, car, clock)
    assert module.receive(Message("C", b"11"), clock.time()) == []
    await settle()
    assert [frame.data for frame in bus.sent] == [bytes.fromhex("05 03 00 00 01 00 00 00")]
    assert 0 < bus.patience[-1] <= 0.15
    clock.advance(0.2)
    bus.wake()
    await settle()
    assert [frame.data for frame in bus.sent[1:]] == [b"\x0a"]
    bus.come.put_nowait([Frame(0, 0x100, bytes.fromhex("95 01 09 64 00 00 00 00"))])
    await settle()
    assert Message("c", b"11,0") in link.heard


async def test_a_command_that_cannot_be_sent_fails() -> None:
    """The reason is the bus's."""
    bus, clock = FakeBus(), ManualClock()
    bus.problem = "the bus is away, it seems"
    module, link = await run_on(bus, Roadster(trust=Trust.WRITE), clock)
    module.receive(Message("C", b"18"), clock.time())
    await settle()
    assert Message("c", b"18,1,the bus is away; it seems") in link.heard


def test_they_say_what_they_are() -> None:
    """A status names what moves the car."""
    assert replay(SOC, ManualClock(), 0).describe() == "recording"
    assert ClockDriver(clock=ManualClock()).describe() == "simulation"
    assert BusDriver(Roadster(), FakeBus(), clock=ManualClock()).describe() == "fake:bus"


async def test_all_that_is_due_is_sent_in_one_turn() -> None:
    """Each command by itself, one behind the other; nothing waits for the next frame to come."""
    bus, clock = FakeBus(), ManualClock()
    module, link = await run_on(bus, Roadster(trust=Trust.WRITE), clock)
    for data in (b"18", b"24,1", b"19"):
        module.receive(Message("C", data), clock.time())
    await settle()
    assert [frame.data[:3] for frame in bus.sent] == [b"\x0a", b"\x09\0\x01", b"\x06\x2c\x01"]
    assert Message("c", b"18,0") in link.heard


async def test_an_adapter_that_opens_late_loses_no_question() -> None:
    """The first OBD request goes out once the bus takes it, and then not again for a minute."""
    bus, clock = FakeBus(), ManualClock()
    found = find_type("obd2")
    assert found is not None
    car = found.make(VehicleOptions(trust=Trust.ASK))
    assert isinstance(car, BusVehicle)
    driver, module = BusDriver(car, bus, clock=clock), Module(car)
    driving = asyncio.create_task(driver.run(module, FakeLink()))
    bus.problem = "the bus is away: it is being opened"
    for second in range(4):
        bus.problem = bus.problem if second < 2 else None
        bus.wake()
        await settle()
        asked = [frame for frame in bus.sent if frame.id == 0x7DF]
        assert len(asked) == min(second + 1, 3)
        clock.advance(1)
    driving.cancel()
