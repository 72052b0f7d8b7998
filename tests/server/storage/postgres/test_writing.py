from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.batch import Batch
from ovms.server.storage.batch_writing import apply
from ovms.server.storage.history_quota import HistoryQuota
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.postgres.connections import BlockingConnection
from ovms.server.values import KeptRecord

if TYPE_CHECKING:
    from tests.server.storage.databases import WriterTarget

DAY = 86400


def test_no_table_is_scanned(target: WriterTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a batch asks of the database can be found by an index."""
    plans: list[str] = []
    real = BlockingConnection.fetch

    def fetch(self: BlockingConnection, sql: str, *values: object) -> list[object]:
        self.execute("SET LOCAL enable_seqscan = off")
        plans.extend(step for (step,) in real(self, f"EXPLAIN {sql}", *values))
        return real(self, sql, *values)

    monkeypatch.setattr(BlockingConnection, "fetch", fetch)
    batch = Batch()
    for number, received in ((1, 1000.0), (2, 9.0 * DAY)):
        record = KeptRecord("T", number, 1000, 10**9, b"x", number, received)
        batch.history.put("CAR1", record, None)
    batch.put_token("CAR1", "token")
    batch.put_presence("CAR1", (True, 1, 2, 3.0))
    batch.put_traffic("CAR1", "2026-11-27", (1, 2, 3, 4))
    assert apply(target.connection, batch, HistoryQuota(HistoryLimits(records=1))) == 0
    assert len(plans) > 20
    assert [step for step in plans if "Seq Scan on" in step] == []
    assert any("Index" in step and "history_vehicle_id" in step for step in plans)
