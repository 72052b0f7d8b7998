"""Corrections in the database: what is shown, what is refused, and that they outlive a rebuild."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ovms.server.journeys.values import JourneyEnd, JourneyKind, Purpose, Trip
from ovms.server.storage import journey_edits
from ovms.server.storage.errors import InvalidValue, NotFound, QuotaReached
from ovms.server.storage.journey_edits import (
    COST_LIMIT,
    ENERGY_LIMIT,
    MERGE_LIMIT,
    NOTE_LIMIT,
    JourneyChange,
    change,
    list_edits,
    merge,
    split,
    undo,
)
from ovms.server.storage.journeys import journey_points, list_journeys
from tests.server.journeys.made import NOON, charge, parked, put_journeys, trip
from tests.server.storage.databases import execute, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ovms.server.journeys.values import Journey
    from ovms.server.storage.database import Database
    from ovms.server.storage.journeys import JourneyRow

NOW = 1.0
MINUTE = 60


def at(minutes: int) -> int:
    """Return so many minutes after noon."""
    return NOON + minutes * MINUTE


def day() -> list[Journey]:
    """Return two trips with a charge while the car was parked between, and a last time parked."""
    return [
        trip(at(0), at(30)),
        parked(at(30), at(120)),
        charge(at(40), at(100)),
        trip(at(120), at(150)),
        parked(at(150), at(300)),
    ]


@pytest.fixture
def driven(database: Database) -> Database:
    """Make the day that of CAR1."""
    put_journeys(database, "CAR1", *day())
    return database


def listed(database: Database, *kinds: JourneyKind) -> list[JourneyRow]:
    """Return what is shown."""
    with database.reading() as connection:
        return list_journeys(connection, "CAR1", kinds=kinds, limit=1000)[0]


def ids(database: Database, kind: JourneyKind = JourneyKind.TRIP) -> list[int]:
    """Return the ids of what is shown of a kind."""
    return [each.id for each in listed(database, kind)]


def spans(found: Sequence[JourneyRow]) -> list[tuple[int, int]]:
    """Return minutes after noon."""
    times = [(each.journey.start.time, each.journey.end.time) for each in found]
    return [((start - NOON) // MINUTE, (end - NOON) // MINUTE) for start, end in times]


def merged(database: Database) -> JourneyRow:
    """Merge the trips."""
    with database.writing() as connection:
        return merge(connection, "car1", ids(database), NOW)


def changed(database: Database, kind: JourneyKind, **what: Any) -> JourneyRow:
    """Change the first of a kind."""
    with database.writing() as connection:
        return change(connection, "car1", ids(database, kind)[0], JourneyChange(**what), NOW)


def edit_ids(database: Database, journey_id: int | None = None) -> list[int]:
    """Return the ids of corrections."""
    with database.reading() as connection:
        return [each.edit.id for each in list_edits(connection, "CAR1", journey_id)]


def undone(database: Database) -> None:
    """Take all corrections back, the newest first."""
    for each in reversed(edit_ids(database)):
        with database.writing() as connection:
            undo(connection, "CAR1", each)


def shown_rows(database: Database) -> list[tuple[Any, ...]]:
    """Return what is stored to be shown, but ids."""
    names = 'kind, start, "end", distance, energy, cost, note, purpose, is_edited, data'
    return rows(database, f"SELECT {names} FROM journeys ORDER BY start, kind")  # noqa: S608


def test_a_merge(driven: Database) -> None:
    """It has the id of the first; the time parked between is gone, the charge is not."""
    first = ids(driven)[0]
    row = merged(driven)
    assert isinstance(row.journey, Trip)
    assert (row.id, row.journey.distance, row.is_edited) == (first, 20.0, True)
    assert spans(listed(driven)) == [(0, 150), (40, 100), (150, 300)]
    with driven.reading() as connection:
        journey = journey_points(connection, row)
    assert isinstance(journey, Trip)
    assert [each.distance for each in journey.track][-1] == 20.0


def test_all_undone_is_as_reported(driven: Database) -> None:
    """Whatever was corrected, nothing is left of it."""
    before = shown_rows(driven)
    row = merged(driven)
    with driven.writing() as connection:
        first, _ = split(connection, "CAR1", row.id, at(60), NOW)
        change(connection, "CAR1", first.id, JourneyChange(note="x", energy=3.0), NOW)
    changed(driven, JourneyKind.CHARGE, cost=Decimal("1.5"), energy=1.0)
    changed(driven, JourneyKind.PARKED, note="in the garage")
    assert shown_rows(driven) != before
    undone(driven)
    assert (shown_rows(driven), edit_ids(driven)) == (before, [])


def test_a_split(driven: Database) -> None:
    """The first part keeps the id, and both add up."""
    id_ = ids(driven)[0]
    with driven.writing() as connection:
        first, second = split(connection, "CAR1", id_, at(15), NOW)
    assert first.id == id_ != second.id
    assert spans([first, second]) == [(0, 15), (15, 30)]
    assert isinstance(first.journey, Trip)
    assert first.journey.distance == pytest.approx(5.0)


@pytest.mark.parametrize("moved", [0, -3, 4])
def test_corrections_outlive_a_rebuild(driven: Database, moved: int) -> None:
    """Ends that move by minutes, and late records between, leave them where they are."""
    merged(driven)
    changed(driven, JourneyKind.TRIP, note="to work", purpose=Purpose.BUSINESS)
    changed(driven, JourneyKind.CHARGE, cost=Decimal("2.5"), energy=7.0)
    again = [
        trip(at(0) + moved * MINUTE, at(30), distance=11.0), parked(at(30), at(60)),
        trip(at(110), at(115), distance=1.0), charge(at(42), at(100) + moved * MINUTE),
        trip(at(120), at(150) + moved * MINUTE), parked(at(150) + moved * MINUTE, at(300)),
    ]  # fmt: skip
    put_journeys(driven, "CAR1")
    assert listed(driven) == []
    put_journeys(driven, "CAR1", *again)
    (row,) = listed(driven, JourneyKind.TRIP)
    assert isinstance(row.journey, Trip)
    assert (row.note, row.purpose, row.journey.distance) == ("to work", Purpose.BUSINESS, 22.0)
    (charged,) = listed(driven, JourneyKind.CHARGE)
    assert (charged.cost, charged.journey.energy) == (Decimal("2.5"), 7.0)  # type: ignore[attr-defined]


def test_a_correction_sleeps_while_its_journey_is_gone(driven: Database) -> None:
    """It is no other's, it can be undone, and it is there again with its journey."""
    changed(driven, JourneyKind.TRIP, note="mine")
    put_journeys(driven, "CAR1", trip(at(120), at(150)))
    assert [each.note for each in listed(driven)] == [""]
    assert len(edit_ids(driven)) == 1
    put_journeys(driven, "CAR1", *day())
    assert [each.note for each in listed(driven, JourneyKind.TRIP)] == ["mine", ""]
    put_journeys(driven, "CAR1", trip(at(120), at(150)))
    undone(driven)
    put_journeys(driven, "CAR1", *day())
    assert {each.note for each in listed(driven)} == {""}


