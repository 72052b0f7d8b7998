"""One-time codes (TOTP): the second thing that an owner shows at a log-in, beside the password.

An app makes one every 30 seconds from a key that server and app share (RFC 6238). The one of just
before and the next one are right, too, because clocks differ; none is taken twice. Whoever lost
the app has recovery codes, each of which is right once.
"""

from __future__ import annotations

import os
from base64 import b32encode
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from pyotp import TOTP

from ovms.base.buckets import Buckets
from ovms.server.accounts.errors import CodeNeeded, Throttled, WrongCode
from ovms.server.storage import totp
from ovms.server.storage.database import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from ovms.base.clock import Clock
    from ovms.server.storage.database import Database

STEP: Final = 30
"""Seconds that a code is shown."""

SKEW_STEPS: Final = 1
"""Codes before and after the present one that are right, too."""

KEY_BYTES: Final = 20
"""Bytes of a key, as RFC 4226 recommends."""

RECOVERY_CODES: Final = 10
"""Recovery codes that are made at once."""

RECOVERY_BYTES: Final = 10
"""Bytes of a recovery code: too many to guess from its digest."""

CODE_BURST: Final = 5
"""Codes that may be tried at once at an account, by somebody who knows the password."""

CODE_REFILL: Final = 300.0
"""Seconds until there is one more: of a million codes three are right, so that whoever guesses all
day long finds one within years."""

CODE_LIMIT: Final = 20_000
"""Accounts whose tries are counted; those with the most left are forgotten."""

PENDING_LIFE: Final = 600.0
"""Seconds in which codes that are being set up have to be confirmed."""

PENDING_LIMIT: Final = 1000
"""Sessions that are setting up codes, some 200 bytes each; the oldest gives way."""


@dataclass(frozen=True, slots=True)
class PendingKey:
    """A key that was told, and not confirmed yet; ``until`` on the monotonic clock."""

    key: str
    until: float


class OneTimeCodes:
    """Sets one-time codes up, and checks them. Belongs to one event loop."""

    def __init__(
        self, database: Database, clock: Clock, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._database = database
        self._clock = clock
        self._random = random
        self._tries: Buckets[tuple[int, str]] = Buckets(CODE_BURST, CODE_REFILL, CODE_LIMIT)
        self._pending: dict[int, PendingKey] = {}

    async def check(self, owner_id: int, code: str | None, address: str = "") -> None:
        """Return if an owner's codes are off, or this is a right one, which is used up by it.

        An ``address`` from where the owner logged in before has tries of its own. Raises
        :class:`CodeNeeded` without a code, :class:`WrongCode`, or :class:`Throttled`.
        """
        is_on = await self._database.read(partial(totp.has_totp, owner_id=owner_id), Lane.LOGINS)
        if is_on:
            if code is None:
                raise CodeNeeded
            await self.prove(owner_id, code, address)

    async def prove(self, owner_id: int, code: str, address: str = "") -> None:
        """Use up a right code. Raises :class:`WrongCode`, also while they are off; or the same."""
        key = owner_id, address
        wait = self._tries.take(key, self._clock.monotonic())
        if wait:
            raise Throttled(wait)
        take = partial(_take, owner_id=owner_id, code=code, now=self._clock.time())
        if not await self._database.write(take):
            raise WrongCode
        self._tries.give_back(key, self._clock.monotonic())

    def begin(self, session_id: int) -> str:
        """Return a new key; the codes are on once one of them confirms it in the same session."""
        key = b32encode(self._random(KEY_BYTES)).decode()
        self._pending.pop(session_id, None)
        if len(self._pending) >= PENDING_LIMIT:
            del self._pending[next(iter(self._pending))]
        self._pending[session_id] = PendingKey(key, self._clock.monotonic() + PENDING_LIFE)
        return key

    def has_begun(self, session_id: int) -> bool:
        """Return whether a key waits to be confirmed in a session."""
        pending = self._pending.get(session_id)
        return pending is not None and self._clock.monotonic() < pending.until

    async def confirm(self, owner_id: int, session_id: int, code: str) -> list[str] | None:
        """Switch the codes on whose key :meth:`begin` told; return the recovery codes.

        ``None`` if another session has switched them on meanwhile. Raises :class:`WrongCode`.
        """
        now = self._clock.time()
        key = self._pending[session_id].key if self.has_begun(session_id) else ""
        step = right_step(key, tidy(code), now) if key else None
        if step is None:
            raise WrongCode
        codes = self._recovery_codes()
        del self._pending[session_id]
        is_done = await self._database.write(
            partial(_switch_on, owner_id=owner_id, key=key, step=step, codes=codes, now=now)
        )
        return codes if is_done else None

    async def switch_off(self, owner_id: int) -> None:
        """Switch an owner's codes off."""
        now = self._clock.time()
        await self._database.write(partial(totp.clear_totp, owner_id=owner_id, now=now))

    async def renew_recovery_codes(self, owner_id: int) -> list[str]:
        """Return new recovery codes; the old ones are right no more."""
        codes = self._recovery_codes()
        digests = [_digest(each) for each in codes]
        put = partial(totp.put_recovery_codes, owner_id=owner_id, digests=digests)
        await self._database.write(put)
        return codes

    async def recovery_codes_left(self, owner_id: int) -> int | None:
        """Return how many recovery codes an owner has left, ``None`` while codes are off."""
        return await self._database.read(partial(_left, owner_id=owner_id))

    def _recovery_codes(self) -> list[str]:
        return [_grouped(self._random(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def right_step(key: str, code: str, now: float) -> int | None:
    """Return the step of a code that is right now, or ``None``."""
    present, made = int(now // STEP), TOTP(key)
    for step in range(present - SKEW_STEPS, present + SKEW_STEPS + 1):
        if compare_digest(made.generate_otp(step).encode(), code.encode(errors="replace")):
            return step
    return None


def tidy(code: str) -> str:
    """Return a code as it is compared: without blanks and hyphens, in lower case."""
    return code.replace("-", "").replace(" ", "").lower()


def key_uri(key: str, owner: str, server: str) -> str:
    """Return the URI that an app reads a key from, as a picture shows it."""
    return TOTP(key).provisioning_uri(name=owner, issuer_name=server)


def _take(connection: Connection, owner_id: int, code: str, now: float) -> bool:
    key, code = totp.totp_key(connection, owner_id), tidy(code)
    if not key:
        return False
    step = right_step(key, code, now)
    if step is not None:
        return totp.take_step(connection, owner_id, step)
    return totp.take_recovery_code(connection, owner_id, _digest(code))


def _switch_on(
    connection: Connection, owner_id: int, key: str, step: int, codes: list[str], now: float
) -> bool:
    if totp.has_totp(connection, owner_id):
        return False
    totp.set_totp(connection, owner_id, key, step, now)
    totp.put_recovery_codes(connection, owner_id, [_digest(each) for each in codes])
    return True


def _left(connection: Connection, owner_id: int) -> int | None:
    if not totp.has_totp(connection, owner_id):
        return None
    return totp.count_recovery_codes(connection, owner_id)


def _digest(code: str) -> bytes:
    return sha256(tidy(code).encode(errors="replace")).digest()


def _grouped(value: bytes) -> str:
    text = b32encode(value).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))
