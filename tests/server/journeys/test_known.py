"""What is known: the last value of each field, and when it was reported."""

from __future__ import annotations

import pytest

from ovms.server.journeys.known import Known
from ovms.server.journeys.samples import Sample


def test_the_last_value_of_each_field_stays_known() -> None:
    """A sample that says only some fields changes only those."""
    known = Known()
    known.take(Sample(time=10, soc=80.0, is_on=False))
    known.take(Sample(time=30, soc=79.0))
    assert (known.values.soc, known.values.is_on, known.values.time) == (79.0, False, 30)
    assert known.times == {"is_on": 10}


def test_an_age_counts_from_the_report() -> None:
    """What was never reported has none."""
    known = Known()
    known.take(Sample(time=10, speed=80.0))
    known.take(Sample(time=30, is_on=False))
    assert (known.age("speed"), known.age("is_on"), known.age("is_charging")) == (20, 0, None)


def test_the_age_of_what_is_not_timed_is_an_error() -> None:
    """None would look as if it were fresh."""
    known = Known()
    known.take(Sample(time=10, odometer=5.0))
    assert known.age("odometer") == 0
    with pytest.raises(AssertionError):
        known.age("soc")
