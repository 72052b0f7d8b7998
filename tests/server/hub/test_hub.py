from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from ovms.base.clock import ManualClock
from ovms.protocol import Role
from ovms.protocol.messages import LatestMessage
from ovms.server.hub import hub as hub_module
from ovms.server.hub.hub import (
    CAR_PING_INTERVAL,
    CAR_REFUSED,
    IDLE_LIMITS,
    PROOF_TIMEOUT,
    REFUSED_AGAIN,
    Hub,
    HubSettings,
    Idle,
    Removed,
    RoomSession,
    Unproven,
)
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


@dataclass
class Building:
    """A hub with its storage and clock."""

    hub: Hub
    storage: FakeStorage
    clock: ManualClock

    async def enters(self, role: Role, vehicle_id: str = "CAR1") -> tuple[RoomSession, FakeLine]:
        """Let somebody in, a car with its proof; what they hear at login is forgotten."""
        session, line = await self.calls(role, vehicle_id)
        if role is Role.CAR:
            session.receive(message("a"))
        line.take()
        return session, line

    async def calls(self, role: Role, vehicle_id: str = "CAR1") -> tuple[RoomSession, FakeLine]:
        """Let somebody in who says nothing."""
        room = await self.hub.find(vehicle_id)
        assert room is not None
        line = FakeLine()
        return self.hub.enter(room, role, line, token=fresh_token()), line

    def passes(self, seconds: float) -> None:
        """Let time pass, then tick."""
        self.clock.advance(seconds)
        self.hub.tick()


@pytest.fixture
def building() -> Building:
    """Build a hub that knows CAR1 and CAR2."""
    storage = FakeStorage({each: make_vehicle(each) for each in ("CAR1", "CAR2")})
    clock = ManualClock(START)
    return Building(Hub(storage, FakeAlerts(), clock, HubSettings(VERSION)), storage, clock)


# -- rooms ----------------------------------------------------------------------------------


async def test_a_room_lives_while_somebody_is_in_it(building: Building) -> None:
    """It is loaded for the first, found by the second, and gone with the last."""
    building.storage.put_message("CAR1", LatestMessage("S", b"80", START))
    first, _ = await building.enters(Role.APP)
    second, _ = await building.enters(Role.CAR)
    assert first.room is second.room
    assert first.room.latest.by_code["S"].data == b"80"
    assert building.storage.loads == 1
    building.hub.leave(first)
    assert building.hub.rooms == {"CAR1": first.room}
    building.hub.leave(second)
    building.hub.leave(second)
    assert building.hub.rooms == {}
    await building.enters(Role.APP)
    assert building.storage.loads == 2


async def test_vehicles_do_not_meet(building: Building) -> None:
    """What is said in one room is not heard in another."""
    car, _ = await building.enters(Role.CAR, "CAR1")
    _, app = await building.enters(Role.APP, "CAR1")
    _, other = await building.enters(Role.APP, "CAR2")
    car.receive(message("S80"))
    assert app.take() == ["S80", "T0"]
    assert other.take() == []


async def test_an_unknown_vehicle_has_no_room(building: Building) -> None:
    """It is looked up again at each call: it may have been added."""
    assert await building.hub.find("NOSUCH") is None
    building.storage.vehicles["NOSUCH"] = make_vehicle("NOSUCH")
    assert await building.hub.find("NOSUCH") is not None


async def test_a_room_is_loaded_once(building: Building) -> None:
    """However many come while it is loaded, they all meet in one room."""
    building.storage.gate = asyncio.Event()
    entering = [asyncio.create_task(building.enters(Role.APP)) for _ in range(5)]
    await asyncio.sleep(0)
    building.storage.gate.set()
    sessions = [session for session, _ in await asyncio.gather(*entering)]
    assert building.storage.loads == 1
    assert {id(session.room) for session in sessions} == {id(building.hub.rooms["CAR1"])}
    assert sessions[0].room.apps == 5


async def test_a_room_that_is_opened_meanwhile(building: Building) -> None:
    """Whoever loads a room that somebody opens meanwhile gets that one: it has the car."""
    held = await building.hub.find("CAR1")
    assert held is not None
    building.storage.gate = asyncio.Event()
    finding = asyncio.create_task(building.hub.find("CAR1"))
    await asyncio.sleep(0)
    building.hub.enter(held, Role.CAR, FakeLine())
    building.storage.gate.set()
    assert await finding is held


