from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.batch import Batch
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.sqlite.batch import apply
from ovms.server.storage.sqlite.history import ROWS_A_STATEMENT as RECORDS_A_STATEMENT
from ovms.server.storage.sqlite.quota import HistoryQuota
from ovms.server.storage.sqlite.statements import ROWS_A_STATEMENT
from ovms.server.values import KeptRecord, LatestMessage

if TYPE_CHECKING:
    import sqlite3


@pytest.mark.parametrize("count", [ROWS_A_STATEMENT - 1, ROWS_A_STATEMENT, ROWS_A_STATEMENT + 1])
def test_rows_of_several_statements(raw: sqlite3.Connection, count: int) -> None:
    """As many rows are written as came, around what one statement takes."""
    codes = [chr(0x100 + n) for n in range(count)]
    apply(
        raw,
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
    apply(raw, batch, HistoryQuota(HistoryLimits()))
    assert raw.execute("SELECT count(*) FROM history").fetchone() == (count,)


def test_row_that_breaks_a_rule(raw: sqlite3.Connection) -> None:
    """NaN, which SQLite stores as NULL, costs its own row only."""
    bad = LatestMessage("D", b"x", float("nan"))
    batch = Batch({"CAR1": {"S": LatestMessage("S", b"1", 2.0), "D": bad}})
    assert apply(raw, batch, HistoryQuota(HistoryLimits())) == 1
    assert raw.execute("SELECT code FROM messages").fetchall() == [("S",)]
