"""One-time codes: the key from which an owner's app makes them, the last step used, recovery codes.

Each function takes a connection inside a transaction. The key is stored encrypted; of recovery
codes only digests are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from ovms.server.storage.encrypted import NOTHING
from ovms.server.storage.encryption import decrypt, encrypt
from ovms.server.storage.schema import owners, recovery_codes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from ovms.server.storage.encrypted import Place


def totp_place(owner_id: int) -> Place:
    """Return the place of an owner's key of one-time codes."""
    return "owners", "totp", str(owner_id)


def has_totp(connection: Connection, owner_id: int) -> bool:
    """Return whether an owner's one-time codes are on."""
    value = connection.scalar(select(owners.c.totp).where(owners.c.id == owner_id))
    return value is not None and value != NOTHING


def totp_key(connection: Connection, owner_id: int) -> str:
    """Return the key of an owner's one-time codes, ``""`` while they are off."""
    value = connection.scalar(select(owners.c.totp).where(owners.c.id == owner_id))
    return "" if value is None else decrypt(connection, totp_place(owner_id), value)


def set_totp(connection: Connection, owner_id: int, key: str, step: int, now: float) -> None:
    """Switch an owner's one-time codes on; the code of ``step`` was just used."""
    value = encrypt(connection, totp_place(owner_id), key)
    row = update(owners).where(owners.c.id == owner_id)
    connection.execute(row.values(totp=value, totp_step=step, changed=now))


def clear_totp(connection: Connection, owner_id: int, now: float) -> None:
    """Switch an owner's one-time codes off, and delete the recovery codes."""
    row = update(owners).where(owners.c.id == owner_id)
    connection.execute(row.values(totp=NOTHING, totp_step=0, changed=now))
    put_recovery_codes(connection, owner_id, ())


def take_step(connection: Connection, owner_id: int, step: int) -> bool:
    """Note that the code of a step was used; return false if it, or a later one, was before."""
    row = update(owners).where(owners.c.id == owner_id, owners.c.totp_step < step)
    return bool(connection.execute(row.values(totp_step=step)).rowcount)


def put_recovery_codes(connection: Connection, owner_id: int, digests: Iterable[bytes]) -> None:
    """Replace an owner's recovery codes."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.owner_id == owner_id))
    for digest in digests:
        connection.execute(insert(recovery_codes).values(owner_id=owner_id, digest=digest))


def take_recovery_code(connection: Connection, owner_id: int, digest: bytes) -> bool:
    """Delete a recovery code that is used; return whether there was one."""
    r = recovery_codes.c
    row = delete(recovery_codes).where(r.owner_id == owner_id, r.digest == digest)
    return bool(connection.execute(row).rowcount)


def count_recovery_codes(connection: Connection, owner_id: int) -> int:
    """Return how many recovery codes an owner has left."""
    count = select(func.count()).where(recovery_codes.c.owner_id == owner_id)
    return connection.scalar(count) or 0
