"""Records of auto-provisioning: the queries.

Each takes a connection inside a transaction; keys are compared without case. What is kept is what
the car gets: sealed, by a secret that is not kept but may be guessed. So it is encrypted besides,
together with its key, which is found by a keyed hash. Times are Unix seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from ovms.protocol.framing import LINE_END, WELCOME_LINE_LIMIT
from ovms.server.storage import names
from ovms.server.storage.encryption import current_key, decrypt, lookup
from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound
from ovms.server.storage.schema import owners, provisions
from ovms.server.values import Provision, ProvisionRecord

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from ovms.server.storage.encrypted import Place
    from ovms.server.values import Owner

LOOKUP: Final = "provisions.key"
"""What the keyed hash of a key is made for."""


def provision_place(hashed: str) -> Place:
    """Return the place of a record, by its key's keyed hash."""
    return "provisions", "encrypted", hashed


def provision_lookup(connection: Connection, key: str) -> str:
    """Return the keyed hash by which a record is found."""
    return lookup(connection, LOOKUP, key.upper())


def _select() -> Select[Any]:
    p = provisions.c
    known = (p.lookup, p.encrypted, owners.c.name, p.vehicle_id, p.created, p.changed, p.last_used)
    return select(*known).outerjoin(owners, owners.c.id == p.owner_id)


def add_provision(
    connection: Connection,
    key: str,
    record: ProvisionRecord,
    now: float,
    owner: Owner | None = None,
    *,
    vehicle_id: str | None = None,
    replace: bool = False,
) -> Provision:
    """Keep the record for the car that asks by ``key``, instead of an old one if ``replace``.

    A vehicle has one record: another one that was made for it goes. Raises :class:`InvalidValue`,
    also for a record whose line a car cannot take, or :class:`AlreadyExists`.
    """
    key = names.provision_key(key)
    _check(record)
    known = find_provision(connection, key)
    if known is not None and not replace:
        raise AlreadyExists(f"a provisioning record for {key} exists already")
    current = current_key(connection)
    hashed = current.lookup(LOOKUP, key)
    connection.execute(delete(provisions).where(provisions.c.lookup == hashed))
    if vehicle_id is not None:
        connection.execute(delete(provisions).where(provisions.c.vehicle_id == vehicle_id))
    words = " ".join((key, record.token, record.digest, record.record))
    values = {
        "lookup": hashed,
        "encrypted": current.encrypt(provision_place(hashed), words),
        "owner_id": None if owner is None else owner.id,
        "vehicle_id": vehicle_id,
        "created": now if known is None else known.created,
    }
    connection.execute(insert(provisions).values(changed=now, **values))
    return get_provision(connection, key)


def find_provision(connection: Connection, key: str) -> Provision | None:
    """Return the record for ``key``, or ``None``."""
    hashed = provision_lookup(connection, key)
    row = connection.execute(_select().where(provisions.c.lookup == hashed)).one_or_none()
    return _provision(connection, row) if row is not None else None


def get_provision(connection: Connection, key: str) -> Provision:
    """Return the record for ``key``. Raises :class:`NotFound`."""
    found = find_provision(connection, key)
    if found is None:
        raise NotFound(f"there is no provisioning record for {key.upper()[:80]}")
    return found


def find_vehicle_provision(connection: Connection, vehicle_id: str) -> Provision | None:
    """Return the record that was made for a vehicle, or ``None``."""
    row = connection.execute(_select().where(provisions.c.vehicle_id == vehicle_id)).one_or_none()
    return _provision(connection, row) if row is not None else None


def list_provisions(connection: Connection) -> list[Provision]:
    """Return all records by key."""
    found = [_provision(connection, row) for row in connection.execute(_select())]
    return sorted(found, key=lambda each: each.key)


def remove_provision(connection: Connection, key: str) -> Provision:
    """Remove a record. Raises :class:`NotFound`."""
    found = get_provision(connection, key)
    hashed = provision_lookup(connection, found.key)
    connection.execute(delete(provisions).where(provisions.c.lookup == hashed))
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


def _provision(connection: Connection, row: Any) -> Provision:
    hashed, value, *facts = row
    key, *sealed = decrypt(connection, provision_place(hashed), value).split(" ")
    return Provision(key, ProvisionRecord(*sealed), *facts)
