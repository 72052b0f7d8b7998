"""Tokens of welcomes that a listener may have overheard, so that nobody logs in by repeating one.

The digest of a token is the same whoever says it: an app, a car, another server, and our server in
its own welcome. So whoever has heard one welcome can say it in any role, for any vehicle with that
secret. Therefore what callers say over plain connections is remembered by secret, whatever the role
and the vehicle. Our own tokens need no memory: their second part proves that they are ours.
"""

from __future__ import annotations

import asyncio
import hmac
import os
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select, tuple_, update

from ovms.protocol.crypto import TOKEN_LENGTH, encode_base64, make_token
from ovms.server.storage.encryption import decrypt, encrypt
from ovms.server.storage.schema import (
    SERVER_ROW,
    owner_warnings,
    secret_uses,
    seen_tokens,
    server,
)
from ovms.server.storage.seen_filter import PARTS_LIMIT, is_in, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from ovms.protocol.crypto import RandomBytes
    from ovms.server.storage.database import Database
    from ovms.server.storage.writer import Writer

KEY_BYTES: Final = 32

KEY_PLACE: Final = ("server", "token_key")
"""Where the database's key is encrypted: with it, secrets could be guessed by their memories."""

MEMORY_BYTES: Final = 16
"""Bytes of a memory's name."""

MARK_LENGTH: Final = 8
"""Characters of the mark in our own tokens: 48 bits. The other 14 are random, 84 bits."""

WARNED_LIMIT: Final = 100_000
"""Warnings that are known to have been given without asking the database."""


class SeenTokens:
    """The tokens that were seen, by the secret that they go with. Made by :meth:`open`."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        key: bytes,
        clock: Callable[[], float],
        random_bytes: RandomBytes = os.urandom,
    ) -> None:
        self._database = database
        self._writer = writer
        self._key = key
        self._clock = clock
        self._random_bytes = random_bytes
        self._warned: set[tuple[str, str, bytes]] = set()

    @classmethod
    async def open(
        cls, database: Database, writer: Writer, clock: Callable[[], float]
    ) -> SeenTokens:
        """Read the database's key, or make one; ``clock`` returns Unix seconds."""
        key = await database.write(partial(find_key, new=os.urandom(KEY_BYTES)))
        return cls(database, writer, key, clock)

    def make(self) -> str:
        """Return a token for a welcome of our own, random and marked as ours."""
        nonce = make_token(self._random_bytes)[: TOKEN_LENGTH - MARK_LENGTH]
        return nonce + self._mark(nonce)

    def is_own(self, token: str) -> bool:
        """Return whether :meth:`make` of this database's servers made a token."""
        nonce, mark = token[:-MARK_LENGTH], token[-MARK_LENGTH:]
        return hmac.compare_digest(
            self._mark(nonce).encode("ascii"), mark.encode("latin-1", "replace")
        )

    def _mark(self, nonce: str) -> str:
        mark = _hmac(self._key, b"token " + nonce.encode("latin-1", "replace"))
        return encode_base64(mark)[:MARK_LENGTH].decode("ascii")

    def remember(self, secret: str, token: str) -> asyncio.Future[bool]:
        """Remember a token that was said over a plain connection, and whose digest was right.

        The future returns, once it is durable, whether it had been seen before; of two calls at the
        same moment one returns true. It raises :class:`~ovms.server.storage.errors.StoreError`
        while the database refuses; the token is remembered all the same.
        """
        if self.is_own(token):
            done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            done.set_result(True)
            return done
        return self._writer.put_seen(memory_of(self._key, secret), token, self._clock())

    async def knows(self, secret: str, token: str) -> bool:
        """Return whether a token was seen. Raises :class:`~ovms.server.storage.errors.StoreError`.

        For one that nobody could overhear.
        """
        memory = memory_of(self._key, secret)
        if self.is_own(token) or self._writer.has_seen(memory, token):
            return True
        return await self._database.read(partial(_is_seen, memory=memory, token=token))

    async def warns(self, vehicle_id: str, kind: str, secret: str) -> bool:
        """Return whether an owner is to be told of something now: once a secret of a vehicle.

        Raises :class:`~ovms.server.storage.errors.StoreError`.
        """
        memory = memory_of(self._key, secret)
        warning = vehicle_id, kind, memory
        if warning in self._warned:
            return False
        if len(self._warned) >= WARNED_LIMIT:
            self._warned.clear()
        self._warned.add(warning)
        try:
            return await self._database.write(partial(_put_warning, values=warning))
        except BaseException:
            self._warned.discard(warning)
            raise


def _hmac(key: bytes, data: bytes) -> bytes:
    """Return an HMAC-SHA256; not by hmac.digest, which gives up the interpreter lock."""
    mac = _keyed(key).copy()
    mac.update(data)
    return mac.digest()


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> hmac.HMAC:
    """Return what an HMAC under a key begins with: a third of its cost, three times a log-in."""
    return hmac.new(key, digestmod="sha256")


def memory_of(key: bytes, secret: str) -> bytes:
    """Return the name of a secret's memory."""
    return _hmac(key, b"secret " + secret.encode())[:MEMORY_BYTES]


def plain_uses(connection: Connection) -> Callable[[str], float | None]:
    """Return a function that returns when a secret was last used over a plain connection."""
    encrypted = connection.scalar(select(server.c.token_key))
    if encrypted is None:
        return lambda secret: None
    key = bytes.fromhex(decrypt(connection, KEY_PLACE, encrypted))
    uses = {row.memory: row.plain for row in connection.execute(select(secret_uses))}
    return lambda secret: uses.get(memory_of(key, secret))


def find_key(connection: Connection, new: bytes) -> bytes:
    """Return the key of the memories; the ``new`` one is stored if there is none."""
    row = server.c.id == SERVER_ROW
    known = connection.scalar(select(server.c.token_key).where(row))
    if known is not None:
        return bytes.fromhex(decrypt(connection, KEY_PLACE, known))
    encrypted = encrypt(connection, KEY_PLACE, new.hex())
    connection.execute(update(server).where(row).values(token_key=encrypted))
    return new


def _is_seen(connection: Connection, memory: bytes, token: str) -> bool:
    place, s = place_of(memory, token), seen_tokens.c
    own = [(part, place.block(part)) for part in range(PARTS_LIMIT)]
    query = select(s.bits).where(s.memory == memory, tuple_(s.part, s.block).in_(own))
    return is_in(place, [int.from_bytes(bits) for bits in connection.scalars(query)])


def _put_warning(connection: Connection, values: tuple[str, str, bytes]) -> bool:
    vehicle_id, kind, memory = values
    w = owner_warnings.c
    this = w.vehicle_id == vehicle_id, w.kind == kind
    known = connection.scalar(select(w.memory).where(*this))
    if known is None:
        row = insert(owner_warnings).values(vehicle_id=vehicle_id, kind=kind, memory=memory)
        connection.execute(row)
    else:
        connection.execute(update(owner_warnings).where(*this).values(memory=memory))
    return known != memory
