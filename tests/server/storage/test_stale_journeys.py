"""Journeys are made anew in chunks, whoever made them stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.journeys.tariffs import parse_tariff
from ovms.server.journeys.values import CurvePoint, JourneyKind
from ovms.server.storage.places import make_place, set_tariff
from ovms.server.storage.stale_journeys import refresh_all, refresh_journeys, refresh_left
from ovms.server.storage.stale_marks import SINCE_EVER, mark_stale
from tests.server.journeys.made import HOME, NOON, charge, parked, put_journeys
from tests.server.storage.databases import execute, rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database

BOB = 1
LOST = "UPDATE journeys SET start_place = NULL, day = ''"
FOUND = "SELECT count(*) FROM journeys WHERE start_place IS NOT NULL AND day != ''"


def test_chunks(database: Database) -> None:
    """Each has so many rows, where it stops the next one goes on, and the last says so."""
    put_journeys(database, "CAR1", *(parked(NOON + n * 60, NOON + n * 60 + 60) for n in range(10)))
    put_journeys(database, "CAR2", *(parked(NOON + n * 60, NOON + n * 60 + 60) for n in range(5)))
    with database.writing() as connection:
        make_place(connection, BOB, "Home", HOME, 1.0)
    execute(database, LOST)
    with database.writing() as connection:
        mark_stale(connection, BOB, (JourneyKind.PARKED,), SINCE_EVER)
    done = []
    for _ in range(5):
        with database.writing() as connection:
            is_left = refresh_journeys(connection, rows=4)
        done.append((rows(database, FOUND)[0][0], is_left))
    assert [is_left for _, is_left in done] == [True, True, True, True, False]
    assert [count for count, _ in done] == [4, 7, 10, 13, 15]  # the last of each comes again
    assert rows(database, "SELECT * FROM journey_stale") == []


def test_since(database: Database) -> None:
    """Only what starts then or later is made anew; of two marks the earlier counts."""
    put_journeys(database, "CAR1", *(parked(NOON + n * 60, NOON + n * 60 + 60) for n in range(10)))
    with database.writing() as connection:
        make_place(connection, BOB, "Home", HOME, 1.0)
    execute(database, LOST)
    with database.writing() as connection:
        for start in (NOON + 420, NOON + 300, NOON + 480):
            mark_stale(connection, BOB, (JourneyKind.PARKED, JourneyKind.TRIP), start)
        assert not refresh_journeys(connection, BOB)
    assert rows(database, FOUND) == [(5,)]


async def test_all_by_the_server(database: Database) -> None:
    """What somebody left is done in the server's own transactions, for one owner or all."""
    put_journeys(database, "CAR1", parked())
    with database.writing() as connection:
        make_place(connection, BOB, "Home", HOME, 1.0)
    for owner_id, expected in ((2, 0), (BOB, 1), (None, 1)):
        execute(database, LOST)
        with database.writing() as connection:
            mark_stale(connection, BOB, JourneyKind, SINCE_EVER)
        await refresh_all(database, owner_id)
        assert rows(database, FOUND) == [(expected,)]


async def test_what_was_left(database: Database) -> None:
    """What somebody marked and did not make anew is made by the server; else it writes nothing."""
    put_journeys(database, "CAR1", parked())
    with database.writing() as connection:
        make_place(connection, BOB, "Home", HOME, 1.0)
    execute(database, LOST)
    await refresh_left(database)
    assert rows(database, FOUND) == [(0,)]
    with database.writing() as connection:
        mark_stale(connection, BOB, JourneyKind, SINCE_EVER)
    await refresh_left(database)
    assert rows(database, FOUND) == [(1,)]


def test_a_vehicle_that_is_gone(database: Database) -> None:
    """A mark without journeys, or without a vehicle, goes."""
    with database.writing() as connection:
        mark_stale(connection, BOB, JourneyKind, SINCE_EVER)
    execute(database, "INSERT INTO journey_stale VALUES ('GONE', 'trip', 1)")
    with database.writing() as connection:
        assert not refresh_journeys(connection)
    assert rows(database, "SELECT * FROM journey_stale") == []


@pytest.mark.parametrize(("at", "cost"), [(60, 7000), (3600, 10_500)])
def test_bands_take_the_curve(database: Database, at: int, cost: int) -> None:
    """The curve of what the car reported says in which band the energy flowed."""
    points = (CurvePoint(time=NOON + at, grid_energy=7.0),)
    put_journeys(database, "CAR1", charge(curve=points))
    bands = [{"price": 2, "from": "15:36", "until": "17:00"}]  # NOON is 15:06:40
    with database.writing() as connection:
        home = make_place(connection, BOB, "Home", HOME, 1.0).id
        tariff = parse_tariff({"energy_price": 1, "bands": bands})
        set_tariff(connection, BOB, home, None, tariff, 1.0)
    found = rows(database, "SELECT cost FROM journeys")[0][0]
    assert found == pytest.approx(cost, abs=200)
