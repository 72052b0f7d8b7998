from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
import typer

from ovms.cli.times import check_span, find_time, parse_time

NOW = 1_750_000_000.0  # 2025-06-15T15:06:40Z
MIDNIGHT = 1_749_945_600.0  # of that day


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2025-06-15", MIDNIGHT),
        ("2025-06-15T15:06:40Z", NOW),
        ("2025-06-15 15:06:40", NOW),
        ("2025-06-15 15:06", NOW - 40),
        ("2025-06-15T17:06:40+02:00", NOW),
        ("20250615T150640Z", NOW),
        (" now ", NOW),
        ("today", MIDNIGHT),
        ("Yesterday", MIDNIGHT - 86400),
        ("3d", NOW - 3 * 86400),
        ("12 h", NOW - 12 * 3600),
        ("90min", NOW - 5400),
        ("90m", NOW - 5400),
        ("2w", NOW - 14 * 86400),
    ],
)
def test_times(text: str, time: float) -> None:
    """A date, a time in any zone, a day's name and an age are times; without a zone it is UTC."""
    assert parse_time(text, NOW) == time


def test_times_of_a_zone() -> None:
    """Days and times without a zone are those of the zone that is named."""
    zone = ZoneInfo("Europe/Berlin")
    assert parse_time("today", NOW, zone) == parse_time("2025-06-15", NOW, zone) == MIDNIGHT - 7200
    assert parse_time("2025-06-15T15:06:40Z", NOW, zone) == NOW
    sunday = 1_743_318_000.0  # 30 March, 09:00 in Berlin; the clocks went forward
    assert parse_time("yesterday", sunday, zone) == 1_743_202_800.0


@pytest.mark.parametrize(
    "text", ["", "soon", "3", "-3d", "2025-13-01", "1234567d", "2025-06-15 25:00", "x2025-06-15"]
)
def test_no_times(text: str) -> None:
    """What is no time is none, and as an option wrong usage."""
    assert parse_time(text, NOW) is None
    with pytest.raises(typer.Exit) as ended:
        find_time(text, "--since")
    assert ended.value.exit_code == 2


def test_no_time_at_all() -> None:
    """An option that was not given is no time."""
    assert find_time(None, "--until") is None


def test_a_span_that_ends_before_it_begins() -> None:
    """Such a span is wrong usage; one without an end or a beginning is fine."""
    check_span(1, 1)
    check_span(None, 1)
    check_span(1, None)
    with pytest.raises(typer.Exit):
        check_span(2, 1)
