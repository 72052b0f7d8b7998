"""Corrections: what they make of raw journeys, and that they hold on to theirs and no other's."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from math import isclose
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.server.journeys.edits import Edit, EditKind
from ovms.server.journeys.fold import Fold
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.shown import ShownJourney, merge_problem, shown, touched
from ovms.server.journeys.values import (
    Charge,
    Journey,
    JourneyEnd,
    JourneyKind,
    Parked,
    Purpose,
    Trip,
    TripPoint,
)
from tests.server.journeys.made import NOON

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = 3600


def trip(start: int, end: int, distance: float | None = 10.0, **fields: object) -> Trip:
    """Return a closed trip."""
    made = Trip(
        start=JourneyEnd(time=start), end=JourneyEnd(time=end), closed=end + 60, distance=distance
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def charge(start: int, end: int, energy: float | None = 5.0, grid: float | None = 6.0) -> Charge:
    """Return a closed charge."""
    return Charge(
        start=JourneyEnd(time=start), end=JourneyEnd(time=end), closed=end, energy=energy,
        grid_energy=grid,
    )  # fmt: skip


def parked(start: int, end: int) -> Parked:
    """Return a time parked."""
    return Parked(start=JourneyEnd(time=start), end=JourneyEnd(time=end), closed=end)


def merge(number: int, start: int, end: int, kind: JourneyKind = JourneyKind.TRIP) -> Edit:
    """Return a merge of what is in a span."""
    return Edit(id=number, kind=EditKind.MERGE, journey_kind=kind, start=start, end=end)


def split(number: int, start: int, at: int, end: int, kind: JourneyKind = JourneyKind.TRIP) -> Edit:
    """Return a split of what is in a span."""
    return Edit(id=number, kind=EditKind.SPLIT, journey_kind=kind, start=start, end=end, at=at)


def change(
    number: int, start: int, end: int, kind: JourneyKind = JourneyKind.TRIP, **fields: object
) -> Edit:
    """Return a change of what is in a span."""
    made = Edit(id=number, kind=EditKind.CHANGE, journey_kind=kind, start=start, end=end)
    return replace(made, **fields)  # type: ignore[arg-type]


def spans(found: Sequence[ShownJourney], kind: type[Journey] = Journey) -> list[tuple[int, int]]:
    """Return where journeys begin and end."""
    journeys = [each.journey for each in found if isinstance(each.journey, kind)]
    return [(each.start.time, each.end.time) for each in journeys]


def one(found: Sequence[ShownJourney]) -> ShownJourney:
    """Return the only one."""
    assert len(found) == 1
    return found[0]


DAY = [trip(0, 100), parked(100, 200), charge(120, 180), trip(200, 300, 20.0), parked(300, 400)]


def test_without_corrections_all_is_as_reported() -> None:
    """Raws are shown by time, and none is edited."""
    found = shown(reversed(DAY), [])
    assert [each.journey for each in found] == DAY
    assert {(each.is_edited, each.note, each.edits) for each in found} == {(False, "", ())}


def test_merged_trips_take_the_parked_time_between() -> None:
    """The charge between them stays a journey of its own."""
    found = shown(DAY, [merge(1, 0, 300)])
    assert spans(found, Trip) == [(0, 300)]
    assert spans(found, Parked) == [(300, 400)]
    assert spans(found, Charge) == [(120, 180)]
    assert isinstance(found[0].journey, Trip)
    assert (found[0].journey.distance, found[0].is_edited, found[0].edits) == (30.0, True, (1,))


@pytest.mark.parametrize(("start", "end"), [(-50, 330), (10, 290), (60, 300)])
def test_a_merge_finds_its_trips_when_their_ends_move(start: int, end: int) -> None:
    """A rebuild that moves ends by a bit changes nothing."""
    raws = [trip(start, 100), trip(200, end)]
    assert spans(shown(raws, [merge(1, 0, 300)])) == [(start, end)]


def test_a_merge_of_which_one_is_gone_does_nothing() -> None:
    """It comes back to life with its trips."""
    assert spans(shown([trip(0, 100)], [merge(1, 0, 300)])) == [(0, 100)]
    late = [trip(0, 100), trip(400, 900)]
    assert spans(shown(late, [merge(1, 0, 300)])) == [(0, 100), (400, 900)]
    assert spans(shown(DAY, [merge(1, 0, 300)]), Trip) == [(0, 300)]


def test_a_merge_takes_what_late_records_show_between() -> None:
    """Three are one if the first and the last are."""
    raws = [trip(0, 100), trip(130, 160), trip(200, 300)]
    assert one(shown(raws, [merge(1, 0, 300)])).journey.end.time == 300


def test_a_merge_leaves_neighbours_alone() -> None:
    """A trip that ends where the span begins is another."""
    raws = [trip(-100, 0), trip(0, 100), trip(200, 300), trip(300, 500)]
    assert spans(shown(raws, [merge(1, 0, 300)])) == [(-100, 0), (0, 300), (300, 500)]


def test_charges_are_not_merged_over_a_drive() -> None:
    """When late records show a drive between two charges, they are two again."""
    raws: list[Journey] = [charge(0, 100), charge(200, 300)]
    edit = merge(1, 0, 300, JourneyKind.CHARGE)
    assert spans(shown(raws, [edit])) == [(0, 300)]
    assert spans(shown([*raws, trip(120, 180)], [edit]), Charge) == [(0, 100), (200, 300)]


def test_why_journeys_cannot_be_merged() -> None:
    """Time parked never; charges not over a drive."""
    assert "parked" in str(merge_problem([parked(0, 1), parked(2, 3)], []))
    charges = [charge(0, 100), charge(200, 300)]
    assert "drove" in str(merge_problem(charges, [0, 150]))
    assert merge_problem(charges, [0, 50, 250, 300]) is None
    assert merge_problem([trip(0, 1), trip(2, 3)], [0, 2]) is None


def test_an_open_journey_stays_open_when_merged() -> None:
    """It goes on as long as its last does."""
    found = one(shown([trip(0, 100), trip(200, 300, closed=None)], [merge(1, 0, 300)]))
    assert found.journey.is_open


def test_a_split_trip() -> None:
    """Both parts have what the whole had, and what is concluded is estimated."""
    found = shown([trip(0, 100, 10.0, energy_used=2.0)], [split(1, 0, 25, 100)])
    assert spans(found) == [(0, 25), (25, 100)]
    first, second = (each.journey for each in found)
    assert isinstance(first, Trip)
    assert isinstance(second, Trip)
    assert (first.distance, second.distance) == (2.5, 7.5)
    assert (first.energy_used, second.energy_used) == (0.5, 1.5)
    assert first.estimated == ("distance", "energy_used")
    assert {each.is_edited for each in found} == {True}


@pytest.mark.parametrize("at", [-1, 0, 100, 101])
def test_a_split_that_a_rebuild_left_outside_does_nothing(at: int) -> None:
    """A cut is within the trip, or none."""
    assert one(shown([trip(0, 100)], [split(1, 0, at, 100)])).is_edited is False


def test_time_parked_is_not_split() -> None:
    """An edit that says so is ignored."""
    edit = split(1, 0, 50, 100, JourneyKind.PARKED)
    assert spans(shown([parked(0, 100)], [edit])) == [(0, 100)]


def test_a_change() -> None:
    """What is said by the owner counts, and is no estimate."""
    raw = replace(charge(0, HOUR), estimated=("energy", "start"))
    edit = change(1, 0, HOUR, JourneyKind.CHARGE, energy=7.0, grid_energy=8.0,
                  cost=Decimal("2.5"), note="at Bob's")  # fmt: skip
    found = one(shown([raw], [edit]))
    assert found.journey == replace(raw, energy=7.0, grid_energy=8.0, estimated=("start",))
    assert (found.cost_override, found.note, found.is_edited) == (Decimal("2.5"), "at Bob's", True)


def test_the_energy_of_a_trip_is_what_it_lost() -> None:
    """What was recovered stays as reported."""
    raw = trip(0, 100, energy_used=3.0, energy_recovered=1.0)
    found = one(shown([raw], [change(1, 0, 100, energy=5.0)])).journey
    assert isinstance(found, Trip)
    assert (found.energy, found.energy_used, found.energy_recovered) == (5.0, 6.0, 1.0)


def test_a_note_and_a_purpose_change_nothing_that_was_reported() -> None:
    """The journey is not edited."""
    edit = change(1, 0, 100, note="to work", purpose=Purpose.BUSINESS)
    found = one(shown([trip(0, 100)], [edit]))
    assert (found.note, found.purpose, found.is_edited) == ("to work", Purpose.BUSINESS, False)
    assert found.edits == (1,)


def test_a_change_is_cleared() -> None:
    """It is as reported again."""
    raw = charge(0, 100)
    edits = [
        change(1, 0, 100, JourneyKind.CHARGE, energy=7.0, cost=Decimal(1), note="x"),
        change(2, 0, 100, JourneyKind.CHARGE, clears=("energy", "cost", "note")),
    ]
    found = one(shown([raw], edits))
    assert (found.journey, found.cost_override, found.note) == (raw, None, "")
    assert not found.is_edited


def test_later_changes_count() -> None:
    """Corrections apply by their ids, in whatever order they come."""
    edits = [change(9, 0, 100, note="second"), change(2, 0, 100, note="first")]
    assert one(shown([trip(0, 100)], edits)).note == "second"


@pytest.mark.parametrize(
    ("start", "end", "is_found"),
    [(0, 100, True), (-40, 100, True), (49, 100, True), (0, 199, True),
     (50, 100, False), (0, 200, False), (100, 200, False), (-100, 0, False)],
)  # fmt: skip
def test_a_change_is_about_more_than_half(start: int, end: int, is_found: bool) -> None:
    """Of its own span, and of the journey's."""
    found = one(shown([trip(start, end)], [change(1, 0, 100, note="mine")]))
    assert (found.note == "mine") is is_found


