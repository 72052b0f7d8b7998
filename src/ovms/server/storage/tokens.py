"""API tokens: the queries.

Each takes a connection inside a transaction. A token that is made or removed is a change of its
owner: that is how a running server hears of it. A token is stored encrypted, and found by its keyed
hash. Times are Unix seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update

from ovms.server.storage import names
from ovms.server.storage.encryption import current_key, decrypt, lookup
from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound
from ovms.server.storage.schema import owners, tokens
from ovms.server.values import Token, TokenChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection, Select

    from ovms.server.storage.encrypted import Place
    from ovms.server.values import Owner

TOKEN_LIMIT: Final = 1000
"""Tokens of an owner: a program that makes itself a new one each day is stopped after years."""

EXPIRED_LIFE: Final = 30 * 86400.0
"""Seconds that an expired token is listed before it is deleted: its owner may wonder why a program
logs in no more."""

SHORTEST_PREFIX: Final = 8
"""Digits by which a token may be named: as many as a listing shows."""

LATEST: Final = 253402300800.0
"""The first time that has no year of four digits."""

LOOKUP: Final = "tokens.token"
"""What the keyed hash of a token is made for."""

_TOKEN = [
    tokens.c.id,
    tokens.c.owner_id,
    owners.c.name,
    tokens.c.encrypted,
    tokens.c.application,
    tokens.c.purpose,
    tokens.c.permit,
    tokens.c.created,
    tokens.c.refreshed,
    tokens.c.last_used,
    tokens.c.expires,
]


def token_place(hashed: str, owner_id: int) -> Place:
    """Return the place of a token, by its keyed hash."""
    return "tokens", "encrypted", hashed, str(owner_id)


def _select() -> Select[Any]:
    return select(tokens.c.lookup, *_TOKEN).join(owners, owners.c.id == tokens.c.owner_id)


def add_token(
    connection: Connection,
    owner: Owner,
    token: str,
    now: float,
    application: str,
    purpose: str,
    permit: str,
    expires: float | None = None,
) -> Token:
    """Make a token of 64 hexadecimal digits; the caller chooses it at random.

    It logs in until it ``expires``. Raises :class:`InvalidValue`, also past :data:`TOKEN_LIMIT`, or
    :class:`AlreadyExists`.
    """
    token = names.api_token(token)
    key = current_key(connection)
    hashed = key.lookup(LOOKUP, token)
    values = {
        "lookup": hashed,
        "encrypted": key.encrypt(token_place(hashed, owner.id), token),
        "application": names.token_label(application),
        "purpose": names.token_label(purpose),
        "permit": names.permit(permit),
        "expires": _future(expires, now),
    }
    if find_token(connection, token) is not None:
        raise AlreadyExists("the token exists already")
    count = select(func.count()).where(tokens.c.owner_id == owner.id)
    if (connection.scalar(count) or 0) >= TOKEN_LIMIT and not _forget(
        connection, tokens.c.owner_id == owner.id, tokens.c.expires <= now
    ):
        raise InvalidValue(f"owner {owner.name} has {TOKEN_LIMIT} tokens already")
    row = insert(tokens).values(owner_id=owner.id, created=now, refreshed=now, **values)
    connection.execute(row)
    _owner_changed(connection, owner.id, now)
    return get_token(connection, token)


def list_tokens(connection: Connection, owner: Owner | None = None) -> list[Token]:
    """Return all tokens, or one owner's, by owner and age."""
    query = _select().order_by(owners.c.name_key, tokens.c.id)
    if owner is not None:
        query = query.where(tokens.c.owner_id == owner.id)
    return [_token(connection, row) for row in connection.execute(query)]


def find_token(connection: Connection, token: str) -> Token | None:
    """Return the token of those digits, in any case, or ``None``."""
    hashed = lookup(connection, LOOKUP, token.lower())
    row = connection.execute(_select().where(tokens.c.lookup == hashed)).one_or_none()
    return _token(connection, row) if row is not None else None


