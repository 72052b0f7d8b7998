"""A vehicle whose code raises exceptions: the module goes on, and logs one line a place."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator

import pytest

from ovms.base import logs
from ovms.base.clock import ManualClock
from ovms.car.answers import ANSWER_TIMEOUT, AnswerCallback
from ovms.car.command_handler import UNEXPECTED
from ovms.car.drivers import BusDriver, Replay
from ovms.car.frames import Frame
from ovms.car.module import INTERVAL_ALONE, Module
from ovms.car.reports import CarIdentity
from ovms.car.state import CarState
from ovms.car.vehicles.interface import BusVehicle
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message
from ovms.protocol.commands import Answer, Command, Result
from ovms.protocol.records.environment import Doors1
from tests.car.fleet.test_fleet import FleetRig, LittleServer, entry, leave
from tests.car.test_drivers import FakeBus, FakeLink, settle


class BrokenCar:
    """A vehicle on a bus that raises in the methods whose names it is given."""

    def __init__(self, *broken: str) -> None:
        self.state = CarState(soc=80, doors_1=Doors1(0))
        self.identity = CarIdentity("X", frozenset({18, 20}), write_enabled=True)
        self.broken = set(broken)
        self.ids = frozenset({(1, False)})
        self.bitrate = None
        self.must_ask = False
        self.wake: Callable[[], None] = lambda: None
        self.owed: list[AnswerCallback] = []
        self.unsent: list[Frame] = []

    def _called(self, method: str) -> None:
        if method in self.broken:
            raise ZeroDivisionError(f"in {method}")

    def advance(self, now: float) -> None:
        """Raise, or do nothing."""
        self._called("advance")

    def execute(self, command: Command, now: float, answer: AnswerCallback) -> None:
        """Raise, or answer command 20; command 18 is answered first in any case."""
        if command.number == 18:
            answer(Answer(18, Result.OK))
        self._called("execute")
        if command.number == 20:
            self.owed.append(answer)
            self.unsent.append(Frame(now, 2, b"\0"))

    def receive(self, frame: Frame, now: float) -> None:
        """Raise, or read the state of charge."""
        self._called("receive")
        self.state.soc = frame.data[0]

    def sending(self, now: float) -> list[Frame]:
        """Raise, or send one frame for each command."""
        self._called("sending")
        due, self.unsent = self.unsent, []
        return due

    @property
    def next_sending(self) -> float | None:
        """Raise, or say nothing."""
        self._called("next_sending")
        return None

    def sent(self, now: float, problem: str | None = None) -> None:
        """Raise, or answer the command."""
        self._called("sent")
        for answer in self.owed:
            answer(Answer(20, Result.OK))
        self.owed.clear()


@pytest.fixture
def lines() -> Iterator[Callable[[], list[str]]]:
    """Return a function that returns the places that were logged as failed so far."""
    stream = io.StringIO()
    logs.configure("error", "json", stream)

    def places() -> list[str]:
        return [json.loads(line)["place"] for line in stream.getvalue().splitlines()]

    yield places
    logs.configure("warning", "text")


Places = Callable[[], list[str]]


def connected(car: BusVehicle) -> Module:
    """Return the connected module of a car."""
    module = Module(car)
    module.connect(0)
    module.poll(0)
    return module


def ask(module: Module, line: bytes, now: float = 1) -> list[bytes]:
    """Give a command. Return the answers that come at once."""
    return [each.data for each in module.receive(Message("C", line), now) if each.code == "c"]


def test_a_car_whose_time_fails_is_still_reported(lines: Places) -> None:
    """The module reports at each interval, answers commands, and logs one line."""
    module = connected(BrokenCar("advance"))
    for turn in range(1, 4):
        codes = {message.code for message in module.poll(turn * INTERVAL_ALONE)}
        assert codes >= {"S", "D"}
    assert ask(module, b"6") == [b"6,0"]
    assert lines() == ["advance"]


def test_a_command_that_fails_is_answered(lines: Places) -> None:
    """The answer is 1 with a plain reason, each time; the log has one line."""
    module = connected(BrokenCar("execute"))
    for _ in range(3):
        assert ask(module, b"20,1234") == [b"20,1," + UNEXPECTED.encode()]
    assert ask(module, b"3")[0].startswith(b"3,0,0,")
    assert lines() == ["command 20"]


def test_a_command_that_fails_after_its_answer_has_only_that(lines: Places) -> None:
    """What a vehicle raises after it has answered is logged, and nothing more is sent."""
    assert ask(connected(BrokenCar("execute")), b"18") == [b"18,0"]
    assert lines() == ["command 18"]


def test_a_vehicle_that_answers_twice_has_one_answer() -> None:
    """Only the first answer counts."""
    car = BrokenCar()
    module = connected(car)
    assert ask(module, b"20,1234") == []
    for result in (Result.OK, Result.FAILED):
        car.owed[0](Answer(20, result, "again"))
    assert [each.data for each in module.poll(2)] == [b"20,0,again"]
    assert module.poll(3) == []


def test_a_vehicle_that_never_answers(lines: Places) -> None:
    """At the timeout the command fails, what waits behind it follows, and a late answer is lost."""
    car = BrokenCar()
    module = connected(car)
    assert ask(module, b"20,1234", 1) == []
    assert ask(module, b"6", 2) == []
    assert [m for m in module.poll(1 + ANSWER_TIMEOUT - 0.001) if m.code == "c"] == []
    answers = [m.data for m in module.poll(1 + ANSWER_TIMEOUT) if m.code == "c"]
    assert answers == [b"20,1,no answer within 55 s", b"6,0"]
    car.owed[0](Answer(20, Result.OK))
    assert module.poll(2 + ANSWER_TIMEOUT) == []


def test_a_state_that_cannot_be_told(lines: Places) -> None:
    """A message that cannot be made is left out, and the others are sent."""
    car = BrokenCar()
    car.state.soc = "full"  # type: ignore[assignment]
    module = Module(car)
    ask(module, b"2,9,50")
    assert {message.code for message in module.connect(0)} == {"F", "D", "V"}
    assert {message.code for message in module.poll(INTERVAL_ALONE)} >= {"D"}
    assert lines() == ["alerts and records", "message S"]


@pytest.mark.parametrize("method", ["receive", "sending", "next_sending", "sent", "advance"])
async def test_a_bus_is_read_on(method: str, lines: Places) -> None:
    """Whatever method of a vehicle on a bus fails, the driver goes on, and one line is logged."""
    car, bus, link = BrokenCar(method), FakeBus(), FakeLink()
    driver, module = BusDriver(car, bus, clock=ManualClock()), connected(car)
    driving = asyncio.create_task(driver.run(module, link))
    ask(module, b"20,1234")
    for soc in (70, 60):
        bus.come.put_nowait([Frame(0, 1, bytes([soc]))])
        await settle()
    assert not driving.done()
    assert car.state.soc == (80 if method == "receive" else 60)
    assert lines() == [method]
    driving.cancel()


async def test_a_recording_is_read_on(lines: Places) -> None:
    """A frame that the vehicle fails at does not end a replay."""
    car = BrokenCar("receive")
    frames = [Frame(at, 1, b"\1") for at in range(3)]
    driver = Replay(car, lambda: iter(frames), clock=ManualClock(), speed=0)
    await driver.run(connected(car), FakeLink())
    assert driver.now == 2
    assert lines() == ["receive"]


@pytest.mark.parametrize("method", ["advance", "execute", "calm_for"])
async def test_a_fleet_lives_on(
    method: str, lines: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cars of a fleet that fail stay connected; all of them together log one line a place."""

    def fail(*_: object) -> float:
        raise ZeroDivisionError

    server = LittleServer()
    await server.open()
    rig = FleetRig(server, entry("ONE"), entry("TWO"))
    await rig.until_up(2)
    monkeypatch.setattr(SimCar, method, property(fail) if method == "calm_for" else fail)
    for name in ("ONE", "TWO"):
        server.say(name, Message("C", b"22,1234"))
    await rig.pass_time(120)
    answers = sorted(m.data for _, m in server.heard if m.code == "c")
    failed = b"22,1," + UNEXPECTED.encode()
    assert answers == [failed if method == "execute" else b"22,0"] * 2
    assert rig.fleet.connected == 2
    assert lines() == ["command 22" if method == "execute" else method]
    await leave(rig)