def test_a_change_finds_a_journey_without_length() -> None:
    """One of a second is found by that second, and its neighbour is not taken for it."""
    edit = change(1, 100, 100, note="mine")
    found = shown([trip(0, 100), trip(100, 100), trip(100, 200)], [edit])
    assert [each.note for each in found] == ["", "mine", ""]
    assert [each.note for each in shown([trip(0, 100), trip(100, 200)], [edit])] == ["", ""]


def test_corrections_go_through_a_merge() -> None:
    """Energies and costs are added, notes joined, a purpose stays if all say it."""
    raws = [charge(0, 100, 5.0, None), charge(200, 300, 4.0, None)]
    kind = JourneyKind.CHARGE
    edits = [
        change(1, 0, 100, kind, energy=6.0, cost=Decimal(1), note="a"),
        change(2, 200, 300, kind, cost=Decimal(2), note="b"),
        merge(3, 0, 300, kind),
    ]
    found = one(shown(raws, edits))
    assert isinstance(found.journey, Charge)
    assert (found.journey.energy, found.journey.grid_energy) == (10.0, None)
    assert (found.cost_override, found.note, found.edits) == (Decimal(3), "a; b", (1, 2, 3))
    cleared = one(shown(raws, [*edits, change(4, 0, 300, kind, clears=("energy", "note"))]))
    assert isinstance(cleared.journey, Charge)
    assert (cleared.journey.energy, cleared.note) == (9.0, "")


