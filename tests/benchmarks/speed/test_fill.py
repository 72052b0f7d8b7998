from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.speed import fill
from benchmarks.speed.fill import Portion
from ovms.server.storage import queries
from ovms.server.storage.checking import wrong_counts
from ovms.server.storage.history import history_summary
from tests.server.storage.databases import close, give_back, make_database, place

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

PORTIONS = [Portion(0, 1, 30), Portion(1, 2, 10, "short")]


def add_vehicles(connection: Connection) -> None:
    """Add the vehicles whose records are filled in."""
    owner = queries.add_owner(connection, "bench", 1.0)
    for number in range(3):
        queries.add_vehicle(connection, f"CAR{number:06}", owner, "secret", 1.0)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_filled_records_are_like_those_of_a_server(kind: str, tmp_path: Path) -> None:
    """Counts fit what was filled in, twice, and queries find it."""
    database = make_database(tmp_path, kind=kind, fill=add_vehicles)
    for portions in (PORTIONS[:1], PORTIONS[1:]):
        if kind == "sqlite":
            fill.fill_sqlite(tmp_path, portions)
        else:
            fill.fill_postgres(place(database)[1] or "", portions)
    with database.reading() as connection:
        for number in range(3):
            assert wrong_counts(connection, f"CAR{number:06}") == []
        (summary,) = history_summary(connection, "CAR000002", None)
    assert (summary.type, summary.total) == ("short", 10)
    give_back(database)


def test_what_is_made_to_expire_is_counted_until_it_is_gone(tmp_path: Path) -> None:
    """What is over is still counted: a server has to delete it."""
    close(make_database(tmp_path, fill=add_vehicles))
    fill.fill_sqlite(tmp_path, PORTIONS)
    fill.expire(tmp_path, PORTIONS[1])
    assert fill.count(tmp_path, PORTIONS[1]) == PORTIONS[1].total == 20
