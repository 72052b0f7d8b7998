from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.batch import Batch, write, write_singly
from ovms.server.storage.database import connect, database_path
from ovms.server.storage.statements import ROWS_A_STATEMENT
from ovms.server.values import LatestMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@pytest.fixture
def database(engine: Engine) -> Iterator[sqlite3.Connection]:
    """Open the driver's own connection."""
    connection = connect(database_path(engine.url))
    yield connection
    connection.close()


def _message(data: bytes, code: str = "S") -> LatestMessage:
    return LatestMessage(code, data, 2.0)


def test_over() -> None:
    """Of two batches the newer row of each key wins, and neither batch is changed."""
    done: list[int] = []
    old = Batch({"A": {"S": _message(b"1"), "D": _message(b"2")}}, {"A": "x"}, heartbeat=1.0)
    old.put_presence("A", (True, 1, 0, 5.0))
    new = Batch({"A": {"S": _message(b"3")}, "B": {"S": _message(b"4")}}, {"B": "y"})
    new.put_presence("A", (False, 0, 0, None))
    new.saved.append(lambda: done.append(1))
    both = new.over(old)
    assert {code: row.data for code, row in both.messages["A"].items()} == {"S": b"3", "D": b"2"}
    assert (both.tokens, both.heartbeat, len(both.saved)) == ({"A": "x", "B": "y"}, 1.0, 1)
    assert both.presence == {"A": (False, 0, 0, 5.0)}
    assert (old.rows(), new.rows(), both.rows()) == (4, 4, 6)
    assert old.messages["A"]["S"].data == b"1"


@pytest.mark.parametrize("rows", [1, ROWS_A_STATEMENT, ROWS_A_STATEMENT + 1])
def test_write(database: sqlite3.Connection, rows: int) -> None:
    """Any number of rows is written, twice over."""
    codes = {chr(0x100 + n): _message(b"%d" % n, chr(0x100 + n)) for n in range(rows)}
    for _ in range(2):
        write(database, Batch({"CAR1": codes}))
    assert database.execute("SELECT count(*) FROM messages").fetchone() == (rows,)


def test_unknown_vehicles(database: sqlite3.Connection) -> None:
    """Rows of vehicles that do not exist, or no longer, are left out; the others are written."""
    database.execute("UPDATE vehicles SET deleted = 1 WHERE id = 'CAR2'")
    ids = ("CAR1", "CAR2", "GONE")
    batch = Batch({id_: {"S": _message(b"1")} for id_ in ids}, dict.fromkeys(ids, "t"))
    for id_ in ids:
        batch.put_presence(id_, (True, 1, 0, 3.0))
    write(database, batch)
    assert database.execute("SELECT vehicle_id FROM messages").fetchall() == [("CAR1",)]
    assert database.execute("SELECT vehicle_id FROM presence").fetchall() == [("CAR1",)]
    known = database.execute("SELECT id, paranoid_token FROM vehicles ORDER BY id").fetchall()
    assert known == [("CAR1", "t"), ("CAR2", "")]


def test_presence_keeps_time(database: sqlite3.Connection) -> None:
    """Presence without a time keeps the one that is stored."""
    for values in ((True, 1, 2, 3.0), (False, 0, 0, None)):
        write(database, Batch(presence={"CAR1": values}))
    assert database.execute("SELECT car, apps, heard FROM presence").fetchone() == (0, 0, 3.0)


def test_bad_row(database: sqlite3.Connection) -> None:
    """A batch with an impossible row writes nothing; singly, all but that row."""
    bad = LatestMessage("D", b"x", float("nan"))  # SQLite stores NaN as NULL
    batch = Batch({"CAR1": {"S": _message(b"1"), "D": bad}})
    with pytest.raises(sqlite3.IntegrityError):
        write(database, batch)
    assert database.execute("SELECT count(*) FROM messages").fetchone() == (0,)
    assert write_singly(database, batch, (sqlite3.IntegrityError,)) == 1
    assert database.execute("SELECT code FROM messages").fetchall() == [("S",)]


def test_failed_single_write(database: sqlite3.Connection) -> None:
    """What is not the row's fault undoes a single-row write as well."""
    database.execute("DROP TABLE presence")
    batch = Batch({"CAR1": {"S": _message(b"1")}}, presence={"CAR1": (True, 0, 0, None)})
    with pytest.raises(sqlite3.OperationalError):
        write_singly(database, batch, (sqlite3.IntegrityError,))
    assert database.execute("SELECT count(*) FROM messages").fetchone() == (0,)


def test_provision_uses(database: sqlite3.Connection) -> None:
    """The last use of a provisioning record is kept; of one that is gone, none is made."""
    database.execute(
        "INSERT INTO provisions (key, token, digest, record, created, changed) "
        "VALUES ('VIN1', 't', 'd', 'r', 1, 1)"
    )
    both = Batch(provisions={"VIN1": 5.0, "GONE": 5.0}).over(Batch(provisions={"VIN1": 4.0}))
    assert (bool(both), both.rows()) == (True, 2)
    write(database, both)
    assert database.execute("SELECT key, last_used FROM provisions").fetchall() == [("VIN1", 5.0)]
    assert write_singly(database, Batch(provisions={"VIN1": 6.0}), (sqlite3.Error,)) == 0
    assert database.execute("SELECT last_used FROM provisions").fetchall() == [(6.0,)]