def test_a_cost_of_one_of_two_is_no_cost_of_both() -> None:
    """The tariff says it again."""
    edits = [
        change(1, 0, 100, JourneyKind.CHARGE, cost=Decimal(1)),
        merge(2, 0, 300, JourneyKind.CHARGE),
    ]
    assert one(shown([charge(0, 100), charge(200, 300)], edits)).cost_override is None


def test_purposes_of_merged_trips() -> None:
    """Two that differ are none."""
    raws = [trip(0, 100), trip(200, 300)]
    business = change(1, 0, 100, purpose=Purpose.BUSINESS)
    for other, expected in ((Purpose.BUSINESS, Purpose.BUSINESS), (Purpose.PRIVATE, None)):
        edits = [business, change(2, 200, 300, purpose=other), merge(3, 0, 300)]
        assert one(shown(raws, edits)).purpose is expected


def test_corrections_go_through_a_split() -> None:
    """An energy and a cost are shared without a rest; note and purpose are of both."""
    edits = [
        change(1, 0, 300, JourneyKind.CHARGE, energy=9.0, cost=Decimal("1.00"), note="x"),
        split(2, 0, 100, 300, JourneyKind.CHARGE),
    ]
    found = shown([charge(0, 300, 6.0, None)], edits)
    energies = [each.journey.energy for each in found if isinstance(each.journey, Charge)]
    assert energies == [3.0, 6.0]
    assert [each.cost_override for each in found] == [Decimal("0.333"), Decimal("0.667")]
    assert [each.note for each in found] == ["x", "x"]


