from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import queries, web_sessions
from ovms.server.storage.web_sessions import (
    IDLE_LIFE,
    LIFE,
    add_session,
    end_digest,
    end_session,
    end_sessions,
    ends,
    find_session,
    is_live,
    list_sessions,
    prove_session,
    renew_fingerprint,
    touch_sessions,
)
from tests.server.storage.databases import rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database
    from ovms.server.values import WebSession


def add(connection: Connection, name: str, now: float, owner: str = "bob") -> WebSession:
    """Begin a session whose cookie has a digest of that name."""
    whose = queries.get_owner(connection, owner)
    return add_session(
        connection, whose.id, name.encode(), b"f", now, address="192.0.2.1", agent="a" * 300
    )


def test_there_and_back(database: Database) -> None:
    """A session is found by the digest of its cookie, and what it says of itself is cut."""
    with database.writing() as connection:
        made = add(connection, "one", 5.0)
        assert find_session(connection, b"one", 5.0) == made
        assert find_session(connection, b"two", 5.0) is None
        assert (made.created, made.used, made.proved) == (5.0, 5.0, 5.0)
        assert len(made.agent) == 200


@pytest.mark.parametrize(
    ("used", "now", "lives"),
    [
        (5.0, 4.0 + IDLE_LIFE, True),
        (5.0, 5.0 + IDLE_LIFE, False),
        (LIFE, 4.0 + LIFE, True),
        (LIFE, 5.0 + LIFE, False),
    ],
)
def test_life(database: Database, used: float, now: float, lives: bool) -> None:
    """A session ends some time after its last call, and in any case after a longer one."""
    with database.writing() as connection:
        made = add(connection, "one", 5.0)
        touch_sessions(connection, {made.id: used})
        found = find_session(connection, b"one", now)
        assert (found is not None) == lives
        assert [each.id for each in list_sessions(connection, made.owner_id, now)] == (
            [made.id] if lives else []
        )
        stored = find_session(connection, b"one", used)
        assert stored is not None
        assert is_live(stored, now) == lives == (now < ends(stored))
        add(connection, "two", now)
    assert len(rows(database, "SELECT * FROM web_sessions")) == 1 + lives


def test_limits(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past each bound the session ends that was used longest ago."""
    monkeypatch.setattr(web_sessions, "SESSIONS_AN_OWNER", 2)
    monkeypatch.setattr(web_sessions, "SESSIONS_IN_ALL", 3)
    with database.writing() as connection:
        queries.add_owner(connection, "alice", 1.0)
        first = add(connection, "first", 1.0)
        add(connection, "second", 2.0)
        touch_sessions(connection, {first.id: 3.0})
        add(connection, "third", 4.0)
        left = list_sessions(connection, first.owner_id, 4.0)
        assert [each.used for each in left] == [4.0, 3.0]
        add(connection, "of alice", 5.0, "alice")
        add(connection, "too", 6.0, "alice")
        assert find_session(connection, b"first", 6.0) is None
        assert find_session(connection, b"third", 6.0) is not None


def test_ends(database: Database) -> None:
    """Sessions end one by one, all others, by the cookie, and with the password; of one owner."""
    with database.writing() as connection:
        queries.add_owner(connection, "alice", 1.0)
        alice = add(connection, "alice", 1.0, "alice")
        one, two, three = (add(connection, name, 2.0) for name in ("1", "2", "3"))
        assert not end_session(connection, one.owner_id, alice.id)
        assert end_session(connection, one.owner_id, one.id)
        assert not end_session(connection, one.owner_id, one.id)
        assert end_sessions(connection, one.owner_id, but=three.id) == [two.id]
        assert end_digest(connection, b"2") is None
        assert end_digest(connection, b"3") == three.id
        four = add(connection, "4", 3.0)
        queries.set_password(connection, "bob", "hash", 4.0)
        assert find_session(connection, b"4", 4.0) is None
        assert end_sessions(connection, alice.owner_id) == [alice.id]
        assert add(connection, "5", 5.0).id > four.id


def test_with_its_owner(database: Database) -> None:
    """A removed owner's sessions are gone."""
    with database.writing() as connection:
        add(connection, "one", 5.0)
        queries.remove_owner(connection, "bob", 6.0, with_vehicles=True)
        assert find_session(connection, b"one", 6.0) is None


def test_proof_and_fingerprint(database: Database) -> None:
    """A proof is stored, and a newer hash of the same password."""
    with database.writing() as connection:
        made = add(connection, "one", 5.0)
        prove_session(connection, made.id, 9.0)
        renew_fingerprint(connection, made.owner_id, b"other", b"new")
        found = find_session(connection, b"one", 9.0)
        assert found is not None
        assert (found.proved, found.fingerprint) == (9.0, b"f")
        renew_fingerprint(connection, made.owner_id, b"f", b"new")
        found = find_session(connection, b"one", 9.0)
        assert found is not None
        assert found.fingerprint == b"new"
