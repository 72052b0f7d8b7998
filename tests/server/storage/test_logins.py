from __future__ import annotations

import pytest

from ovms.server.storage import logins, queries
from ovms.server.storage.database import Database
from ovms.server.values import AccountState


def test_account_states(database: Database) -> None:
    """A state tells the hash, the tokens' rights and the cars by id; who is not there has none."""
    with database.writing() as connection:
        bob = queries.set_password(connection, "bob", "hash", 2.0)
        queries.add_vehicle(connection, "ACAR", bob, "pw", 2.0)
        queries.add_vehicle(connection, "PEER", bob, "pw", 2.0, type="server")
        queries.remove_vehicle(connection, "CAR2", 2.0)
        token = queries.add_token(connection, bob, "a" * 64, 2.0, "", "", "v2")
        alice = queries.add_owner(connection, "alice", 2.0)
    with database.reading() as connection:
        states = queries.account_states(connection, {alice.id, 99, bob.id}, 1.0)
        assert queries.account_states(connection, (), 1.0) == {}
    assert states == {
        bob.id: AccountState(bob.id, "bob", "hash", {token.id: "v2"}, ("ACAR", "CAR1")),
        alice.id: AccountState(alice.id, "alice", None, {}, ()),
    }
    assert "hash" not in repr(states[bob.id]).replace("password_hash", "")


def test_many_states(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are asked for, each is found."""
    monkeypatch.setattr(logins, "IDS_A_QUERY", 3)
    with database.writing() as connection:
        for n in range(7):
            queries.add_owner(connection, f"o{n}", 2.0)
        ids = [owner.id for owner, _ in queries.list_owners(connection)]
        assert sorted(queries.account_states(connection, ids, 1.0)) == sorted(ids)


def test_changed_since(database: Database) -> None:
    """Owners are told that changed, got something or are gone, and vehicles by their ids."""
    with database.writing() as connection:
        alice = queries.add_owner(connection, "alice", 5.0)
        eve = queries.add_owner(connection, "eve", 2.0)
        queries.transfer_vehicle(connection, "CAR1", eve, 6.0)
        queries.remove_vehicle(connection, "CAR2", 7.0)
        queries.remove_owner(connection, "alice", 8.0)
    with database.reading() as connection:
        since = [
            queries.accounts_changed_since(connection, float(n), 10.0) for n in (5, 6, 7, 8, 9)
        ]
    assert since == [
        ({alice.id, eve.id}, {"CAR1", "CAR2"}),
        ({alice.id, eve.id}, {"CAR1", "CAR2"}),
        ({alice.id}, {"CAR2"}),
        ({alice.id}, set()),
        (set(), set()),
    ]
