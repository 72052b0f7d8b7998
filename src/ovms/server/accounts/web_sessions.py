"""Sessions of browsers, which a cookie names. They are stored, and so outlive the server.

Those that are called are kept in memory with their logins, so that a call needs no query. This is
their holder of logins: what becomes of an owner or a password reaches them as it does connections.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from ovms.server.accounts.errors import LoginRefused
from ovms.server.accounts.passwords import fingerprint as fingerprint_of
from ovms.server.storage import queries, web_sessions
from ovms.server.storage.database import Lane
from ovms.server.storage.logins import account_states
from ovms.server.storage.web_sessions import is_live

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from sqlalchemy import Connection

    from ovms.base.clock import Clock
    from ovms.server.accounts.login import Accounts, Login
    from ovms.server.values import WebSession

KEY_BYTES: Final = 32
"""Random bytes of a cookie."""

KEY_LENGTH: Final = 43
"""Characters of a cookie."""

LIVE_LIMIT: Final = 10_000
"""Sessions that are kept in memory, some kilobyte each; the one longest without a call gives way,
and is read again with its next."""

USE_INTERVAL: Final = 60.0
"""Seconds within which the calls of a session count as one where they are stored."""

PROOF_LIFE: Final = 600.0
"""Seconds after a proof of who calls in which the means of logging in may be changed."""

ENDED_LIMIT: Final = 10_000
"""Sessions that ended lately and are remembered: some may be being read at that moment."""


@dataclass(slots=True)
class LiveSession:
    """A session that is called, and its login."""

    digest: bytes = field(repr=False)
    row: WebSession
    login: Login
    stored: float
    """The last use that is stored, or on its way there."""


class WebSessions:
    """The sessions of all browsers. Belongs to one event loop."""

    def __init__(
        self, accounts: Accounts, clock: Clock, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._accounts = accounts
        self._database = accounts.database
        self._clock = clock
        self._random = random
        self._live: dict[bytes, LiveSession] = {}
        """Those called last are the last ones."""
        self._ended: dict[int, None] = {}
        accounts.add_holder(self)

    async def open(
        self,
        owner_id: int,
        *,
        address: str = "",
        agent: str = "",
        fingerprint: bytes | None = None,
        passkey_id: int | None = None,
        instead_of: str = "",
    ) -> tuple[str, LiveSession]:
        """Begin a session of an owner who has just proved who calls; return its cookie, too.

        ``fingerprint`` is that of the password that was right; without it the present one counts,
        for a log-in by ``passkey_id``. The session of the cookie ``instead_of`` ends. Raises
        :class:`LoginRefused` if owner, password or passkey is gone meanwhile, or
        :class:`ovms.server.storage.errors.StoreError`.
        """
        key = urlsafe_b64encode(self._random(KEY_BYTES)).decode().rstrip("=")
        digest, old = _digest(key), _digest(instead_of)
        row, ended = await self._database.write(
            partial(
                self._add, owner_id=owner_id, digest=digest, fingerprint=fingerprint, old=old,
                address=address, agent=agent, passkey_id=passkey_id,
            )
        )  # fmt: skip
        if ended is not None:
            self._end([ended])
        try:
            login = await self._accounts.admit_session(row)
        except LoginRefused:
            await self.end(owner_id, row.id)
            raise
        return key, self._keep(LiveSession(digest, row, login, row.used))

    async def find(self, key: str) -> LiveSession | None:
        """Return the live session of a cookie, ``None`` if there is none. It counts as a call.

        Raises :class:`ovms.server.storage.errors.StoreError`.
        """
        if len(key) != KEY_LENGTH or not key.isascii():
            return None
        digest = _digest(key)
        live = self._live.pop(digest, None) or await self._load(digest)
        now = self._clock.time()
        if live is None or not is_live(live.row, now):
            return None
        live.row = replace(live.row, used=max(now, live.row.used))
        if now - live.stored >= USE_INTERVAL:
            live.stored = now
            self._accounts.touch_session(live.row.id, now)
        return self._keep(live)

    async def list_of(self, owner_id: int) -> list[WebSession]:
        """Return an owner's sessions, the one that was used last first."""
        used = {live.row.id: live.row for live in self._live.values()}
        query = partial(_list, owner_id=owner_id, now=self._clock.time())
        rows = [used.get(row.id, row) for row in await self._database.read(query)]
        return sorted(rows, key=lambda row: (-row.used, -row.id))

    async def end(self, owner_id: int, session_id: int) -> bool:
        """End one of an owner's sessions; return whether there was one."""
        end = partial(web_sessions.end_session, owner_id=owner_id, session_id=session_id)
        was_there = await self._database.write(end)
        if was_there:
            self._end([session_id])
        return was_there

    async def end_all(self, owner_id: int, but: int | None = None) -> int:
        """End all sessions of an owner but one; return how many."""
        ids = await self._database.write(
            partial(web_sessions.end_sessions, owner_id=owner_id, but=but)
        )
        self._end(ids)
        return len(ids)

    def forget(self, owner_id: int) -> None:
        """End all sessions of an owner that are not in the database any more."""
        self._end([live.row.id for live in self._live.values() if live.row.owner_id == owner_id])

    async def prove(self, session: WebSession) -> None:
        """Note that the owner has just proved who calls in a session."""
        now = self._clock.time()
        prove = partial(web_sessions.prove_session, session_id=session.id, now=now)
        await self._database.write(prove)
        for live in self._live.values():
            if live.row.id == session.id:
                live.row = replace(live.row, proved=now)

    def is_fresh(self, session: WebSession) -> bool:
        """Return whether the owner proved a short while ago who calls."""
        return 0 <= self._clock.time() - session.proved < PROOF_LIFE

    async def set_password(
        self, session: WebSession, old: bytes, password_hash: str
    ) -> tuple[str, LiveSession]:
        """Change the password of a session's owner; return a session instead of it, and its cookie.

        All sessions of the owner end. ``old`` is the fingerprint of the password until now, empty
        without one. Raises :class:`LoginRefused` if it was changed meanwhile, or
        :class:`ovms.server.storage.errors.StoreError`.
        """
        change = partial(
            self._set_password, owner_id=session.owner_id, old=old, password_hash=password_hash
        )
        self._end(await self._database.write(change))
        new = fingerprint_of(password_hash)
        return await self.open(
            session.owner_id, address=session.address, agent=session.agent, fingerprint=new
        )

    def logins(self) -> Iterable[Login]:
        """Return the logins of the sessions that are kept."""
        return [live.login for live in self._live.values()]

    def update(self, changes: Mapping[Login, Login | None]) -> None:
        """Replace logins that changed, and forget the sessions of those that no longer hold."""
        for digest, live in list(self._live.items()):
            login = changes.get(live.login, live.login)
            if login is None:
                del self._live[digest]
            else:
                live.login = login

    def __len__(self) -> int:
        """Return how many are kept in memory."""
        return len(self._live)

    async def _load(self, digest: bytes) -> LiveSession | None:
        query = partial(web_sessions.find_session, digest=digest, now=self._clock.time())
        row = await self._database.read(query, Lane.LOGINS)
        if row is None:
            return None
        try:
            login = await self._accounts.admit_session(row)
        except LoginRefused:
            await self._database.write(partial(web_sessions.end_digest, digest=digest))
            return None
        if row.id in self._ended:  # meanwhile
            return None
        return self._live.get(digest) or LiveSession(digest, row, login, row.used)

    def _keep(self, live: LiveSession) -> LiveSession:
        self._live.pop(live.digest, None)
        if len(self._live) >= LIVE_LIMIT:
            del self._live[next(iter(self._live))]
        self._live[live.digest] = live
        return live

    def _end(self, session_ids: Collection[int]) -> None:
        """Forget sessions that were ended, and tell all who hold their logins."""
        self._ended |= dict.fromkeys(session_ids)
        while len(self._ended) > ENDED_LIMIT:
            del self._ended[next(iter(self._ended))]
        over = set(session_ids)
        self._live = {key: live for key, live in self._live.items() if live.row.id not in over}
        self._accounts.end_sessions(over)

    def _add(
        self,
        connection: Connection,
        owner_id: int,
        digest: bytes,
        fingerprint: bytes | None,
        old: bytes,
        address: str,
        agent: str,
        passkey_id: int | None,
    ) -> tuple[WebSession, int | None]:
        """Do the work of :meth:`open`, in the database's thread."""
        now = self._clock.time()
        present = _present(connection, owner_id, now)
        if present is None:
            raise LoginRefused
        if fingerprint is not None and not self._accounts.is_same_password(fingerprint, present):
            raise LoginRefused
        ended = web_sessions.end_digest(connection, old)
        row = web_sessions.add_session(
            connection, owner_id, digest, present, now,
            address=address, agent=agent, passkey_id=passkey_id,
        )  # fmt: skip
        return row, ended

    def _set_password(
        self, connection: Connection, owner_id: int, old: bytes, password_hash: str
    ) -> list[int]:
        """Change a password; return the ids of the sessions that end with the old one."""
        now = self._clock.time()
        state = account_states(connection, (owner_id,), now).get(owner_id)
        present = _present(connection, owner_id, now)
        if state is None or present is None or not self._accounts.is_same_password(old, present):
            raise LoginRefused
        ended = web_sessions.end_sessions(connection, owner_id)
        queries.set_password(connection, state.name, password_hash, now)
        return ended


def _digest(key: str) -> bytes:
    return sha256(key.encode(errors="replace")).digest()


def _present(connection: Connection, owner_id: int, now: float) -> bytes | None:
    """Return the fingerprint of an owner's password, ``None`` if there is no such owner."""
    state = account_states(connection, (owner_id,), now).get(owner_id)
    if state is None:
        return None
    return b"" if state.password_hash is None else fingerprint_of(state.password_hash)


def _list(connection: Connection, owner_id: int, now: float) -> list[WebSession]:
    """Return the sessions whose password is still the owner's."""
    present = _present(connection, owner_id, now)
    rows = web_sessions.list_sessions(connection, owner_id, now)
    return [row for row in rows if row.fingerprint == present]
