"""Journeys that only grow: the same rows as when they are replaced, and nothing else is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.journeys.samples import JourneyRecord
from ovms.server.journeys.tariffs import parse_tariff
from ovms.server.journeys.values import Position
from ovms.server.storage.journey_edits import JourneyChange, change
from ovms.server.storage.journey_fold import VehicleFold, store_folded
from ovms.server.storage.journey_growing import OpenRows, only_grew, open_rows, store_grown
from ovms.server.storage.journey_progress import write_progress
from ovms.server.storage.places import make_place, set_tariff
from tests.server.journeys.commute import MONDAY, days, status
from tests.server.storage.databases import rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database
    from ovms.server.storage.journey_fold import Folded

STEP = 300
HOURS = 3600
COLUMNS = (
    'kind, start, "end", day, is_open, certainty, start_place, end_place, distance, energy,'
    " energy_used, energy_recovered, grid_energy, moving_time, cost, currency, purpose, note,"
    " is_edited, data, start_latitude, start_longitude, end_latitude, end_longitude"
)


def reports() -> list[JourneyRecord]:
    """Return what a car reports on a day that ends with a charge."""
    day = [JourneyRecord(time, kind, 0, data.encode()) for time, kind, data in days(1)]
    charge = [
        JourneyRecord(
            MONDAY + 20 * HOURS + 60 + 300 * i,
            "S",
            0,
            status(70.0 + i / 4).replace("stopped", "charging").encode(),
        )
        for i in range(40)
    ]
    return sorted(set(day + charge))


class Site:
    """Two vehicles that report the same: journeys of one are replaced, those of the other grow."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.folds = [VehicleFold(each, is_pic=False) for each in ("CAR1", "CAR2")]
        self.known: OpenRows | None = None
        self.grown = 0
        with database.writing() as connection:
            for fold in self.folds:
                write_progress(connection, fold.vehicle_id, 0, 0)

    def take(self, new: list[tuple[int, JourneyRecord]], now: int) -> Folded:
        """Have both know records; return what the second one's fold says."""
        for fold in self.folds:
            assert fold.take(new) is None
            fold.settle(now - 90)
        return self.folds[1].folded()

    def write(self) -> None:
        """Write the journeys of both."""
        replaced, growing = self.folds
        folded = growing.folded()
        with self.database.writing() as connection:
            assert store_folded(connection, replaced, replaced.folded())
            if only_grew(self.known, folded):
                assert self.known is not None
                assert store_grown(connection, [(growing, folded, self.known)])
                self.grown += 1
            else:
                assert store_folded(connection, growing, folded)
                self.known = open_rows(connection, growing.vehicle_id, growing.time)
        for fold in self.folds:
            fold.was_written()

    def stored(self, vehicle_id: str) -> list[Any]:
        """Return all that is stored of a vehicle, without ids."""
        tables = {
            "raw_journeys": "kind, start, \"end\", closed, data", "journeys": COLUMNS,
            "journey_progress": "seen_id, version",
        }  # fmt: skip
        queries = [
            f"SELECT {columns} FROM {table} WHERE vehicle_id = '{vehicle_id}' ORDER BY 1, 2"  # noqa: S608
            for table, columns in tables.items()
        ]
        return [rows(self.database, each) for each in queries]

    def run(self, begin: int, end: int) -> None:
        """Report and write a span, each few minutes."""
        numbered = [*enumerate(reports(), 1)]
        for now in range(begin, end, STEP):
            new = [each for each in numbered if now - STEP <= each[1].time < now]
            if new:
                self.take(new, now)
                self.write()


def price(connection: Any) -> None:
    """Give the owner a place with a tariff, where the car stands."""
    home = make_place(connection, 1, "Home", Position(latitude=52.0, longitude=13.0), 1.0)
    set_tariff(connection, 1, home.id, None, parse_tariff({"energy_price": "0.3"}), 1.0)


