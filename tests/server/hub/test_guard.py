from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from typing import NoReturn

import pytest

from ovms.base import logs
from ovms.base.clock import ManualClock
from ovms.protocol import Message, Role
from ovms.protocol.records.alert import Alert
from ovms.server.hub.guard import Guard
from ovms.server.hub.hub import IDLE_LIMITS, Hub, HubSettings, RoomSession
from ovms.server.hub.pacing import PAUSE
from ovms.server.hub.room import Room
from ovms.server.values import Vehicle
from tests.server.hub.fakes import (
    START,
    VERSION,
    FakeAlerts,
    FakeLine,
    FakeStorage,
    fresh_token,
    make_vehicle,
    message,
)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Log into a text, as JSON."""
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    yield stream
    logs.configure("warning", "text")


def test_a_place_is_told_once(lines: io.StringIO) -> None:
    """The first failure of a place is logged with its trace, the others are not."""
    guard = Guard()
    for place in ("tick", "tick", "send"):
        try:
            raise ValueError("broken")
        except ValueError as error:
            guard.failed(place, error, "CAR1")
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [(line["place"], line["vehicle"], line["reason"]) for line in told] == [
        ("tick", "CAR1", "broken"), ("send", "CAR1", "broken"),
    ]  # fmt: skip
    assert "test_guard.py" in told[0]["exception"]
    assert told[0]["level"] == "error"


# -- in rooms -------------------------------------------------------------------------------


def refuse(*args: object, **more: object) -> NoReturn:
    """Keep nothing any more."""
    raise OSError("the store was closed")


class BrokenAlerts(FakeAlerts):
    """An alert service with a bug."""

    def raise_alert(self, vehicle: Vehicle, alert: Alert) -> Alert:
        """Fail."""
        raise KeyError("no such table")

    async def subscribe(self, vehicle: Vehicle, data: bytes) -> None:
        """Fail."""
        raise KeyError("no such channel")


class BrokenLine(FakeLine):
    """A connection on which sending fails from some time on."""

    is_broken = False
    is_gone = False

    @property
    def unacknowledged(self) -> int:
        """Fail once the socket has gone."""
        if self.is_gone:
            raise ValueError("file descriptor cannot be a negative integer (-1)")
        return 0

    @unacknowledged.setter
    def unacknowledged(self, value: int) -> None:
        pass

    def send(self, message: Message) -> bool:
        """Fail."""
        if self.is_broken:
            raise RuntimeError("no transport")
        return super().send(message)


class Building:
    """A hub that knows CAR1 and CAR2."""

    def __init__(self, alerts: FakeAlerts | None = None) -> None:
        self.storage = FakeStorage({each: make_vehicle(each) for each in ("CAR1", "CAR2")})
        self.clock = ManualClock(START)
        self.hub = Hub(self.storage, alerts or FakeAlerts(), self.clock, HubSettings(VERSION))

    async def enters(
        self, role: Role, vehicle_id: str = "CAR1", line: FakeLine | None = None
    ) -> tuple[RoomSession, FakeLine]:
        """Let somebody in; what they hear at login is forgotten."""
        room = await self.hub.find(vehicle_id)
        assert room is not None
        line = line or FakeLine()
        session = self.hub.enter(room, role, line, token=fresh_token())
        if role is Role.CAR:
            says(session, "a")
        line.take()
        return session, line


def says(session: RoomSession, *texts: str) -> None:
    """Send messages."""
    for text in texts:
        session.receive(message(text))


CAR_MESSAGES = ("S80", "ETone", "EMDx", "H*-LOG-Trip,1,60,x", "h1,0,*-LOG-Trip,1,60,x", "PAhelp")


async def test_a_storage_that_fails(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages reach the clients all the same, and whoever comes and goes is known."""
    building = Building()
    await building.enters(Role.APP, "CAR2")
    for name in ("message", "token", "presence", "history", "traffic"):
        monkeypatch.setattr(building.storage, f"put_{name}", refuse)
    car, car_line = await building.enters(Role.CAR)
    app, line = await building.enters(Role.APP)
    line.sent = car_line.sent = 5
    for _ in range(3):
        says(car, *CAR_MESSAGES)
        assert line.take() == ["S80", "T0", "ETone", "EMDx", "T0", "PAhelp"]
    says(app, "C30", "A", "C20")
    building.clock.advance(60)
    building.hub.tick()
    await asyncio.sleep(0)
    assert line.take() == ["a", "c30,1,No GPRS utilisation data available"]
    assert not line.is_closed
    assert not car_line.is_closed
    building.hub.leave(car)
    assert line.take() == ["c20,1,car is not connected", "Z0"]
    building.hub.leave(app)
    assert set(building.hub.rooms) == {"CAR2"}
    assert 0 < len(lines.getvalue().splitlines()) < 10
    await building.hub.close()


