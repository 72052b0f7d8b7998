"""What an export calls the ends of a journey."""

from __future__ import annotations

from ovms.server.journeys.exports.rows import ExportRow, coordinates
from tests.server.journeys.made import HOME, trip


def test_a_place_goes_before_coordinates() -> None:
    """Where neither is known, or may be seen, there is nothing."""
    row = ExportRow(id=1, journey=trip(), start_place="Home")
    assert (row.start, row.end) == ("Home", "52.10000, 13.10000")
    assert (coordinates(HOME), coordinates(None)) == ("52.00000, 13.00000", "")