async def test_waiters_that_leave_do_not_disturb_the_others(building: Building) -> None:
    """A caller that hangs up while its room is loaded takes nobody with it, and leaves nothing."""
    building.storage.gate = asyncio.Event()
    leaving = asyncio.create_task(building.enters(Role.CAR))
    staying = asyncio.create_task(building.enters(Role.APP))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    building.storage.gate.set()
    session, _ = await staying
    assert building.hub.rooms == {"CAR1": session.room}
    building.hub.leave(session)
    assert building.hub.rooms == {}


async def test_all_waiters_leave(building: Building) -> None:
    """A room that was loaded for nobody is not kept."""
    building.storage.gate = asyncio.Event()
    leaving = asyncio.create_task(building.enters(Role.CAR))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    building.storage.gate.set()
    await _settle()
    assert building.hub.rooms == {}
    await building.enters(Role.APP)
    assert building.storage.loads == 2


async def test_one_is_refused_while_another_enters(building: Building) -> None:
    """Who does not enter a room that was loaded for two does not close it for the other."""
    building.storage.gate = asyncio.Event()
    rooms = [asyncio.create_task(building.hub.find("CAR1")) for _ in range(2)]
    await asyncio.sleep(0)
    building.storage.gate.set()
    first, second = await asyncio.gather(*rooms)
    assert first is not None
    assert first is second
    building.hub.release(first)
    session = building.hub.enter(second, Role.APP, FakeLine())
    building.hub.release(first)
    assert building.hub.rooms == {"CAR1": session.room}


async def test_two_loads_end_in_one_room(building: Building) -> None:
    """Who was given a room that nobody kept meets those who came first in theirs."""
    early = await building.hub.find("CAR1")
    session, _ = await building.enters(Role.CAR)
    assert early is not None
    app = building.hub.enter(early, Role.APP, FakeLine())
    assert app.room is session.room
    assert app.room.car is session.member
    building.hub.leave(app)
    building.hub.leave(session)
    assert building.hub.rooms == {}


async def test_a_failing_keeper(building: Building) -> None:
    """Everybody who waited hears of it, and the next one is looked up anew."""
    building.storage.gate = asyncio.Event()
    building.storage.error = OSError("the disk is away")
    finding = [asyncio.create_task(building.hub.find("CAR1")) for _ in range(3)]
    await asyncio.sleep(0)
    finding[0].cancel()
    building.storage.gate.set()
    results = await asyncio.gather(*finding, return_exceptions=True)
    assert [type(each) for each in results] == [asyncio.CancelledError, OSError, OSError]
    assert building.hub.rooms == {}
    building.storage.error = None
    await building.enters(Role.APP)


async def test_a_failing_keeper_that_nobody_waits_for(building: Building) -> None:
    """A look-up that fails after its caller has gone is nobody's error."""
    building.storage.gate = asyncio.Event()
    building.storage.error = OSError("the disk is away")
    finding = asyncio.create_task(building.hub.find("CAR1"))
    await asyncio.sleep(0)
    finding.cancel()
    building.storage.gate.set()
    await _settle()
    building.storage.error = None
    await building.enters(Role.APP)


async def test_a_replaced_car_is_no_member_any_more(building: Building) -> None:
    """Its connection, which ends at last, disturbs no room that was opened meanwhile."""
    old, _ = await building.enters(Role.CAR)
    new, _ = await building.enters(Role.CAR)
    new.receive(message("a"))
    building.hub.leave(new)
    assert building.hub.rooms == {}
    third, _ = await building.enters(Role.CAR)
    building.hub.leave(old)
    assert building.hub.rooms == {"CAR1": third.room}
    assert building.storage.presence["CAR1"] == (True, 0, 0)


# -- vehicles that change -------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["", "another"], ids=["removed", "new secret"])
async def test_a_changed_vehicle(building: Building, secret: str) -> None:
    """Its connections are closed, those of others stay, and the next caller meets what is now."""
    old = [await building.enters(role) for role in (Role.CAR, Role.APP, Role.BATCH)]
    old.append(await building.calls(Role.CAR))
    _, other = await building.enters(Role.APP, "CAR2")
    changed = replace(building.storage.vehicles["CAR1"], secret=secret)
    building.storage.vehicles["CAR1"] = changed
    building.hub.refresh(
        [changed.change, building.storage.vehicles["CAR2"].change, make_vehicle("UNKNOWN").change]
    )
    assert all(isinstance(line.error, Removed) for _, line in old)
    assert str(old[0][1].error) == "the vehicle was removed, or its owner or its secret changed"
    assert not other.is_closed
    new, line = await building.enters(Role.CAR)
    assert new.room.vehicle is changed
    for session, _ in old:
        building.hub.leave(session)
    assert building.hub.rooms["CAR1"] is new.room
    assert line.take() == []
    assert building.storage.presence["CAR1"] == (True, 0, 0)
    with pytest.raises(Removed):
        building.hub.enter(old[0][0].room, Role.APP, FakeLine())


