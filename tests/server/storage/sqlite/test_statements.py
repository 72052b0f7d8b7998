from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ovms.server.storage.sqlite.statements import SIZES, many, transaction


def test_many() -> None:
    """A statement has no more rows than the limit, and all come once, in order."""
    rows = [(n, n + 1) for n in range(5)]
    found = [*many("VALUES {}", rows, 2)]
    assert [sql.count("(?,?)") for sql, _ in found] == [2, 2, 1]
    assert [value for _, values in found for value in values] == [x for row in rows for x in row]
    assert [*many("VALUES {}", [], 2)] == []


@pytest.mark.parametrize("count", [*range(1, 60), 399, 400, 401, 799, 1000])
def test_few_different_statements(count: int) -> None:
    """However many rows there are, their statements have few sizes, so that they are kept."""
    found = [*many("VALUES {}", [(n,) for n in range(count)], 400)]
    assert [value for _, values in found for value in values] == [*range(count)]
    assert all(sql.count("?") == len(values) for sql, values in found)
    assert {len(values) for _, values in found} <= {*SIZES}
    assert len(found) <= count // 400 + 8


def test_transaction() -> None:
    """What an exception leaves is undone; what ends is kept."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with transaction(connection):
            connection.execute("CREATE TABLE a (x)")

        def fail() -> None:
            with transaction(connection):
                connection.execute("INSERT INTO a VALUES (1)")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert connection.execute("SELECT count(*) FROM a").fetchone() == (0,)
        assert not connection.in_transaction
