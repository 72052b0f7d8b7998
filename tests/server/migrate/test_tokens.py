from __future__ import annotations

from typing import Any

import pytest

from ovms.server.migrate import tokens as tokens_module
from ovms.server.migrate.report import MovedKind
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from tests.server.migrate.mariadb import OtherServer
from tests.server.migrate.moves import NOW, ON_BOTH, TOKEN, at, counts, move, owner, told


@pytest.fixture
def filled(other: OtherServer) -> OtherServer:
    """Give the other server an owner."""
    other.put("owners", owner(1, "bob"))
    return other


def token(digit: str = "a", **more: Any) -> dict[str, Any]:
    """Return the row of a token."""
    return {"owner": 1, "token": digit * 64, "application": "evcc", "purpose": "charging",
            "permit": "auth,v2", "created": "2025-01-01 00:00:00",
            "refreshed": "2025-01-02 00:00:00", **more}  # fmt: skip


def test_taken(filled: OtherServer, ours: Database) -> None:
    """A token is found by its digits, with its rights and times."""
    filled.put("apitokens", token(token=TOKEN.upper(), lastused="2026-11-01 00:00:00"))
    assert counts(move(filled, ours), MovedKind.TOKENS) == (1, 0, 0, 0, 0)
    with ours.reading() as connection:
        found = queries.find_token(connection, TOKEN)
    assert found is not None
    assert (found.owner, found.application, found.purpose) == ("bob", "evcc", "charging")
    assert (found.permit, found.expires) == ("auth,v2", None)
    assert (found.created, found.last_used) == (
        at("2025-01-01 00:00:00"), at("2026-11-01 00:00:00")
    )  # fmt: skip
    assert move(filled, ours).is_empty


def test_left(filled: OtherServer, ours: Database) -> None:
    """Tokens that are none, or of nobody who may log in, are left; none is repeated."""
    filled.put("owners", owner(2, "blocked", status=0))
    filled.put("apitokens", token(token="short"), token("g"), token("b", owner=2),
               token("c", owner=3), token("d", permit=""))  # fmt: skip
    report = move(filled, ours)
    assert counts(report, MovedKind.TOKENS) == (0, 0, 0, 0, 5)
    assert report[MovedKind.TOKENS].reasons == {
        "of an owner who is left": 1, "of an owner who is blocked there": 1,
    }  # fmt: skip
    notes = [each for each in told(report) if each[0] == MovedKind.TOKENS]
    assert [each[1] for each in notes] == ["one of owner 1"] * 3
    assert "short" not in str(notes)


@ON_BOTH
def test_changed_there(filled: OtherServer, ours: Database) -> None:
    """New rights are taken, and what was deleted there is deleted here."""
    filled.put("apitokens", token("a"), token("b"), token("c"))
    move(filled, ours)
    with ours.writing() as connection:
        queries.remove_token(connection, "c" * 64, NOW)
    filled.put("apitokens", token("a", permit="*"), token("c", permit="*"))
    filled.run("DELETE FROM ovms_apitokens WHERE token LIKE 'b%'")
    report = move(filled, ours, NOW + 1)
    assert counts(report, MovedKind.TOKENS) == (0, 1, 1, 0, 1)
    assert [each[1:] for each in told(report)] == [
        (told(report)[0][1], "left", "it changed there, and was removed here")
    ]
    assert "of owner 1" in told(report)[0][1]
    with ours.reading() as connection:
        [found] = queries.list_tokens(connection)
    assert (found.token, found.permit) == ("a" * 64, "*")


def test_blocked_later(filled: OtherServer, ours: Database) -> None:
    """The tokens of an owner who is blocked there log in here no more."""
    filled.put("apitokens", token())
    move(filled, ours)
    filled.put("owners", owner(1, "bob", status=0))
    move(filled, ours, NOW + 1)
    with ours.reading() as connection:
        assert queries.list_tokens(connection) == []


def test_limit(filled: OtherServer, ours: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner has at most so many."""
    monkeypatch.setattr(tokens_module, "TOKEN_LIMIT", 2)
    filled.put("apitokens", token("a"), token("b"))
    assert counts(move(filled, ours), MovedKind.TOKENS) == (2, 0, 0, 0, 0)
    filled.put("apitokens", token("c"))
    assert counts(move(filled, ours), MovedKind.TOKENS) == (0, 0, 0, 2, 1)


def test_of_another_owner_here(filled: OtherServer, ours: Database) -> None:
    """A token that is somebody else's here stays theirs."""
    with ours.writing() as connection:
        eve = queries.add_owner(connection, "eve", NOW)
        queries.add_token(connection, eve, TOKEN, NOW, "", "", "*")
    filled.put("apitokens", token(token=TOKEN))
    report = move(filled, ours)
    assert [each[2:] for each in told(report)] == [
        ("left", "there is another one of this name here")
    ]
    with ours.reading() as connection:
        found = queries.find_token(connection, TOKEN)
    assert found is not None
    assert found.owner == "eve"