async def test_a_vehicle_of_another_owner(building: Building) -> None:
    """Nobody stays of the former owner, though its secret is the same."""
    old = [(await building.enters(role))[1] for role in (Role.CAR, Role.APP, Role.BATCH)]
    changed = replace(building.storage.vehicles["CAR1"], owner_id=2)
    building.storage.vehicles["CAR1"] = changed
    building.hub.refresh([changed.change])
    assert all(isinstance(line.error, Removed) for line in old)
    session, line = await building.enters(Role.CAR)
    building.hub.refresh([changed.change])
    assert session.room.vehicle is changed
    assert not line.is_closed


@pytest.mark.parametrize("tls_only", [False, True])
async def test_a_vehicle_that_takes_other_connections(building: Building, tls_only: bool) -> None:
    """Whether it takes TLS only counts for everybody: who is connected comes again."""
    vehicle = replace(building.storage.vehicles["CAR1"], tls_only=not tls_only)
    building.storage.vehicles["CAR1"] = vehicle
    _, line = await building.enters(Role.CAR)
    building.storage.vehicles["CAR1"] = replace(vehicle, tls_only=tls_only)
    building.hub.refresh([building.storage.vehicles["CAR1"].change])
    assert isinstance(line.error, Removed)
    session, _ = await building.enters(Role.CAR)
    assert session.room.vehicle.tls_only is tls_only


async def test_an_unchanged_vehicle(building: Building) -> None:
    """A change of something else, told again and again, closes nobody."""
    _, line = await building.enters(Role.CAR)
    building.hub.refresh([building.storage.vehicles["CAR1"].change] * 3)
    assert not line.is_closed


async def test_a_vehicle_that_changes_while_it_is_looked_up(building: Building) -> None:
    """Whoever waits for a room that is void by then is given the next one."""
    building.storage.gate = asyncio.Event()
    changed = make_vehicle("CAR1", secret="another")

    async def enter_and_change() -> None:
        await building.enters(Role.APP)
        building.storage.vehicles["CAR1"] = changed
        building.hub.refresh([changed.change])

    first = asyncio.create_task(enter_and_change())
    second = asyncio.create_task(building.enters(Role.CAR))
    await asyncio.sleep(0)
    building.storage.gate.set()
    await first
    session, line = await second
    assert session.room.vehicle is changed
    assert not line.is_closed


# -- time -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(IDLE_LIMITS))
async def test_idle_at_the_bound(building: Building, role: Role) -> None:
    """Who says nothing for so long is closed, at the bound and not before; any word counts."""
    session, line = await building.enters(role)
    session.receive(message("a"))
    building.passes(IDLE_LIMITS[role] - 1)
    session.receive(message("X"))
    building.passes(IDLE_LIMITS[role] - 1)
    assert not line.is_closed
    building.passes(1)
    assert isinstance(line.error, Idle)


@pytest.mark.parametrize(("role", "minutes"), [(Role.APP, 20), (Role.CAR, 16), (Role.BATCH, 5)])
def test_idle_limits(role: Role, minutes: int) -> None:
    """They are those that the field keeps."""
    assert IDLE_LIMITS[role] == minutes * 60


async def test_an_unproven_car(building: Building) -> None:
    """A car that never sends a line that decrypts is closed after a minute, a proven one not."""
    _, line = await building.calls(Role.CAR)
    _, second = await building.calls(Role.CAR)
    _, other = await building.enters(Role.CAR, "CAR2")
    building.passes(PROOF_TIMEOUT - 1)
    assert not line.is_closed
    building.passes(1)
    assert isinstance(line.error, Unproven)
    assert isinstance(second.error, Unproven)
    assert not other.is_closed


