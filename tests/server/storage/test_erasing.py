from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ovms.protocol.records.history import KeptRecord
from ovms.server.storage import queries
from ovms.server.storage.audit import AuditFilter, add_audit, list_audit, note_operator
from ovms.server.storage.batch import Batch
from ovms.server.storage.erasing import erase_account, erase_data, purge
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.expiry import (
    CHUNK,
    ExpiryKind,
    count_marked,
    forget_history,
    purge_chunk,
)
from ovms.server.storage.metadata import metadata
from ovms.server.values import AuditEntry
from tests.server.storage.databases import apply, expire
from tests.server.storage.marked import OWNER, VEHICLE, fill, is_about, left

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


@pytest.fixture
def full(database: Database) -> Database:
    """Make a database in which CAR1 has more records than go at once."""
    batch = Batch()
    for time in range(CHUNK + 5):
        batch.history.put("CAR1", KeptRecord("x", 0, time, 10**9, b"y", None, float(time)), None)
    assert apply(database, batch) == 0
    return database


def test_data(full: Database) -> None:
    """Records that are not gone at once count no longer, and new ones do."""
    with full.writing() as connection:
        erase_data(connection, "CAR1")
        assert queries.history_summary(connection, "CAR1") == []
    batch = Batch()
    batch.history.put("CAR1", KeptRecord("x", 0, 1, 10**9, b"new", None, 1.0), None)
    assert apply(full, batch) == 0
    while expire(full, ExpiryKind.REMOVED, 0.0):
        pass
    with full.reading() as connection:
        page, _ = queries.read_records(connection, "CAR1", "x", limit=5)
        assert [each.data for each in page] == [b"new"]
        assert queries.find_vehicle(connection, "CAR1") is not None


def test_nothing_is_left_of_an_account(database: Database) -> None:
    """No table holds anything of it but what hears of the removal, and the audit's bare entries."""
    fill(database, 3)
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob").id
        detail = f"from {OWNER} to bob, not {OWNER}s"
        note_operator(connection, 1.0, "vehicle.transfer", owner_id=bob, detail=detail)
    with database.reading() as connection:
        found = left(connection, OWNER, VEHICLE)
    about = {each.name for each in metadata.sorted_tables if is_about(each)} - {"history_purges"}
    assert {table for table, _ in found} == about | {"owners"}
    with database.writing() as connection:
        erase_account(connection, OWNER, 5.0)
    purge(database, lambda done, total: None)
    with database.reading() as connection:
        assert left(connection, OWNER, VEHICLE) == {
            ("removed_owners", "name"), ("vehicles", "id"), ("audit", "vehicle_id"),
        }  # fmt: skip
        (told, _), *_ = list_audit(connection, AuditFilter(action="vehicle.transfer"), 5)
        assert told.detail == f"from somebody to bob, not {OWNER}s"


def test_what_is_left_of_erased_data(database: Database) -> None:
    """The vehicle stays as it is set up, with those who may see it; nothing else does."""
    fill(database, 3)
    with database.writing() as connection:
        erase_data(connection, VEHICLE)
        found = {table for table, _ in left(connection, VEHICLE)}
    assert found == {
        "vehicles", "presence", "notifications", "shares", "position_links", "owner_warnings",
        "journey_rules", "provisions", "audit",
        "moved_months",  # so that it does not come again from the server that it was moved from
        # Of the owner, not of the vehicle:
        "owners", "tokens", "web_sessions", "passkeys", "recovery_codes", "mail_codes",
        "push_devices", "places", "place_tariffs", "peer_owners",
    }  # fmt: skip


def test_purge(full: Database) -> None:
    """What is marked goes in chunks, of one vehicle after the other; it is told how far it is."""
    told: list[tuple[int, int]] = []
    batch = Batch()
    for time in range(CHUNK + 1):
        batch.history.put("CAR2", KeptRecord("x", 0, time, 10**9, b"y", None, float(time)), None)
    assert apply(full, batch) == 0
    purge(full, lambda *counts: told.append(counts))
    assert told == []
    with full.writing() as connection:
        for vehicle_id in ("CAR1", "CAR2"):
            forget_history(connection, vehicle_id, 1)
        assert count_marked(connection) == 2 * CHUNK + 4
    purge(full, lambda *counts: told.append(counts))
    assert {total for _, total in told} == {2 * CHUNK + 4}
    assert [done for done, _ in told][-1] == 2 * CHUNK + 4
    assert max(after - before for (before, _), (after, _) in pairwise([(0, 0), *told])) == CHUNK
    with full.reading() as connection:
        assert count_marked(connection) == 0
        assert purge_chunk(connection) is None


def test_account(full: Database) -> None:
    """The entries of the audit trail stay, without a name; others' stay as they are."""
    with full.writing() as connection:
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
