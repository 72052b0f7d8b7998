"""Encrypting what is a secret in the database, and reading it again.

Each function takes a connection inside a transaction, made by a :class:`.database.Database`, which
knows its key file. The table ``encryption`` says under which key the secrets stand. It is asked
whenever something is encrypted or looked up, so a program that began before the key was changed
goes on with the new one.
"""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select

from ovms.server.storage.encrypted import NOTHING, Encrypted, EncryptionKey, Place
from ovms.server.storage.errors import NotADatabase, WrongKey
from ovms.server.storage.schema import encryption

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from ovms.server.storage.keyfile import KeyFile

OPTION: Final = "ovms_keys"
"""The execution option of a connection that holds its :class:`Keys`."""


class Keys:
    """The keys of a database, read from their file when they are needed; for many threads.

    ``name`` is what errors call the database.
    """

    def __init__(self, file: KeyFile, name: str) -> None:
        self.file = file
        self._name = name
        self._lock = Lock()
        self._known: dict[str, EncryptionKey] = {}

    def find(self, key_id: str) -> EncryptionKey:
        """Return the key of that id. Raises :class:`BadKeyFile` or :class:`WrongKey`."""
        if key_id in self._known:
            return self._known[key_id]
        with self._lock:
            read = [] if key_id in self._known else self.file.read()
            for key in read:
                self._known.setdefault(key.id, key)
        if key_id in self._known:
            return self._known[key_id]
        path = self.file.path
        found = f"{path} holds another one, {read[0].id}" if read else f"there is no {path}"
        raise WrongKey(
            f"the secrets in database {self._name} are encrypted under key {key_id}, and {found}:"
            " put back the right file, or name it (key_file); if it is lost, see ovms key reset"
        )

    def begin(
        self, connection: Connection, random: Callable[[int], bytes] = os.urandom
    ) -> EncryptionKey:
        """Set the key of a database that has none; make the key file if there is none."""
        key = self.file.make(random)[0]
        connection.execute(insert(encryption).values(key_id=key.id, is_clean=False))
        return key


def keys_of(connection: Connection) -> Keys:
    """Return the keys of the connection's database."""
    keys: Keys = connection.get_execution_options()[OPTION]
    return keys


def current_key_id(connection: Connection) -> str:
    """Return the id of the key under which the secrets stand. Raises :class:`NotADatabase`."""
    key_id = connection.scalar(select(encryption.c.key_id))
    if key_id is None:
        raise NotADatabase("the database does not say under which key its secrets are encrypted")
    return str(key_id)


def current_key(connection: Connection) -> EncryptionKey:
    """Return the key to encrypt and to look up with, true for this transaction."""
    return keys_of(connection).find(current_key_id(connection))


def encrypt(connection: Connection, place: Place, text: str) -> Encrypted:
    """Return a value encrypted for its place; for many at once see :func:`current_key`."""
    return current_key(connection).encrypt(place, text)


def decrypt(connection: Connection, place: Place, value: Encrypted) -> str:
    """Return the value of a place; ``""`` where there is none.

    Raises :class:`~ovms.server.storage.errors.DamagedSecret`, or
    :class:`~ovms.server.storage.errors.WrongKey` for one under a key that is not in the file.
    """
    if value == NOTHING:
        return ""
    return keys_of(connection).find(value.key_id).decrypt(place, value)


def lookup(connection: Connection, column: str, text: str) -> str:
    """Return the keyed hash by which a value of a column is found."""
    return current_key(connection).lookup(column, text)