async def test_a_removed_vehicle_and_a_storage_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is closed, whatever becomes of what is kept."""
    building = Building()
    _, line = await building.enters(Role.APP)
    monkeypatch.setattr(building.storage, "put_presence", refuse)
    building.hub.refresh([make_vehicle("CAR1", secret="").change])
    assert line.is_closed


async def test_an_alert_desk_that_fails(lines: io.StringIO) -> None:
    """Clients are told alerts as they came; a subscription that fails hurts nobody."""
    building = Building(BrokenAlerts())
    car, _ = await building.enters(Role.CAR)
    app, line = await building.enters(Role.APP)
    says(car, "PAhelp", "PEVA,1,2")
    says(app, "PAme too", "p1,apns,simple,key", "p1,apns,simple,key")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert line.take() == ["PAhelp", "PEVA,1,2", "PAme too"]
    assert len(lines.getvalue().splitlines()) == 2
    await building.hub.close()


async def test_a_line_that_fails(lines: io.StringIO) -> None:
    """It is closed, and the others hear everything: from the car, from groups, at logins."""
    building = Building()
    broken, car_line = BrokenLine(), BrokenLine()
    car, _ = await building.enters(Role.CAR, line=car_line)
    bad, _ = await building.enters(Role.APP, line=broken)
    good, line = await building.enters(Role.APP)
    says(bad, "Gfriends")
    says(good, "Gfriends")
    broken.is_broken = True
    says(car, "S80", "gfriends,1,2")
    assert line.take() == ["S80", "T0", "gCAR1,FRIENDS,1,2"]
    assert (broken.is_closed, line.is_closed, car_line.is_closed) == (True, False, False)
    car_line.is_broken = True
    _, late = await building.enters(Role.APP)
    says(good, "X1", "C20", "A")
    assert car_line.is_closed
    assert not late.is_closed
    assert line.take() == ["a"]
    assert len(lines.getvalue().splitlines()) == 1


async def test_a_line_that_has_gone(lines: io.StringIO) -> None:
    """A late acknowledgement to it fails in no callback, and the next cars are paced."""
    building = Building()
    gone, other_line = BrokenLine(), FakeLine()
    car, _ = await building.enters(Role.CAR, line=gone)
    await building.enters(Role.CAR, "CAR2", other_line)
    for vehicle_id in ("CAR1", "CAR2"):
        app, _ = await building.enters(Role.APP, vehicle_id)
        says(app, *["X" + "x" * 500] * 2)
    says(car, "h7,0,*-LOG-Trip,1,60,x")
    gone.is_gone = True
    other_line.take()
    building.clock.advance(PAUSE)
    building.storage.save()
    building.hub.pace()
    assert other_line.take() == ["X" + "x" * 500]
    told = [json.loads(line)["place"] for line in lines.getvalue().splitlines()]
    assert told == ["acknowledgement", "pacing"]


async def test_a_room_that_fails(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in one room's time stops no other's, and a bug in a handler ends no session."""
    building = Building()
    _, first = await building.enters(Role.APP)
    other, second = await building.enters(Role.APP, "CAR2")

    tick = Room.tick

    def fail(*args: object) -> None:
        raise ZeroDivisionError

    def tick_or_fail(room: Room, now: float) -> None:
        fail() if room.vehicle.id == "CAR1" else tick(room, now)

    monkeypatch.setattr(Room, "tick", tick_or_fail)
    building.clock.advance(IDLE_LIMITS[Role.APP])
    building.hub.tick()
    building.hub.tick()
    assert (first.is_closed, second.is_closed) == (False, True)
    monkeypatch.setattr(Room, "receive", fail)
    says(other, "A", "A", "X")
    told = [json.loads(line)["place"] for line in lines.getvalue().splitlines()]
    assert told == ["tick", "app's A", "app's X"]


@pytest.mark.parametrize("is_stopping", [False, True])
async def test_a_telemetry_log_that_fails(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch, is_stopping: bool
) -> None:
    """A store that is closed when something is to be logged stops neither time nor the end."""
    building = Building()
    for vehicle_id in ("CAR1", "CAR2"):
        car, _ = await building.enters(Role.CAR, vehicle_id)
        says(car, "S80", "S81")
    tries: list[str] = []

    def keep(vehicle_id: str, *args: object) -> bool:
        tries.append(vehicle_id)
        refuse()

    monkeypatch.setattr(building.storage, "put_history", keep)
    if is_stopping:
        await building.hub.close()
    else:
        building.clock.advance(60)
        building.hub.tick()
    assert tries == ["CAR1", "CAR2"]
    assert len(lines.getvalue().splitlines()) == 1


async def test_an_answer_that_fails(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's next command has its turn all the same."""
    building = Building()
    app, line = await building.enters(Role.APP)

    async def fail(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ovms.server.hub.answers.answer", fail)
    says(app, "C31", "C20")
    await asyncio.sleep(0)
    assert line.take() == ["c20,1,car is not connected"]
    assert len(lines.getvalue().splitlines()) == 1
    await building.hub.close()