@pytest.mark.parametrize("has_prices", [False, True])
def test_what_grows_is_as_what_is_replaced(database: Database, has_prices: bool) -> None:
    """Trip, parked time and charge, all columns, at each moment of a day."""
    site = Site(database)
    if has_prices:
        with database.writing() as connection:
            price(connection)
    for hour in range(25):
        site.run(MONDAY + hour * HOURS, MONDAY + (hour + 1) * HOURS)
        assert site.stored("CAR2") == site.stored("CAR1")
    kinds = {kind for (kind,) in rows(database, "SELECT kind FROM journeys")}
    assert kinds == {"trip", "parked", "charge"}
    assert site.grown > (5 if has_prices else 30)


def test_what_grows_needs_rows_that_are_known(database: Database) -> None:
    """Journeys that were made anew by others are not touched, nor is anything else."""
    site = Site(database)
    site.run(MONDAY, MONDAY + 8 * HOURS + 900)
    before = site.stored("CAR2")
    growing, known = site.folds[1], site.known
    assert known is not None
    folded = growing.folded()
    growing.seen_id += 1
    for statement in (
        "UPDATE journey_progress SET version = 5",
        "UPDATE journeys SET start = start + 1 WHERE is_open",
        "UPDATE raw_journeys SET closed = 1 WHERE closed IS NULL",
        "DELETE FROM journeys",
    ):
        with database.writing() as connection:
            savepoint = connection.begin_nested()
            connection.exec_driver_sql(statement)
            assert not store_grown(connection, [(growing, folded, known)])
            savepoint.rollback()
    assert site.stored("CAR2") == before
    with database.writing() as connection:
        assert store_grown(connection, [(growing, folded, known)])
    assert site.stored("CAR2")[2] == [(growing.seen_id, 0)]


def test_what_ends_does_not_grow(database: Database) -> None:
    """Neither does what begins, what has a checkpoint, or where it becomes known where it began."""
    site = Site(database)
    site.run(MONDAY, MONDAY + 8 * HOURS + 900)
    folded = site.folds[1].folded()
    assert only_grew(site.known, folded)
    assert not only_grew(None, folded)
    assert not only_grew({}, folded)
    folded.checkpoints.append((1, b""))
    assert not only_grew(site.known, folded)
    folded.checkpoints.clear()
    folded.closed.append(folded.ongoing[0])
    assert not only_grew(site.known, folded)
    folded.closed.clear()
    assert site.known is not None
    other = {key: row._replace(has_start=not row.has_start) for key, row in site.known.items()}
    assert not only_grew(other, folded)


def test_what_has_a_correction_or_a_price_is_replaced(database: Database) -> None:
    """A correction may be about what goes on once it is longer; a cost grows with its charge."""
    site = Site(database)
    site.run(MONDAY, MONDAY + 8 * HOURS + 900)
    growing = site.folds[1]
    with database.writing() as connection:
        assert open_rows(connection, "CAR2", growing.time) == site.known
        assert open_rows(connection, "CAR3", growing.time) is None
    site.run(MONDAY + 8 * HOURS + 900, MONDAY + 21 * HOURS)
    with database.writing() as connection:
        found = open_rows(connection, "CAR2", growing.time)
        assert found is not None
        assert sorted(kind for kind, _ in found) == ["charge", "parked"]
        assert open_rows(connection, "CAR2", 0) is None, "the trip before may go on yet"
        price(connection)
        assert open_rows(connection, "CAR2", growing.time) is None
    [(trip,)] = rows(
        database, "SELECT max(id) FROM journeys WHERE kind = 'trip' AND vehicle_id = 'CAR2'"
    )
    with database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM place_tariffs")
        assert open_rows(connection, "CAR2", growing.time) is not None
        change(connection, "CAR2", trip, JourneyChange(note="to work"), 1.0)
        connection.exec_driver_sql('UPDATE journey_edits SET "end" = "end" + 100000')
        assert open_rows(connection, "CAR2", growing.time) is None
