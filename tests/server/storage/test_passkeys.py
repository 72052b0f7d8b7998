from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import passkeys, queries
from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound
from ovms.server.storage.passkeys import (
    add_passkey,
    find_passkey,
    list_passkeys,
    remove_passkey,
    use_passkey,
)

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_passkeys(database: Database) -> None:
    """A passkey is found by its credential, listed by its owner, used, and removed."""
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        made = add_passkey(connection, bob.id, b"id", b"key", 3, "phone", 10.0)
        assert find_passkey(connection, b"id") == made
        assert list_passkeys(connection, bob.id) == [made]
        assert use_passkey(connection, made, 4, 20.0)
        assert not use_passkey(connection, made, 5, 30.0)
        (used,) = list_passkeys(connection, bob.id)
        assert (used.sign_count, used.last_used) == (4, 20.0)
        with pytest.raises(NotFound):
            remove_passkey(connection, bob.id + 1, made.id, 40.0)
        remove_passkey(connection, bob.id, made.id, 40.0)
        assert find_passkey(connection, b"id") is None
        assert queries.get_owner(connection, "bob").changed == 40.0


def test_what_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential is there once, for an owner who is there, and not too many are."""
    monkeypatch.setattr(passkeys, "PASSKEY_LIMIT", 1)
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        with pytest.raises(NotFound):
            add_passkey(connection, 99, b"id", b"key", 0, "", 10.0)
        add_passkey(connection, bob.id, b"id", b"key", 0, "", 10.0)
        with pytest.raises(AlreadyExists):
            add_passkey(connection, bob.id, b"id", b"key", 0, "", 10.0)
        with pytest.raises(InvalidValue):
            add_passkey(connection, bob.id, b"other", b"key", 0, "", 10.0)
