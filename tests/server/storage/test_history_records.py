from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.protocol.records.history import KeptRecord
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from tests.server.storage.databases import apply, close, make_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ovms.server.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Make a database."""
    made = make_database(tmp_path)
    yield made
    close(made)


def _put(database: Database, record_type: str, *rows: tuple[int, str]) -> None:
    batch = Batch()
    for time, data in rows:
        record = KeptRecord(record_type, time % 2, time, 10**9, data.encode(), None, float(time))
        batch.history.put("CAR1", record, None)
    assert apply(database, batch) == 0


def test_read(database: Database) -> None:
    """Records come in either order, by number and by what they begin with."""
    _put(database, "t", *((time, f"{'ab'[time % 3 == 0]}{time}") for time in range(1, 8)))
    with database.reading() as connection:
        page, is_more = queries.read_records(connection, "car1", "t", limit=3, number=1)
        assert ([each.time for each in page], is_more) == ([1, 3, 5], True)
        page, is_more = queries.read_records(
            connection, "car1", "t", limit=3, starts=[b"b"], newest_first=True
        )
        assert ([each.data for each in page], is_more) == ([b"b6", b"b3"], False)


def test_large_records(database: Database) -> None:
    """Large records make a page shorter, and the rest is not lost."""
    _put(database, "t", *((time, "x" * 150_000) for time in range(5)))
    with database.reading() as connection:
        page, is_more = queries.read_records(connection, "car1", "t", limit=5)
        assert ([each.time for each in page], is_more) == ([0, 1], True)
        page, is_more = queries.read_records(
            connection, "car1", "t", limit=5, after=page[-1].key, until=3
        )
        assert ([each.time for each in page], is_more) == ([2, 3], False)


def test_delete(database: Database) -> None:
    """The oldest go first, and the counts go with them."""
    _put(database, "t", *((time, "x") for time in range(10)))
    with database.writing() as connection:
        assert queries.delete_records(connection, "CAR1", "t", 1, 7, rows=4) == 4
    with database.writing() as connection:
        assert queries.delete_records(connection, "CAR1", "t", 1, 7, rows=4) == 2
        assert queries.delete_records(connection, "CAR1", "t", 1, 7, rows=4) == 0
        (left,) = queries.history_summary(connection, "CAR1")
        assert (left.total, left.distinct, left.bytes) == (4, 2, 4 * 26)


@pytest.mark.parametrize(
    ("statuses", "units"),
    [
        ([], [(100, None)]),
        ([(50, "1,K")], [(100, "K")]),
        ([(150, "1,K")], [(100, "K")]),
        ([(50, "1,M"), (170, "1,K"), (180, "2,K")], [(100, "M"), (170, "K")]),
        ([(50, "1,M"), (120, "1,K"), (190, "1,M")], [(100, "M"), (120, "K"), (190, "M")]),
        ([(50, "1,M"), (120, "1")], [(100, "M")]),
    ],
)
def test_units(
    database: Database, statuses: list[tuple[int, str]], units: list[tuple[int, str | None]]
) -> None:
    """The status of a time says the unit of its distances."""
    _put(database, "S", *statuses)
    with database.reading() as connection:
        assert queries.distance_units(connection, "CAR1", 100, 200) == units
