from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from ovms.cli.journeys.tables import (
    COLUMNS,
    TableStyle,
    describe,
    duration,
    money,
    print_journeys,
)
from ovms.cli.measures import ShownUnits
from ovms.server.journeys.codec import kind_of
from ovms.server.journeys.values import Charge, JourneyKind, Parked, Trip
from ovms.server.storage.journeys import JourneyRow
from tests.server.journeys.made import NOON, charge, parked, trip

STYLE = TableStyle(ZoneInfo("Europe/Berlin"), ShownUnits(length="km"), {1: "Home"}, is_wide=True)


def row(journey: Trip | Charge | Parked, **values: object) -> JourneyRow:
    """Return a journey as it is stored."""
    made = JourneyRow(id=7, vehicle_id="CAR1", kind=kind_of(journey), journey=journey)
    return replace(made, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (-5, "0:00"), (59, "0:00"), (3660, "1:01"), (90_000, "1 d 1:00")],
)
def test_duration(seconds: int | None, text: str) -> None:
    """Spans are hours and minutes, and days."""
    assert duration(seconds) == text


def test_money() -> None:
    """Amounts have their currency."""
    assert money(Decimal("3.5"), "EUR") == "3.50 EUR"
    assert money(None, None) == ""


@pytest.mark.parametrize("journey", [
    replace(trip(), distance=None, energy_used=None, moving_time=None),
    replace(charge(NOON, NOON), energy=None, grid_energy=None),
    replace(parked(), soc_lost=None, idle_time=None),
])  # fmt: skip
def test_unknown(journey: Trip | Charge | Parked, capsys: pytest.CaptureFixture[str]) -> None:
    """What is unknown is empty, in no place 0."""
    bare = replace(journey, start=replace(journey.start, soc=None, position=None),
                   end=replace(journey.end, soc=None, position=None, odometer=None))  # fmt: skip
    print_journeys(kind_of(bare), [row(bare)], STYLE)
    head, line = (text.split("\t") for text in capsys.readouterr().out.splitlines())
    known = {name for name, cell in zip(head, line, strict=True) if cell}
    assert known <= {"id", "start", "time", "sure", "ended"}
    assert {name for name, _ in describe(row(bare), STYLE)} <= {
        "start", "end", "time", "sure", "ended",
    }  # fmt: skip


def test_narrow(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A table of a narrow terminal fits into 80 columns, whatever places are called."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    style = replace(STYLE, names={1: "The house of my grandmother"}, is_wide=False)
    for journey in (
        replace(trip(), distance=1234.5, energy_used=199.9, estimated=("start",)),
        replace(charge(), power_max=149.5, has_gaps=True),
        replace(parked(), preheat_time=7000),
    ):
        made = row(
            journey, id=123_456, start_place=1, end_place=1, cost=Decimal("123.45"),
            currency="EUR", is_edited=True,
        )  # fmt: skip
        print_journeys(made.kind, [made], style)
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80, "\n".join(lines)
        assert "The house…" in lines[-2]
        assert ":00" in lines[-2] or "0:30" in lines[-2], "no cell is cut"
        assert "corrected" in lines[-1]


def test_a_short_time_parked(capsys: pytest.CaptureFixture[str]) -> None:
    """What is lost a day is told of a long time only: of an hour, a percent would be 24 a day."""
    for hours, lost in ((5, ""), (6, "4.0")):
        short = replace(parked(NOON, NOON + hours * 3600), soc_lost=hours / 6)
        print_journeys(JourneyKind.PARKED, [row(short)], STYLE)
        head, line = (text.split("\t") for text in capsys.readouterr().out.splitlines())
        assert dict(zip(head, line, strict=True))["lost % a day"] == lost


def test_all_kinds_have_columns() -> None:
    """Each kind has its columns, with names that differ."""
    for kind in JourneyKind:
        titles = [title for title, _, _ in COLUMNS[kind]]
        assert len(titles) == len(set(titles))


def test_describe() -> None:
    """All that is known of a journey is told, in the owner's time zone."""
    full = replace(
        trip(), altitude_min=10.0, altitude_max=90.0, ascent=120.0, descent=40.0,
        energy_recovered=0.5, temperature_battery=21.0,
    )  # fmt: skip
    told = dict(describe(row(full, start_place=1, note="to the sea"), STYLE))
    assert told["start"] == "2025-06-15 17:06, Home"
    assert told["energy"] == "1.50 kWh (2.00 used, 0.50 recovered)"
    assert told["height"] == "10 m to 90 m, 120 m up, 40 m down"
    assert told["note"] == "to the sea"
    miles = replace(STYLE, units=ShownUnits(length="mi", temperature_unit="°F"))
    told = dict(describe(row(full), miles))
    assert (told["distance"], told["consumption"]) == ("6.2 mi", "4.1 mi/kWh")
    assert told["speed"] == "12 mph in motion"
    assert (told["battery"], told["height"][:5]) == ("70 °F", "33 ft")
