"""Records of auto-provisioning: the queries.

Each takes a connection inside a transaction; keys are compared without case. What is kept is what
the car gets: sealed, by a secret that is not kept. Times are Unix seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from ovms.protocol.framing import LINE_END, WELCOME_LINE_LIMIT
from ovms.server.storage import names
from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound
from ovms.server.storage.schema import owners, provisions
from ovms.server.values import Provision, ProvisionRecord

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from ovms.server.values import Owner


def _select() -> Select[Any]:
    p = provisions.c
    known = (p.key, owners.c.name, p.created, p.changed, p.last_used)
    return select(*known, p.token, p.digest, p.record).outerjoin(owners, owners.c.id == p.owner_id)


def add_provision(
    connection: Connection,
    key: str,
    record: ProvisionRecord,
    now: float,
    owner: Owner | None = None,
    *,
    replace: bool = False,
) -> Provision:
    """Keep the record for the car that asks by ``key``, instead of an old one if ``replace``.

    Raises :class:`InvalidValue`, also for a record whose line a car cannot take, or
    :class:`AlreadyExists`.
    """
    key = names.provision_key(key)
    _check(record)
    known = find_provision(connection, key)
    if known is not None and not replace:
        raise AlreadyExists(f"a provisioning record for {key} exists already")
    connection.execute(delete(provisions).where(provisions.c.key == key))
    values = {
        "token": record.token,
        "digest": record.digest,
        "record": record.record,
        "owner_id": None if owner is None else owner.id,
        "created": now if known is None else known.created,
    }
    connection.execute(insert(provisions).values(key=key, changed=now, **values))
    return get_provision(connection, key)


def find_provision(connection: Connection, key: str) -> Provision | None:
    """Return the record for ``key``, or ``None``."""
    row = connection.execute(_select().where(provisions.c.key == key.upper())).one_or_none()
    return _provision(row) if row is not None else None


def get_provision(connection: Connection, key: str) -> Provision:
    """Return the record for ``key``. Raises :class:`NotFound`."""
    found = find_provision(connection, key)
    if found is None:
        raise NotFound(f"there is no provisioning record for {key.upper()[:80]}")
    return found


def list_provisions(connection: Connection) -> list[Provision]:
    """Return all records by key."""
    return [_provision(row) for row in connection.execute(_select().order_by(provisions.c.key))]


def remove_provision(connection: Connection, key: str) -> Provision:
    """Remove a record. Raises :class:`NotFound`."""
    found = get_provision(connection, key)
    connection.execute(delete(provisions).where(provisions.c.key == found.key))
    return found


def _check(record: ProvisionRecord) -> None:
    words = (record.token, record.digest, record.record)
    if not all(word.isascii() and word.isprintable() and word.split() == [word] for word in words):
        raise InvalidValue("the provisioning record is damaged")
    length = len(record.encode()) + len(LINE_END)
    if length > WELCOME_LINE_LIMIT:
        raise InvalidValue(
            f"the parameters are too long: their line has {length} bytes,"
            f" and a car takes {WELCOME_LINE_LIMIT}"
        )


def _provision(row: Any) -> Provision:
    key, owner, created, changed, last_used, *sealed = row
    return Provision(key, ProvisionRecord(*sealed), owner, created, changed, last_used)