async def test_a_car_that_answers_pings_and_proves_nothing(building: Building) -> None:
    """It is no car and is sent nothing more, but is closed only when it is idle."""
    session, line = await building.calls(Role.CAR)
    line.is_proven = False
    session.receive(message("a"))
    for _ in range(int(IDLE_LIMITS[Role.CAR]) // 60 - 1):
        building.passes(60)
    assert line.take() == ["A"]
    assert building.storage.presence == {}
    assert not line.is_closed
    building.passes(60)
    assert isinstance(line.error, Idle)


async def test_an_unproven_car_does_not_disturb_the_live_one(building: Building) -> None:
    """A repeated welcome costs the car that is there nothing, as often as it comes."""
    _, line = await building.enters(Role.CAR)
    _, app = await building.enters(Role.APP)
    line.take()
    for _ in range(3):
        session, false = await building.calls(Role.CAR)
        building.passes(PROOF_TIMEOUT)
        assert isinstance(false.error, Unproven)
        building.hub.leave(session)
    assert not line.is_closed
    assert (line.take(), app.take()) == ([], [])


async def test_the_server_breaks_its_own_silence(building: Building) -> None:
    """A car that was sent nothing for 15 minutes is pinged, however much it talks itself."""
    car, line = await building.enters(Role.CAR)
    for _ in range(int(CAR_PING_INTERVAL) // 60 - 1):
        car.receive(message("S80"))
        building.passes(60)
    assert line.take() == []
    car.receive(message("S80"))
    building.passes(60)
    assert line.take() == ["A"]
    building.passes(1)
    assert line.take() == []


async def test_what_was_sent_counts_as_no_silence(building: Building) -> None:
    """Any message to the car puts the ping off; clients are never pinged."""
    car, line = await building.enters(Role.CAR)
    car.receive(message("a"))
    building.passes(CAR_PING_INTERVAL - 1)
    app, app_line = await building.enters(Role.APP)
    assert line.take() == ["Z1"]
    building.passes(30)
    assert line.take() == []
    for _ in range(3):
        app.receive(message("a"))
        car.receive(message("a"))
        building.passes(CAR_PING_INTERVAL)
    assert app_line.take() == []
    assert line.take() == ["A"] * 3


async def test_commands_are_given_up_in_time(building: Building) -> None:
    """The hub's tick is what makes a command's time pass."""
    car, line = await building.enters(Role.CAR)
    car.receive(message("a"))
    app, app_line = await building.enters(Role.APP)
    app.receive(message("C20"))
    for _ in range(60):
        building.passes(1)
    assert app_line.take() == ["c20,1,no answer from the car"]
    assert line.take() == ["Z1", "C20", "A"]


async def _settle() -> None:
    """Let everything that is ready run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_refused_login_of_the_car_is_told_once_and_its_return_once(
    building: Building,
) -> None:
    """However often somebody tries in the car's name, the owner hears of it once."""
    place = building
    room = await place.hub.find("CAR1")
    assert room is not None
    for _ in range(3):
        place.hub.car_refused(room)
    told = [record.data for record in place.storage.history]
    assert told == [f"A,{CAR_REFUSED}".encode()]
    for _ in range(3):
        await place.calls(Role.CAR)
    assert len(place.storage.history) == 1
    for _ in range(3):
        await place.enters(Role.CAR)
    assert [record.data for record in place.storage.history][1:] == [
        b"I,The car has logged in again"
    ]


async def test_one_who_calls_beside_the_car_is_told_of_each_hour(building: Building) -> None:
    """Refused and back, time and again: each is told only once an hour."""
    place = building
    room = await place.hub.find("CAR1")
    assert room is not None
    for _ in range(60):
        place.hub.car_refused(room)
        await place.enters(Role.CAR)
        place.clock.advance(REFUSED_AGAIN / 60)
    assert [record.data[:1] for record in place.storage.history] == [b"A", b"I"]
    place.hub.car_refused(room)
    assert [record.data[:1] for record in place.storage.history] == [b"A", b"I", b"A"]


async def test_who_was_told_is_bounded(building: Building, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more vehicles than are remembered the oldest may be told of sooner."""
    place = building
    monkeypatch.setattr(hub_module, "REFUSED_LIMIT", 2)
    context = place.hub._context
    for name in ("CAR1", "CAR2"):
        room = await place.hub.find(name)
        assert room is not None
        place.hub.car_refused(room)
        context.refused.clear()
    context.refused_at["CAR0"] = context.refused_at.pop("CAR1")
    room = await place.hub.find("CAR1")
    assert room is not None
    place.hub.car_refused(room)
    assert list(context.refused_at) == ["CAR0", "CAR1"]


async def test_a_vehicle_changes_how_long_it_is_logged(building: Building) -> None:
    """What the command line changes counts for a room that is open."""
    place = building
    room = await place.hub.find("CAR1")
    assert room is not None
    car = place.hub.enter(room, Role.CAR, FakeLine())
    car.receive(message("S1"))
    changed = replace(place.storage.vehicles["CAR1"], log_days=0)
    place.hub.refresh([changed.change])
    place.clock.advance(100)
    car.receive(message("S2"))
    car.receive(message("L2"))
    assert [record.type for record in place.storage.history] == ["S", "L"]


async def test_old_positions_are_forgotten(building: Building) -> None:
    """The last known position ends after the vehicle's own days, but not within one."""
    car, _ = await building.enters(Role.CAR)
    car.receive(message("L50,8,0,0,1,9"))
    car.receive(message("S50,K"))
    building.clock.advance(5 * 86400)
    building.hub.forget_positions(building.clock.time(), 6)
    latest = building.hub.rooms["CAR1"].latest.by_code
    assert [*latest] == ["L", "S"]
    building.hub.refresh([replace(make_vehicle("CAR1").change, log_position_days=0)])
    building.hub.forget_positions(building.clock.time() - 4.5 * 86400, 6)
    assert "L" in latest
    building.hub.forget_positions(building.clock.time(), 6)
    assert [*building.hub.rooms["CAR1"].latest.by_code] == ["S"]


async def test_erased_data_are_forgotten(building: Building) -> None:
    """What a vehicle has said is erased here too, and is logged when it is said again."""
    car, _ = await building.enters(Role.CAR)
    car.receive(message("S50,K"))
    building.hub.forget_data("CAR1")
    building.hub.forget_data("CAR2")
    assert not building.hub.rooms["CAR1"].latest.by_code
    kept = len(building.storage.history)
    car.receive(message("S50,K"))
    assert len(building.storage.history) == kept + 1


async def test_others_have_their_turn_between_rooms(
    building: Building, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes, goes or is removed meanwhile disturbs nothing, and the others are looked at."""
    monkeypatch.setattr(hub_module, "TICK_PART", 1)
    first, first_line = await building.enters(Role.APP)
    _, second_line = await building.enters(Role.APP, "CAR2")
    building.clock.advance(IDLE_LIMITS[Role.APP])
    parts = building.hub.tick_in_parts()
    next(parts)
    assert (first_line.is_closed, second_line.is_closed) == (True, False)
    building.hub.leave(first)
    building.hub.refresh([replace(make_vehicle("CAR2").change, owner_id=99)])
    assert second_line.is_closed
    assert len([*parts]) >= 2
    building.hub.tick()


# -- pace -----------------------------------------------------------------------------------


def note_passes(building: Building, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return what grows whenever the hub sends what has waited."""
    passes: list[float] = []
    pace = building.hub.pace

    def noted() -> None:
        passes.append(building.clock.time())
        pace()

    monkeypatch.setattr(building.hub, "pace", noted)
    return passes


async def settle() -> None:
    """Let tasks without pauses go on until they wait."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_nothing_is_done_while_nothing_waits(
    building: Building, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit a car's buffer wakes the pace, which rests when it is sent."""
    car, line = await building.enters(Role.CAR)
    app, _ = await building.enters(Role.APP)
    line.take()
    passes = note_passes(building, monkeypatch)
    task = asyncio.create_task(building.hub.keep_pace(0))
    await settle()
    app.receive(message("X1"))
    await settle()
    assert (line.take(), passes) == (["X1"], [])
    for _ in range(2):
        app.receive(message("X" + "x" * 500))
    await settle()
    assert (len(line.take()), len(passes) > 10) == (1, True)
    building.clock.advance(60)
    await settle()
    assert len(line.take()) == 1
    sent = len(passes)
    await settle()
    assert len(passes) == sent
    task.cancel()
    assert car.member is building.hub.rooms["CAR1"].car


async def test_a_group_keeps_the_pace(building: Building, monkeypatch: pytest.MonkeyPatch) -> None:
    """A position that comes too soon after another is shown after a while, then all rests."""
    car, _ = await building.enters(Role.CAR)
    app, line = await building.enters(Role.APP)
    app.receive(message("Ga"))
    passes = note_passes(building, monkeypatch)
    task = asyncio.create_task(building.hub.keep_pace(0))
    await settle()
    rested = len(passes)
    for place in (1, 2):
        car.receive(message(f"ga,{place}"))
    assert line.take() == ["gCAR1,A,1"]
    await settle()
    assert line.take() == ["gCAR1,A,2"]
    assert len(passes) > rested
    rested = len(passes)
    await settle()
    assert len(passes) == rested
    task.cancel()
