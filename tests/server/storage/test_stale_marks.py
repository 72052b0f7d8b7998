"""Marks of stale journeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.journeys.values import JourneyKind
from ovms.server.storage import queries
from ovms.server.storage.stale_marks import SINCE_EVER, mark_stale
from tests.server.storage.databases import rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_marks_are_of_an_owners_cars(database: Database) -> None:
    """Each of their cars has one a kind, with the earliest start; nobody else's has."""
    with database.writing() as connection:
        alice = queries.add_owner(connection, "alice", 1.0)
        queries.add_vehicle(connection, "CAR3", alice, "secret", 1.0)
        queries.remove_vehicle(connection, "CAR2", 1.0)
        for since in (5, 7):
            mark_stale(connection, 1, (JourneyKind.TRIP,), since)
        mark_stale(connection, 1, (JourneyKind.CHARGE,), SINCE_EVER)
        mark_stale(connection, 99, (JourneyKind.CHARGE,), SINCE_EVER)
    assert rows(database, "SELECT vehicle_id, kind, since FROM journey_stale ORDER BY kind") == [
        ("CAR1", "charge", SINCE_EVER), ("CAR1", "trip", 5)]  # fmt: skip
