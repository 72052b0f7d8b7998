"""Corrections as rows: all that they say comes back, of one vehicle and a span."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from ovms.server.journeys.edits import Edit, EditKind
from ovms.server.journeys.values import JourneyKind, Purpose
from ovms.server.storage.edit_rows import edit_values, read_edits
from ovms.server.storage.schema import journey_edits

if TYPE_CHECKING:
    from ovms.server.storage.database import Database

BARE = Edit(id=1, kind=EditKind.MERGE, journey_kind=JourneyKind.TRIP, start=100, end=200)


def put(database: Database, *edits: Edit) -> None:
    """Store corrections of CAR1."""
    with database.writing() as connection:
        for edit in edits:
            values = {"vehicle_id": "CAR1", "created": 1.0, **edit_values(edit)}
            connection.execute(insert(journey_edits).values(values))


@pytest.mark.parametrize(
    "edit",
    [
        BARE,
        replace(BARE, kind=EditKind.SPLIT, at=150),
        replace(BARE, kind=EditKind.CHANGE, journey_kind=JourneyKind.CHARGE, energy=0.1,
                grid_energy=0.0, cost=Decimal("0.125"), note="", clears=("purpose",)),
        replace(BARE, kind=EditKind.CHANGE, note="Zu Jürgen – 🚗", purpose=Purpose.BUSINESS),
    ],
)  # fmt: skip
def test_a_round_trip(database: Database, edit: Edit) -> None:
    """Nothing is lost: no digit of a cost, no empty note."""
    put(database, edit)
    with database.reading() as connection:
        assert read_edits(connection, "car1") == [edit]
        assert read_edits(connection, "CAR2") == []


def test_of_a_span(database: Database) -> None:
    """Those that share a moment with it, in the order in which they were made."""
    put(database, BARE, replace(BARE, start=300, end=400), replace(BARE, start=50, end=350))
    with database.reading() as connection:
        found = [
            [each.id for each in read_edits(connection, "CAR1", *span)]
            for span in ((200, 300), (201, 299), (360, 500), (401, 500))
        ]
    assert found == [[1, 2, 3], [3], [2], []]
