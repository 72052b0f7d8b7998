"""What is written after a login, which does not wait: uses of tokens and sessions, newer hashes.

What comes while something is being written waits for the next transaction. What the database
refuses is dropped: the next login brings it again.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from ovms.base.logs import get_logger
from ovms.server.accounts.passwords import fingerprint
from ovms.server.storage import queries
from ovms.server.storage.errors import StoreError
from ovms.server.storage.web_sessions import renew_fingerprint, touch_sessions

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database
    from ovms.server.values import Token

USE_INTERVAL: Final = 60.0
"""Seconds within which the uses of a token count as one."""

USES_LIMIT: Final = 10_000
"""Uses that wait while the database is slow; more are left out."""

HASHES_LIMIT: Final = 1000
"""Hashes that wait; more are left to the next login."""

RENEWED_LIMIT: Final = 100_000
"""Hashes whose older form is remembered; who logged in by a forgotten one has to do so again."""

log = get_logger("ovms.server.accounts")


class DeferredWrites:
    """Writes in a task of its own. Belongs to the event loop that made it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._uses: dict[int, float] = {}
        self._session_uses: dict[int, float] = {}
        self._hashes: dict[int, tuple[str, str]] = {}
        self._writing: dict[int, float] = {}
        self._renewed: dict[bytes, bytes] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def touch(self, token: Token, now: float) -> None:
        """Store that a token was used ``now`` (Unix seconds), at most once a minute."""
        last = self._writing.get(token.id, token.last_used)
        is_due = last is None or abs(now - last) >= USE_INTERVAL
        if is_due and not self._closed and len(self._uses) < USES_LIMIT:
            self._uses[token.id] = now
            self._start()

    def touch_session(self, session_id: int, now: float) -> None:
        """Store that a session was used ``now``. Who calls it sees to it that it is seldom."""
        if not self._closed and len(self._session_uses) < USES_LIMIT:
            self._session_uses[session_id] = now
            self._start()

    def renew(self, owner_id: int, old: str, new: str) -> None:
        """Replace a password's hash by a newer one of the same password."""
        if not self._closed and len(self._hashes) < HASHES_LIMIT:
            self._renewed[fingerprint(new)] = fingerprint(old)
            if len(self._renewed) > RENEWED_LIMIT:
                del self._renewed[next(iter(self._renewed))]
            self._hashes[owner_id] = old, new
            self._start()

    def older(self, renewed: bytes) -> bytes | None:
        """Return the fingerprint of the hash that this one replaced, if it did. From any thread."""
        return self._renewed.get(renewed)

    async def idle(self) -> None:
        """Wait until nothing waits to be written."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Write what waits, and accept no more. Calling it again does nothing."""
        self._closed = True
        await self.idle()

    def _start(self) -> None:
        if self._task is None or self._task.done():
            name = "accounts afterwards"
            self._task = asyncio.get_running_loop().create_task(self._run(), name=name)

    async def _run(self) -> None:
        while self._uses or self._hashes or self._session_uses:
            self._writing, self._uses = self._uses, {}
            sessions, self._session_uses = self._session_uses, {}
            hashes, self._hashes = self._hashes, {}
            write = partial(_write, uses=self._writing, sessions=sessions, hashes=hashes)
            try:
                await self._database.write(write)
            except StoreError as error:
                log.warning("uses of accounts were not kept", reason=str(error))
            self._writing = {}


def _write(
    connection: Connection,
    uses: dict[int, float],
    sessions: dict[int, float],
    hashes: dict[int, tuple[str, str]],
) -> None:
    queries.touch_tokens(connection, uses)
    touch_sessions(connection, sessions)
    for owner_id, (old, new) in hashes.items():
        if queries.renew_hash(connection, owner_id, old, new):
            renew_fingerprint(connection, owner_id, fingerprint(old), fingerprint(new))
