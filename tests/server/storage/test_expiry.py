from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import expiry, queries
from ovms.server.storage.batch import Batch, write
from ovms.server.storage.database import connect, database_path, reading, writing
from ovms.server.values import KeptRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@pytest.fixture
def database(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Open the driver's own connection; a chunk is 10 rows."""
    monkeypatch.setattr(expiry, "CHUNK", 10)
    with closing(connect(database_path(engine.url))) as connection:
        yield connection


def _keep(
    database: sqlite3.Connection, count: int, expires: int = 100, vehicle_id: str = "CAR1"
) -> None:
    batch = Batch()
    for number in range(count):
        record = KeptRecord("S", number, number, expires, b"x", number, 50.0 + number)
        batch.history.put(vehicle_id, record, None)
    write(database, batch)


def _count(database: sqlite3.Connection, table: str = "history") -> int:
    found: tuple[int] = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return found[0]


def _chunks(database: sqlite3.Connection, chunk: expiry.ExpireChunk, now: float) -> list[int]:
    return [*iter(lambda: chunk(database, now), 0)]


def test_expires_in_chunks(database: sqlite3.Connection) -> None:
    """Records go from their time on, a chunk at a time, and their counters with them."""
    _keep(database, 25)
    _keep(database, 3, 200, "CAR2")
    assert expiry.expire_history(database, 99.9) == 0
    assert _chunks(database, expiry.expire_history, 100.0) == [10, 10, 5]
    assert (_count(database), _count(database, "history_counts")) == (3, 3)


def test_acks(database: sqlite3.Connection) -> None:
    """Acknowledgements go ten minutes after the last copy."""
    _keep(database, 25)
    assert expiry.expire_acks(database, 650.0) == 0
    assert _chunks(database, expiry.expire_acks, 662.5) == [10, 3]
    assert _count(database, "history_acks") == 12
    assert _chunks(database, expiry.expire_acks, 9000.0) == [10, 2]


def test_traffic(database: sqlite3.Connection) -> None:
    """Traffic of more than 90 days ago goes."""
    batch = Batch()
    for day in ("2025-01-01", "2025-03-02", "2025-03-03", "2025-06-01"):
        batch.put_traffic("CAR1", day, (1, 2, 3, 4))
    write(database, batch)
    assert _chunks(database, expiry.expire_traffic, 1_748_736_000.0) == [2]  # 2025-06-01
    assert database.execute("SELECT day FROM utilisation").fetchall() == [
        ("2025-03-03",),
        ("2025-06-01",),
    ]


def test_removal(engine: Engine, database: sqlite3.Connection) -> None:
    """What a removed vehicle leaves is not seen at once, and goes in chunks; others stay."""
    _keep(database, 25)
    _keep(database, 25, vehicle_id="CAR2")
    batch = Batch()
    batch.put_traffic("CAR1", "2025-01-01", (1, 2, 3, 4))
    write(database, batch)
    with writing(engine) as connection:
        queries.remove_vehicle(connection, "CAR1", 60.0)
        bob = queries.get_owner(connection, "bob")
        expiry.forget_history(connection, "CAR2", 10)
        queries.add_vehicle(connection, "CAR1", bob, "pw", 61.0)
    _keep(database, 4)  # the same records: those of before are no copies
    assert _count(database, "utilisation") == 0
    assert _count(database) == 15 + 4
    with reading(engine) as connection:
        assert queries.history_summary(connection, "CAR1")[0].total == 4
        assert queries.history_count(connection, "CAR1", "S", 0)[0] == 3
        assert queries.history_summary(connection, "CAR2") == []
    assert expiry.expire_history(database, 500.0) == 0  # purged before anything expires
    assert _chunks(database, expiry.purge, 60.0) == [11, 6]
    assert (_count(database), _count(database, "history_purges")) == (4, 0)
    assert _chunks(database, expiry.expire_history, 500.0) == [4]
    assert _count(database, "history_counts") == 0


def test_small_removal(engine: Engine, database: sqlite3.Connection) -> None:
    """A removed vehicle with little history is gone at once."""
    _keep(database, 9)
    with writing(engine) as connection:
        expiry.forget_history(connection, "CAR1", 10)
    tables = ("history", "history_acks", "history_counts", "history_purges")
    assert [_count(database, table) for table in tables] == [0, 0, 0, 0]


def test_remove_owner(engine: Engine, database: sqlite3.Connection) -> None:
    """With an owner goes the history of all vehicles, in chunks as well."""
    for vehicle_id in ("CAR1", "CAR2"):
        _keep(database, 3, vehicle_id=vehicle_id)
    with writing(engine) as connection:
        queries.remove_owner(connection, "bob", 60.0, with_vehicles=True)
    assert _chunks(database, expiry.purge, 60.0) == []
    assert _count(database) == 0
