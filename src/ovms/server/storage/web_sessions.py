"""Log-ins in a browser, which a cookie names: the queries.

Each takes a connection inside a transaction. Only a digest of the cookie is stored. A session is
over when it was not called for :data:`IDLE_LIFE`, and :data:`LIFE` after it began. Times are Unix
seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, func, insert, or_, select, update

from ovms.server.storage.schema import web_sessions
from ovms.server.values import WebSession

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection

IDLE_LIFE: Final = 14 * 86400.0
"""Seconds that a session lives after its last call: a holiday."""

LIFE: Final = 90 * 86400.0
"""Seconds that it lives at all."""

SESSIONS_AN_OWNER: Final = 50
"""Sessions of one owner; then the one that was used longest ago ends."""

SESSIONS_IN_ALL: Final = 100_000
"""Sessions of all owners, some 250 bytes each; the same."""

AGENT_LENGTH: Final = 200
"""Characters that are kept of what a browser calls itself."""

ADDRESS_LENGTH: Final = 64
"""Characters that are kept of an address."""

_COLUMNS = [web_sessions.c[name] for name in WebSession.__dataclass_fields__]


def is_live(session: WebSession, now: float) -> bool:
    """Return whether a session is not over yet."""
    return now < ends(session)


def ends(session: WebSession) -> float:
    """Return when a session is over if no call comes."""
    return min(session.used + IDLE_LIFE, session.created + LIFE)


def add_session(
    connection: Connection,
    owner_id: int,
    digest: bytes,
    fingerprint: bytes,
    now: float,
    *,
    address: str = "",
    agent: str = "",
    passkey_id: int | None = None,
) -> WebSession:
    """Begin a session, whose owner has just proved who calls. Those that are over are deleted."""
    connection.execute(delete(web_sessions).where(_is_over(now)))
    mine = web_sessions.c.owner_id == owner_id
    _make_room(connection, SESSIONS_AN_OWNER, mine)
    _make_room(connection, SESSIONS_IN_ALL)
    values = {"fingerprint": fingerprint, "passkey_id": passkey_id}
    words = {"address": address[:ADDRESS_LENGTH], "agent": agent[:AGENT_LENGTH]}
    times = dict.fromkeys(("created", "used", "proved"), now)
    row = insert(web_sessions).values(digest=digest, owner_id=owner_id, **values, **words, **times)
    connection.execute(row)
    found = find_session(connection, digest, now)
    assert found is not None
    return found


def find_session(connection: Connection, digest: bytes, now: float) -> WebSession | None:
    """Return the live session of a cookie's digest, or ``None``."""
    query = select(*_COLUMNS).where(web_sessions.c.digest == digest, ~_is_over(now))
    row = connection.execute(query).one_or_none()
    return WebSession(*row) if row is not None else None


def list_sessions(connection: Connection, owner_id: int, now: float) -> list[WebSession]:
    """Return an owner's live sessions, the one that was used last first."""
    s = web_sessions.c
    query = select(*_COLUMNS).where(s.owner_id == owner_id, ~_is_over(now))
    rows = connection.execute(query.order_by(s.used.desc(), s.id.desc()))
    return [WebSession(*row) for row in rows]


def end_session(connection: Connection, owner_id: int, session_id: int) -> bool:
    """End one of an owner's sessions; return whether there was one."""
    s = web_sessions.c
    row = delete(web_sessions).where(s.owner_id == owner_id, s.id == session_id)
    return bool(connection.execute(row).rowcount)


def end_sessions(connection: Connection, owner_id: int, but: int | None = None) -> list[int]:
    """End all sessions of an owner but one; return their ids."""
    s = web_sessions.c
    which = (s.owner_id == owner_id, s.id != (-1 if but is None else but))
    ids = connection.scalars(select(s.id).where(*which)).all()
    connection.execute(delete(web_sessions).where(*which))
    return list(ids)


def end_digest(connection: Connection, digest: bytes) -> int | None:
    """End the session of a cookie's digest; return its id, ``None`` if there is none."""
    s = web_sessions.c
    session_id = connection.scalar(select(s.id).where(s.digest == digest))
    connection.execute(delete(web_sessions).where(s.digest == digest))
    return session_id


def touch_sessions(connection: Connection, used: Mapping[int, float]) -> None:
    """Store when sessions were used, by their ids."""
    for session_id, time in used.items():
        row = update(web_sessions).where(web_sessions.c.id == session_id)
        connection.execute(row.values(used=time))


def prove_session(connection: Connection, session_id: int, now: float) -> None:
    """Store that the owner has just proved who calls."""
    row = update(web_sessions).where(web_sessions.c.id == session_id)
    connection.execute(row.values(proved=now))


def renew_fingerprint(connection: Connection, owner_id: int, old: bytes, new: bytes) -> None:
    """Have an owner's sessions go on when the password's hash is made anew."""
    s = web_sessions.c
    row = update(web_sessions).where(s.owner_id == owner_id, s.fingerprint == old)
    connection.execute(row.values(fingerprint=new))


def _is_over(now: float) -> ColumnElement[bool]:
    s = web_sessions.c
    return or_(s.used <= now - IDLE_LIFE, s.created <= now - LIFE)


def _make_room(connection: Connection, limit: int, *which: Any) -> None:
    """End what was used longest ago, so that there are fewer than ``limit``."""
    s = web_sessions.c
    count = connection.scalar(select(func.count()).select_from(web_sessions).where(*which)) or 0
    if count >= limit:
        oldest = select(s.id).where(and_(True, *which)).order_by(s.used, s.id)
        ids = oldest.limit(count - limit + 1)
        connection.execute(delete(web_sessions).where(s.id.in_(ids)))
