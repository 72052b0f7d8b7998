"""Journeys in the database: what is listed, what is replaced, which ids stay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from ovms.server.journeys.values import JourneyEnd, JourneyKind
from ovms.server.storage import journeys
from ovms.server.storage.errors import NotFound
from ovms.server.storage.journeys import (
    SINCE_EVER,
    get_journey,
    journey_points,
    keep_within,
    list_journeys,
    raw_values,
    record_journeys,
    replace_span,
    reshow,
)
from ovms.server.storage.schema import journey_edits, places
from tests.server.journeys.made import NOON, charge, parked, put_journeys, trip
from tests.server.storage.databases import execute, rows

if TYPE_CHECKING:
    from ovms.server.journeys.values import Journey
    from ovms.server.storage.database import Database
    from ovms.server.storage.journeys import JourneyRow

HOUR = 3600
DAY = 86400


def _listed(database: Database, vehicle_id: str = "car1") -> list[JourneyRow]:
    with database.reading() as connection:
        found, is_more = list_journeys(connection, vehicle_id, limit=1000)
    assert not is_more
    return found


def _record(database: Database, after: int, *journeys: Journey) -> None:
    with database.writing() as connection:
        record_journeys(connection, "CAR1", after, journeys)


def test_pages(database: Database) -> None:
    """Behind a key come the next ones, in either order; the last page says that it is the last."""
    put_journeys(database, "CAR1", *(trip(NOON + n * DAY, NOON + n * DAY + 60) for n in range(5)))
    for newest_first in (False, True):
        found: list[int] = []
        after, is_more = None, True
        while is_more:
            with database.reading() as connection:
                page, is_more = list_journeys(
                    connection, "car1", limit=2, after=after, newest_first=newest_first
                )
            found += [each.journey.start.time for each in page]
            after = page[-1].key
        assert found == sorted((NOON + n * DAY for n in range(5)), reverse=newest_first)


def test_what_is_asked_for(database: Database) -> None:
    """Kinds, spans (the start counts, the end excluded) and places choose; of one vehicle."""
    put_journeys(
        database,
        "CAR1",
        trip(),
        charge(NOON + HOUR, NOON + 2 * HOUR),
        parked(NOON + DAY, NOON + DAY + HOUR),
    )
    put_journeys(database, "CAR2", trip())
    with database.reading() as connection:
        for kind in JourneyKind:
            found, _ = list_journeys(connection, "CAR1", kinds=[kind], limit=9)
            assert [each.kind for each in found] == [kind]
        found, _ = list_journeys(connection, "CAR1", since=NOON, until=NOON + HOUR, limit=9)
        assert [each.kind for each in found] == [JourneyKind.TRIP]
        found, _ = list_journeys(connection, "CAR1", since=NOON + HOUR, limit=9)
        assert [each.kind for each in found] == [JourneyKind.CHARGE, JourneyKind.PARKED]
        assert list_journeys(connection, "CAR1", place=7, limit=9) == ([], False)


def test_one_journey(database: Database) -> None:
    """It is found by its id, only of its own vehicle; its points are there when asked for."""
    put_journeys(database, "CAR1", trip())
    (row,) = _listed(database)
    with database.reading() as connection:
        assert get_journey(connection, "car1", row.id) == row
        assert journey_points(connection, row) == trip()
        with pytest.raises(NotFound):
            get_journey(connection, "CAR2", row.id)
    assert row.journey == replace(trip(), track=())


def test_ids_stay(database: Database) -> None:
    """A journey that goes on, or whose start is known better, is the same one."""
    put_journeys(database, "CAR1", parked(), trip(NOON + 7200, NOON + 9000, closed=None))
    before = {each.kind: each.id for each in _listed(database)}
    _record(database, NOON + 7260, trip(NOON + 7100, NOON + 9600))
    after = {each.kind: each for each in _listed(database)}
    assert {kind: row.id for kind, row in after.items()} == before
    assert after[JourneyKind.TRIP].journey.end.time == NOON + 9600


def test_the_largest_part_keeps_the_id(database: Database) -> None:
    """Of two journeys that one becomes, that with most of its time is the same; no id comes back.

    The same when two become one.
    """
    put_journeys(database, "CAR1", trip(NOON, NOON + 1000))
    (whole,) = _listed(database)
    _record(database, SINCE_EVER, trip(NOON + 1, NOON + 300), trip(NOON + 301, NOON + 1000))
    first, second = _listed(database)
    assert second.id == whole.id != first.id
    _record(database, SINCE_EVER, trip(NOON + 2, NOON + 999))
    assert [each.id for each in _listed(database)] == [whole.id]
    _record(database, SINCE_EVER, trip(NOON + DAY, NOON + DAY + 60))
    (other,) = _listed(database)
    assert other.id > first.id


def test_only_what_was_not_over_is_replaced(database: Database) -> None:
    """What had closed by then stays, and so does what began before a span, or behind it."""
    old, late, going = trip(), trip(NOON + HOUR, NOON + 2 * HOUR), charge(NOON + DAY, closed=None)
    put_journeys(database, "CAR1", old, late, going)
    _record(database, old.closed or 0)
    assert [each.journey.start.time for each in _listed(database)] == [NOON]
    put_journeys(database, "CAR1", old, late, going)
    with database.writing() as connection:
        new = trip(NOON + HOUR + 60, NOON + 2 * HOUR)
        replace_span(connection, "CAR1", NOON + HOUR, NOON + DAY, [raw_values(new)])
    found = [each.journey.start.time - NOON for each in _listed(database)]
    assert found == [0, HOUR + 60, DAY]
    with database.writing() as connection:
        replace_span(connection, "CAR1", NOON + HOUR, None, [])
    assert [each.journey.start.time for each in _listed(database)] == [NOON]


def test_nothing_is_written_for_what_is_the_same(database: Database) -> None:
    """Recording again what is there changes no row."""
    put_journeys(database, "CAR1", trip(), parked(NOON + 1800))
    before = rows(database, "SELECT * FROM raw_journeys"), rows(database, "SELECT * FROM journeys")
    put_journeys(database, "CAR1", trip(), parked(NOON + 1800))
    after = rows(database, "SELECT * FROM raw_journeys"), rows(database, "SELECT * FROM journeys")
    assert before == after


def test_many_journeys_are_replaced_and_the_neighbours_stay(database: Database) -> None:
    """A change in the middle leaves the rows before and behind as they are, though they touch."""
    days = [trip(NOON + n * DAY, NOON + (n + 1) * DAY) for n in range(20)]
    put_journeys(database, "CAR1", *days)
    before = rows(database, "SELECT * FROM journeys ORDER BY id")
    days[9] = replace(days[9], distance=11.0)
    put_journeys(database, "CAR1", *days)
    after = rows(database, "SELECT * FROM journeys ORDER BY id")
    assert [place for place in range(20) if before[place] != after[place]] == [9]


def test_places_and_days(database: Database) -> None:
    """Ends get the smallest place around them, days are local to the owner, after a reshow."""
    put_journeys(
        database, "CAR1", trip(NOON + 9 * HOUR), charge(NOON - DAY), trip(NOON + DAY, closed=None)
    )
    execute(database, "UPDATE owners SET zone = 'Asia/Tokyo'")
    with database.writing() as connection:
        for name, latitude, radius in (("Home", 52.0, 100.0), ("Town", 52.0, 9000.0),
                                       ("Work", 52.1, 100.0)):  # fmt: skip
            connection.execute(
                insert(places).values(
                    owner_id=1, name=name, name_key=name, latitude=latitude,
                    longitude=latitude - 39.0, radius=radius, created=0.0, changed=0.0,
                )
            )  # fmt: skip
    with database.writing() as connection:
        reshow(connection, "car1", NOON - 2 * DAY, NOON + 2 * DAY)
    found = [(each.start_place, each.end_place) for each in _listed(database)]
    assert found == [(1, 1), (1, 3), (1, None)]
    days = rows(database, "SELECT day FROM journeys ORDER BY start")
    assert days == [("2025-06-15",), ("2025-06-16",), ("2025-06-17",)]
    with database.reading() as connection:
        assert len(list_journeys(connection, "CAR1", place=3, limit=9)[0]) == 1


def test_a_moment(database: Database) -> None:
    """A journey without duration is kept and replaced like others."""
    moment = charge(NOON, NOON)
    put_journeys(database, "CAR1", moment, trip(NOON - 60, NOON), trip(NOON, NOON + 60))
    assert len(_listed(database)) == 3
    put_journeys(database, "CAR1", replace(moment, end=JourneyEnd(time=NOON + 1)))
    (row,) = _listed(database)
    assert row.journey.duration == 1


def test_more_journeys_are_replaced_than_a_statement_names(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is left, raw or shown."""
    monkeypatch.setattr(journeys, "IDS_AT_ONCE", 2)
    put_journeys(database, "CAR1", *(trip(NOON + n * DAY, NOON + n * DAY + 60) for n in range(5)))
    put_journeys(database, "CAR1")
    assert rows(database, "SELECT id FROM raw_journeys UNION SELECT id FROM journeys") == []


