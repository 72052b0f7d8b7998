from __future__ import annotations

import pytest

from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.storage.errors import DatabaseError
from ovms.server.values import LatestMessage
from tests.server.storage.databases import apply, execute, rows


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


@pytest.mark.parametrize("count", [1, 150, 151])
def test_write(database: Database, count: int) -> None:
    """Any number of rows is written, twice over."""
    codes = {chr(0x100 + n): _message(b"%d" % n, chr(0x100 + n)) for n in range(count)}
    for _ in range(2):
        apply(database, Batch({"CAR1": codes}))
    assert rows(database, "SELECT count(*) FROM messages") == [(count,)]


def test_unknown_vehicles(database: Database) -> None:
    """Rows of vehicles that do not exist, or no longer, are left out; the others are written."""
    execute(database, "UPDATE vehicles SET deleted = 1 WHERE id = 'CAR2'")
    ids = ("CAR1", "CAR2", "GONE")
    batch = Batch({id_: {"S": _message(b"1")} for id_ in ids}, dict.fromkeys(ids, "t"))
    for id_ in ids:
        batch.put_presence(id_, (True, 1, 0, 3.0))
    apply(database, batch)
    assert rows(database, "SELECT vehicle_id FROM messages") == [("CAR1",)]
    assert rows(database, "SELECT vehicle_id FROM presence") == [("CAR1",)]
    known = rows(database, "SELECT id, paranoid_token FROM vehicles ORDER BY id")
    assert known == [("CAR1", "t"), ("CAR2", "")]


def test_presence_keeps_time(database: Database) -> None:
    """Presence without a time keeps the one that is stored."""
    for values in ((True, 1, 2, 3.0), (False, 0, 0, None)):
        apply(database, Batch(presence={"CAR1": values}))
    assert rows(database, "SELECT car, apps, heard FROM presence")[0] == (0, 0, 3.0)


def test_bad_row(database: Database) -> None:
    """Of a batch with rows that can never be written, all others are; those are counted."""
    batch = Batch({"CAR1": {"S": _message(b"1")}, "\udc80": {"S": _message(b"1")}})
    batch.traffic = {"CAR1": {"2025-01-01": (2**70, 0, 0, 0), "2025-01-02": (1, 0, 0, 0)}}
    assert apply(database, batch) == 2
    assert rows(database, "SELECT vehicle_id, code FROM messages") == [("CAR1", "S")]
    assert rows(database, "SELECT day FROM utilisation") == [("2025-01-02",)]


def test_failed_apply(database: Database) -> None:
    """What is not a row's fault leaves nothing of the batch, with a bad row in it or without."""
    execute(database, "DROP TABLE presence")
    for vehicle_id in ("CAR2", "\udc80"):
        batch = Batch({"CAR1": {"S": _message(b"1")}, vehicle_id: {"S": _message(b"1")}})
        batch.put_presence("CAR1", (True, 0, 0, None))
        with pytest.raises(DatabaseError):
            apply(database, batch)
        assert rows(database, "SELECT count(*) FROM messages") == [(0,)]


def test_provision_uses(database: Database) -> None:
    """The last use of a provisioning record is kept; of one that is gone, none is made."""
    execute(
        database,
        "INSERT INTO provisions (lookup, encrypted, created, changed) VALUES ('VIN1', '', 1, 1)",
    )
    both = Batch(provisions={"VIN1": 5.0, "GONE": 5.0}).over(Batch(provisions={"VIN1": 4.0}))
    assert (bool(both), both.rows()) == (True, 2)
    apply(database, both)
    assert rows(database, "SELECT lookup, last_used FROM provisions") == [("VIN1", 5.0)]
    assert apply(database, Batch(provisions={"VIN1": 6.0})) == 0
    assert rows(database, "SELECT last_used FROM provisions") == [(6.0,)]