def test_what_is_said_of_a_journey_is_one_correction(driven: Database) -> None:
    """What is said again replaces what was said; what is cleared leaves nothing."""
    changed(driven, JourneyKind.TRIP, note="a", energy=1.0)
    row = changed(driven, JourneyKind.TRIP, note="b", purpose=Purpose.PRIVATE)
    assert (row.note, row.purpose, row.journey.energy) == ("b", Purpose.PRIVATE, 1.0)  # type: ignore[attr-defined]
    (made,) = edit_ids(driven, row.id)
    row = changed(driven, JourneyKind.TRIP, clears=["energy"], note="")
    assert (row.note, row.is_edited, edit_ids(driven)) == ("", False, [made])
    changed(driven, JourneyKind.TRIP, clears=["purpose"])
    assert edit_ids(driven) == []
    changed(driven, JourneyKind.TRIP, clears=["purpose"])
    assert edit_ids(driven) == []


def test_what_was_said_of_a_part_is_cleared_of_the_whole(driven: Database) -> None:
    """The note of a trip that was merged later goes, and comes back when that is undone."""
    changed(driven, JourneyKind.TRIP, note="a")
    merged(driven)
    row = changed(driven, JourneyKind.TRIP, note="")
    assert (row.note, len(edit_ids(driven, row.id))) == ("", 3)
    with driven.writing() as connection:
        undo(connection, "CAR1", edit_ids(driven)[-1])
    assert listed(driven, JourneyKind.TRIP)[0].note == "a"


