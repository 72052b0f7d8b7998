"""Journeys as CSV: heads with units, local times, decimal points, and no formulas."""

from __future__ import annotations

import csv
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from ovms.server.journeys.exports.rows import ExportRow
from ovms.server.journeys.exports.tables import COLUMNS, ROWS_AT_ONCE, csv_of, local_time
from ovms.server.journeys.values import JourneyKind, Purpose
from tests.server.journeys.made import NOON, charge, parked, trip

if TYPE_CHECKING:
    from collections.abc import Iterable

BERLIN = ZoneInfo("Europe/Berlin")


def table(kind: JourneyKind, *rows: ExportRow) -> list[dict[str, str]]:
    """Return what a program reads of the CSV."""
    text = b"".join(csv_of(kind, rows, BERLIN)).decode()
    return [*csv.DictReader(StringIO(text, newline=""))]


def test_a_trip() -> None:
    """Each number stands below its unit, what is unknown is empty."""
    row = ExportRow(id=7, journey=trip(), start_place="Zuhause, Süd", purpose=Purpose.BUSINESS,
                    note="Zeile 1\nZeile 2")  # fmt: skip
    (found,) = table(JourneyKind.TRIP, row)
    assert (found["start"], found["end"]) == (
        "2025-06-15T17:06:40+02:00", "2025-06-15T17:36:40+02:00",
    )  # fmt: skip
    assert (found["distance [km]"], found["consumption [kWh/100 km]"]) == ("10", "20")
    assert (found["start_place"], found["end_place"]) == ("Zuhause, Süd", "")
    assert (found["end_latitude [°]"], found["start_soc [%]"]) == ("52.1", "80")
    assert (found["purpose"], found["note"]) == ("business", "Zeile 1\nZeile 2")
    assert (found["speed_max [km/h]"], found["certainty"]) == ("", "measured")


def test_a_charge() -> None:
    """A cost has its currency in a column of its own."""
    row = ExportRow(id=1, journey=charge(), cost=Decimal("2.125"), currency="EUR", is_edited=True)
    (found,) = table(JourneyKind.CHARGE, row)
    assert (found["cost"], found["currency"], found["efficiency [%]"]) == ("2.125", "EUR", "90")
    assert (found["is_edited"], found["is_open"], found["ending"]) == ("true", "false", "unknown")


def test_time_parked() -> None:
    """What is lost is told a day as well."""
    row = ExportRow(id=1, journey=replace(parked(), soc_lost=0.0, estimated=("end", "start")))
    (found,) = table(JourneyKind.PARKED, row)
    assert (found["soc_lost [%]"], found["idle_time [s]"]) == ("0", "7200")
    assert (found["estimated"], found["certainty"]) == ("end start", "estimated")


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"])
def test_text_begins_no_formula(text: str) -> None:
    """A spreadsheet shows what somebody wrote, in a note as in the name of a place."""
    (found,) = table(JourneyKind.TRIP, ExportRow(id=1, journey=trip(), note=text, end_place=text))
    assert (found["note"], found["end_place"]) == (f"'{text}", f"'{text}")


def test_negative_numbers_stay_numbers() -> None:
    """They begin with a sign, and are no text."""
    row = ExportRow(id=1, journey=replace(trip(), temperature_ambient=-3.25))
    assert table(JourneyKind.TRIP, row)[0]["temperature_ambient [°C]"] == "-3.2"


def test_hours_that_clocks_have_twice_differ() -> None:
    """The offset says which of both it is."""
    first, second = (local_time(each, BERLIN) for each in (1_729_989_000, 1_729_992_600))
    assert (first, second) == ("2024-10-27T02:30:00+02:00", "2024-10-27T02:30:00+01:00")


def test_many_rows_come_in_pieces() -> None:
    """So a long span takes no memory; without rows there is the head."""

    def rows(count: int) -> Iterable[ExportRow]:
        return (ExportRow(id=each, journey=trip(NOON, NOON + 60)) for each in range(count))

    assert len([*csv_of(JourneyKind.TRIP, rows(2 * ROWS_AT_ONCE + 1), BERLIN)]) == 4
    assert len(table(JourneyKind.TRIP, *rows(ROWS_AT_ONCE))) == ROWS_AT_ONCE
    (head,) = csv_of(JourneyKind.TRIP, (), BERLIN)
    assert head.decode().startswith("id,start,end,duration [s],start_place")


def test_heads_occur_once() -> None:
    """A program reads a column by its head."""
    for columns in COLUMNS.values():
        names = [name for name, _ in columns]
        assert len(names) == len({*names})
