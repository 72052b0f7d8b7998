from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete

from ovms.server.storage import history, queries, schema
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.values import DayTraffic, HistoryEntry, KeptRecord, TypeSummary
from tests.server.storage.databases import apply, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from ovms.server.values import HistoryKey, Traffic


def _keep(database: Database, *rows: tuple[str, int, int, bytes], expires: int = 9000) -> None:
    batch = Batch()
    for kind, number, time, data in rows:
        batch.history.put("CAR1", KeptRecord(kind, number, time, expires, data, None, 1.0), None)
    apply(database, batch)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Yield a reading connection, behind some records of two types."""
    rows = [("S", 1, 30, b"c"), ("S", 2, 20, b"bb"), ("S", 1, 20, b"a"), ("*-é", 7, 10, b"")]
    _keep(database, *rows)
    with database.reading() as connection:
        yield connection


def test_summary(connection: Connection) -> None:
    """Types come in order, each with its counts, its size and its span."""
    assert queries.history_summary(connection, "car1") == [
        TypeSummary("*-é", 1, 1, 4 + 4 + 20, 10, 10),
        TypeSummary("S", 2, 3, 3 * (1 + 4 + 20) + 4, 20, 30),
    ]
    assert queries.history_summary(connection, "car2") == []


def test_summary_since(connection: Connection) -> None:
    """Of what was made later the counts are exact; the time itself is left out."""
    assert queries.history_summary(connection, "car1", 9) == queries.history_summary(
        connection, "car1"
    )
    assert queries.history_summary(connection, "car1", 20) == [TypeSummary("S", 1, 1, 26, 30, 30)]
    assert queries.history_summary(connection, "car1", 30) == []


def test_summary_in_parts(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part ends with so many types, or with the type that makes it so many rows."""
    whole = queries.history_summary(connection, "car1")
    monkeypatch.setattr(history, "TYPES_A_PAGE", 1)
    assert queries.summary_page(connection, "car1", None, "") == (whole[:1], "*-é")
    assert queries.summary_page(connection, "car1", None, "*-é") == (whole[1:], "S")
    assert queries.summary_page(connection, "car1", None, "S") == ([], None)
    assert queries.history_summary(connection, "car1") == whole
    monkeypatch.setattr(history, "TYPES_A_PAGE", 9)
    monkeypatch.setattr(history, "ROWS_A_PAGE", 2)
    assert queries.summary_page(connection, "car1", None, "") == (whole, "S")
    assert queries.summary_page(connection, "car1", 25, "")[1] is None
    monkeypatch.setattr(history, "ROWS_A_PAGE", 1)
    assert queries.summary_page(connection, "car1", None, "") == (whole[:1], "*-é")


def test_count(connection: Connection) -> None:
    """Records of a type are counted, all or those made later."""
    assert queries.history_count(connection, "car1", "S") == (3, 4)
    assert queries.history_count(connection, "car1", "S", 20) == (1, 4)
    assert queries.history_count(connection, "car1", "*-\udcc3\udca9") == (1, 4)
    assert queries.history_count(connection, "car1", "X") == (0, 4)
    assert queries.history_count(connection, "car2", "S") == (0, 4)


def test_page(connection: Connection) -> None:
    """Records come oldest first, then by number, page by page."""
    one, two, three = (
        HistoryEntry(20, 1, 3, b"a"),
        HistoryEntry(20, 2, 2, b"bb"),
        HistoryEntry(30, 1, 1, b"c"),
    )

    def page(since: int | None, after: HistoryKey | None, last_id: int) -> list[HistoryEntry]:
        return queries.history_page(connection, "car1", "S", since, after, last_id, 2)

    assert page(None, None, 4) == [one, two]
    assert page(None, two.key, 4) == page(19, two.key, 4) == page(20, None, 4) == [three]
    assert page(None, one.key, 4) == [two, three]
    assert page(None, three.key, 4) == []
    assert page(None, None, 2) == [two, three]


def test_a_page_of_large_records(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page ends with the record that makes it so many bytes, and the next one goes on."""
    monkeypatch.setattr(history, "BYTES_A_PAGE", 10)
    _keep(database, *(("S", 1, number, b"12345") for number in range(5)))
    sizes: list[int] = []
    after: HistoryKey | None = None
    with database.reading() as connection:
        while page := queries.history_page(connection, "car1", "S", None, after, 9, 500):
            sizes.append(len(page))
            after = page[-1].key
    assert sizes == [2, 2, 1]


def test_paging_is_stable(database: Database) -> None:
    """While records come and go between the pages, each that stays is seen once."""
    _keep(database, *(("S", number, number // 7, b"") for number in range(100)))
    with database.reading() as connection:
        count, last_id = queries.history_count(connection, "car1", "S")
    seen: list[int] = []
    after: HistoryKey | None = None
    while True:
        with database.reading() as connection:
            page = queries.history_page(connection, "car1", "S", None, after, last_id, 9)
        if not page:
            break
        seen += [entry.number for entry in page]
        after = page[-1].key
        _keep(database, ("S", 1000 + len(seen), after[0] + 1, b""))
        with database.writing() as connection:  # one that was seen, and one that comes at the end
            gone = schema.history.c.id.in_([after[2], 101 - len(seen) // 9])
            connection.execute(delete(schema.history).where(gone))
    assert count == 100
    assert seen == sorted(set(seen))
    assert set(range(88)) <= set(seen) <= set(range(100))


def test_ids_are_not_given_again(database: Database) -> None:
    """A record that comes while pages are read is above the last id, whatever was deleted."""
    _keep(database, ("S", 1, 1, b""))
    with database.writing() as connection:
        _, last_id = queries.history_count(connection, "car1", "S")
        connection.exec_driver_sql("DELETE FROM history")
    _keep(database, ("S", 2, 2, b""))
    with database.reading() as connection:
        assert queries.history_page(connection, "car1", "S", None, None, last_id, 9) == []


def test_utilisation(database: Database) -> None:
    """Days come newest first, added up, as many as asked for."""
    traffic: list[tuple[str, Traffic]] = [
        ("2025-01-01", (1, 2, 3, 4)),
        ("2025-01-03", (5, 0, 0, 0)),
        ("2025-01-01", (10, 20, 30, 40)),
    ]
    for day, sums in traffic:
        batch = Batch()
        batch.put_traffic("CAR1", day, sums)
        batch.put_traffic("GONE", day, sums)
        apply(database, batch)
    assert rows(database, "SELECT count(*) FROM utilisation") == [(2,)]
    one, three = DayTraffic("2025-01-01", 11, 22, 33, 44), DayTraffic("2025-01-03", 5, 0, 0, 0)
    with database.reading() as reader:
        assert queries.utilisation(reader, "car1") == [three, one]
        assert queries.utilisation(reader, "car1", 1) == [three]
        assert queries.utilisation(reader, "car2") == []