def test_what_later_corrections_build_on_stays(driven: Database) -> None:
    """They go before it; what is said of another kind in that time does not matter."""
    row = merged(driven)
    changed(driven, JourneyKind.CHARGE, note="other")
    (first, _) = edit_ids(driven)
    with driven.writing() as connection:
        split(connection, "CAR1", row.id, at(60), NOW)
        with pytest.raises(InvalidValue, match="undo 3 first"):
            undo(connection, "CAR1", first)
        undo(connection, "CAR1", 3)
        undo(connection, "CAR1", first)
    assert len(ids(driven)) == 2


def test_corrections_of_one_journey(driven: Database) -> None:
    """Those that count in it are listed, with when they were made; others' are not."""
    row = merged(driven)
    changed(driven, JourneyKind.CHARGE, note="other")
    with driven.reading() as connection:
        (found,) = list_edits(connection, "car1", row.id)
        assert list_edits(connection, "CAR2") == []
    assert (found.edit.start, found.edit.end, found.created) == (at(0), at(150), NOW)


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ([], "two journeys"),
        ([1, 1], "two journeys"),
        ([1, 3], "a trip and a charge cannot be merged"),
        ([2, 5], "merge the trips beside it"),
        ([1, 7], "lies between: merge it"),
        ([4, 8], "still goes on"),
        ([3, 6], "drove between"),
        (list(range(1, MERGE_LIMIT + 2)), "at once"),
    ],
)
def test_what_is_not_merged(driven: Database, chosen: list[int], why: str) -> None:
    """A clear word says why, and nothing changes."""
    more = [charge(at(200), at(250)), trip(at(300), at(330)), trip(at(400), at(430), closed=None)]
    put_journeys(driven, "CAR1", *day(), *more)
    numbers = {place: each.id for place, each in enumerate(listed(driven), 1)}
    with driven.writing() as connection, pytest.raises(InvalidValue, match=why):
        merge(connection, "CAR1", [numbers.get(each, each) for each in chosen], NOW)
    assert edit_ids(driven) == []


@pytest.mark.parametrize("minutes", [-1, 0, 30, 31])
def test_a_cut_outside(driven: Database, minutes: int) -> None:
    """At the ends or beyond there is nothing to cut."""
    with driven.writing() as connection, pytest.raises(InvalidValue, match="after the start"):
        split(connection, "CAR1", ids(driven)[0], at(minutes), NOW)


def test_what_is_not_split(driven: Database) -> None:
    """Time parked, what goes on, and what is another vehicle's."""
    put_journeys(driven, "CAR1", parked(at(0), at(100)), trip(at(100), at(200), closed=None))
    first, second = (each.id for each in listed(driven))
    with driven.writing() as connection:
        with pytest.raises(InvalidValue, match="time parked"):
            split(connection, "CAR1", first, at(50), NOW)
        with pytest.raises(InvalidValue, match="goes on"):
            split(connection, "CAR1", second, at(150), NOW)
        for call in (lambda: split(connection, "CAR2", second, at(150), NOW),
                     lambda: merge(connection, "CAR2", [first, second], NOW),
                     lambda: change(connection, "CAR2", first, JourneyChange(note="x"), NOW),
                     lambda: undo(connection, "CAR1", 1)):  # fmt: skip
            with pytest.raises(NotFound):
                call()


T, C, P = JourneyKind.TRIP, JourneyKind.CHARGE, JourneyKind.PARKED


