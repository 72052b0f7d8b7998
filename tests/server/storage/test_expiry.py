from __future__ import annotations

import pytest

from ovms.server.storage import expiry, queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.storage.expiry import ExpiryKind
from ovms.server.values import KeptRecord
from tests.server.storage.databases import apply, expire, rows


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a chunk of 10 rows."""
    monkeypatch.setattr(expiry, "CHUNK", 10)


def _keep(database: Database, count: int, expires: int = 100, vehicle_id: str = "CAR1") -> None:
    batch = Batch()
    for number in range(count):
        record = KeptRecord("S", number, number, expires, b"x", number, 50.0 + number)
        batch.history.put(vehicle_id, record, None)
    apply(database, batch)


def _count(database: Database, table: str = "history") -> int:
    found: tuple[int] = rows(database, f"SELECT count(*) FROM {table}")[0]  # noqa: S608
    return found[0]


def _chunks(database: Database, kind: ExpiryKind, now: float) -> list[int]:
    return [*iter(lambda: expire(database, kind, now), 0)]


def test_expires_in_chunks(database: Database) -> None:
    """Records go from their time on, a chunk at a time, and their counters with them."""
    _keep(database, 25)
    _keep(database, 3, 200, "CAR2")
    assert expire(database, ExpiryKind.HISTORY, 99.9) == 0
    assert _chunks(database, ExpiryKind.HISTORY, 100.0) == [10, 10, 5]
    assert (_count(database), _count(database, "history_counts")) == (3, 3)


def test_acks(database: Database) -> None:
    """Acknowledgements go ten minutes after the last copy."""
    _keep(database, 25)
    assert expire(database, ExpiryKind.ACKS, 650.0) == 0
    assert _chunks(database, ExpiryKind.ACKS, 662.5) == [10, 3]
    assert _count(database, "history_acks") == 12
    assert _chunks(database, ExpiryKind.ACKS, 9000.0) == [10, 2]


def test_traffic(database: Database) -> None:
    """Traffic of more than 90 days ago goes."""
    batch = Batch()
    for day in ("2025-01-01", "2025-03-02", "2025-03-03", "2025-06-01"):
        batch.put_traffic("CAR1", day, (1, 2, 3, 4))
    apply(database, batch)
    assert _chunks(database, ExpiryKind.TRAFFIC, 1_748_736_000.0) == [2]  # 2025-06-01
    assert rows(database, "SELECT day FROM utilisation") == [
        ("2025-03-03",),
        ("2025-06-01",),
    ]


def test_removal(database: Database) -> None:
    """What a removed vehicle leaves is not seen at once, and goes in chunks; others stay."""
    _keep(database, 25)
    _keep(database, 25, vehicle_id="CAR2")
    batch = Batch()
    batch.put_traffic("CAR1", "2025-01-01", (1, 2, 3, 4))
    apply(database, batch)
    with database.writing() as connection:
        queries.remove_vehicle(connection, "CAR1", 60.0)
        bob = queries.get_owner(connection, "bob")
        expiry.forget_history(connection, "CAR2", 10)
        queries.add_vehicle(connection, "CAR1", bob, "pw", 61.0)
    _keep(database, 4)  # the same records: those of before are no copies
    assert _count(database, "utilisation") == 0
    assert _count(database) == 15 + 4
    with database.reading() as connection:
        assert queries.history_summary(connection, "CAR1")[0].total == 4
        assert queries.history_count(connection, "CAR1", "S", 0)[0] == 3
        assert queries.history_summary(connection, "CAR2") == []
    assert expire(database, ExpiryKind.HISTORY, 500.0) == 0  # purged before anything expires
    assert _chunks(database, ExpiryKind.REMOVED, 60.0) == [11, 6]
    assert (_count(database), _count(database, "history_purges")) == (4, 0)
    assert _chunks(database, ExpiryKind.HISTORY, 500.0) == [4]
    assert _count(database, "history_counts") == 0


def test_small_removal(database: Database) -> None:
    """A removed vehicle with little history is gone at once."""
    _keep(database, 9)
    with database.writing() as connection:
        expiry.forget_history(connection, "CAR1", 10)
    tables = ("history", "history_acks", "history_counts", "history_purges")
    assert [_count(database, table) for table in tables] == [0, 0, 0, 0]


def test_remove_owner(database: Database) -> None:
    """With an owner goes the history of all vehicles, in chunks as well."""
    for vehicle_id in ("CAR1", "CAR2"):
        _keep(database, 3, vehicle_id=vehicle_id)
    with database.writing() as connection:
        queries.remove_owner(connection, "bob", 60.0, with_vehicles=True)
    assert _chunks(database, ExpiryKind.REMOVED, 60.0) == []
    assert _count(database) == 0
