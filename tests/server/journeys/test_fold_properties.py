"""Whatever a car reports of its drives: no journeys overlap, and no kilometre is lost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.server.journeys.fold import Fold, decode_state, encode_state
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.values import Journey, Parked, Position, Trip

T = 1_700_000_000


@st.composite
def lives(draw: st.DrawFn) -> list[Sample]:
    """Return what a car reports that drives and stands in turn; each report says some fields."""
    time, odometer, soc = T, 1000.0, 90.0
    interval = draw(st.sampled_from([60, 300, 600]))
    samples = [Sample(time=time, is_on=False, odometer=odometer, soc=soc)]
    for _ in range(draw(st.integers(1, 5))):
        time += draw(st.integers(600, 40_000))
        end = time + draw(st.integers(300, 5000))
        speed = draw(st.integers(20, 120))
        while time < end:
            odometer += speed * interval / 3600
            soc -= speed * interval / 3600 / 5
            time += interval
            samples += [
                Sample(time=time, is_on=True, odometer=odometer, speed=speed, parking_time=0.0),
                Sample(time=time + 1, soc=max(soc, 0.0), capacity=50.0),
                Sample(time=time + 2, position=Position(latitude=odometer / 111.2, longitude=8.0)),
            ]
        parked = time + draw(st.integers(3, interval))
        for _ in range(draw(st.integers(1, 6))):
            time += 600
            since = float(time - parked)
            samples.append(
                Sample(time=time, is_on=False, odometer=odometer, soc=soc, parking_time=since)
            )
    time += 2000
    samples.append(
        Sample(
            time=time, is_on=False, odometer=odometer, soc=soc, parking_time=float(time - parked)
        )
    )
    return samples


@st.composite
def ragged(draw: st.DrawFn) -> list[Sample]:
    """Return what is left of it over a bad link."""
    samples = draw(lives())
    kept = draw(st.lists(st.booleans(), min_size=len(samples), max_size=len(samples)))
    late = draw(st.lists(st.integers(0, 90), min_size=len(samples), max_size=len(samples)))
    found = [
        Sample(**{**{n: getattr(each, n) for n in Sample.__slots__}, "time": each.time + seconds})
        for each, is_kept, seconds in zip(samples, kept, late, strict=True)
        if is_kept
    ]
    return sorted(found, key=lambda each: each.time)


def folded(samples: list[Sample]) -> list[Journey]:
    """Return the journeys of samples, those that go on included."""
    fold = Fold()
    return [*fold.feed(samples), *fold.ongoing()]


@settings(max_examples=25, deadline=None)
@given(samples=lives())
def test_trips_have_all_kilometres(samples: list[Sample]) -> None:
    """The sum of their distances is the rise of the odometer."""
    trips = [each for each in folded(samples) if isinstance(each, Trip)]
    rise = (samples[-1].odometer or 0.0) - (samples[0].odometer or 0.0)
    assert sum(each.distance or 0.0 for each in trips) == pytest.approx(rise, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(samples=ragged())
def test_trips_and_times_parked_follow_one_another(samples: list[Sample]) -> None:
    """None overlaps another, and each ends after it began."""
    found = [each for each in folded(samples) if isinstance(each, Trip | Parked)]
    found.sort(key=lambda each: (each.start.time, each.end.time))
    for journey in found:
        assert journey.start.time <= journey.end.time
    for one, other in pairwise(found):
        assert one.end.time <= other.start.time


@settings(max_examples=25, deadline=None)
@given(samples=ragged())
def test_tracks_go_forward(samples: list[Sample]) -> None:
    """In time, in distance, and within their trip."""
    for trip in folded(samples):
        if isinstance(trip, Trip):
            assert trip.track[0].time == trip.start.time
            assert trip.track[-1].time == trip.end.time
            for one, other in pairwise(trip.track):
                assert one.time < other.time
                assert (one.distance or 0.0) <= (other.distance or 0.0)


@settings(max_examples=20, deadline=None)
@given(samples=ragged(), data=st.data())
def test_cut_anywhere_is_the_whole(samples: list[Sample], data: st.DataObject) -> None:
    """With the state as bytes between the pieces."""
    whole = Fold()
    expected = whole.feed(samples)
    fold, found, at = Fold(), [], 0
    while at < len(samples):
        count = data.draw(st.integers(1, 40))
        found += fold.feed(samples[at : at + count])
        at += count
        fold = Fold(decode_state(encode_state(fold.state)))
    assert found == expected
    assert fold.ongoing() == whole.ongoing()