def test_parked_time_makes_room_for_a_merged_trip() -> None:
    """What of it is outside stays."""
    raws = [parked(-50, 10), trip(0, 100), parked(100, 200), trip(200, 300), parked(290, 400)]
    assert spans(shown(raws, [merge(1, 0, 300)]), Parked) == [(-50, 0), (300, 400)]


def test_what_a_span_touches() -> None:
    """All that overlaps, and what overlaps that; not what only ends where it begins."""
    spans = [(0, 10), (10, 20), (15, 30), (30, 40), (35, 35), (90, 100)]
    assert touched(12, 13, spans) == (10, 30)
    assert touched(35, 35, spans) == (30, 40)
    assert touched(50, 60, spans) == (50, 60)
    assert touched(5, 95, spans) == (0, 100)


TIMES = st.lists(st.integers(0, 2000), min_size=4, max_size=24, unique=True).map(sorted)


@st.composite
def raw_days(draw: st.DrawFn) -> list[Journey]:
    """Return journeys that follow each other: trips, parked time between, charges within it."""
    times = draw(TIMES)
    found: list[Journey] = []
    for number in range(0, len(times) - 1, 2):
        start, end = times[number], times[number + 1]
        track = tuple(
            TripPoint(time=each, distance=draw(st.none() | st.floats(0, 12)))
            for each in sorted(draw(st.sets(st.integers(start, end), max_size=4)))
        )
        more = {
            "energy_used": draw(st.floats(0.1, 10)),
            "energy_recovered": draw(st.none() | st.floats(0, 1)),
            "track": track,
        }
        found.append(trip(start, end, draw(st.floats(0, 12)), **more))
        if number + 2 < len(times):
            found.append(parked(end, times[number + 2]))
            if draw(st.booleans()) and times[number + 2] - end > 4:
                found.append(charge(end + 1, times[number + 2] - 1, draw(st.floats(0, 50)), None))
    return found


@st.composite
def corrected_days(draw: st.DrawFn) -> tuple[list[Journey], list[Edit]]:
    """Return journeys and corrections, each made of what those before it show."""
    raws = draw(raw_days())
    edits: list[Edit] = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        kind = draw(st.sampled_from([Trip, Charge]))
        found = [each.journey for each in shown(raws, edits) if isinstance(each.journey, kind)]
        if not found:
            continue
        of_kind = JourneyKind.TRIP if kind is Trip else JourneyKind.CHARGE
        first = draw(st.integers(0, len(found) - 1))
        start, end = found[first].start.time, found[first].end.time
        if draw(st.booleans()) and end - start > 1:
            edits.append(split(number, start, draw(st.integers(start + 1, end - 1)), end, of_kind))
        elif first + 1 < len(found):
            last = draw(st.integers(first + 1, len(found) - 1))
            edits.append(merge(number, start, found[last].end.time, of_kind))
    return raws, edits


def totals(journeys: Sequence[Journey]) -> list[float]:
    """Return the distance and the energies of all."""
    trips = [each for each in journeys if isinstance(each, Trip)]
    charges = [each for each in journeys if isinstance(each, Charge)]
    return [
        sum(each.distance or 0.0 for each in trips),
        sum(each.energy or 0.0 for each in trips),
        sum(each.energy or 0.0 for each in charges),
    ]


