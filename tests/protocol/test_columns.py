from __future__ import annotations

import pytest

from ovms.protocol.columns import ColumnReader, TimedColumns, type_of
from ovms.protocol.modules import ModuleKind
from ovms.protocol.records.logs import GRID_TYPE, TRIP_TYPE

TRIP = b"1,50.5,8.25,120,,1609.344,16.093,1800,2,63.5,200.0,210.0,300.0,3.5,0.5,0,0,98,,0"


def test_types() -> None:
    """Types that we know may be written in any case, some by a name; others are as they are."""
    for text, kind in {
        "s": "S", "L": "L", "Positions": "L", "trips": TRIP_TYPE, "*-log-trip": TRIP_TYPE,
        "trip": TRIP_TYPE, "Charge": GRID_TYPE, "position": "L",
        "log.grid": GRID_TYPE, "Charges": GRID_TYPE, "alerts": "*-Log-Notification", "q": "q",
        "RT-own-Type": "RT-own-Type",
    }.items():  # fmt: skip
        assert type_of(text) == kind


def test_names_and_units() -> None:
    """Columns have the names of the field tables, and a unit where they measure something."""
    reader = ColumnReader("S")
    assert reader.names[:3] == ("soc", "units", "line_voltage")
    assert reader.units["soc"] == "%"
    assert reader.units["ideal_range"] == "km"
    assert reader.units["range_speed"] == "km/h"
    assert ColumnReader("S", "M").units["range_speed"] == "mph"
    assert "charge_state" not in reader.units


def test_bits_are_columns() -> None:
    """A byte of bits is there as a number and bit by bit; of an unknown one all are unknown."""
    values = ColumnReader("D").read(b"4,8", "K")
    assert (values["charge_port"], values["left_door"], values["locked"]) == (True, False, True)
    assert values["hvac"] is None


@pytest.mark.parametrize(
    ("units", "sent_in", "found"),
    [("K", "K", 100), ("K", "M", 160.934), ("M", "K", 62.137), ("M", "M", 100), ("K", None, None)],
)
def test_distances(units: str, sent_in: str | None, found: float | None) -> None:
    """Distances are in one unit, whichever the car reported in; unknown when nobody knows it."""
    assert ColumnReader("D", units).read(b"0,0,0,0,0,0,0,1000", sent_in)["odometer"] == found


def test_a_status_names_its_unit() -> None:
    """A status says itself what its distances are in, and then is in ours."""
    values = ColumnReader("S", "K").read(b"80,M,0,0,done,standard,100", "K")
    assert (values["ideal_range"], values["units"]) == (160.934, "K")


def test_logs_are_metric() -> None:
    """Trips and charges are metric on the wire, whatever the car shows."""
    values = ColumnReader(TRIP_TYPE, "M").read(TRIP, None)
    assert (values["odometer"], values["trip"]) == (1000.0, 10.0)
    assert values["energy_used"] == 3.5
    assert values["place"] is None
    assert values["tyre_health_max"] is None


def test_charges_of_either_version() -> None:
    """Version 2 of the charge log has the odometer as its column 45; version 1 has none."""
    columns = [*map(str, range(1, 45))]
    reader = ColumnReader(GRID_TYPE)
    assert len(reader.names) == 45
    assert reader.read(",".join(columns).encode(), None)["odometer"] is None
    values = reader.read(",".join([*columns, "12345.6"]).encode(), None)
    assert (values["odometer"], values["soc"], values["charge_state"]) == (12345.6, 28, "7")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("L", b"0,0,0,0,0,-1"),
        ("L", b"0.000000,0.000000,0,0,0"),
        ("L", b"0.000000,0.000000,0,0,1,1"),
        ("L", b"50.5,8.25,90,100,0,-1"),
        (TRIP_TYPE, b"0,0.000000,0.000000,0,"),
    ],
)
def test_no_position(kind: str, data: bytes) -> None:
    """What a module writes in place of a position it does not know is no position."""
    values = ColumnReader(kind).read(data, "K")
    assert (values["latitude"], values["longitude"], values["altitude"]) == (None, None, None)


def test_a_position_on_the_equator() -> None:
    """0 is a latitude, too."""
    values = ColumnReader("L").read(b"0,8.5,0,0,1,1", "K")
    assert (values["latitude"], values["longitude"]) == (0, 8.5)


def test_a_pic() -> None:
    """What a PIC tells in minutes is in the unit of its column."""
    assert (
        ColumnReader("S", "K", ModuleKind.PIC).read(b"," * 9 + b"2", "K")["charge_duration"] == 120
    )


def test_types_without_columns() -> None:
    """A type that nobody knows has no columns; tyres have names that the car chooses."""
    assert ColumnReader("*-OWN-Type").names == ColumnReader("Y").names == ()
    assert ColumnReader("*-OWN-Type").read(b"1,2", "K") == {}


@pytest.mark.parametrize(
    ("sent", "time"),
    [("1750000000", "2025-06-15T15:06:40Z"), ("0", None), ("-1", None), ("1e300", None)],
)
def test_times_in_records(sent: str, time: str | None) -> None:
    """A time in a record is spelled as all times are, and has no unit."""
    reader = ColumnReader("S")
    assert reader.read(f"{',' * 41}{sent}".encode(), "K")["charge_end_time"] == time
    assert "charge_end_time" not in reader.units


def test_which_types_need_the_unit_of_the_car() -> None:
    """Doors and position do; a status has its own, and trips are metric."""
    needing = {kind for kind in ("S", "D", "L", "W", TRIP_TYPE) if ColumnReader(kind).needs_unit}
    assert needing == {"D", "L"}


def test_a_unit_that_changes() -> None:
    """Each record is read in the unit of its time; of before the first, in that."""
    columns = TimedColumns(ColumnReader("D"), [(10, "M"), (20, "K"), (30, None)])
    data = b"0,1,5,20,20,20,100,1000,50,1,1,1,1"
    speeds = [columns.read(data, time)["speed"] for time in (5, 10, 19, 20, 31)]
    assert speeds == [80.467, 80.467, 80.467, 50, None]
    assert TimedColumns(ColumnReader("D")).read(data, 5)["speed"] is None
