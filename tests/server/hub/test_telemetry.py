from __future__ import annotations

from dataclasses import replace

import pytest

from ovms.protocol import Role
from ovms.protocol.records.history import KeptRecord
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
    assert kept == [("CAR1", record)]
