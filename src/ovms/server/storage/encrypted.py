"""What of a secret stands in the database: text that only the key file opens.

A column of the type :class:`EncryptedText` takes an :class:`Encrypted` and nothing else, so a plain
secret cannot be stored by mistake. :mod:`.encryption` makes and reads them.
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Text
from sqlalchemy.types import TypeDecorator

from ovms.server.storage.errors import DamagedSecret

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Dialect

KEY_BYTES: Final = 32
ID_BYTES: Final = 8
NONCE_BYTES: Final = 12

VERSION: Final = "1"
"""How values are encrypted: AES-256-GCM, the nonce in front, in base64 behind the key's id."""


class Encrypted(str):
    """A value that was encrypted, ``1:KEY-ID:BASE64``; ``""`` where there is none."""

    __slots__ = ()

    @property
    def key_id(self) -> str:
        """The id of the key that opens it. Raises :class:`DamagedSecret`."""
        parts = self.split(":")
        if len(parts) != 3 or parts[0] != VERSION:
            raise DamagedSecret("a secret in the database is not in its form")
        return parts[1]


NOTHING: Final = Encrypted("")
"""What stands where there is no secret: in a removed vehicle."""

Place = tuple[str, ...]
"""Where a value stands: table, column, and what names the row. It opens nowhere else."""


class EncryptedText(TypeDecorator[Encrypted]):
    """The type of a column of encrypted values. Raises ``TypeError`` for any other text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the text to store."""
        if value is not None and not isinstance(value, Encrypted):
            raise TypeError("a secret is stored encrypted")  # the value is not repeated
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> Encrypted | None:
        """Return what was stored."""
        return None if value is None else Encrypted(value)


class EncryptionKey:
    """A key of 32 random bytes, and what is derived from it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self.bytes = key
        self.id = _derived(key, "id", ID_BYTES).hex()
        """What names it where the key itself must not stand. It tells nothing of the key."""
        self._cipher = AESGCM(_derived(key, "encryption", KEY_BYTES))
        self._lookup = HMAC(_derived(key, "look-up", KEY_BYTES), SHA256())

    def __repr__(self) -> str:
        """Return its name, and never the key."""
        return f"EncryptionKey({self.id})"

    def encrypt(
        self, place: Place, text: str, random: Callable[[int], bytes] = os.urandom
    ) -> Encrypted:
        """Return a value encrypted for its place."""
        nonce = random(NONCE_BYTES)
        data = nonce + self._cipher.encrypt(nonce, text.encode(), _bound(place))
        return Encrypted(f"{VERSION}:{self.id}:{base64.b64encode(data).decode()}")

    def decrypt(self, place: Place, value: Encrypted) -> str:
        """Return what was encrypted for that place. Raises :class:`DamagedSecret`."""
        try:
            data = base64.b64decode(value.rpartition(":")[2], validate=True)
            nonce, rest = data[:NONCE_BYTES], data[NONCE_BYTES:]
            return self._cipher.decrypt(nonce, rest, _bound(place)).decode()
        except (ValueError, InvalidTag):
            column, row = ".".join(place[:2]), " ".join(place[2:])
            raise DamagedSecret(f"the database is damaged: {column} of {row}") from None

    def lookup(self, column: str, text: str) -> str:
        """Return the keyed hash by which a value is found, 64 hexadecimal digits."""
        keyed = self._lookup.copy()
        keyed.update(_bound((column, text)))
        return keyed.finalize().hex()


def _derived(key: bytes, use: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=f"ovms database {use}".encode()).derive(key)


def _bound(place: Place) -> bytes:
    """Return a place as bytes; no two places have the same."""
    return b"".join(len(part).to_bytes(4) + part for part in (word.encode() for word in place))
