from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import queries
from ovms.server.storage.errors import DamagedSecret
from ovms.server.storage.totp import (
    clear_totp,
    count_recovery_codes,
    has_totp,
    put_recovery_codes,
    set_totp,
    take_recovery_code,
    take_step,
    totp_key,
    totp_place,
)
from tests.server.storage.databases import execute, rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_place() -> None:
    """The key of an owner's codes has a place of its own."""
    assert totp_place(7) != totp_place(8)


def test_on_and_off(database: Database) -> None:
    """The key is stored encrypted, opens in its own row, and goes with the recovery codes."""
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob").id
        assert (has_totp(connection, bob), totp_key(connection, bob)) == (False, "")
        set_totp(connection, bob, "KEY", 5, 9.0)
        put_recovery_codes(connection, bob, [b"1", b"2"])
        assert (has_totp(connection, bob), totp_key(connection, bob)) == (True, "KEY")
        assert queries.get_owner(connection, "bob").changed == 9.0
        assert queries.account_states(connection, (bob,), 9.0)[bob].has_totp
    assert "KEY" not in rows(database, "SELECT totp FROM owners")[0][0]
    with database.writing() as connection:
        clear_totp(connection, bob, 10.0)
        assert (has_totp(connection, bob), totp_key(connection, bob)) == (False, "")
        assert count_recovery_codes(connection, bob) == 0
        assert not has_totp(connection, 99)
        assert not totp_key(connection, 99)


def test_moved(database: Database) -> None:
    """A key that is put into another owner's row does not open there."""
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob").id
        alice = queries.add_owner(connection, "alice", 1.0).id
        set_totp(connection, bob, "KEY", 5, 9.0)
    execute(database, "UPDATE owners SET totp = (SELECT totp FROM owners WHERE name = 'bob')")
    with database.reading() as connection, pytest.raises(DamagedSecret):
        totp_key(connection, alice)


def test_steps(database: Database) -> None:
    """No code is taken twice, nor an older one after it."""
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob").id
        set_totp(connection, bob, "KEY", 5, 9.0)
        taken = [take_step(connection, bob, step) for step in (4, 5, 6, 6, 8, 7)]
        assert taken == [False, False, True, False, True, False]


def test_recovery_codes(database: Database) -> None:
    """Each is right once, for its owner, and new ones replace all."""
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob").id
        alice = queries.add_owner(connection, "alice", 1.0).id
        put_recovery_codes(connection, bob, [b"1", b"2", b"3"])
        assert not take_recovery_code(connection, alice, b"1")
        assert take_recovery_code(connection, bob, b"1")
        assert not take_recovery_code(connection, bob, b"1")
        assert count_recovery_codes(connection, bob) == 2
        put_recovery_codes(connection, bob, [b"4"])
        assert not take_recovery_code(connection, bob, b"2")
        assert take_recovery_code(connection, bob, b"4")
