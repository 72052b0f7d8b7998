from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from ovms.protocol.crypto import TOKEN_LENGTH
from ovms.server.storage import queries, seen_tokens
from ovms.server.storage.database import Database
from ovms.server.storage.seen_tokens import SeenTokens, memory_of, plain_uses
from ovms.server.storage.store import Store
from tests.server.storage.databases import execute, rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOW = 1000.0


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """Open the store of a running server."""
    store = await Store.open(database, lambda: NOW)
    yield store
    await store.close()


async def _open(store: Store) -> SeenTokens:
    return await SeenTokens.open(store.database, store.writer, lambda: NOW)


async def test_remembered(store: Store) -> None:
    """A token is new once; others, and other secrets, are not touched."""
    tokens = await _open(store)
    assert await tokens.remember("s", "one") is False
    assert await tokens.remember("s", "one") is True
    assert await tokens.remember("s", "two") is False
    assert await tokens.remember("other", "one") is False


async def test_known_without_being_remembered(store: Store) -> None:
    """To ask leaves no trace."""
    tokens = await _open(store)
    assert [await tokens.knows("s", "one") for _ in range(2)] == [False, False]
    await tokens.remember("s", "one")
    assert await tokens.knows("s", "one")
    assert not await tokens.knows("s", "two")


async def test_at_the_same_moment(store: Store) -> None:
    """Of those who say a token at once, the first is new; who only asks meanwhile knows it."""
    tokens = await _open(store)
    asked = [tokens.remember("s", "one") for _ in range(3)]
    first, *others = await asyncio.gather(*asked, tokens.knows("s", "one"))
    assert (first, others) == (False, [True, True, True])


async def test_after_a_restart(store: Store) -> None:
    """Another server on the database knows what the one before it knew, its own tokens too."""
    tokens = await _open(store)
    await tokens.remember("s", "one")
    own = tokens.make()
    again = await _open(store)
    assert await again.knows("s", "one")
    assert again.is_own(own)


async def test_our_own_tokens(store: Store) -> None:
    """They are known by their mark under every secret, and take no room."""
    tokens = await _open(store)
    made = {tokens.make() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(token) for token in made} == {TOKEN_LENGTH}
    for token in list(made)[:10]:
        assert await tokens.remember("s", token)
        assert await tokens.knows("any", token)
        for other in (token[:-1], token + "A", token.swapcase(), token[::-1], "", "\xff" * 22):
            assert not tokens.is_own(other)
    await store.writer.flush()
    assert rows(store.database, "SELECT count(*) FROM seen_tokens") == [(0,)]
    elsewhere = SeenTokens(store.database, store.writer, os.urandom(32), lambda: NOW)
    assert not any(map(elsewhere.is_own, made))


async def test_any_text(store: Store) -> None:
    """Tokens are Latin-1 text of any length, empty ones too."""
    tokens = await _open(store)
    for token in ("", "\xff", "a" * 900):
        assert not await tokens.remember("s\N{BULLET}", token)
        assert await tokens.remember("s\N{BULLET}", token)


async def test_warned_once(store: Store) -> None:
    """A vehicle's owner is told once of a kind of thing while it has a secret, also later on."""
    tokens = await _open(store)
    assert await tokens.warns("CAR1", "repeated", "s")
    assert not await tokens.warns("CAR1", "repeated", "s")
    assert await tokens.warns("CAR2", "repeated", "s")
    assert await tokens.warns("CAR1", "plain", "s")
    again = await _open(store)
    assert not await again.warns("CAR1", "repeated", "s")
    assert await again.warns("CAR1", "repeated", "new")
    with store.database.writing() as connection:
        queries.remove_vehicle(connection, "CAR1", NOW)
    assert await (await _open(store)).warns("CAR1", "repeated", "new")


async def test_many_warnings(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of them without asking is bounded."""
    monkeypatch.setattr(seen_tokens, "WARNED_LIMIT", 2)
    tokens = await _open(store)
    assert [await tokens.warns(each, "kind", "s") for each in "ABC"] == [True] * 3
    assert tokens._warned == {("C", "kind", memory_of(tokens._key, "s"))}
    assert not await tokens.warns("A", "kind", "s")


async def test_a_warning_while_the_database_is_away(store: Store) -> None:
    """It is due again when the database is back."""
    tokens = await _open(store)
    execute(store.database, "ALTER TABLE owner_warnings RENAME TO away")
    with pytest.raises(Exception, match="owner_warnings"):
        await tokens.warns("CAR1", "kind", "s")
    execute(store.database, "ALTER TABLE away RENAME TO owner_warnings")
    assert await tokens.warns("CAR1", "kind", "s")


async def test_when_a_secret_was_last_plain(store: Store) -> None:
    """Known of those that were used, by secret; nothing of a database without a server yet."""
    with store.database.reading() as connection:
        assert plain_uses(connection)("s") is None
    tokens = await _open(store)
    await tokens.remember("s", "one")
    await tokens.knows("other", "one")
    with store.database.reading() as connection:
        used = plain_uses(connection)
    assert (used("s"), used("other")) == (NOW, None)
