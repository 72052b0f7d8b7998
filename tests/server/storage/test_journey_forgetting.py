"""The end of journeys: erased, removed, transferred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select

from ovms.server.storage import queries
from ovms.server.storage.journey_rebuild import rebuild
from ovms.server.storage.journeys import list_journeys
from ovms.server.storage.schema import (
    journey_checkpoints,
    journey_edits,
    journey_progress,
    journey_rules,
    journey_stale,
    journeys,
    raw_journeys,
)
from tests.server.journeys.commute import DAY, MONDAY, days, keep

if TYPE_CHECKING:
    from ovms.server.storage.database import Database

TABLES = (
    raw_journeys, journeys, journey_edits, journey_checkpoints, journey_stale, journey_rules,
    journey_progress,
)  # fmt: skip
NOW = float(MONDAY + 2 * DAY)


@pytest.fixture
def database(database: Database) -> Database:
    """Put journeys of two vehicles, and all that goes with them, into the database."""
    for vehicle_id in ("CAR1", "CAR2"):
        keep(database, vehicle_id, days(2))
        rebuild(database, vehicle_id, NOW)
        with database.writing() as connection:
            edit = {"kind": "change", "journey_kind": "trip", "start": 0, "end": 1, "data": "{}"}
            row = {"vehicle_id": vehicle_id, **edit, "created": 0.0}
            connection.execute(insert(journey_edits).values(row))
            stale = {"vehicle_id": vehicle_id, "kind": "trip", "since": 0}
            connection.execute(insert(journey_stale).values(stale))
            rule = {"vehicle_id": vehicle_id, "rule": "places", "data": "{}", "state": "told"}
            connection.execute(insert(journey_rules).values(rule))
    return database


def _left(database: Database) -> list[str]:
    """Return the tables in which there is anything of CAR1; CAR2 is in all."""
    found = []
    with database.reading() as connection:
        for table in TABLES:
            query = select(func.count()).select_from(table)
            assert connection.scalar(query.where(table.c.vehicle_id == "CAR2"))
            if connection.scalar(query.where(table.c.vehicle_id == "CAR1")):
                found.append(table.name)
    return found


def test_erased_data(database: Database) -> None:
    """The rules stay, as the vehicle is set up, and remember nothing."""
    assert _left(database) == [table.name for table in TABLES]
    with database.writing() as connection:
        queries.erase_data(connection, "CAR1")
        rule = select(journey_rules.c.state).where(journey_rules.c.vehicle_id == "CAR1")
        assert connection.scalar(rule) == "{}"
    assert _left(database) == ["journey_rules"]


def test_a_removed_vehicle(database: Database) -> None:
    """Nothing stays."""
    with database.writing() as connection:
        queries.remove_vehicle(connection, "CAR1", NOW)
    assert _left(database) == []


def test_an_erased_account(database: Database) -> None:
    """Nothing of any of its vehicles stays."""
    with database.writing() as connection:
        queries.erase_account(connection, "bob", NOW)
        for table in TABLES:
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_a_transferred_vehicle(database: Database) -> None:
    """The new owner has none of before, not by a rebuild either, and those from then on."""
    with database.writing() as connection:
        eve = queries.add_owner(connection, "eve", NOW)
        queries.transfer_vehicle(connection, "CAR1", eve, NOW, "another secret")
    assert _left(database) == ["journey_progress"]
    rebuild(database, "CAR1", NOW)
    assert "journeys" not in _left(database)
    keep(database, "CAR1", days(1, MONDAY + 2 * DAY))
    rebuild(database, "CAR1", NOW + DAY)
    with database.reading() as connection:
        found, _ = list_journeys(connection, "CAR1", limit=99)
    assert found[0].journey.start.time >= NOW
    assert len(found) >= 4
    with database.writing() as connection:
        queries.transfer_vehicle(connection, "CAR1", eve, NOW + DAY, "a third secret")
    assert "journeys" in _left(database)
