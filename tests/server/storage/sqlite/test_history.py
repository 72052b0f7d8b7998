from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.batch import Batch
from ovms.server.storage.history_batch import COPY_WINDOW, TIME_TOLERANCE
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.sqlite.batch import apply
from ovms.server.storage.sqlite.quota import HistoryQuota
from ovms.server.values import KeptRecord

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
    apply(raw, batch, HistoryQuota(HistoryLimits()))
    raw.set_trace_callback(None)
    return statements


def _reads_history(statements: list[str]) -> bool:
    return any("FROM history " in each for each in statements)


def _plan(raw: sqlite3.Connection, statement: str) -> list[str]:
    return [step for *_, step in raw.execute(f"EXPLAIN QUERY PLAN {statement}")]


@pytest.mark.parametrize("age", [479, 480, 481])
def test_fresh_records_are_not_looked_for(raw: sqlite3.Connection, age: int) -> None:
    """Only what says that it is old enough to be a late copy costs a look into the history."""
    statements = _statements(raw, _batch(_record(time=1000, received=1000 + age)))
    assert _reads_history(statements) == (age > COPY_WINDOW - TIME_TOLERANCE)


def test_no_table_is_scanned(raw: sqlite3.Connection) -> None:
    """Whatever a batch asks of the database is found by an index, the late copy by its time."""
    apply(raw, _batch(_record(time=DAY, received=float(DAY))), HistoryQuota(HistoryLimits()))
    late = _record(time=DAY, received=9.0 * DAY)
    statements = _statements(raw, _batch(late, _record(b"y", 2), _record(ack=None)))
    plans = {each: _plan(raw, each) for each in statements if each[:5] not in ("BEGIN", "COMMI")}
    tables = r"SCAN (history|vehicles|history_\w+)\b"
    assert [step for plan in plans.values() for step in plan if re.match(tables, step)] == []
    (lookup,) = [plan for each, plan in plans.items() if _reads_history([each])]
    by_time = "SEARCH history USING INDEX ix_history_vehicle_id_type_time_number_id"
    assert f"{by_time} (vehicle_id=? AND type=? AND time>? AND time<?)" in lookup
