from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.batch import Batch
from ovms.server.storage.batch_writing import apply
from ovms.server.storage.expiry import ExpiryKind
from ovms.server.storage.history_quota import HistoryQuota
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.sqlite.expiry import expire
from ovms.server.storage.sqlite.writing import SqliteWriter
from ovms.server.values import KeptRecord

if TYPE_CHECKING:
    import sqlite3


@pytest.mark.parametrize("kind", ExpiryKind)
def test_no_table_is_scanned(raw: sqlite3.Connection, kind: ExpiryKind) -> None:
    """What goes is found by an index, however large its table is."""
    batch = Batch()
    batch.history.put("CAR1", KeptRecord("T", 1, 5, 9, b"x", 1, 5.0), None)
    batch.put_traffic("CAR1", "2025-01-01", (1, 2, 3, 4))
    apply(SqliteWriter(raw), batch, HistoryQuota(HistoryLimits()))
    if kind is ExpiryKind.REMOVED:
        raw.execute("INSERT INTO history_purges VALUES ('CAR1', 1)")
    raw.execute("INSERT INTO mail_codes VALUES (x'00', 'reset', NULL, '', 1, 2)")
    statements: list[str] = []
    raw.set_trace_callback(statements.append)
    assert expire(raw, kind, 2e9) > 0
    raw.set_trace_callback(None)
    steps = [
        step
        for each in statements
        if each[:5] not in ("BEGIN", "COMMI")
        for *_, step in raw.execute(f"EXPLAIN QUERY PLAN {each}")
    ]
    tables = r"SCAN (history|history_acks|history_counts|utilisation|mail_codes)\b"
    assert [step for step in steps if re.match(tables, step)] == []
