"""Positions in journeys end with the vehicle's own days; everything else stays."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import insert

from ovms.server.journeys.values import Trip
from ovms.server.storage import queries
from ovms.server.storage.journey_positions import end_journey_positions
from ovms.server.storage.journey_progress import write_checkpoints
from ovms.server.storage.journeys import journey_points, list_journeys, reshow
from ovms.server.storage.positions import PositionExpiry
from ovms.server.storage.schema import places
from tests.server.journeys.made import NOON, charge, parked, put_journeys, trip
from tests.server.storage.databases import rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database

DAY = 86400


def _places(database: Database) -> None:
    with database.writing() as connection:
        row = {"owner_id": 1, "name": "Home", "name_key": "home", "latitude": 52.0}
        more = {"longitude": 13.0, "radius": 100.0, "created": 0.0, "changed": 0.0}
        connection.execute(insert(places).values(**row, **more))


def test_own_days(database: Database) -> None:
    """Ends and tracks that are older go, in raw journeys too; places and sums stay."""
    _places(database)
    for vehicle_id in ("CAR1", "CAR2"):
        put_journeys(
            database, vehicle_id, trip(NOON - 9 * DAY), charge(NOON - 8 * DAY), trip(NOON),
            parked(NOON - 7 * DAY, NOON - 6 * DAY),
        )  # fmt: skip
    with database.writing() as connection:
        queries.set_log_days(connection, "CAR1", {"log_position_days": 5}, float(NOON))
    asyncio.run(PositionExpiry().run(database, float(NOON) + 3600))
    with database.writing() as connection:
        reshow(connection, "CAR1", NOON - 10 * DAY, NOON + DAY)
        found, _ = list_journeys(connection, "CAR1", limit=9)
        others, _ = list_journeys(connection, "CAR2", limit=9)
        whole = [journey_points(connection, each) for each in found]
    assert [each.journey.start.position is None for each in found] == [True, True, True, False]
    assert [each.journey.end.position is None for each in found] == [True, True, True, False]
    assert [each.start_place for each in found] == [1, 1, 1, 1]
    old, new = (each for each in whole if isinstance(each, Trip))
    assert (len(old.track), len(new.track)) == (0, 4)
    assert old.distance == new.distance
    assert all(each.journey.start.position is not None for each in others)
    raws = rows(database, "SELECT data FROM raw_journeys WHERE vehicle_id = 'CAR1' ORDER BY start")
    assert [b"latitude" in data for (data,) in raws] == [False, False, False, True]
    columns = rows(database, "SELECT start_latitude FROM journeys WHERE vehicle_id = 'CAR1'")
    assert sorted(each is None for (each,) in columns) == [False, True, True, True]


def test_in_pieces(database: Database) -> None:
    """A pass takes a few; what goes on stays, and so does the newest state of the fold."""
    put_journeys(
        database, "CAR1", *(trip(NOON + n * DAY) for n in range(5)),
        parked(NOON - DAY, NOON, closed=None),
    )  # fmt: skip
    with database.writing() as connection:
        write_checkpoints(connection, "CAR1", -1, [(NOON + n, b"") for n in range(3)])
        until = NOON + 30 * DAY
        taken = [end_journey_positions(connection, "CAR1", until, 2) for _ in range(4)]
        found, _ = list_journeys(connection, "CAR1", limit=9)
    assert taken == [2, 2, 1, 0]
    assert [each.journey.start.position is None for each in found] == [False] + 5 * [True]
    assert rows(database, "SELECT time FROM journey_checkpoints") == [(NOON + 2,)]
