"""What stands in a trip log: which trips, their sums, and what no trip has."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from ovms.server.journeys.exports import trip_log
from ovms.server.journeys.exports.rows import ExportRow
from ovms.server.journeys.exports.trip_log import (
    WORDS,
    LogSum,
    TooManyTrips,
    driven_between,
    odometers_of,
    sums_of,
    trips_of,
)
from ovms.server.journeys.values import JourneyEnd, Purpose
from tests.server.journeys.made import NOON, charge, parked, trip

BUSINESS, PRIVATE = Purpose.BUSINESS, Purpose.PRIVATE
NEW_YEAR = 1_767_222_000
"""The first second of 2026 in Berlin, still 2025 in London."""


def made(id_: int, start: int, odometers: tuple[float, float] | None = None,
         purpose: Purpose | None = None, distance: float | None = 10.0) -> ExportRow:  # fmt: skip
    """Return a trip of ten minutes."""
    first, last = odometers or (None, None)
    journey = replace(
        trip(start, start + 600),
        start=JourneyEnd(time=start, odometer=first),
        end=JourneyEnd(time=start + 600, odometer=last),
        distance=distance,
    )
    return ExportRow(id=id_, journey=journey, purpose=purpose)


def test_trips_that_are_over_by_time() -> None:
    """What goes on has no end to write down."""
    rows = [
        made(1, NOON + 9000), made(2, NOON), ExportRow(id=3, journey=charge()),
        ExportRow(id=4, journey=parked()), ExportRow(id=5, journey=trip(closed=None)),
    ]  # fmt: skip
    assert [each.id for each in trips_of(rows)] == [2, 1]


def test_a_log_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """At it there is a log; one trip more, and it is refused, however many follow."""
    monkeypatch.setattr(trip_log, "TRIPS_LIMIT", 3)
    assert len(trips_of(made(each, NOON) for each in range(3))) == 3
    with pytest.raises(TooManyTrips, match="at most 3 trips"):
        trips_of(made(each, NOON) for each in iter(int, 1))


def test_sums() -> None:
    """By the local year and the purpose; what is unknown is counted, not added."""
    rows = [
        made(1, NEW_YEAR - 1, purpose=PRIVATE), made(2, NEW_YEAR, purpose=PRIVATE),
        made(3, NEW_YEAR, purpose=BUSINESS), made(4, NEW_YEAR, distance=None),
        made(5, NEW_YEAR, distance=2.5),
    ]  # fmt: skip
    assert sums_of(rows, ZoneInfo("Europe/Berlin")) == [
        LogSum(2025, PRIVATE, 1, 10.0, 0),
        LogSum(2026, BUSINESS, 1, 10.0, 0),
        LogSum(2026, PRIVATE, 1, 10.0, 0),
        LogSum(2026, None, 2, 2.5, 1),
    ]
    assert {each.year for each in sums_of(rows, ZoneInfo("UTC"))} == {2025}
    assert sums_of([], ZoneInfo("UTC")) == []


def test_what_no_trip_has() -> None:
    """Odometers that differ by more than they are rounded; what is unknown says nothing."""
    rows = [
        made(1, NOON, (100.0, 110.0)), made(2, NOON + 1000, (110.4, 120.0)),
        made(3, NOON + 2000, (125.0, 130.0)), made(4, NOON + 3000),
        made(5, NOON + 4000, (150.0, 151.0)),
    ]  # fmt: skip
    assert driven_between(rows) == {3: 5.0}
    assert odometers_of(rows) == (100.0, 151.0)
    assert (odometers_of(rows[3:]), odometers_of([])) == (None, None)


def test_languages_have_the_same_words() -> None:
    """None lacks one."""
    assert WORDS["de"].keys() == WORDS["en"].keys()
