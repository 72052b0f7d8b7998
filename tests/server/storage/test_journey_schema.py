from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from ovms.server.storage import journey_schema, schema
from ovms.server.storage.metadata import metadata

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_they_are_among_all_tables() -> None:
    """Who takes the schema has the tables of journeys with it."""
    assert schema.metadata is metadata
    assert {"owners", "journeys", "places"} <= set(metadata.tables)
    assert schema.journeys is journey_schema.journeys


def test_a_month_follows_its_day(database: Database) -> None:
    """The month of a journey is that of its day, and nobody writes it."""
    row = {"vehicle_id": "CAR1", "kind": "trip", "start": 1, "end": 2, "day": "2024-02-29",
           "is_open": False, "certainty": "measured", "data": b""}  # fmt: skip
    with database.writing() as connection:
        connection.execute(insert(schema.journeys).values(row))
        assert connection.scalar(select(schema.journeys.c.month)) == "2024-02"
