from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import queries, tokens
from ovms.server.storage.database import Database
from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from ovms.server.values import Token

ONE = "1234abcd" + "0" * 56
TWO = "1234abcd" + "1" * 56


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Open a transaction on the database of the test's database."""
    with database.writing() as connection:
        yield connection


def _add(connection: Connection, token: str = ONE, now: float = 5.0, permit: str = "v2") -> Token:
    bob = queries.get_owner(connection, "bob")
    return queries.add_token(connection, bob, token, now, "app", "phone", permit)


def test_token(connection: Connection) -> None:
    """A token is found by its digits in any case, with all that was said, and shows none."""
    made = _add(connection, ONE.upper(), permit="v2, session,v2")
    assert queries.find_token(connection, ONE.upper()) == made
    assert (made.owner, made.token, made.application, made.purpose) == ("bob", ONE, "app", "phone")
    assert (made.permit, made.created, made.refreshed) == ("v2,session", 5.0, 5.0)
    assert made.last_used is None
    assert "1234abcd" not in repr(made)
    assert queries.find_token(connection, TWO) is None


def test_changes_its_owner(connection: Connection) -> None:
    """Making and removing one is a change of the owner, using it is none."""
    made = _add(connection, now=5.0)
    assert queries.get_owner(connection, "bob").changed == 5.0
    queries.touch_tokens(connection, {made.id: 6.0})
    assert queries.get_owner(connection, "bob").changed == 5.0
    queries.remove_token(connection, ONE, 7.0)
    assert queries.get_owner(connection, "bob").changed == 7.0


def test_use(connection: Connection) -> None:
    """When tokens were used is kept; one that is gone does no harm."""
    one, two = _add(connection), _add(connection, TWO)
    queries.touch_tokens(connection, {one.id: 8.0, two.id: 9.0, 99: 9.0})
    assert [token.last_used for token in queries.list_tokens(connection)] == [8.0, 9.0]


def test_list(connection: Connection) -> None:
    """Tokens come by owner and age, all or one owner's."""
    _add(connection, TWO)
    _add(connection, ONE)
    alice = queries.add_owner(connection, "Alice", 5.0)
    queries.add_token(connection, alice, "f" * 64, 5.0, "", "", "*")
    assert [token.token for token in queries.list_tokens(connection)] == ["f" * 64, TWO, ONE]
    assert [token.owner for token in queries.list_tokens(connection, alice)] == ["Alice"]


def test_remove_by_prefix(connection: Connection) -> None:
    """A token is named by its first digits, if they are enough to tell it from others."""
    _add(connection, ONE)
    _add(connection, TWO)
    with pytest.raises(InvalidValue, match="more than one token begins with 1234abcd"):
        queries.remove_token(connection, "1234ABCD", 6.0)
    assert queries.remove_token(connection, "1234abcd1", 6.0).token == TWO
    assert queries.remove_token(connection, "1234ABCD", 6.0).token == ONE
    assert queries.list_tokens(connection) == []


@pytest.mark.parametrize("digits", ["f", "0", "a"])
def test_last_prefix(connection: Connection, digits: str) -> None:
    """Digits at either end of the alphabet are found by their beginning too."""
    _add(connection, digits * 64)
    assert queries.get_token(connection, digits * 8).token == digits * 64


@pytest.mark.parametrize("prefix", ["", "1234abc", "1234abcg", "1234abc%", "1" * 65, "１234abcd"])
def test_no_prefix(connection: Connection, prefix: str) -> None:
    """What cannot be the beginning of a token names none."""
    _add(connection)
    with pytest.raises(InvalidValue, match="a token is named by"):
        queries.remove_token(connection, prefix, 6.0)
    assert len(queries.list_tokens(connection)) == 1


def test_unknown(connection: Connection) -> None:
    """A token that is not there is not repeated in the error, but for its first digits."""
    with pytest.raises(NotFound) as caught:
        queries.get_token(connection, TWO)
    assert str(caught.value) == "there is no token 1234abcd…"


