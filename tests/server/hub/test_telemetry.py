from __future__ import annotations

from dataclasses import replace

import pytest

from ovms.protocol import Role
from ovms.protocol.records.history import KeptRecord
from ovms.server.hub.telemetry import AT_ONCE_LIMIT
from tests.server.hub.fakes import START, Place, make_vehicle


def logged(place: Place) -> list[tuple[str, int, bytes]]:
    """Return what the log has: type, seconds since the start, data."""
    records = place.storage.history
    return [(record.type, record.time - int(START), record.data) for record in records]


def test_changes_are_logged_at_most_once_a_minute() -> None:
    """The first is logged at once; of many within the minute the last, when it is over."""
    place = Place()
    car = place.car()
    car.says("S80", "S80", "S79", "S78")
    assert logged(place) == [("S", 0, b"80")]
    place.clock.advance(59)
    place.telemetry.tick(place.clock.time())
    assert len(logged(place)) == 1
    place.clock.advance(1)
    place.telemetry.tick(place.clock.time())
    assert logged(place)[1:] == [("S", 0, b"78")]


@pytest.mark.parametrize("seconds", [59.0, 60.0])
def test_a_change_when_the_minute_is_over(seconds: float) -> None:
    """A change at the end of the minute is logged at once, one before it waits for the end."""
    place = Place()
    car = place.car()
    car.says("S80")
    place.clock.advance(seconds)
    assert place.telemetry.is_over(place.clock.time()) == (seconds == 60.0)
    car.says("S79")
    assert len(logged(place)) == (2 if seconds == 60.0 else 1)


def test_a_change_that_was_taken_back_is_none() -> None:
    """What is again as it was logged need not be logged."""
    place = Place()
    car = place.car()
    car.says("S80", "S79", "S80")
    place.clock.advance(600)
    place.telemetry.tick(place.clock.time())
    assert len(logged(place)) == 1
    assert place.telemetry.is_over(place.clock.time())


def test_only_records_of_the_vehicle_are_logged_and_nothing_sealed() -> None:
    """S D L W Y X are logged, other codes are not, and no sealed message ever is."""
    place = Place()
    car = place.car()
    car.says("F1", "V1", "q1", *(code + "1" for code in "SDLWYX"), "ETtoken", "EMSsealed")
    assert [kind for kind, _, _ in logged(place)] == [*"SDLWYX"]