@settings(max_examples=50, deadline=None)
@given(corrected_days())
def test_corrections_keep_totals(day: tuple[list[Journey], list[Edit]]) -> None:
    """However trips and charges are merged and split, nothing is lost, doubled or overlaps."""
    raws, edits = day
    found = shown(raws, edits)
    pairs = zip(totals(raws), totals([each.journey for each in found]), strict=True)
    assert all(isclose(before, after, abs_tol=1e-6) for before, after in pairs)
    for kind in (Trip, Charge, Parked):
        of_kind = spans(found, kind)
        assert all(before[1] <= after[0] for before, after in pairwise(of_kind))
        assert all(start <= end for start, end in of_kind)
    assert [each.journey for each in shown(raws, [])] == sorted(
        raws, key=lambda each: (each.start.time, each.end.time)
    )


@settings(max_examples=50, deadline=None)
@given(corrected_days(), st.integers(0, 2000), st.integers(0, 200))
def test_a_part_is_shown_as_in_the_whole(
    day: tuple[list[Journey], list[Edit]], start: int, length: int
) -> None:
    """What a span touches is enough to show it."""
    raws, edits = day
    all_spans = [(each.start.time, each.end.time) for each in raws]
    all_spans += [(each.start, each.end) for each in edits]
    first, last = touched(start, start + length, all_spans)
    some = [each for each in raws if first <= each.start.time and each.end.time <= last]
    part = shown(some, [each for each in edits if first <= each.start and each.end <= last])
    whole = [
        each
        for each in shown(raws, edits)
        if first <= each.journey.start.time and each.journey.end.time <= last
    ]
    assert part == whole


@settings(max_examples=40, deadline=None)
@given(raw_days(), st.integers(-20, 20), st.data())
def test_changes_stay_with_their_journey_when_ends_move(
    raws: list[Journey], shift: int, data: st.DataObject
) -> None:
    """A note is found at its journey if most of it is where it was, and else nowhere."""
    trips = [each for each in raws if isinstance(each, Trip)]
    chosen = data.draw(st.sampled_from(trips))
    start, end = chosen.start.time, chosen.end.time
    edit = change(1, start, end, note="mine")
    moved = replace(chosen, end=JourneyEnd(time=max(start + 1, end + shift)))
    others = [each for each in trips if each.end.time <= start or each.start.time > moved.end.time]
    found = [each for each in shown([*others, moved], [edit]) if each.note]
    kept = 2 * min(end, moved.end.time) - 2 * start > max(end, moved.end.time) - start
    assert [each.journey for each in found] == ([moved] if kept else [])


def three_drives() -> list[Sample]:
    """Return half an hour of driving, ten minutes off, driving, two hours off, driving."""
    found = [Sample(time=NOON, is_on=False, odometer=1000.0, soc=80.0)]
    for drive, begin in enumerate((3600, 6000, 15_000)):
        for minute in range(31):
            odometer = 1000.0 + 30 * drive + minute
            time = NOON + begin + 60 * minute
            found.append(Sample(time=time, is_on=True, odometer=odometer, speed=60.0))
        found.append(replace(found[-1], time=found[-1].time + 60, is_on=False, speed=0.0))
    return [*found, Sample(time=NOON + 30_000, is_on=False, odometer=found[-1].odometer)]


def folded(samples: Sequence[Sample]) -> list[Journey]:
    """Return what the fold makes of samples."""
    fold = Fold()
    return [*fold.feed(samples), *fold.ongoing()]


DRIVES = three_drives()


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(1, len(DRIVES) - 2), max_size=40))
def test_corrections_hold_on_while_records_are_late(lost: set[int]) -> None:
    """With reports missing a note is where it was or nowhere; with all of them all is there."""
    before = shown(folded(DRIVES), [])
    first, second, third = spans(before, Trip)
    edits = [
        merge(1, first[0], second[1]),
        change(2, first[0], second[1], note="both"),
        change(3, *third, note="third"),
    ]
    some = folded([each for number, each in enumerate(DRIVES) if number not in lost])
    for each in shown(some, edits):
        start, end = each.journey.start.time, each.journey.end.time
        for note, (begin, behind) in {"both": (first[0], second[1]), "third": third}.items():
            if each.note == note:
                shared = min(end, behind) - max(start, begin)
                assert 2 * shared > max(end - start, behind - begin)
    whole = [each for each in shown(folded(DRIVES), edits) if isinstance(each.journey, Trip)]
    assert [each.note for each in whole] == ["both", "third"]
    assert spans(whole) == [(first[0], second[1]), third]
