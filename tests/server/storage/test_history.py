from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import queries
from ovms.server.storage.batch import Batch, write
from ovms.server.storage.database import connect, database_path, reading, writing
from ovms.server.values import DayTraffic, HistoryEntry, KeptRecord, TypeSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from ovms.server.values import HistoryKey, Traffic


def _keep(engine: Engine, *rows: tuple[str, int, int, bytes], expires: int = 9000) -> None:
    batch = Batch()
    for kind, number, time, data in rows:
        batch.history.put("CAR1", KeptRecord(kind, number, time, expires, data, None, 1.0), None)
    connection = connect(database_path(engine.url))
    write(connection, batch)
    connection.close()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Yield a reading connection, behind some records of two types."""
    rows = [("S", 1, 30, b"c"), ("S", 2, 20, b"bb"), ("S", 1, 20, b"a"), ("*-é", 7, 10, b"")]
    _keep(engine, *rows)
    with reading(engine) as connection:
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


def test_paging_is_stable(engine: Engine) -> None:
    """While records come and go between the pages, each that stays is seen once."""
    _keep(engine, *(("S", number, number // 7, b"") for number in range(100)))
    with reading(engine) as connection:
        count, last_id = queries.history_count(connection, "car1", "S")
    seen: list[int] = []
    after: HistoryKey | None = None
    while True:
        with reading(engine) as connection:
            page = queries.history_page(connection, "car1", "S", None, after, last_id, 9)
        if not page:
            break
        seen += [entry.number for entry in page]
        after = page[-1].key
        _keep(engine, ("S", 1000 + len(seen), after[0] + 1, b""))
        with writing(engine) as connection:  # one that was seen, and one that comes at the end
            connection.exec_driver_sql(
                "DELETE FROM history WHERE id IN (?, ?)", (after[2], 101 - len(seen) // 9)
            )
    assert count == 100
    assert seen == sorted(set(seen))
    assert set(range(88)) <= set(seen) <= set(range(100))


def test_ids_are_not_given_again(engine: Engine) -> None:
    """A record that comes while pages are read is above the last id, whatever was deleted."""
    _keep(engine, ("S", 1, 1, b""))
    with writing(engine) as connection:
        _, last_id = queries.history_count(connection, "car1", "S")
        connection.exec_driver_sql("DELETE FROM history")
    _keep(engine, ("S", 2, 2, b""))
    with reading(engine) as connection:
        assert queries.history_page(connection, "car1", "S", None, None, last_id, 9) == []


def test_utilisation(engine: Engine) -> None:
    """Days come newest first, added up, as many as asked for."""
    connection = connect(database_path(engine.url))
    traffic: list[tuple[str, Traffic]] = [
        ("2025-01-01", (1, 2, 3, 4)),
        ("2025-01-03", (5, 0, 0, 0)),
        ("2025-01-01", (10, 20, 30, 40)),
    ]
    for day, sums in traffic:
        batch = Batch()
        batch.put_traffic("CAR1", day, sums)
        batch.put_traffic("GONE", day, sums)
        write(connection, batch)
    assert connection.execute("SELECT count(*) FROM utilisation").fetchone() == (2,)
    connection.close()
    one, three = DayTraffic("2025-01-01", 11, 22, 33, 44), DayTraffic("2025-01-03", 5, 0, 0, 0)
    with reading(engine) as reader:
        assert queries.utilisation(reader, "car1") == [three, one]
        assert queries.utilisation(reader, "car1", 1) == [three]
        assert queries.utilisation(reader, "car2") == []
