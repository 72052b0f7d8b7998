from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.batch import Batch, SeenToken
from ovms.server.storage.batch_writing import apply
from ovms.server.storage.history_quota import HistoryQuota
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.sqlite.writing import RECORDS_A_STATEMENT, ROWS_A_STATEMENT, SqliteWriter
from ovms.server.values import KeptRecord, LatestMessage

if TYPE_CHECKING:
    import sqlite3


DAY = 86400


def _batch(*records: KeptRecord) -> Batch:
    batch = Batch()
    for record in records:
        batch.history.put("CAR1", record, None)
    return batch


def _record(
    data: bytes = b"x", ack: int | None = 1, *, time: int = 100, received: float = 100.0
) -> KeptRecord:
    return KeptRecord("*-LOG-Trip", 1, time, 1000 * DAY, data, ack, received)


def _statements(raw: sqlite3.Connection, batch: Batch) -> list[str]:
    """Write a batch; returns what was asked of the database, values put in."""
    statements: list[str] = []
    raw.set_trace_callback(statements.append)
    apply(SqliteWriter(raw), batch, HistoryQuota(HistoryLimits()))
    raw.set_trace_callback(None)
    return statements


def _reads_history(statements: list[str]) -> bool:
    return any("FROM history " in each for each in statements)


def _plan(raw: sqlite3.Connection, statement: str) -> list[str]:
    return [step for *_, step in raw.execute(f"EXPLAIN QUERY PLAN {statement}")]


@pytest.mark.parametrize("count", [ROWS_A_STATEMENT - 1, ROWS_A_STATEMENT, ROWS_A_STATEMENT + 1])
def test_rows_of_several_statements(raw: sqlite3.Connection, count: int) -> None:
    """As many rows are written as came, around what one statement takes."""
    codes = [chr(0x100 + n) for n in range(count)]
    apply(
        SqliteWriter(raw),
        Batch({"CAR1": {code: LatestMessage(code, b"1", 2.0) for code in codes}}),
        HistoryQuota(HistoryLimits()),
    )
    assert raw.execute("SELECT count(*) FROM messages").fetchone() == (count,)


@pytest.mark.parametrize("count", [RECORDS_A_STATEMENT, RECORDS_A_STATEMENT + 1])
def test_records_of_several_statements(raw: sqlite3.Connection, count: int) -> None:
    """As many records are stored as came, around what one statement takes."""
    batch = Batch()
    for number in range(count):
        batch.history.put("CAR1", KeptRecord("T", number, 5, 9, b"x", number, 5.0), None)
    apply(SqliteWriter(raw), batch, HistoryQuota(HistoryLimits()))
    assert raw.execute("SELECT count(*) FROM history").fetchone() == (count,)


def test_row_that_breaks_a_rule(raw: sqlite3.Connection) -> None:
    """NaN, which SQLite stores as NULL, costs its own row only."""
    bad = LatestMessage("D", b"x", float("nan"))
    batch = Batch({"CAR1": {"S": LatestMessage("S", b"1", 2.0), "D": bad}})
    assert apply(SqliteWriter(raw), batch, HistoryQuota(HistoryLimits())) == 1
    assert raw.execute("SELECT code FROM messages").fetchall() == [("S",)]


def test_no_block_is_looked_for_in_all(raw: sqlite3.Connection) -> None:
    """Blocks are found by their key."""
    statements: list[str] = []
    raw.set_trace_callback(statements.append)
    batch, loop = Batch(), asyncio.new_event_loop()
    for token in ("one", "two"):
        batch.seen[b"m", token] = SeenToken(b"m", token, 5.0, loop.create_future())
    loop.close()
    apply(SqliteWriter(raw), batch, HistoryQuota(HistoryLimits()))
    raw.set_trace_callback(None)
    (reading,) = [each for each in statements if "SELECT" in each and "seen_tokens" in each]
    plan = [step for *_, step in raw.execute(f"EXPLAIN QUERY PLAN {reading}")]
    assert any("SEARCH s USING INDEX" in step for step in plan), plan
    assert not any("SCAN s" in step for step in plan), plan


def test_no_table_is_scanned(raw: sqlite3.Connection) -> None:
    """Whatever a batch asks of the database is found by an index, the late copy by its time."""
    apply(
        SqliteWriter(raw),
        _batch(_record(time=DAY, received=float(DAY))),
        HistoryQuota(HistoryLimits()),
    )
    late = _record(time=DAY, received=9.0 * DAY)
    statements = _statements(raw, _batch(late, _record(b"y", 2), _record(ack=None)))
    plans = {each: _plan(raw, each) for each in statements if each[:5] not in ("BEGIN", "COMMI")}
    tables = r"SCAN (history|vehicles|history_\w+)\b"
    assert [step for plan in plans.values() for step in plan if re.match(tables, step)] == []
    (lookup,) = [plan for each, plan in plans.items() if _reads_history([each])]
    by_time = "SEARCH history USING INDEX ix_history_vehicle_id_type_time_number_id"
    assert f"{by_time} (vehicle_id=? AND type=? AND time>? AND time<?)" in lookup
