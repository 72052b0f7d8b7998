"""A public server of the size that there are: a thousand cars, a million records."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ovms.server.migrate.report import MovedKind
from tests.server.migrate.moves import ON_BOTH, counts, move, owner
from tests.server.storage.databases import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ovms.server.storage.database import Database
    from tests.server.migrate.mariadb import OtherServer

SIZES = [
    pytest.param(10, 100, id="short"),
    pytest.param(1000, 1000, id="long", marks=pytest.mark.soak),
]
"""Cars, and records of each."""

FIRST = datetime(2026, 6, 1, tzinfo=UTC)


def _records(cars: range, numbers: range) -> Iterator[tuple[object, ...]]:
    for car in cars:
        for number in numbers:
            kind = ("*-LOG-Trip", "*-LOG-GPS", "S", "L", "D")[number % 5]
            made = FIRST + timedelta(minutes=150 * number, seconds=car)
            data = f"{number},12.5,80,K,220,16,stopped,standard,300,200"
            cell = (car, f"CAR{car}", kind, 0, made.replace(tzinfo=None), data)
            yield *cell, "2027-11-27 00:00:00"


COLUMNS = ("owner", "vehicleid", "h_recordtype", "h_recordnumber", "h_timestamp", "h_data",
           "h_expires")  # fmt: skip


@ON_BOTH
@pytest.mark.parametrize(("cars", "each"), SIZES)
def test_many(other: OtherServer, ours: Database, cars: int, each: int) -> None:
    """All of it is taken; a repeated import takes what came since, in a fraction of the time."""
    other.put("owners", *(owner(number, f"owner{number}") for number in range(cars)))
    cells = [(number, f"CAR{number}", f"secret{number}") for number in range(cars)]
    other.put_many("cars", ("owner", "vehicleid", "carpass"), cells)
    message = ("owner", "vehicleid", "m_code", "m_msgtime", "m_msg")
    for code in "FSLDVWY":
        said = [(number, f"CAR{number}", code, "2026-11-27 10:00:00", "1,2,3")
                for number in range(cars)]  # fmt: skip
        other.put_many("carmessages", message, said)
    for first in range(0, cars, 20):
        several = range(first, min(first + 20, cars))
        other.put_many("historicalmessages", COLUMNS, _records(several, range(each)))
    began, used = time.monotonic(), time.process_time()
    report = move(other, ours)
    first_time, first_use = time.monotonic() - began, time.process_time() - used
    assert counts(report, MovedKind.RECORDS) == (cars * each, 0, 0, 0, 0)
    assert counts(report, MovedKind.VEHICLES)[0] == cars
    began = time.monotonic()
    assert move(other, ours).is_empty
    idle_time = time.monotonic() - began
    for first in range(0, cars, 20):
        several = range(first, min(first + 20, cars))
        other.put_many("historicalmessages", COLUMNS, _records(several, range(each, each + 10)))
    began = time.monotonic()
    again = move(other, ours)
    second_time = time.monotonic() - began
    assert counts(again, MovedKind.RECORDS) == (cars * 10, 0, 0, cars * each, 0)
    assert rows(ours, "SELECT count(*) FROM history") == [(cars * (each + 10),)]
    assert rows(ours, "SELECT sum(records) FROM history_counts") == [(cars * (each + 10),)]
    figures = f"{cars} cars, {each} records each: {first_time:.1f} s, {first_use:.1f} of processor"
    figures += f"; again {idle_time:.1f} s"
    print(f"\n{figures}; with ten more of each: {second_time:.1f} s")  # noqa: T201 (for who measures)
