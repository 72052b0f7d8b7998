from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ovms.server.storage.sqlite.statements import many, transaction


def test_many() -> None:
    """Rows are spread over as few statements as the limit allows."""
    rows = [(n, n + 1) for n in range(5)]
    found = [*many("VALUES {}", rows, 2)]
    assert [sql.count("(?,?)") for sql, _ in found] == [2, 2, 1]
    assert [value for _, values in found for value in values] == [x for row in rows for x in row]
    assert [*many("VALUES {}", [], 2)] == []


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
