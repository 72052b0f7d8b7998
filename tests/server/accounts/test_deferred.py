from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from ovms.server.accounts import deferred as module
from ovms.server.accounts.deferred import USE_INTERVAL, DeferredWrites
from ovms.server.accounts.passwords import fingerprint
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ovms.server.values import Token


@pytest.fixture
async def afterwards(database: Database) -> AsyncIterator[DeferredWrites]:
    """Open what writes to the fixture test's database."""
    afterwards = DeferredWrites(database)
    yield afterwards
    await afterwards.close()


@pytest.fixture
def tokens(database: Database) -> list[Token]:
    """Make three tokens of Bob's."""
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        return [queries.add_token(connection, bob, f"{n:064x}", 2.0, "", "", "*") for n in range(3)]


def _used(database: Database) -> list[float | None]:
    with database.reading() as connection:
        return [token.last_used for token in queries.list_tokens(connection)]


async def test_touch(afterwards: DeferredWrites, database: Database, tokens: list[Token]) -> None:
    """Uses are kept, those that gather while others are written in the next transaction."""
    afterwards.touch(tokens[0], 5.0)
    await asyncio.sleep(0)  # the first is on its way
    afterwards.touch(tokens[0], 6.0)
    afterwards.touch(tokens[1], 7.0)
    await afterwards.idle()
    assert _used(database) == [5.0, 7.0, None]


@pytest.mark.parametrize(
    ("last", "now", "is_kept"),
    [
        (None, 0.0, True),
        (1000.0, 1000.0 + USE_INTERVAL, True),
        (1000.0, 999.0 + USE_INTERVAL, False),
        (1000.0, 1000.0 - USE_INTERVAL, True),  # the clock was put back
    ],
)
async def test_once_a_minute(
    afterwards: DeferredWrites,
    database: Database,
    tokens: list[Token],
    last: float | None,
    now: float,
    is_kept: bool,
) -> None:
    """A use shortly after another is not written."""
    afterwards.touch(replace(tokens[0], last_used=last), now)
    await afterwards.idle()
    assert _used(database)[0] == (now if is_kept else None)


async def test_bounded(
    afterwards: DeferredWrites,
    database: Database,
    tokens: list[Token],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What waits is bounded; more is left out."""
    monkeypatch.setattr(module, "USES_LIMIT", 2)
    monkeypatch.setattr(module, "HASHES_LIMIT", 1)
    for token in tokens:
        afterwards.touch(token, 5.0)
    with database.reading() as connection:
        alice, bob = (queries.get_owner(connection, name) for name in ("alice", "bob"))
    assert bob.password_hash is not None
    afterwards.renew(alice.id, "old", "new")
    afterwards.renew(bob.id, bob.password_hash, "new")
    await afterwards.idle()
    assert _used(database) == [5.0, 5.0, None]
    with database.reading() as connection:
        assert queries.get_owner(connection, "bob") == bob


async def test_renew(
    afterwards: DeferredWrites,
    database: Database,
    password_hash: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hash is replaced, and which one is remembered, within a bound."""
    monkeypatch.setattr(module, "RENEWED_LIMIT", 1)
    with database.reading() as connection:
        bob = queries.get_owner(connection, "bob")
    afterwards.renew(bob.id, password_hash, "new")
    assert afterwards.older(fingerprint("new")) == fingerprint(password_hash)
    afterwards.renew(bob.id + 1, "other", "newer")
    assert afterwards.older(fingerprint("new")) is None
    assert afterwards.older(fingerprint("newer")) == fingerprint("other")
    await afterwards.idle()
    with database.reading() as connection:
        assert queries.get_owner(connection, "bob").password_hash == "new"


async def test_trouble(
    afterwards: DeferredWrites,
    database: Database,
    tokens: list[Token],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the database refuses is told once and given up, and the next goes through."""

    def refuse(connection: object, used: object) -> None:
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(queries, "touch_tokens", refuse)
        afterwards.touch(tokens[0], 5.0)
        await afterwards.idle()
    assert [entry["reason"] for entry in logs] == ["the disk is full"]
    afterwards.touch(tokens[1], 6.0)
    await afterwards.idle()
    assert _used(database) == [None, 6.0, None]


async def test_close(afterwards: DeferredWrites, database: Database, tokens: list[Token]) -> None:
    """What waits is written at the end, what comes later is not; closing again is harmless."""
    afterwards.touch(tokens[0], 5.0)
    await afterwards.close()
    afterwards.touch(tokens[1], 5.0)
    afterwards.renew(1, "old", "new")
    await afterwards.close()
    assert _used(database) == [5.0, None, None]
    assert afterwards.older(fingerprint("new")) is None
