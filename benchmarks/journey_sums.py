"""How fast sums of ten years of journeys are, and how long a changed place holds up who writes.

A database gets the journeys of some cars for ten years: four trips, five times parked and a charge
a day. Month sums of one car are the goal: 20 ms. Then a place is made, moved and priced, and the
longest transaction of each is timed: the goal is 200 ms.

    python benchmarks/journey_sums.py [--cars N] [--years N] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from ovms.server.journeys.codec import encode_journey
from ovms.server.journeys.tariffs import parse_tariff
from ovms.server.journeys.values import Charge, CurvePoint, JourneyEnd, Position
from ovms.server.storage import queries
from ovms.server.storage.journey_sums import SumBy, sums
from ovms.server.storage.opening import open_database
from ovms.server.storage.place_suggestions import suggest_places
from ovms.server.storage.places import change_place, make_place, set_tariff
from ovms.server.storage.schema import journeys, raw_journeys
from ovms.server.storage.stale_journeys import refresh_journeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from ovms.server.storage.database import Database

GOAL, WRITE_GOAL = 0.020, 0.200
FIRST = date(2015, 1, 1)
DICE = Random(15)  # noqa: S311 -- for the same database each time
HOME, WORK = Position(latitude=52.0, longitude=13.0), Position(latitude=52.1, longitude=13.1)
NIGHT = {"energy_price": "0.34", "bands": [{"price": "0.2", "from": "22:00", "until": "06:00"}]}


def fill(database: Database, cars: int, years: int) -> None:
    """Put the journeys of some cars into a database, each day as rows of its own."""
    with database.writing() as connection:
        owner = queries.add_owner(connection, "bob", 1.0)
        for car in range(cars):
            queries.add_vehicle(connection, f"CAR{car}", owner, "secret", 1.0)
            for year in range(years):
                rows, raws = [], []
                for day in range(year * 365, (year + 1) * 365):
                    rows += day_rows(f"CAR{car}", FIRST + timedelta(day))
                    raws.append({**_raw(rows[-1]), "closed": 1})
                connection.execute(insert(journeys), rows)
                connection.execute(insert(raw_journeys), raws)


def _raw(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("vehicle_id", "kind", "start", "end", "data")}


def day_rows(vehicle_id: str, day: date) -> Iterator[dict[str, Any]]:
    """Yield a day's journeys, its charge last."""
    midnight = (day - date(1970, 1, 1)).days * 86400
    for number in range(9):
        start = midnight + number * 9000
        is_trip = number % 2 == 1
        ends = [HOME, WORK, WORK, HOME][number % 4 : number % 4 + 2] or [HOME]
        yield _row(vehicle_id, day, "trip" if is_trip else "parked", start, start + 3000,
                   ends[0], ends[-1], distance=DICE.uniform(1, 60) if is_trip else None,
                   energy=DICE.uniform(0.2, 9) if is_trip else None,
                   moving_time=2000 if is_trip else None, data=DICE.randbytes(250),
                   purpose="business" if number == 3 else None)  # fmt: skip
    start = midnight + 75_000
    curve = tuple(CurvePoint(time=start + 600 * n, grid_energy=n / 2.0) for n in range(41))
    end = JourneyEnd(time=start + 24_000, position=HOME)
    charge = Charge(start=JourneyEnd(time=start, position=HOME), end=end, grid_energy=20.0,
                    curve=curve)  # fmt: skip
    yield _row(vehicle_id, day, "charge", start, start + 24_000, HOME, HOME, energy=18.0,
               grid_energy=20.0, data=encode_journey(charge))  # fmt: skip


def _row(
    vehicle_id: str, day: date, kind: str, start: int, end: int, a: Position, b: Position,
    **more: Any,
) -> dict[str, Any]:  # fmt: skip
    optional = ("distance", "energy", "grid_energy", "moving_time", "purpose")
    return {
        "vehicle_id": vehicle_id, "kind": kind, "start": start, "end": end,
        "day": day.isoformat(), "is_open": False, "certainty": "measured",
        "start_latitude": a.latitude, "start_longitude": a.longitude,
        "end_latitude": b.latitude, "end_longitude": b.longitude,
        **dict.fromkeys(optional), **more,
    }  # fmt: skip


def timed(database: Database, rounds: int, query: Callable[[Connection], Any]) -> dict[str, float]:
    """Return the median and the best time of a query in ms."""
    took = []
    for _ in range(rounds):
        with database.reading() as connection:
            start = time.perf_counter()
            query(connection)
            took.append(time.perf_counter() - start)
    return {"ms": round(1000 * median(took), 1), "best_ms": round(1000 * min(took), 1)}


def written(database: Database, change: Callable[[Connection], Any]) -> dict[str, float]:
    """Return the longest transaction of a change in ms, and how long all take together."""
    took = []
    work: Callable[[Connection], Any] = change
    is_left = True
    while is_left:
        start = time.perf_counter()
        with database.writing() as connection:
            done = work(connection)
        took.append(time.perf_counter() - start)
        is_left = len(took) == 1 or done
        work = refresh_journeys
    return {"ms": round(1000 * max(took), 1), "in_all_ms": round(1000 * sum(took))}


def measure(database: Database, cars: list[str], rounds: int) -> list[dict[str, Any]]:
    """Return a row for each thing that is measured."""
    rows: list[dict[str, Any]] = []
    for by in SumBy:
        query = lambda connection, by=by: sums(connection, cars[:1], by)  # noqa: E731
        rows.append({"what": f"sums by {by.value}"} | timed(database, rounds, query))
    all_cars = lambda connection: sums(connection, cars, SumBy.MONTH)  # noqa: E731
    rows.append({"what": f"sums by month, {len(cars)} cars"} | timed(database, rounds, all_cars))
    now = 86400.0 * (FIRST.toordinal() - date(1970, 1, 1).toordinal() + 3650)
    suggest = lambda connection: suggest_places(connection, 1, now)  # noqa: E731
    rows.append({"what": "suggestions"} | timed(database, min(rounds, 3), suggest))
    tariff = parse_tariff(NIGHT)
    for what, change in (
        ("place made", lambda c: make_place(c, 1, "Home", HOME, 1.0)),
        ("place enlarged", lambda c: change_place(c, 1, 1, {"radius": 20_000.0}, 1.0)),
        ("tariff set", lambda c: set_tariff(c, 1, 1, None, tariff, 1.0)),
    ):
        rows.append({"what": what} | written(database, change))
    return rows


def main() -> None:
    """Measure, and print; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cars", type=int, default=5)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=15, help="of which the median counts (15)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        database.upgrade()
        fill(database, options.cars, options.years)
        cars = [f"CAR{number}" for number in range(options.cars)]
        rows = measure(database, cars, options.rounds)
    if options.json:
        print(json.dumps(rows))
    for row in rows if not options.json else ():
        more = f"{row['best_ms']:10}" if "best_ms" in row else f"{row['in_all_ms']:10} in all"
        print(f"{row['what']:<26}{row['ms']:>9} ms{more}")
    by_what = {row["what"]: row["ms"] / 1000 for row in rows}
    writes = [by_what[each] for each in ("place made", "place enlarged", "tariff set")]
    if by_what["sums by month"] > GOAL or max(writes) > WRITE_GOAL:
        sys.exit(f"goal missed: {GOAL * 1000:.0f} ms, transactions {WRITE_GOAL * 1000:.0f} ms")


if __name__ == "__main__":
    main()
