"""How records are stored: on both databases; what counts as a copy is in test_history_batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.batch import Batch
from ovms.server.storage.batch_writing import apply
from ovms.server.storage.history_batch import COPY_WINDOW, TIME_TOLERANCE
from ovms.server.storage.history_quota import HistoryQuota
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.writer_connection import Find, Row
from ovms.server.values import KeptRecord
from tests.server.storage.databases import WriterTarget

if TYPE_CHECKING:
    from collections.abc import Iterable


@pytest.mark.parametrize("age", [479, 480, 481])
def test_fresh_records_are_not_looked_for(
    target: WriterTarget, age: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what says that it is old enough to be a late copy costs a look into the history."""
    looked: list[Row] = []
    real = target.connection.find

    def find(what: Find, rows: Iterable[Row]) -> set[Row]:
        rows = [*rows]
        if what is Find.LATE_COPIES:
            looked.extend(rows)
        return real(what, rows)

    monkeypatch.setattr(target.connection, "find", find)
    batch = Batch()
    record = KeptRecord("*-LOG-Trip", 1, 1000, 10**9, b"x", 1, 1000.0 + age)
    batch.history.put("CAR1", record, None)
    assert apply(target.connection, batch, HistoryQuota(HistoryLimits())) == 0
    assert bool(looked) == (age > COPY_WINDOW - TIME_TOLERANCE)


def test_records_of_many_vehicles(target: WriterTarget) -> None:
    """Those of vehicles that are gone, or never were, are left out; the others are all there."""
    target.execute("UPDATE vehicles SET deleted = 5, owner_id = NULL WHERE id = 'CAR2'")
    batch = Batch()
    for number in range(500):
        for vehicle_id in ("CAR1", "CAR2", "CAR3"):
            record = KeptRecord("T", number, 5, 10**9, b"x", number, 5.0)
            batch.history.put(vehicle_id, record, None)
    assert apply(target.connection, batch, HistoryQuota(HistoryLimits())) == 0
    assert target.rows("SELECT vehicle_id, count(*) FROM history GROUP BY 1") == [("CAR1", 500)]
    assert target.rows("SELECT sum(records) FROM history_counts") == [(500,)]