@pytest.mark.parametrize(
    ("kind", "what", "why"),
    [
        (T, {}, "nothing"),
        (T, {"cost": Decimal(1)}, "cost of a trip"),
        (T, {"grid_energy": 1.0}, "grid_energy of a trip"),
        (C, {"purpose": Purpose.BUSINESS}, "purpose of a charge"),
        (P, {"energy": 1.0}, "only note"),
        (P, {"clears": ["energy"]}, "only note"),
        (T, {"clears": ["distance"]}, "distance of a trip"),
        (T, {"energy": 1.0, "clears": ["energy"]}, "at once"),
        (C, {"energy": -0.1}, "from 0"),
        (C, {"energy": float("nan")}, "from 0"),
        (C, {"grid_energy": float("inf")}, "from 0"),
        (C, {"energy": ENERGY_LIMIT + 0.1}, "to 2000 kWh"),
        (C, {"cost": Decimal("-0.01")}, "from 0"),
        (C, {"cost": Decimal("NaN")}, "from 0"),
        (C, {"cost": Decimal("0.0001")}, "3 digits"),
        (C, {"cost": COST_LIMIT + 1}, "from 0"),
        (T, {"note": "x" * (NOTE_LIMIT + 1)}, "longer than"),
        (T, {"note": "a\0b"}, "no text"),
        (T, {"note": "a\u202eb"}, "no text"),
    ],
)
def test_what_is_not_said(
    driven: Database, kind: JourneyKind, what: dict[str, Any], why: str
) -> None:
    """What no journey has, and what nobody means, is refused."""
    with pytest.raises(InvalidValue, match=why):
        changed(driven, kind, **what)
    assert edit_ids(driven) == []


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (C, {"energy": 0.0, "grid_energy": ENERGY_LIMIT}),
        (C, {"cost": COST_LIMIT}),
        (C, {"cost": Decimal("0.125")}),
        (T, {"note": "x" * NOTE_LIMIT}),
        (P, {"note": "Zeile 1\nZeile 2 👩‍👩‍👧 =1+1"}),
    ],
)
def test_what_is_said(driven: Database, kind: JourneyKind, what: dict[str, Any]) -> None:
    """At the limits it is as said."""
    row = changed(driven, kind, **what)
    for name, value in what.items():
        assert getattr(row if name in ("cost", "note") else row.journey, name) == value


def test_a_journey_that_goes_on_is_not_changed(driven: Database) -> None:
    """Its end is not known, so a correction could not hold on to it."""
    put_journeys(driven, "CAR1", trip(at(0), at(30), closed=None))
    with pytest.raises(InvalidValue, match="goes on"):
        changed(driven, JourneyKind.TRIP, note="x")


def test_corrections_have_a_bound(driven: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past it there is no further one, but what was said can be said otherwise."""
    monkeypatch.setattr(journey_edits, "EDITS_A_VEHICLE", 1)
    changed(driven, JourneyKind.TRIP, note="x")
    assert changed(driven, JourneyKind.TRIP, note="y").note == "y"
    with pytest.raises(QuotaReached, match="1 corrections"):
        merged(driven)
    assert len(ids(driven)) == 2


def test_a_place_stays_when_its_position_is_gone(driven: Database) -> None:
    """A correction of a journey whose positions are no longer kept does not lose where it was."""
    execute(
        driven, "UPDATE journeys SET start_place = 3, end_place = 4, cost = 5, currency = 'EUR'"
    )
    ends = [JourneyEnd(time=at(0)), JourneyEnd(time=at(30)), JourneyEnd(time=at(120))]
    bare = replace(trip(at(0), at(30)), start=ends[0], end=ends[1], track=())
    put_journeys(driven, "CAR1", bare)
    changed(driven, JourneyKind.TRIP, note="x")
    (row,) = listed(driven)
    assert (row.start_place, row.end_place, row.note) == (3, 4, "x")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([JourneyKind.TRIP, JourneyKind.CHARGE]),
            st.sets(st.integers(0, 5), min_size=1, max_size=3),
            st.integers(at(0), at(310)),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_is_corrected_adds_up_and_can_be_undone(
    driven: Database, plan: list[tuple[JourneyKind, set[int], int]]
) -> None:
    """What is refused changes nothing; the distance of all trips stays; undone is as reported."""
    undone(driven)
    put_journeys(driven, "CAR1", *day(), trip(at(300), at(310)), charge(at(160), at(200)))
    before = shown_rows(driven)
    for kind, places, cut in plan:
        found = ids(driven, kind)
        chosen = sorted({found[each % len(found)] for each in places})
        kept = shown_rows(driven)
        try:
            with driven.writing() as connection:
                if len(chosen) > 1:
                    merge(connection, "CAR1", chosen, NOW)
                else:
                    split(connection, "CAR1", chosen[0], cut, NOW)
        except InvalidValue:
            assert shown_rows(driven) == kept
        total = rows(driven, "SELECT sum(distance) FROM journeys")[0][0]
        assert total == pytest.approx(30.0)
    undone(driven)
    assert shown_rows(driven) == before
