"""How a batch is committed: in one transaction, or row by row where one of them is bad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ovms.server.storage.history_writing import write_history
from ovms.server.storage.seen_filter import BLOCK_BYTES, PARTS_LIMIT, add, is_in
from ovms.server.storage.writer_connection import Find, Put

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from ovms.server.storage.batch import Batch, SeenToken
    from ovms.server.storage.history_quota import HistoryQuota
    from ovms.server.storage.writer_connection import Row, WriterConnection

BlockKey = tuple[bytes, int, int]
"""Memory, part, number of the block in it."""


def apply(connection: WriterConnection, batch: Batch, quota: HistoryQuota) -> int:
    """Commit a batch in one transaction; on an error nothing of it is written.

    Returns how many rows were left out because they can never be written.
    """
    try:
        _write(connection, batch, quota)
    except Exception as error:
        quota.forget(batch.history.records)
        if not connection.is_bad_row(error):
            raise
        return _write_singly(connection, batch, quota)
    except BaseException:
        quota.forget(batch.history.records)
        raise
    return 0


def _write(connection: WriterConnection, batch: Batch, quota: HistoryQuota) -> None:
    with connection.transaction():
        for what, rows in _puts(batch):
            connection.put(what, rows)
        if batch.heartbeat is not None:
            connection.beat(batch.heartbeat)
        write_seen(connection, batch.seen.values())
        write_history(connection, batch.history, quota)


def _write_singly(connection: WriterConnection, batch: Batch, quota: HistoryQuota) -> int:
    """Commit a batch row by row, without the bad ones; return how many those are."""
    lost = 0
    with connection.transaction():
        for what, rows in _puts(batch):
            for row in rows:
                lost += not _try(connection, lambda: connection.put(what, [row]))  # noqa: B023
        if batch.heartbeat is not None:
            connection.beat(batch.heartbeat)
        write_seen(connection, batch.seen.values())
        for record in batch.history.singles():
            if not _try(connection, lambda: write_history(connection, record, quota)):  # noqa: B023
                quota.forget(record.records)
                lost += 1
    return lost


def _try(connection: WriterConnection, write: Callable[[], object]) -> bool:
    """Write something, all of it or nothing; return whether it could be written."""
    try:
        with connection.savepoint():
            write()
    except Exception as error:
        if connection.is_bad_row(error):
            return False
        raise
    return True


def _puts(batch: Batch) -> Iterator[tuple[Put, Iterable[Row]]]:
    yield Put.VOID, batch.tokens.items()
    yield Put.TOKENS, batch.tokens.items()
    yield Put.MESSAGES, batch.message_rows()
    yield Put.PRESENCE, batch.presence_rows()
    yield Put.TRAFFIC, batch.traffic_rows()
    yield Put.PROVISIONS, batch.provisions.items()


def write_seen(connection: WriterConnection, tokens: Collection[SeenToken]) -> None:
    """Remember tokens inside a transaction, and tell each whether it was seen before."""
    if not tokens:
        return
    blocks = _blocks(connection, tokens)
    changed: dict[BlockKey, int] = {}
    uses: dict[bytes, float] = {}
    for token in tokens:
        own: list[int] = []
        while len(own) < PARTS_LIMIT and (not own or own[-1]):  # behind an empty one all are
            own.append(blocks.get(_block_key(token, len(own)), 0))
        token.was_seen = is_in(token.place, own)
        if not token.was_seen:
            part, bits = add(token.place, own)
            key = _block_key(token, part)
            blocks[key] = changed[key] = bits
            uses[token.memory] = token.time
    rows: Iterator[tuple[Any, ...]] = (
        (*key, bits.to_bytes(BLOCK_BYTES)) for key, bits in changed.items()
    )
    connection.put(Put.SEEN, rows)
    connection.put(Put.USES, uses.items())


def _block_key(token: SeenToken, part: int) -> BlockKey:
    return token.memory, part, token.place.block(part)


def _blocks(connection: WriterConnection, tokens: Iterable[SeenToken]) -> dict[BlockKey, int]:
    places = ((token.memory, token.place.number) for token in tokens)
    found = connection.find(Find.BLOCKS, places)
    return {(memory, part, block): int.from_bytes(bits) for memory, part, block, bits in found}
