"""Sums of journeys, and what is unknown in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from ovms.server.journeys.tariffs import parse_tariff
from ovms.server.journeys.values import JourneyEnd, Purpose
from ovms.server.storage.journey_sums import NumberSum, SumBy, SumRow, sums
from ovms.server.storage.owner_locale import set_owner_locale
from ovms.server.storage.places import make_place, set_tariff
from ovms.server.storage.stale_journeys import refresh_all_now
from tests.server.journeys.made import HOME, NOON, WORK, charge, parked, put_journeys, trip
from tests.server.storage.databases import execute, rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database

BOB = 1
DAY = 86400


def summed(database: Database, by: SumBy, *vehicle_ids: str, **more: Any) -> dict[str, SumRow]:
    """Return sums by key."""
    with database.reading() as connection:
        found = sums(connection, vehicle_ids or ("CAR1",), by, **more)
    assert len({row.key for row in found}) == len(found)
    return {row.key: row for row in found}


def drive(day: str, hour: int = 12, **more: Any) -> Any:
    """Return a trip of a day, in UTC."""
    start = int(datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC).timestamp())
    return trip(start, start + 1800, **more)


def load(day: str, **more: Any) -> Any:
    """Return a charge of a day."""
    start = int(datetime.fromisoformat(day).replace(hour=18, tzinfo=UTC).timestamp())
    return charge(start, start + 3600, **more)


DAYS = ("2023-12-31", "2024-01-01", "2024-02-29", "2024-12-30")


@pytest.mark.parametrize(
    ("by", "keys"),
    [(SumBy.DAY, [*DAYS]), (SumBy.WEEK, ["2023-W52", "2024-W01", "2024-W09", "2025-W01"]),
     (SumBy.MONTH, ["2023-12", "2024-01", "2024-02", "2024-12"]),
     (SumBy.YEAR, ["2023", "2024"]), (SumBy.VEHICLE, ["CAR1"]), (SumBy.PLACE, [""]),
     (SumBy.ALL, [""])],
)  # fmt: skip
def test_keys(database: Database, by: SumBy, keys: list[str]) -> None:
    """Keys are sorted; each has the journeys that began then, and all are counted once."""
    put_journeys(database, "CAR1", *map(drive, DAYS), *map(load, DAYS), parked())
    found = summed(database, by)
    assert [*found] == keys
    assert sum(row.trips for row in found.values()) == 4
    assert sum(row.charges.count for row in found.values()) == 4


def test_a_day(database: Database) -> None:
    """All numbers of trips and charges are there."""
    with database.writing() as connection:
        home = make_place(connection, BOB, "Home", HOME, 1.0, is_home=True).id
        make_place(connection, BOB, "Work", WORK, 1.0)
        set_tariff(connection, BOB, home, None, parse_tariff({"energy_price": "0.5"}), 1.0)
    there = JourneyEnd(time=NOON + 7200, position=WORK)
    gone = JourneyEnd(time=NOON + 9000)
    put_journeys(
        database, "CAR1", trip(), trip(NOON + 1800, NOON + 3600, energy_recovered=0.5),
        charge(NOON + 4000, NOON + 5000),
        _at(charge(NOON + 7200, NOON + 7300), there), _at(charge(NOON + 9000, NOON + 9100), gone),
    )  # fmt: skip
    row = summed(database, SumBy.DAY)["2025-06-15"]
    assert (row.trips, row.distance.value, row.energy.value) == (2, 20.0, 3.5)
    assert (row.moving_time.value, row.consumption) == (3600, 17.5)
    assert (row.charges.count, row.charges.grid_energy.value) == (3, 21.0)
    assert row.charges.energy.value == pytest.approx(18.9)
    assert (row.charges.costs, row.charges.cost_lacking) == ({"EUR": Decimal("3.5")}, 2)
    assert (row.charges_home.count, row.charges_home.costs) == (1, {"EUR": Decimal("3.5")})
    assert (row.charges_away.count, row.charges_away.cost_lacking) == (1, 1)
    assert row.charges_nowhere.count == 1


def _at(journey: Any, end: JourneyEnd) -> Any:
    return replace(
        journey,
        start=replace(end, time=journey.start.time),
        end=replace(end, time=journey.end.time),
    )


def test_what_is_unknown_is_not_0(database: Database) -> None:
    """A number that all journeys lack is unknown, one that some lack is of the others."""
    lacking: dict[str, Any] = {"energy_used": None, "distance": None, "moving_time": None}
    put_journeys(
        database, "CAR1", drive("2024-01-01", **lacking), drive("2024-02-01", **lacking),
        drive("2024-02-01", 14), drive("2024-02-01", 16, energy_used=None),
        load("2024-01-01", energy=None, grid_energy=None), load("2024-03-01"),
    )  # fmt: skip
    found = summed(database, SumBy.MONTH)
    january, february, march = found["2024-01"], found["2024-02"], found["2024-03"]
    assert (january.distance, january.energy.value) == (NumberSum(0, 0.0, 1), None)
    assert (january.moving_time.value, january.consumption) == (None, None)
    assert (january.charges.energy.value, january.charges.grid_energy.lacking) == (None, 1)
    assert (february.distance.value, february.distance.lacking) == (20.0, 1)
    assert (february.energy.value, february.energy.lacking) == (2.0, 2)
    assert february.consumption == 20.0  # of the one that has both
    assert (march.trips, march.distance.value, march.consumption) == (0, 0.0, None)
    assert (february.charges.count, february.charges.energy.value) == (0, 0.0)


def test_business_and_private(database: Database) -> None:
    """Trips of neither count for neither."""
    put_journeys(database, "CAR1", *(drive("2024-01-01", hour) for hour in (8, 10, 12)))
    execute(database, "UPDATE journeys SET purpose = 'business' WHERE id = 1")
    execute(database, "UPDATE journeys SET purpose = 'private', distance = NULL WHERE id = 2")
    row = summed(database, SumBy.ALL)[""]
    assert (row.business.value, row.private.value, row.distance.value) == (10.0, None, 20.0)
    found = summed(database, SumBy.MONTH, purpose=Purpose.BUSINESS)["2024-01"]
    assert (found.trips, found.business.value, found.private.value) == (1, 10.0, 0.0)


def test_several_vehicles(database: Database) -> None:
    """They are summed up together, each once however it is spelled, and none of the others."""
    put_journeys(database, "CAR1", drive("2024-01-01"), drive("2024-01-02"))
    put_journeys(database, "CAR2", drive("2024-01-31"))
    assert summed(database, SumBy.MONTH, "CAR1", "car1", "CAR2")["2024-01"].trips == 3
    assert summed(database, SumBy.MONTH, "CAR2")["2024-01"].trips == 1
    by_vehicle = summed(database, SumBy.VEHICLE, "CAR2", "CAR1", "CAR3")
    assert {key: row.trips for key, row in by_vehicle.items()} == {"CAR1": 2, "CAR2": 1}


def test_spans(database: Database) -> None:
    """Since a day, before a day; each day is in one of two spans that meet."""
    put_journeys(database, "CAR1", *map(drive, DAYS))
    for day in ("2024-01-01", "2024-02-15", "2024-12-30", "2025-06-01"):
        at = date.fromisoformat(day)
        before, behind = (summed(database, SumBy.DAY, **{name: at}) for name in ("until", "since"))
        assert [*before, *behind] == [*DAYS]
        assert all(key < day for key in before)
    assert summed(database, SumBy.ALL, since=date(2030, 1, 1)) == {}


def test_by_place(database: Database) -> None:
    """A trip counts for the place where it ended, a charge for the one where it was."""
    with database.writing() as connection:
        home = make_place(connection, BOB, "Home", HOME, 1.0, is_home=True).id
        work = make_place(connection, BOB, "Work", WORK, 1.0).id
    put_journeys(database, "CAR1", trip(), charge(NOON + 4000, NOON + 5000))
    found = summed(database, SumBy.PLACE)
    assert [*found] == [str(home), str(work)]
    assert (found[str(work)].trips, found[str(home)].charges_home.count) == (1, 1)
    at_work = summed(database, SumBy.ALL, place=work)[""]
    assert (at_work.trips, at_work.charges.count) == (1, 0)


def test_currencies_are_not_added(database: Database) -> None:
    """Each has a sum of its own."""
    put_journeys(database, "CAR1", load("2024-01-01"), load("2024-01-02"), load("2024-01-03"))
    execute(database, "UPDATE journeys SET cost = 100 * id, currency = 'EUR'")
    execute(database, "UPDATE journeys SET currency = 'CHF' WHERE id = 3")
    found = summed(database, SumBy.YEAR)["2024"].charges
    assert found.costs == {"EUR": Decimal("0.3"), "CHF": Decimal("0.3")}
    assert found.cost_lacking == 0


def test_days_are_the_owners(database: Database) -> None:
    """A trip belongs to the local day on which it began."""
    put_journeys(database, "CAR1", drive("2024-12-31", 23))
    assert [*summed(database, SumBy.YEAR)] == ["2024"]
    with database.writing() as connection:
        set_owner_locale(connection, BOB, {"zone": "Europe/Berlin"}, 1.0)
    refresh_all_now(database)
    assert [*summed(database, SumBy.YEAR)] == ["2025"]


def test_only_the_index_is_read_in_its_order(file_database: Database) -> None:
    """Month sums of trips neither read all rows nor sort: ten years take milliseconds."""
    query = (
        "EXPLAIN QUERY PLAN SELECT month, purpose, sum(distance), sum(energy), sum(moving_time)"
        " FROM journeys WHERE vehicle_id = 'CAR1' AND kind = 'trip' GROUP BY month, purpose"
    )
    with file_database.reading() as connection:
        plan = [row[3] for row in connection.execute(text(query))]
    assert plan == ["SEARCH journeys USING INDEX ix_journeys_sums (vehicle_id=? AND kind=?)"]


def test_parts_add_up(database: Database) -> None:
    """Days, weeks, months, years and places have the same journeys in all."""
    journeys = [
        drive(f"20{20 + n % 3}-{n % 12 + 1:02}-{n % 28 + 1:02}", n % 24,
              distance=None if n % 5 == 0 else float(n), energy_used=None if n % 7 == 0 else n / 4)
        for n in range(60)
    ]  # fmt: skip
    put_journeys(database, "CAR1", *sorted(journeys, key=lambda each: each.start.time))
    whole = summed(database, SumBy.ALL)[""]
    count = rows(database, "SELECT count(*), count(energy) FROM journeys")[0]
    assert (whole.trips, whole.energy.known) == count
    for by in SumBy:
        found = summed(database, by).values()
        assert sum(each.trips for each in found) == whole.trips
        for name in ("distance", "energy", "moving_time"):
            parts = [getattr(each, name) for each in found]
            assert sum(each.total for each in parts) == getattr(whole, name).total
            assert sum(each.lacking for each in parts) == getattr(whole, name).lacking
