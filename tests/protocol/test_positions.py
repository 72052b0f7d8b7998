from __future__ import annotations

import pytest

from ovms.protocol.positions import holds_position, says_position
from ovms.protocol.records.history import ALERT_TYPE
from ovms.protocol.records.logs import GRID_TYPE, TRIP_TYPE


@pytest.mark.parametrize("record_type", ["L", TRIP_TYPE, GRID_TYPE, "RT-GPS-Log", "", "s", "*-OVM"])
def test_positions(record_type: str) -> None:
    """Locations, trips and charges hold positions, and so may what nobody knows."""
    assert holds_position(record_type)


@pytest.mark.parametrize("record_type", ["S", "D", "W", "Y", "X", ALERT_TYPE, "*-OVM-Utilisation"])
def test_no_positions(record_type: str) -> None:
    """The rest of the telemetry holds none, nor do alerts by their type."""
    assert not holds_position(record_type)


@pytest.mark.parametrize(
    ("text", "says"),
    [("Moved: 50.123456,8.654", True), ("at -33.8688\r151.2093", True), ("12.45V, 13.1 V", False),
     ("", False), ("SOC 50.123 %", False), ("51,5074", True), ("At 51.5 -0.1", True),
     ("https://maps.example", True), ("GPS lost", True), ("Left door is open", False),
     ("52.52N 13.40E", True), ("N52 31 12 E13 24 18", True), ("9F4MGC22+22", True),
     ("///filled.count.soap", True), ("Charging at 50 W, 16 A", False), ("12 V, 3 W", False)],
)  # fmt: skip
def test_alerts(text: str, says: bool) -> None:
    """An alert with coordinates, a link or words for a place may say where the car is."""
    assert says_position(text) == says
