"""Marks: what a start or an end has, as it is reported bit by bit."""

from __future__ import annotations

from ovms.server.journeys.marks import Mark
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.values import JourneyEnd, Position

HERE = Position(latitude=50.0, longitude=8.0)
THERE = Position(latitude=51.0, longitude=8.0)


def test_a_mark_takes_the_last_values() -> None:
    """What a sample does not say stays."""
    mark = Mark()
    mark.take(Sample(time=1, soc=80.0, position=HERE, altitude=100.0, odometer=5.0))
    mark.take(Sample(time=2, position=THERE, voltage_12v=12.5, ideal_range=200.0))
    assert mark.at(9, 7.0) == JourneyEnd(
        time=9, position=THERE, soc=80.0, odometer=7.0, ideal_range=200.0, voltage_12v=12.5
    )


def test_a_mark_is_filled_with_the_first_values() -> None:
    """Of a battery that is charged nothing counts."""
    mark = Mark()
    mark.fill(Sample(time=1, position=HERE, odometer=5.0))
    mark.fill(Sample(time=2, position=THERE, odometer=6.0, voltage_12v=12.5))
    mark.fill(Sample(time=3, soc=90.0, ideal_range=300.0, voltage_12v=13.0), has_charge=False)
    assert (mark.position, mark.odometer, mark.voltage_12v, mark.soc) == (HERE, 5.0, 12.5, None)
    mark.fill(Sample(time=4, soc=80.0, estimated_range=150.0))
    assert (mark.soc, mark.estimated_range, mark.ideal_range) == (80.0, 150.0, None)


def test_a_mark_over_another_has_what_either_knows() -> None:
    """Its own values count; a height belongs to its position."""
    one = Mark(position=HERE, soc=80.0)
    other = Mark(position=THERE, altitude=50.0, soc=70.0, odometer=5.0)
    assert one.over(other) == Mark(position=HERE, soc=80.0, odometer=5.0)
    assert Mark().over(other) == other
    assert one.copy() == one
