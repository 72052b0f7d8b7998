"""Records and samples: what counts as one, and in which order they are taken."""

from __future__ import annotations

from ovms.server.journeys.samples import JourneyRecord, Sample


def test_records_are_ordered_by_time_and_equal_ones_are_one() -> None:
    """The order of arrival does not count."""
    early = JourneyRecord(1, "S", 0, b"50")
    late = JourneyRecord(2, "D", 0, b"1")
    copy = JourneyRecord(1, "S", 0, b"50")
    assert sorted({late, early, copy}) == [early, late]


def test_a_sample_knows_nothing_by_itself() -> None:
    """Unknown is never 0."""
    sample = Sample(time=5)
    known = {name: getattr(sample, name) for name in Sample.__slots__ if name != "time"}
    assert {name for name, value in known.items() if value} == set()
    assert {name for name, value in known.items() if value is not None} == {
        "is_trip_record",
        "is_grid_record",
    }
