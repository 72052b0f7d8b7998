"""Where cars often park: which spots are suggested, how large, and how fast."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ovms.server.journeys.values import JourneyEnd, Position
from ovms.server.storage import place_suggestions, queries
from ovms.server.storage.place_suggestions import suggest_places
from ovms.server.storage.places import make_place
from tests.server.journeys.made import NOON, parked, put_journeys
from tests.server.storage.databases import execute

if TYPE_CHECKING:
    from ovms.server.journeys.values import Parked
    from ovms.server.storage.database import Database
    from ovms.server.storage.place_suggestions import SuggestedPlace

BOB = 1
DAY = 86400
METRE = 1 / 111_195.0


def stay(number: int, north: float = 0.0, east: float = 0.0, hours: int = 2) -> Parked:
    """Return a stay so many metres from a spot, on a day of its own."""
    at = Position(latitude=52.0 + north * METRE, longitude=13.0 + east * METRE / 0.6157)
    start = NOON + number * DAY
    journey = parked(start, start + hours * 3600)
    return replace(
        journey, start=replace(journey.start, position=at), end=replace(journey.end, position=at)
    )


def suggested(database: Database, now: float = NOON + 300 * DAY) -> list[SuggestedPlace]:
    """Return what is suggested to Bob."""
    with database.reading() as connection:
        return suggest_places(connection, BOB, now)


def test_a_spot(database: Database) -> None:
    """Stays around a spot are one, wherever cells begin; its position is their middle."""
    around = [(0, 0), (10, -10), (-20, 5), (15, 15), (-5, -25)]
    put_journeys(database, "CAR1", *(stay(n, *where) for n, where in enumerate(around)))
    put_journeys(database, "CAR2", stay(3, 5, 5, hours=5))
    (spot,) = suggested(database)
    assert (spot.visits, spot.seconds) == (6, 15 * 3600)
    assert (spot.first, spot.last) == (NOON, NOON + 4 * DAY + 7200)
    assert spot.vehicle_ids == ("CAR1", "CAR2")
    assert spot.position.metres_to(Position(latitude=52.0, longitude=13.0)) < 20
    assert 50 <= spot.radius <= 150
    reach = max(stay(0, *each).start.position.metres_to(spot.position) for each in around)  # type: ignore[union-attr]
    assert reach <= spot.radius


def test_the_most_visited_is_first(database: Database) -> None:
    """Of as many visits those that lasted longer; too few are none."""
    stays = [stay(n, 5000 * (n % 3), hours=2 + (n % 3)) for n in range(9)]
    stays += [stay(20 + n, 20_000) for n in range(4)] + [stay(30 + n, 30_000) for n in range(2)]
    put_journeys(database, "CAR1", *stays)
    found = suggested(database)
    assert [each.visits for each in found] == [4, 3, 3, 3]
    assert [each.seconds // 3600 for each in found] == [8, 12, 9, 6]


def test_what_is_not_suggested(database: Database) -> None:
    """Where a place is, what others have, what was long ago, and where no position is known."""
    put_journeys(database, "CAR1", *(stay(n) for n in range(5)))
    assert len(suggested(database)) == 1
    with database.reading() as connection:
        assert suggest_places(connection, 99, NOON + 300.0 * DAY) == []
    assert suggested(database, NOON + 1000.0 * DAY) == []
    with database.writing() as connection:
        make_place(connection, BOB, "Home", Position(latitude=52, longitude=13), 1.0)
    assert suggested(database) == []
    execute(database, "UPDATE journeys SET start_place = NULL")
    assert suggested(database) == []
    with database.writing() as connection:
        queries.remove_vehicle(connection, "CAR1", 1.0)
    put_journeys(database, "CAR2", *(
        replace(each, start=JourneyEnd(time=each.start.time), end=JourneyEnd(time=each.end.time))
        for each in map(stay, range(5))))  # fmt: skip
    assert suggested(database) == []


def test_bounds(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many are suggested, out of so many cells."""
    monkeypatch.setattr(place_suggestions, "SUGGESTIONS", 3)
    put_journeys(database, "CAR1", *(stay(n, 1000 * (n // 4)) for n in range(40)))
    assert len(suggested(database)) == 3
    monkeypatch.setattr(place_suggestions, "CELLS_LIMIT", 2)
    assert len(suggested(database)) == 2
