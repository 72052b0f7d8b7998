"""The trip log as PDF: what is on the pages, that all fits, and who sees what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from fpdf import FPDF

from ovms.server.journeys.exports.paper import LINES_LIMIT, trip_log_pdf
from ovms.server.journeys.exports.rows import ExportRow
from ovms.server.journeys.exports.trip_log import LogHead
from ovms.server.journeys.values import JourneyEnd, Purpose
from tests.server.journeys.made import HOME, NOON, trip

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = LogHead(
    vehicle_id="DEMO", vehicle_name="B-EV 123", owner="Jürgen", since=NOON - 3600,
    until=NOON + 86400, zone=ZoneInfo("Europe/Berlin"), made=NOON + 90_000,
)  # fmt: skip


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts that are put on pages."""
    texts: list[str] = []

    def noting(original: Callable[..., Any], place: int) -> Callable[..., Any]:
        def put(*args: Any, **more: Any) -> Any:
            texts.append(str(args[place]))
            return original(*args, **more)

        return put

    monkeypatch.setattr(FPDF, "text", noting(FPDF.text, 3))
    monkeypatch.setattr(FPDF, "cell", noting(FPDF.cell, 3))
    return texts


def pages(pdf: bytes) -> int:
    """Return how many pages a document has."""
    assert pdf.startswith(b"%PDF-")
    return pdf.count(b"/Type /Page\n")


def rows(count: int, **more: Any) -> list[ExportRow]:
    """Return trips of half an hour, one an hour."""
    return [
        ExportRow(id=each, journey=trip(NOON + each * 3600, NOON + each * 3600 + 1800), **more)
        for each in range(count)
    ]


def test_a_log(printed: list[str]) -> None:
    """It says whose it is, when, where, how far, what for; and sums it up."""
    (row,) = rows(1, start_place="Home", purpose=Purpose.BUSINESS, note="to Łódź")
    assert pages(trip_log_pdf(HEAD, [row])) == 1
    assert "Vehicle: DEMO B-EV 123 · Owner: Jürgen · Span: 2025-06-15 – 2025-06-16" in printed[1]
    assert "Times: Europe/Berlin" in printed[1]
    for text in ("2025-06-15", "17:06–17:36", "Home", "52.10000, 13.10000", "1000.0", "1010.0",
                 "10.0", "business", "to Łódź", "100.0 %", "Odometer 1000.0 to 1010.0: 10.0 km",
                 "Made 2025-06-16 18:06 +0200, ovms", "Page 1 of {nb}"):  # fmt: skip
        assert text in printed


def test_marks(printed: list[str]) -> None:
    """What was corrected, what is estimated, what ended on another day, and what is unknown."""
    late = trip(NOON + 24_000, NOON + 26_000, distance=3.0, estimated=("distance", "end"))
    unknown = replace(
        trip(NOON + 50_000, NOON + 50_100, distance=None), end=JourneyEnd(time=NOON + 50_100)
    )
    trip_log_pdf(
        HEAD, [ExportRow(id=1, journey=late, is_edited=True), ExportRow(id=2, journey=unknown)]
    )
    assert {"23:46–~00:20 +1", "~3.0*", "–"} <= {*printed}
    assert "Trips without a known distance, not in the sum: 1" in printed


def test_whoever_may_not_see_positions(printed: list[str]) -> None:
    """No place and no coordinate is on the page, and it says so."""
    trip_log_pdf(replace(HEAD, has_places=False), rows(2, start_place="Home", end_place="Work"))
    text = " ".join(printed)
    assert "Home" not in text
    assert "Work" not in text
    assert f"{HOME.latitude:.1f}" not in text
    assert "Without places: the reader may not see positions." in printed


def test_in_german(printed: list[str]) -> None:
    """Dates, decimal commas and words are those of a Fahrtenbuch."""
    trip_log_pdf(replace(HEAD, language="de"), rows(1, purpose=Purpose.PRIVATE))
    assert {"Fahrtenbuch", "15.06.2025", "1000,0", "privat", "100,0 %", "Gesamt"} <= {*printed}


def test_characters_that_the_font_lacks(printed: list[str]) -> None:
    """They have a sign, and the log says so; it says nothing where all are there."""
    said = "\N{REPLACEMENT CHARACTER} stands for a character"
    trip_log_pdf(HEAD, rows(1, note="Ελλάδα, Київ, Dvořák, 5 €, →"))
    assert "Ελλάδα, Київ, Dvořák, 5 €, →" in printed
    assert not any(each.startswith(said) for each in printed)
    trip_log_pdf(HEAD, rows(1, note="中文 👍 ok"))
    assert (
        "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER} ok" in printed
    )
    assert any(each.startswith(said) for each in printed)


@pytest.mark.parametrize(
    "note", ["word " * 400, "x" * 1000, "\n".join("abc" * 300), " ", "a\r\nb\0"]
)
def test_any_note_fits(printed: list[str], note: str) -> None:
    """Long ones are wrapped, none is higher than a page."""
    assert pages(trip_log_pdf(HEAD, rows(3, note=note))) <= 3
    lines = [each for each in printed if each and each[0] in "wxabc…" and len(each) < 60]
    assert len(lines) <= 3 * LINES_LIMIT + 10


def test_many_trips_fill_pages(printed: list[str]) -> None:
    """Each page has the head of the table, and its number."""
    count = pages(trip_log_pdf(HEAD, rows(100)))
    assert 2 <= count <= 5
    assert printed.count("Odometer start") in (count, count - 1)
    assert f"Page {count} of {{nb}}" in printed


def test_no_trips(printed: list[str]) -> None:
    """The log says so; a span may be open."""
    assert pages(trip_log_pdf(replace(HEAD, since=None, until=None), [])) == 1
    assert "No trips." in printed


def test_what_no_trip_has_is_said(printed: list[str]) -> None:
    """Kilometres between two odometers stand before the trip."""
    first, second = rows(2)
    moved = replace(second.journey, start=JourneyEnd(time=NOON + 3600, odometer=1017.5))
    trip_log_pdf(HEAD, [first, replace(second, journey=moved)])
    assert "… 7.5 km before this trip are in no trip" in printed


def test_a_selection_says_nothing_of_what_it_leaves_out(printed: list[str]) -> None:
    """Kilometres between two business trips may be in a private one."""
    first, second = rows(2)
    moved = replace(second.journey, start=JourneyEnd(time=NOON + 3600, odometer=1017.5))
    trip_log_pdf(replace(HEAD, is_part=True), [first, replace(second, journey=moved)])
    text = " ".join(printed)
    assert "A selection of the trips of this span." in text
    assert "in no trip" not in text
    assert "Odometer 1000.0" not in text


def test_the_same_is_the_same() -> None:
    """Nothing in it depends on when it is written."""
    assert trip_log_pdf(HEAD, rows(3)) == trip_log_pdf(HEAD, rows(3))
