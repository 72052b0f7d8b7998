"""The tokens of welcomes that a car has seen on connections on which anybody could listen.

A digest proves a secret in both directions and for every role. So whoever overheard a welcome, a
server's or the car's own, can repeat its token and digest and pose as the server. The car remembers
the tokens, and a server that shows one of them is none.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from hashlib import blake2b
from typing import Final

from ovms.base.logs import get_logger

log = get_logger("ovms.car")

TOKENS_LIMIT: Final = 100_000
"""Tokens that are remembered, two a connection; then the oldest are forgotten."""

HASH_LENGTH: Final = 8
"""Bytes kept of a token: nobody is refused by chance."""

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS tokens (number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE)"
)


class TokenMemory:
    """Remembers tokens in a database, or for as long as the process lives.

    What a failing disk does not take is remembered in memory, and written when the disk works
    again. That is logged once.
    """

    def __init__(
        self, database: sqlite3.Connection | None = None, *, limit: int = TOKENS_LIMIT
    ) -> None:
        self._database = database or sqlite3.connect(":memory:")
        self._limit = limit
        self._unwritten: deque[bytes] = deque(maxlen=limit)
        self._is_failing = False
        try:
            self._database.execute(SCHEMA)
        except sqlite3.Error as error:
            self._fail(error)

    def __contains__(self, token: str) -> bool:
        """Return whether a token was noted."""
        key = _hash(token)
        if key in self._unwritten:
            return True
        try:
            found = self._database.execute("SELECT 1 FROM tokens WHERE hash = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._fail(error)
            return False
        return found is not None

    def note(self, token: str) -> None:
        """Remember a token. It is on disk when this returns, unless the disk fails."""
        self._unwritten.append(_hash(token))
        try:
            with self._database as database:
                database.execute(SCHEMA)
                database.executemany(
                    "INSERT OR IGNORE INTO tokens (hash) VALUES (?)",
                    ((key,) for key in self._unwritten),
                )
                database.execute(
                    "DELETE FROM tokens WHERE number <= (SELECT max(number) FROM tokens) - ?",
                    (self._limit,),
                )
        except sqlite3.Error as error:
            self._fail(error)
            return
        self._unwritten.clear()
        self._is_failing = False

    def _fail(self, error: sqlite3.Error) -> None:
        if not self._is_failing:
            hint = "what somebody may repeat is forgotten at the next start"
            log.error("tokens cannot be stored", reason=str(error), hint=hint)
        self._is_failing = True


def _hash(token: str) -> bytes:
    return blake2b(token.encode("latin-1"), digest_size=HASH_LENGTH).digest()