@pytest.mark.parametrize(
    ("own", "own_position", "days"),
    [(None, None, {"S": 30, "L": 30}), (0, None, {"L": 30}), (None, 0, {"S": 30}),
     (365, 7, {"S": 365, "L": 7})],
)  # fmt: skip
def test_a_vehicle_may_wish_otherwise(
    own: int | None, own_position: int | None, days: dict[str, int]
) -> None:
    """Days are the server's default, or the vehicle's own; 0 is off; positions apart."""
    vehicle = replace(make_vehicle(), log_days=own, log_position_days=own_position)
    place = Place(vehicle=vehicle)
    place.car().says("S80", "L1,2")
    kept = {r.type: (r.expires - r.time) // 86400 for r in place.storage.history}
    assert kept == days


def test_what_waits_is_logged_at_the_end() -> None:
    """A server that stops loses no change that waited for its minute."""
    place = Place()
    car = place.car()
    place.joins(Role.APP)
    car.says("S80", "S79")
    place.telemetry.flush()
    assert [data for _, _, data in logged(place)] == [b"80", b"79"]


def test_the_record_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the vehicle's and of number 0, was never acknowledged, and came with its message."""
    kept: list[tuple[object, ...]] = []
    place = Place()
    monkeypatch.setattr(place.storage, "put_history", lambda *words: kept.append(words))
    car = place.car()
    place.clock.advance(0.5)
    car.says("S80")
    time = int(START + 0.5)
    record = KeptRecord("S", 0, time, time + 30 * 86400, b"80", None, START + 0.5)
    assert kept[1:] == [("CAR1", record)]


def states(place: Place) -> list[tuple[int, bytes]]:
    """Return the connections that were logged: seconds since the start, 1 or 0."""
    return [(each.time - int(START), each.data) for each in place.storage.connections]


def test_a_switch_is_logged_at_once_behind_what_waited() -> None:
    """The last figures of before the car was switched on or plugged in are not lost."""
    place = Place()
    car = place.car()
    car.says("D0,1,5", "Schange,K,0,0,,a", "D0,1,6", "D128,1,6", "D128,1,7", "D144,1,8")
    car.says("Schange,K,0,0,,b", "Schange,K,0,0,charging,b", "D144,1,9", "L1,2", "L3,4")
    assert [data.decode() for kind, _, data in logged(place) if kind == "D"] == [
        "0,1,5", "0,1,6", "128,1,6", "128,1,7", "144,1,8",
    ]  # fmt: skip
    assert [data[13:].decode() for kind, _, data in logged(place) if kind == "S"] == [
        ",a", ",b", "charging,b",
    ]  # fmt: skip
    assert [data for kind, _, data in logged(place) if kind == "L"] == [b"1,2"]


@pytest.mark.parametrize("doors", ["D", "Dx,1", "D1234,1", "D-1", "D²"])
def test_what_is_no_door_state_waits(doors: str) -> None:
    """A message that cannot be read is logged as others are."""
    place = Place()
    place.car().says("Dy", doors, "Sa,b", "Sc")
    assert [data for _, _, data in logged(place)] == [b"y", b"a,b"]


def test_what_flaps_is_bounded() -> None:
    """A car that is switched on and off each second makes a few records a minute, the last too."""
    place = Place()
    car = place.car()
    for second in range(600):
        car.says(f"D{128 * (second % 2)},{second}")
        place.clock.advance(1)
        place.telemetry.tick(place.clock.time())
    assert len(logged(place)) <= 10 * 2 * (AT_ONCE_LIMIT + 1)
    place.clock.advance(60)
    place.telemetry.tick(place.clock.time())
    assert logged(place)[-1] == ("D", 599, b"128,599")


def test_an_old_change_is_never_logged_behind_a_newer_one() -> None:
    """What waited gives way to what comes when the interval is over; what was switched does not."""
    place = Place()
    car = place.car()
    car.says("L1", "L2")
    place.clock.advance(60)
    car.says("L3")
    place.clock.advance(120)
    place.telemetry.tick(place.clock.time())
    assert [data for _, _, data in logged(place)] == [b"1", b"3"]


def test_connections_are_logged() -> None:
    """The car comes and goes; that another connection takes over, or is open elsewhere, is none."""
    place = Place()
    first = place.car()
    place.clock.advance(5)
    second = place.car()
    first.leaves()
    place.app()
    place.clock.advance(5)
    second.leaves()
    place.clock.advance(60)
    place.car()
    assert states(place) == [(0, b"1"), (10, b"0"), (70, b"1")]
    assert {each.expires - each.time for each in place.storage.connections} == {30 * 86400}


def test_a_flapping_line_is_logged_once_a_minute() -> None:
    """What was shorter is left out; a connection that lasts is logged with its own time."""
    place = Place()
    for _ in range(10):
        place.car().leaves()
        place.clock.advance(3)
    place.car()
    for _ in range(60):
        place.clock.advance(1)
        place.telemetry.tick(place.clock.time())
    assert states(place) == [(0, b"1"), (0, b"0"), (30, b"1")]
    assert place.telemetry.is_over(place.clock.time() + 60)


def test_a_clock_that_went_back_holds_no_connection_up() -> None:
    """Nothing waits for a time that was wrong."""
    place = Place()
    place.car().leaves()
    place.telemetry.note_connection(START - 3600, is_there=True)
    assert states(place)[-1] == (-3600, b"1")


def test_connections_are_telemetry() -> None:
    """They are kept as long, and not at all where that is off, also if it is switched off."""
    vehicle = replace(make_vehicle(), log_days=0)
    place = Place(vehicle=vehicle)
    place.car().leaves()
    assert not states(place)
    place = Place()
    car = place.car()
    place.telemetry.keep_for(0, None)
    car.leaves()
    assert states(place) == [(0, b"1")]


def test_a_vehicle_that_is_closed_is_not_connected() -> None:
    """Its room says so once; what its members do later is kept no more."""
    place = Place()
    car = place.car()
    place.room.close(OSError())
    place.clock.advance(5)
    car.leaves()
    assert states(place) == [(0, b"1"), (0, b"0")]