def find_own_token(connection: Connection, owner_id: int, token_id: int) -> Token | None:
    """Return an owner's token by its id, or ``None``."""
    query = _select().where(tokens.c.owner_id == owner_id, tokens.c.id == token_id)
    row = connection.execute(query).one_or_none()
    return _token(connection, row) if row is not None else None


def change_token(connection: Connection, token: Token, now: float, changed: TokenChange) -> Token:
    """Change what is said of a token. Raises :class:`InvalidValue`."""
    values: dict[str, object] = {}
    for name in ("application", "purpose"):
        if name in changed:
            values[name] = names.token_label(changed[name])
    if "permit" in changed:
        values["permit"] = names.permit(changed["permit"])
    if "expires" in changed:
        values["expires"] = _future(changed["expires"], now)
    if values:
        row = update(tokens).where(tokens.c.id == token.id)
        connection.execute(row.values(refreshed=now, **values))
        _owner_changed(connection, token.owner_id, now)
    return get_token(connection, token.token)


def forget_tokens(connection: Connection, now: float) -> int:
    """Delete tokens that expired :data:`EXPIRED_LIFE` ago; return how many."""
    return _forget(connection, tokens.c.expires <= now - EXPIRED_LIFE)


def _forget(connection: Connection, *which: ColumnElement[bool]) -> int:
    return connection.execute(delete(tokens).where(*which)).rowcount


def get_token(connection: Connection, token: str) -> Token:
    """Return the token of those digits, or of those first ones if no other begins with them.

    At least :data:`SHORTEST_PREFIX`; only the whole is looked up, for less all tokens are read.
    Raises :class:`InvalidValue` or :class:`NotFound`.
    """
    first = _prefix(token)
    whole = find_token(connection, first)
    found = [whole] if whole else [each for each in list_tokens(connection)
                                   if each.token.startswith(first)]  # fmt: skip
    if not found:
        raise NotFound(f"there is no token {_shown(first)}")
    if len(found) > 1:
        raise InvalidValue(f"more than one token begins with {_shown(first)}")
    return found[0]


def remove_token(connection: Connection, token: str, now: float) -> Token:
    """Remove a token, named as for :func:`get_token`, which tells the errors."""
    found = get_token(connection, token)
    connection.execute(delete(tokens).where(tokens.c.id == found.id))
    _owner_changed(connection, found.owner_id, now)
    return found


def touch_tokens(connection: Connection, used: Mapping[int, float]) -> None:
    """Store when tokens were used, by their ids."""
    for token_id, time in used.items():
        connection.execute(update(tokens).where(tokens.c.id == token_id).values(last_used=time))


def _future(expires: float | None, now: float) -> float | None:
    """Check when a token is to expire. Raises :class:`InvalidValue`."""
    if expires is not None and not now < expires < LATEST:
        raise InvalidValue("a token must expire in the future")
    return expires


def _token(connection: Connection, row: Any) -> Token:
    hashed, token_id, owner_id, owner, value, *rest = row
    token = decrypt(connection, token_place(hashed, owner_id), value)
    return Token(token_id, owner_id, owner, token, *rest)


def _owner_changed(connection: Connection, owner_id: int, now: float) -> None:
    connection.execute(update(owners).where(owners.c.id == owner_id).values(changed=now))


def _prefix(text: str) -> str:
    first = text.lower()
    if not (
        SHORTEST_PREFIX <= len(first) <= names.TOKEN_DIGITS
        and set(first) <= set("0123456789abcdef")
    ):
        raise InvalidValue(
            f"a token is named by its {names.TOKEN_DIGITS} hexadecimal digits,"
            f" or its first {SHORTEST_PREFIX} or more"
        )
    return first


def _shown(first: str) -> str:
    """Return the part of a token that an error may show."""
    return first if len(first) == SHORTEST_PREFIX else f"{first[:SHORTEST_PREFIX]}…"
