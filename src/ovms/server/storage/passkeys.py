"""Passkeys of owners: the queries. Each takes a connection inside a transaction.

Times are Unix seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update

from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound
from ovms.server.storage.schema import owners, passkeys
from ovms.server.values import Passkey

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

PASSKEY_LIMIT: Final = 20
"""Passkeys of an owner: some devices, and a few spare ones."""

NAME_LENGTH: Final = 100
"""Characters of what an owner calls a passkey."""

CREDENTIAL_LENGTH: Final = 1023
"""Bytes of a credential's id, by the standard."""


def _select() -> Select[Any]:
    p = passkeys.c
    return select(p.id, p.owner_id, p.credential, p.public_key, p.sign_count, p.name, p.created,
                  p.last_used)  # fmt: skip


def add_passkey(
    connection: Connection,
    owner_id: int,
    credential: bytes,
    public_key: bytes,
    sign_count: int,
    name: str,
    now: float,
) -> Passkey:
    """Keep a passkey of an owner.

    Raises :class:`AlreadyExists`, :class:`InvalidValue` past :data:`PASSKEY_LIMIT`, or
    :class:`NotFound` if the owner is gone.
    """
    p = passkeys.c
    if find_passkey(connection, credential) is not None:
        raise AlreadyExists("the passkey exists already")
    if connection.scalar(select(owners.c.id).where(owners.c.id == owner_id)) is None:
        raise NotFound("there is no such owner")
    count = connection.scalar(select(func.count()).where(p.owner_id == owner_id)) or 0
    if count >= PASSKEY_LIMIT:
        raise InvalidValue(f"an account has {PASSKEY_LIMIT} passkeys at most")
    values = {"owner_id": owner_id, "credential": credential, "public_key": public_key,
              "sign_count": sign_count, "name": name, "created": now}  # fmt: skip
    connection.execute(insert(passkeys).values(values))
    return Passkey(*connection.execute(_select().where(p.credential == credential)).one())


def list_passkeys(connection: Connection, owner_id: int) -> list[Passkey]:
    """Return an owner's passkeys, the oldest first."""
    query = _select().where(passkeys.c.owner_id == owner_id).order_by(passkeys.c.id)
    return [Passkey(*row) for row in connection.execute(query)]


def find_passkey(connection: Connection, credential: bytes) -> Passkey | None:
    """Return the passkey of a credential's id, or ``None``."""
    query = _select().where(passkeys.c.credential == credential)
    row = connection.execute(query).one_or_none()
    return None if row is None else Passkey(*row)


def use_passkey(connection: Connection, passkey: Passkey, sign_count: int, now: float) -> bool:
    """Store a use; return false if it was used, or removed, since it was read."""
    p = passkeys.c
    row = update(passkeys).where(p.id == passkey.id, p.sign_count == passkey.sign_count)
    return bool(connection.execute(row.values(sign_count=sign_count, last_used=now)).rowcount)


def remove_passkey(connection: Connection, owner_id: int, passkey_id: int, now: float) -> Passkey:
    """Remove an owner's passkey, and have running servers hear of it. Raises :class:`NotFound`."""
    p = passkeys.c
    query = _select().where(p.id == passkey_id, p.owner_id == owner_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("there is no such passkey")
    connection.execute(delete(passkeys).where(p.id == passkey_id))
    connection.execute(update(owners).where(owners.c.id == owner_id).values(changed=now))
    return Passkey(*row)
