"""Rows of the database as exports take them."""

from __future__ import annotations

from decimal import Decimal

from ovms.server.journeys.exports.rows import ExportRow
from ovms.server.journeys.values import JourneyKind, Purpose
from ovms.server.storage.journey_export import export_row
from ovms.server.storage.journeys import JourneyRow
from tests.server.journeys.made import trip


def test_places_have_names() -> None:
    """One whose name is not given has none."""
    row = JourneyRow(
        id=5, vehicle_id="CAR1", kind=JourneyKind.TRIP, journey=trip(), start_place=1, end_place=2,
        cost=Decimal(1), currency="EUR", purpose=Purpose.PRIVATE, note="x", is_edited=True,
    )  # fmt: skip
    assert export_row(row, {1: "Home"}) == ExportRow(
        id=5, journey=trip(), start_place="Home", cost=Decimal(1), currency="EUR",
        purpose=Purpose.PRIVATE, note="x", is_edited=True,
    )  # fmt: skip
