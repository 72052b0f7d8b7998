"""The private key by which push services know the server. It is made once, and kept encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from ovms.server.storage.encryption import decrypt, encrypt
from ovms.server.storage.schema import SERVER_ROW, server

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

PUSH_KEY_PLACE: Final = ("server", "push_key")


def find_push_key(connection: Connection) -> str | None:
    """Return the key; ``None`` if no server has made one."""
    encrypted = connection.scalar(select(server.c.push_key).where(server.c.id == SERVER_ROW))
    return None if encrypted is None else decrypt(connection, PUSH_KEY_PLACE, encrypted)


def take_push_key(connection: Connection, make: Callable[[], str]) -> str:
    """Return the key; one is made and stored if there is none."""
    known = find_push_key(connection)
    if known is not None:
        return known
    new = make()
    row = update(server).where(server.c.id == SERVER_ROW)
    connection.execute(row.values(push_key=encrypt(connection, PUSH_KEY_PLACE, new)))
    return new
