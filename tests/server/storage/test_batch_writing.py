"""How a batch is committed, with the tokens that were seen: on both databases."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from ovms.protocol.crypto import make_token
from ovms.server.storage.batch import Batch, SeenToken
from ovms.server.storage.batch_writing import apply
from ovms.server.storage.history_quota import HistoryQuota
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.seen_filter import BLOCK_BYTES
from ovms.server.values import KeptRecord, LatestMessage
from tests.server.storage.databases import WriterTarget

MEMORY = b"m" * 16
QUOTA = HistoryQuota(HistoryLimits())


def _see(
    target: WriterTarget, *tokens: str, memory: bytes = MEMORY, time: float = 5.0
) -> list[bool]:
    """Write tokens in one batch; return which of them had been seen."""
    batch, loop = Batch(), asyncio.new_event_loop()
    for token in tokens:
        batch.seen[memory, token] = SeenToken(memory, token, time, loop.create_future())
    loop.close()
    apply(target.connection, batch, QUOTA)
    return [each.was_seen for each in batch.seen.values()]


def _random(seed: int) -> Random:
    return Random(seed)  # noqa: S311 (tokens of a test)


def _tokens(random: Random, count: int) -> list[str]:
    return [make_token(random.randbytes) for _ in range(count)]


def test_seen_once(target: WriterTarget) -> None:
    """A token is new in the first batch, and known in those behind it, under its secret only."""
    assert _see(target, "one", "two") == [False, False]
    assert _see(target, "two", "three") == [True, False]
    assert _see(target, "two", memory=b"n" * 16) == [False]


def test_many(target: WriterTarget) -> None:
    """Hundreds in a batch are remembered in few blocks, and found again, whatever part has them."""
    tokens = _tokens(_random(1), 3000)
    assert not any(_see(target, *tokens[:1500]))
    assert not any(_see(target, *tokens[1500:]))
    assert all(_see(target, *tokens))
    assert _see(target, *_tokens(_random(2), 3000)).count(True) == 0
    ((blocks, parts),) = target.rows("SELECT count(*), max(part) FROM seen_tokens")
    assert blocks < 100
    assert parts > 3
    assert {size for (size,) in target.rows("SELECT length(bits) FROM seen_tokens")} == {
        BLOCK_BYTES
    }


def test_when_a_secret_was_used(target: WriterTarget) -> None:
    """The newest use counts, and a copy is none."""
    _see(target, "one", time=5.0)
    _see(target, "two", time=6.0)
    _see(target, "one", time=7.0)
    assert target.rows("SELECT memory, plain FROM secret_uses") == [(MEMORY, 6.0)]


def test_beside_a_row_that_cannot_be_written(target: WriterTarget) -> None:
    """Tokens are remembered also when a batch is written row by row."""
    batch, loop = Batch(), asyncio.new_event_loop()
    batch.presence["CAR1"] = (True, 1 << 80, 0, None)
    batch.seen[MEMORY, "one"] = SeenToken(MEMORY, "one", 5.0, loop.create_future())
    loop.close()
    assert apply(target.connection, batch, QUOTA) == 1
    assert _see(target, "one") == [True]


def test_a_row_that_can_never_be_written(target: WriterTarget) -> None:
    """It costs itself only, of whatever kind it is; what came with it is there."""
    batch = Batch()
    good, bad = LatestMessage("S", b"1", 2.0), LatestMessage("D", b"2", 3.0, "\ud800")
    batch.messages["CAR1"] = {"S": good, "D": bad}
    batch.presence["CAR1"] = (True, 1 << 80, 0, None)
    for number, ack in ((1, 1), (1 << 70, 2), (3, 3)):
        record = KeptRecord("*-LOG-Trip", number, 5, 10**9, b"x", ack, 5.0)
        batch.history.put("CAR1", record, None)
    assert apply(target.connection, batch, QUOTA) == 3
    assert target.rows("SELECT code FROM messages") == [("S",)]
    assert target.rows("SELECT count(*) FROM presence") == [(0,)]
    assert sorted(target.rows("SELECT number FROM history")) == [(1,), (3,)]
    assert target.rows("SELECT sum(records) FROM history_counts") == [(2,)]


def test_nul(target: WriterTarget) -> None:
    """NUL in text, which PostgreSQL cannot hold, loses no row: a sign stands for it there."""
    batch = Batch({"CAR1": {"\0": LatestMessage("\0", b"a\0b", 2.0)}})
    batch.history.put("CAR1", KeptRecord("*-\0", 1, 5, 10**9, b"\0", 1, 5.0), None)
    batch.history.put("CAR1", KeptRecord("*-\0", 2, 5, 10**9, b"\0", 2, 5.0), None)
    assert apply(target.connection, batch, QUOTA) == 0
    assert target.rows("SELECT data FROM messages") == [(b"a\0b",)]
    assert target.rows("SELECT data FROM history") == [(b"\0",)] * 2
    ((kind, records),) = target.rows("SELECT type, sum(records) FROM history_counts GROUP BY type")
    assert (kind.replace("\u2400", "\0"), records) == ("*-\0", 2)
    again = Batch()
    again.history.put("CAR1", KeptRecord("*-\0", 1, 6, 10**9, b"\0", 1, 6.0), None)
    assert apply(target.connection, again, QUOTA) == 0
    assert target.rows("SELECT count(*) FROM history") == [(2,)], "a copy is known as one"


def test_what_fails_for_now_is_not_written(
    target: WriterTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that may pass takes the whole batch back, and the connection goes on."""
    batch = Batch({"CAR1": {"S": LatestMessage("S", b"1", 2.0)}})
    with monkeypatch.context() as failing:
        failing.setattr(target.connection, "beat", _refuse)
        batch.heartbeat = 5.0
        with pytest.raises(OSError, match="for now"):
            apply(target.connection, batch, QUOTA)
    assert target.rows("SELECT * FROM messages") == []
    assert apply(target.connection, batch, QUOTA) == 0
    assert target.rows("SELECT code FROM messages") == [("S",)]


def _refuse(_time: float) -> None:
    raise OSError("for now")