@pytest.mark.parametrize(
    ("token", "permit", "label", "reason"),
    [
        ("", "v2", "", "a token is 64 hexadecimal digits"),
        ("0" * 63, "v2", "", "a token is 64 hexadecimal digits"),
        ("0" * 65, "v2", "", "a token is 64 hexadecimal digits"),
        ("g" * 64, "v2", "", "a token is 64 hexadecimal digits"),
        ("٣" * 64, "v2", "", "a token is 64 hexadecimal digits"),
        (ONE, "", "", "right is empty"),
        (ONE, "v2,", "", "right is empty"),
        (ONE, "v 2", "", "may not hold"),
        (ONE, ",".join(f"r{n}" for n in range(99)), "", "longer than 255"),
        (ONE, "v2", "a\nb", "printed"),
        (ONE, "v2", "x" * 256, "longer than 255"),
    ],
)
def test_invalid(connection: Connection, token: str, permit: str, label: str, reason: str) -> None:
    """A token, a permit or a label of the wrong form is refused, and the token not repeated."""
    bob = queries.get_owner(connection, "bob")
    with pytest.raises(InvalidValue, match=reason) as caught:
        queries.add_token(connection, bob, token, 5.0, label, "", permit)
    assert not token or token not in str(caught.value)
    assert queries.list_tokens(connection) == []


def test_exists(connection: Connection) -> None:
    """Nobody gets a token that is there, in whatever case."""
    made = _add(connection, "ab" * 32)
    with pytest.raises(AlreadyExists) as caught:
        _add(connection, "AB" * 32)
    assert made.token not in str(caught.value).lower()


def test_limit(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner has so many tokens and no more; others still may."""
    monkeypatch.setattr(tokens, "TOKEN_LIMIT", 2)
    _add(connection, ONE)
    _add(connection, TWO)
    with pytest.raises(InvalidValue, match="owner bob has 2 tokens already"):
        _add(connection, "f" * 64)
    alice = queries.add_owner(connection, "alice", 5.0)
    queries.add_token(connection, alice, "f" * 64, 5.0, "", "", "*")


def test_owner_removed(database: Database) -> None:
    """Tokens go with their owner, and their ids are never given again."""
    with database.writing() as connection:
        first = _add(connection)
    with database.writing() as connection:
        queries.remove_owner(connection, "bob", 6.0, with_vehicles=True)
    with database.writing() as connection:
        assert queries.find_token(connection, ONE) is None
        queries.add_owner(connection, "bob", 7.0)
        assert _add(connection).id > first.id
    with database.reading() as connection:
        assert len(queries.list_tokens(connection)) == 1


def test_end(connection: Connection) -> None:
    """A token ends in the future, and can be changed; it is deleted a while after its end."""
    bob = queries.get_owner(connection, "bob")
    made = queries.add_token(connection, bob, ONE, 5.0, "", "", "v2", 9.0)
    assert (made.expires, made.is_live(8.9), made.is_live(9.0)) == (9.0, True, False)
    assert _add(connection, TWO).is_live(1e12)
    changed = queries.change_token(connection, made, 6.0, {"expires": 10.0, "permit": "auth"})
    assert (changed.expires, changed.permit, changed.refreshed) == (10.0, "auth", 6.0)
    assert queries.get_owner(connection, "bob").changed == 6.0
    assert queries.change_token(connection, changed, 7.0, {}) == changed
    assert queries.forget_tokens(connection, 10.0 + tokens.EXPIRED_LIFE - 1) == 0
    assert queries.forget_tokens(connection, 10.0 + tokens.EXPIRED_LIFE) == 1
    assert [token.token for token in queries.list_tokens(connection)] == [TWO]


@pytest.mark.parametrize("expires", [5.0, -1.0, tokens.LATEST])
def test_no_end(connection: Connection, expires: float) -> None:
    """An end in the past, or beyond all calendars, is none."""
    bob = queries.get_owner(connection, "bob")
    with pytest.raises(InvalidValue, match="in the future"):
        queries.add_token(connection, bob, ONE, 5.0, "", "", "v2", expires)


def test_own_token(connection: Connection) -> None:
    """An owner's token is found by its id, and no other's."""
    made = _add(connection)
    assert queries.find_own_token(connection, made.owner_id, made.id) == made
    assert queries.find_own_token(connection, made.owner_id + 1, made.id) is None


def test_room_of_expired_ones(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit an owner's expired tokens make room."""
    monkeypatch.setattr(tokens, "TOKEN_LIMIT", 1)
    bob = queries.get_owner(connection, "bob")
    queries.add_token(connection, bob, ONE, 5.0, "", "", "v2", 6.0)
    with pytest.raises(InvalidValue, match="already"):
        _add(connection, TWO, 5.5)
    _add(connection, TWO, 6.0)
    assert [token.token for token in queries.list_tokens(connection)] == [TWO]
