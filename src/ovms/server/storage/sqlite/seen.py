"""How SQLite writes the tokens that were seen: in a batch, many a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ovms.server.storage.seen_filter import BLOCK_BYTES, PARTS_LIMIT, add, is_in
from ovms.server.storage.sqlite.statements import ROWS_A_STATEMENT, many

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

    from ovms.server.storage.batch import SeenToken

BlockKey = tuple[bytes, int, int]
"""Memory, part, number of the block in it."""

_PARTS: Final = ",".join(f"({part})" for part in range(PARTS_LIMIT))

# {} takes memory and number of tokens.
_BLOCKS: Final = (
    f"WITH parts (part) AS (VALUES {_PARTS}) "  # noqa: S608 (numbers)
    "SELECT DISTINCT s.memory, s.part, s.block, s.bits "
    "FROM (VALUES {}) AS t CROSS JOIN parts CROSS JOIN seen_tokens AS s "
    "ON s.memory = t.column1 AND s.part = parts.part "
    "AND s.block = (t.column2 & ((1 << parts.part) - 1))"
)
_PUT: Final = (
    "INSERT INTO seen_tokens (memory, part, block, bits) VALUES {} "
    "ON CONFLICT (memory, part, block) DO UPDATE SET bits = excluded.bits"
)
_USES: Final = (
    "INSERT INTO secret_uses (memory, plain) VALUES {} "
    "ON CONFLICT (memory) DO UPDATE SET plain = excluded.plain"
)


def write_seen(connection: sqlite3.Connection, tokens: Collection[SeenToken]) -> None:
    """Remember tokens inside a transaction, and tell each whether it was seen before."""
    if not tokens:
        return
    blocks = _read(connection, tokens)
    changed: dict[BlockKey, int] = {}
    uses: dict[bytes, float] = {}
    for token in tokens:
        keys = [(token.memory, part, token.place.block(part)) for part in range(PARTS_LIMIT)]
        own = [blocks.get(key, 0) for key in keys]
        token.was_seen = is_in(token.place, own)
        if not token.was_seen:
            part, bits = add(token.place, own)
            blocks[keys[part]] = changed[keys[part]] = bits
            uses[token.memory] = token.time
    _execute(
        connection, _PUT, ((*key, bits.to_bytes(BLOCK_BYTES)) for key, bits in changed.items())
    )
    _execute(connection, _USES, uses.items())


def _read(connection: sqlite3.Connection, tokens: Iterable[SeenToken]) -> dict[BlockKey, int]:
    found: dict[BlockKey, int] = {}
    places = ((token.memory, token.place.number) for token in tokens)
    for sql, parameters in many(_BLOCKS, places):
        for memory, part, block, bits in connection.execute(sql, parameters):
            found[memory, part, block] = int.from_bytes(bits)
    return found


def _execute(connection: sqlite3.Connection, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    for statement, parameters in many(sql, rows, ROWS_A_STATEMENT):
        connection.execute(statement, parameters)
