"""Changing the key of the secrets, and beginning anew when it is lost.

A change is one transaction. The key file holds both keys before it begins and until it is on disk,
so whenever the change is interrupted, the file holds the key that the database names.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select, update

from ovms.server.storage import provisions as provision_queries
from ovms.server.storage import tokens as token_queries
from ovms.server.storage.encrypted import KEY_BYTES, NOTHING, EncryptionKey
from ovms.server.storage.encryption import current_key, current_key_id, keys_of
from ovms.server.storage.errors import DamagedSecret, InvalidValue, WrongKey
from ovms.server.storage.moved import moved_place
from ovms.server.storage.push_devices import LOOKUP, device_place, endpoint_of
from ovms.server.storage.push_key import PUSH_KEY_PLACE
from ovms.server.storage.schema import (
    encryption,
    mail_codes,
    moved,
    notifications,
    owner_warnings,
    owners,
    provisions,
    push_devices,
    recovery_codes,
    secret_uses,
    seen_tokens,
    server,
    tokens,
    vehicles,
)
from ovms.server.storage.seen_tokens import KEY_PLACE
from ovms.server.storage.subscriptions import key_place
from ovms.server.storage.totp import totp_place
from ovms.server.storage.vehicles import secret_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Table

    from ovms.server.storage.database import Database


def change_key(
    database: Database, random: Callable[[int], bytes] = os.urandom
) -> tuple[EncryptionKey, EncryptionKey]:
    """Encrypt all secrets under a new key; return the old key and the new one.

    The key file holds the new one alone then. No server may run on the database. Raises
    :class:`~ovms.server.storage.errors.DatabaseError`; then the old key holds on.
    """
    new = EncryptionKey(random(KEY_BYTES))
    with database.writing() as connection:
        old = current_key(connection)
        database.keys.file.replace([new, old])
        _encrypt_again(connection, old, new)
        connection.execute(update(encryption).values(key_id=new.id, is_clean=False))
    database.check_key()
    return old, new


def find_damaged_secret(database: Database) -> str | None:
    """Return what is wrong with a secret that does not open, ``None`` if all do."""
    try:
        with database.writing() as connection:
            key = current_key(connection)
            _encrypt_again(connection, key, key)
            raise AllOpened
    except AllOpened:
        return None
    except DamagedSecret as error:
        return str(error)


class AllOpened(Exception):
    """All secrets were read; what was written is to be undone."""


def reset_key(connection: Connection, now: float, make_secret: Callable[[], str]) -> None:
    """Begin anew with the key that the file holds, or a new one, because the old one is lost.

    Every vehicle gets a new secret; tokens, provisioning records, subscriptions and what mails ask
    to confirm are deleted, and one-time codes are switched off: nobody can read them. What was
    remembered of the old secrets goes with them. Raises :class:`InvalidValue` while the key is
    there.
    """
    keys, lost = keys_of(connection), current_key_id(connection)
    try:
        keys.find(lost)
    except WrongKey:
        pass
    else:
        raise InvalidValue(f"key {lost} is not lost: {keys.file.path} holds it")
    key = keys.file.make()[0]
    connection.execute(update(encryption).values(key_id=key.id, is_clean=False))
    for table in _UNREADABLE:
        connection.execute(delete(table))
    connection.execute(update(server).values(token_key=None, push_key=None))
    connection.execute(update(owners).values(changed=now, totp=NOTHING))  # their tokens are gone
    ids = connection.scalars(select(vehicles.c.id).where(vehicles.c.deleted.is_(None))).all()
    rows = [{"_id": id_, "new": key.encrypt(secret_place(id_), make_secret())} for id_ in ids]
    _update(connection, vehicles, rows, {"secret": bindparam("new"), "changed": now})


_UNREADABLE: Final = (
    notifications,
    push_devices,
    tokens,
    provisions,
    mail_codes,
    moved,
    recovery_codes,
    seen_tokens,
    secret_uses,
    owner_warnings,
)
"""Tables whose rows are worth nothing without the key."""


def has_secrets(connection: Connection) -> bool:
    """Return whether there is a vehicle, a token or a provisioning record."""
    return any(
        connection.execute(select(table).limit(1)).first() is not None
        for table in (vehicles, tokens, provisions)
    )


def _encrypt_again(connection: Connection, old: EncryptionKey, new: EncryptionKey) -> None:
    for encrypt in _EACH:
        encrypt(connection, old, new)


def _vehicles(connection: Connection, old: EncryptionKey, new: EncryptionKey) -> None:
    v, rows = vehicles.c, []
    for id_, value in connection.execute(select(v.id, v.secret).where(v.secret != NOTHING)):
        place = secret_place(id_)
        rows.append({"_id": id_, "new": new.encrypt(place, old.decrypt(place, value))})
    _update(connection, vehicles, rows, {"secret": bindparam("new")})


def _subscriptions(connection: Connection, old: EncryptionKey, new: EncryptionKey) -> None:
    n, rows = notifications.c, []
    for vehicle_id, app_id, value in connection.execute(select(n.vehicle_id, n.app_id, n.key)):
        place = key_place(vehicle_id, app_id)
        encrypted = new.encrypt(place, old.decrypt(place, value))
        rows.append({"_vehicle_id": vehicle_id, "_app_id": app_id, "new": encrypted})
    _update(connection, notifications, rows, {"key": bindparam("new")})


def _tokens(connection: Connection, old: EncryptionKey, new: EncryptionKey) -> None:
    t, rows = tokens.c, []
    query = select(t.id, t.owner_id, t.lookup, t.encrypted)
    for id_, owner_id, hashed, value in connection.execute(query):
        token = old.decrypt(token_queries.token_place(hashed, owner_id), value)
        found = new.lookup(token_queries.LOOKUP, token)
        encrypted = new.encrypt(token_queries.token_place(found, owner_id), token)
        rows.append({"_id": id_, "hashed": found, "new": encrypted})
    _update(connection, tokens, rows, _LOOKED_UP)


def _provisions(connection: Connection, old: EncryptionKey, new: EncryptionKey) -> None:
    p, rows = provisions.c, []
    for hashed, value in connection.execute(select(p.lookup, p.encrypted)):
        words = old.decrypt(provision_queries.provision_place(hashed), value)
        found = new.lookup(provision_queries.LOOKUP, words.split(" ")[0])
        encrypted = new.encrypt(provision_queries.provision_place(found), words)
        rows.append({"_lookup": hashed, "hashed": found, "new": encrypted})
    _update(connection, provisions, rows, _LOOKED_UP)


def _server(connection: Connection, old: EncryptionKey, new: EncryptionKey) -> None:
    for place in (KEY_PLACE, PUSH_KEY_PLACE):
        column = server.c[place[1]]
        value = connection.scalar(select(column))
        if value is not None:
            encrypted = new.encrypt(place, old.decrypt(place, value))
            connection.execute(update(server).values({column: encrypted}))


def _push_devices(connection: Connection, old: EncryptionKey, new: EncryptionKey) -> None:
    d, rows = push_devices.c, []
    for id_, hashed, value in connection.execute(select(d.id, d.lookup, d.encrypted)):
        key = old.decrypt(device_place(hashed), value)
        found = new.lookup(LOOKUP, endpoint_of(key))
        encrypted = new.encrypt(device_place(found), key)
        rows.append({"_id": id_, "hashed": found, "new": encrypted})
    _update(connection, push_devices, rows, _LOOKED_UP)


def _one_time_codes(connection: Connection, old: EncryptionKey, new: EncryptionKey) -> None:
    o, rows = owners.c, []
    for id_, value in connection.execute(select(o.id, o.totp).where(o.totp != NOTHING)):
        place = totp_place(id_)
        rows.append({"_id": id_, "new": new.encrypt(place, old.decrypt(place, value))})
    _update(connection, owners, rows, {"totp": bindparam("new")})


def _mail_codes(connection: Connection, old: EncryptionKey, new: EncryptionKey) -> None:
    m, rows = mail_codes.c, []
    for digest, value in connection.execute(select(m.digest, m.content)):
        place = ("mail_codes", "content", digest.hex())
        rows.append({"_digest": digest, "new": new.encrypt(place, old.decrypt(place, value))})
    _update(connection, mail_codes, rows, {"content": bindparam("new")})


def _moved(connection: Connection, old: EncryptionKey, new: EncryptionKey) -> None:
    m, rows = moved.c, []
    for source, kind, value in connection.execute(select(m.source, m.kind, m.taken)):
        place = moved_place(source, kind)
        encrypted = new.encrypt(place, old.decrypt(place, value))
        rows.append({"_source": source, "_kind": kind, "new": encrypted})
    _update(connection, moved, rows, {"taken": bindparam("new")})


_EACH: Final = (
    _vehicles, _subscriptions, _tokens, _provisions, _server, _one_time_codes, _mail_codes,
    _push_devices, _moved,
)  # fmt: skip
"""What encrypts each column again."""

_LOOKED_UP: Final[dict[str, object]] = {
    "lookup": bindparam("hashed"), "encrypted": bindparam("new"),
}  # fmt: skip


def _update(
    connection: Connection, table: Table, rows: list[dict[str, Any]], values: dict[str, Any]
) -> None:
    """Update a row for each of ``rows``, found by its columns that stand there as ``_NAME``."""
    if not rows:
        return
    found = [table.c[name[1:]] == bindparam(name) for name in rows[0] if name.startswith("_")]
    connection.execute(update(table).where(*found).values(values), rows)
