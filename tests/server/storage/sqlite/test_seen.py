from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from ovms.protocol.crypto import make_token
from ovms.server.storage.batch import Batch, SeenToken
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.seen_filter import BLOCK_BYTES
from ovms.server.storage.sqlite.batch import apply
from ovms.server.storage.sqlite.quota import HistoryQuota

if TYPE_CHECKING:
    import sqlite3

MEMORY = b"m" * 16
QUOTA = HistoryQuota(HistoryLimits())


def _see(
    raw: sqlite3.Connection, *tokens: str, memory: bytes = MEMORY, time: float = 5.0
) -> list[bool]:
    """Write tokens in one batch; return which of them had been seen."""
    batch, loop = Batch(), asyncio.new_event_loop()
    for token in tokens:
        batch.seen[memory, token] = SeenToken(memory, token, time, loop.create_future())
    loop.close()
    apply(raw, batch, QUOTA)
    return [each.was_seen for each in batch.seen.values()]


def _random(seed: int) -> Random:
    return Random(seed)  # noqa: S311 (tokens of a test)


def _tokens(random: Random, count: int) -> list[str]:
    return [make_token(random.randbytes) for _ in range(count)]


def test_seen_once(raw: sqlite3.Connection) -> None:
    """A token is new in the first batch, and known in those behind it, under its secret only."""
    assert _see(raw, "one", "two") == [False, False]
    assert _see(raw, "two", "three") == [True, False]
    assert _see(raw, "two", memory=b"n" * 16) == [False]


def test_many(raw: sqlite3.Connection) -> None:
    """Hundreds in a batch are remembered in few blocks, and found again, whatever part has them."""
    tokens = _tokens(_random(1), 3000)
    assert not any(_see(raw, *tokens[:1500]))
    assert not any(_see(raw, *tokens[1500:]))
    assert all(_see(raw, *tokens))
    assert _see(raw, *_tokens(_random(2), 3000)).count(True) == 0
    (blocks, parts) = raw.execute("SELECT count(*), max(part) FROM seen_tokens").fetchone()
    assert blocks < 100
    assert parts > 3
    assert {size for (size,) in raw.execute("SELECT length(bits) FROM seen_tokens")} == {
        BLOCK_BYTES
    }


def test_when_a_secret_was_used(raw: sqlite3.Connection) -> None:
    """The newest use counts, and a copy is none."""
    _see(raw, "one", time=5.0)
    _see(raw, "two", time=6.0)
    _see(raw, "one", time=7.0)
    assert raw.execute("SELECT memory, plain FROM secret_uses").fetchall() == [(MEMORY, 6.0)]


def test_no_table_is_scanned(raw: sqlite3.Connection) -> None:
    """Blocks are found by their key."""
    statements: list[str] = []
    raw.set_trace_callback(statements.append)
    _see(raw, "one", "two")
    raw.set_trace_callback(None)
    (reading,) = [each for each in statements if "SELECT" in each and "seen_tokens" in each]
    plan = [step for *_, step in raw.execute(f"EXPLAIN QUERY PLAN {reading}")]
    assert any("SEARCH s USING INDEX" in step for step in plan), plan
    assert not any("SCAN s" in step for step in plan), plan


def test_beside_a_row_that_cannot_be_written(raw: sqlite3.Connection) -> None:
    """Tokens are remembered also when a batch is written row by row."""
    batch, loop = Batch(), asyncio.new_event_loop()
    batch.presence["CAR1"] = (True, 1 << 80, 0, None)
    batch.seen[MEMORY, "one"] = SeenToken(MEMORY, "one", 5.0, loop.create_future())
    loop.close()
    assert apply(raw, batch, QUOTA) == 1
    assert _see(raw, "one") == [True]