def test_the_oldest_go_when_there_are_too_many(database: Database) -> None:
    """One part in a hundred more goes, so that not each further one makes room; others' stay."""
    put_journeys(database, "CAR1", *(trip(NOON + n * DAY, NOON + n * DAY + 60) for n in range(201)))
    put_journeys(database, "CAR2", trip())
    with database.writing() as connection:
        keep_within(connection, "CAR1", 201)
        assert len(list_journeys(connection, "CAR1", limit=999)[0]) == 201
        keep_within(connection, "CAR1", 200)
        found = list_journeys(connection, "CAR1", limit=999)[0]
    assert [found[0].journey.start.time, len(found)] == [NOON + 3 * DAY, 198]
    assert rows(database, "SELECT count(*) FROM raw_journeys") == [(199,)]


def test_a_journey_that_goes_on_grows(database: Database) -> None:
    """Raw and shown, as if all were made anew; also one that is corrected."""
    going = trip(NOON, NOON + 600, closed=None)
    there = charge(NOON + DAY, NOON + DAY + 60, closed=None)
    put_journeys(database, "CAR1", going, there)
    before = [each.id for each in _listed(database)]
    for note in ("", "slow"):
        if note:
            with database.writing() as connection:
                edit = {"kind": "change", "journey_kind": "trip", "start": NOON, "end": NOON + 1200}
                row = {"vehicle_id": "CAR1", "data": '{"note": "slow"}', "created": 0.0, **edit}
                connection.execute(insert(journey_edits).values(row))
        longer = (
            trip(NOON, NOON + 1200 + len(note), closed=None),
            charge(NOON + DAY, NOON + DAY + 600 + len(note), closed=None),
        )
        _record(database, NOON, *longer)
        found = _listed(database)
        assert [each.id for each in found] == before
        assert [each.journey.end.time for each in found] == [each.end.time for each in longer]
        assert found[0].note == note
        with database.writing() as connection:
            assert [journey_points(connection, each) for each in found] == [*longer]
            reshow(connection, "CAR1", NOON, NOON + 2 * DAY)
        assert _listed(database) == found
