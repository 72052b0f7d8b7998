from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.batch import Batch
from ovms.server.storage.expiry import ExpiryKind
from ovms.server.storage.postgres.connections import BlockingConnection
from ovms.server.storage.postgres.expiry import expire
from ovms.server.values import KeptRecord
from tests.server.storage.databases import apply, execute

if TYPE_CHECKING:
    from ovms.server.storage.database import Database
    from ovms.server.storage.postgres.address import PostgresAddress


@pytest.mark.parametrize("kind", ExpiryKind)
def test_no_table_is_scanned(
    database: Database,
    address: PostgresAddress,
    kind: ExpiryKind,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What goes is found by an index, however large its table is."""
    batch = Batch()
    batch.history.put("CAR1", KeptRecord("T", 1, 5, 9, b"x", 1, 5.0), None)
    batch.put_traffic("CAR1", "2025-01-01", (1, 2, 3, 4))
    apply(database, batch)
    if kind is ExpiryKind.REMOVED:
        execute(database, "INSERT INTO history_purges VALUES ('CAR1', 1)")
    execute(database, "INSERT INTO mail_codes VALUES (x'00', 'reset', NULL, '', 1, 2)")
    plans: list[str] = []
    real = BlockingConnection.fetch

    def fetch(self: BlockingConnection, sql: str, *values: object) -> list[object]:
        self.execute("SET LOCAL enable_seqscan = off")
        plans.extend(step for (step,) in real(self, f"EXPLAIN {sql}", *values))
        return real(self, sql, *values)

    with closing(BlockingConnection(address)) as connection:
        monkeypatch.setattr(BlockingConnection, "fetch", fetch)
        assert expire(connection, kind, 2e9) > 0
    assert plans
    assert [step for step in plans if "Seq Scan on" in step and "purges" not in step] == []
