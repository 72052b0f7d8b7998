from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.protocol.records.history import KeptRecord
from ovms.server.storage import queries
from ovms.server.storage.audit import AuditFilter, add_audit, list_audit, note_operator
from ovms.server.storage.batch import Batch
from ovms.server.storage.erasing import erase_account, erase_data
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.expiry import CHUNK, ExpiryKind
from ovms.server.values import AuditEntry
from tests.server.storage.databases import apply, close, expire, make_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ovms.server.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Make a database in which CAR1 has more records than go at once."""
    made = make_database(tmp_path)
    batch = Batch()
    for time in range(CHUNK + 5):
        batch.history.put("CAR1", KeptRecord("x", 0, time, 10**9, b"y", None, float(time)), None)
    assert apply(made, batch) == 0
    yield made
    close(made)


def test_data(database: Database) -> None:
    """Records that are not gone at once count no longer, and new ones do."""
    with database.writing() as connection:
        erase_data(connection, "CAR1")
        assert queries.history_summary(connection, "CAR1") == []
    batch = Batch()
    batch.history.put("CAR1", KeptRecord("x", 0, 1, 10**9, b"new", None, 1.0), None)
    assert apply(database, batch) == 0
    while expire(database, ExpiryKind.REMOVED, 0.0):
        pass
    with database.reading() as connection:
        page, _ = queries.read_records(connection, "CAR1", "x", limit=5)
        assert [each.data for each in page] == [b"new"]
        assert queries.find_vehicle(connection, "CAR1") is not None


def test_account(database: Database) -> None:
    """The entries of the audit trail stay, without a name; others' stay as they are."""
    with database.writing() as connection:
        alice = queries.add_owner(connection, "alice", 1.0, admin=True)
        bob = queries.get_owner(connection, "bob")
        for owner in (alice, bob):
            note_operator(connection, 1.0, "owner.add", owner_id=owner.id, detail="from here")
        add_audit(connection, [AuditEntry(1.0, "login", "bob", bob.id, None, "", "192.0.2.1")])
        erase_account(connection, "BOB", 5.0)
        found = [each for each, _ in list_audit(connection, AuditFilter(action="owner.add"), 5)]
        assert [each.detail for each in found] == ["", "from here"]
        ((login, _),) = list_audit(connection, AuditFilter(action="login"), 5)
        assert (login.actor, login.address) == ("", "")
        assert queries.list_vehicles(connection, 5.0) == []
        with pytest.raises(InvalidValue, match="last administrator"):
            erase_account(connection, "alice", 5.0)
