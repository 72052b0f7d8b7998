from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol.times import NEVER, parse_wire_time, wire_change, wire_time


@pytest.mark.parametrize(
    ("time", "text"),
    [(0, NEVER), (-5, NEVER), (1, "1970-01-01 00:00:01"), (1361181600.9, "2013-02-18 10:00:00")],
)
def test_a_time_is_written(time: float, text: str) -> None:
    """Whole seconds in UTC; a change that never was has its own text."""
    assert wire_change(time) == text


def test_the_first_second_is_a_time() -> None:
    """A record may have been made in the first second that there is."""
    assert wire_time(0) == "1970-01-01 00:00:00"


@given(st.integers(0, 253402300799))
def test_round_trip(time: int) -> None:
    """What was written is read back the same."""
    assert parse_wire_time(wire_change(time)) == time


@pytest.mark.parametrize(
    "text",
    ["", "2013-02-18", "2013-02-18T10:00:00", "2013-02-30 10:00:00", "2013-02-18 25:00:00",
     "2013-02-18 10:00:00 ", "２013-02-18 10:00:00", "now"],
)  # fmt: skip
def test_nonsense_is_no_time(text: str) -> None:
    """Anything but a date-time that exists is none."""
    assert parse_wire_time(text) is None


def test_times_before_1970_are_never() -> None:
    """The field's other spelling of never, 1900, reads as 0."""
    assert parse_wire_time("1900-01-01 00:00:00") == 0
