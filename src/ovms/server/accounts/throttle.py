"""How often an account may be tried: a bucket of tries that fills up again.

An account's tries are counted wherever they come from, and no address is ever shut out: cars and
phones share those of their carriers. An address from which the account was logged in rightly
within a day has tries of its own, so strangers who use up an account's do not lock its owner out.

Pure: the caller gives the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ovms.server.accounts.errors import Throttled

BURST: Final = 10
"""Tries at once."""

REFILL: Final = 5.0
"""Seconds until there is one more: an app that tries again every 10 s never runs out."""

TRUST: Final = 86400.0
"""Seconds that a right login gives its address tries of its own."""

BUCKET_LIMIT: Final = 20_000
"""Buckets that are not full, some 200 bytes each. One is full 50 s after its last try, so it takes
400 tries a second to get here; then those with the most tries left are forgotten."""

ADDRESS_LIMIT: Final = 20
"""Trusted addresses of an account: a family's phones on the move. The oldest gives way."""

TRUSTED_LIMIT: Final = 50_000
"""Accounts with trusted addresses; the one longest without a login gives way."""

KEY_LENGTH: Final = 192
"""Characters of an account's name that count, more than any has (a letter may fold into three)."""

ADDRESS_LENGTH: Final = 64

Key = tuple[str, str]
"""An account and a trusted address, or ``""`` for all others."""


@dataclass(frozen=True, slots=True)
class Try:
    """A try that was taken: whose it is, from where, and out of which bucket."""

    account: str
    address: str
    bucket: Key

    @property
    def is_known(self) -> bool:
        """Whether the account was logged in from there within a day."""
        return self.bucket[1] != ""


class Throttle:
    """Counts tries. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        # When each bucket is full again; one that is not here is full.
        self._full: dict[Key, float] = {}
        # When each account was last logged in rightly, by address; the latest last, in both.
        self._trusted: dict[str, dict[str, float]] = {}

    def take(self, account: str, address: str) -> Try:
        """Use a try at ``account`` (in any case) from ``address``.

        Raises :class:`Throttled` if there is none.
        """
        now = self._clock()
        account, address = account.casefold()[:KEY_LENGTH], address[:ADDRESS_LENGTH]
        since = self._trusted.get(account, {}).get(address)
        bucket = account, address if since is not None and now - since < TRUST else ""
        full = max(now, self._full.get(bucket, now)) + REFILL
        if full - now > BURST * REFILL:
            raise Throttled(full - now - BURST * REFILL)
        self._put(bucket, full, now)
        return Try(account, address, bucket)

    def give_back(self, taken: Try) -> None:
        """Return a try that says nothing about who tries."""
        if taken.bucket in self._full:
            self._put(taken.bucket, self._full[taken.bucket] - REFILL, self._clock())

    def succeed(self, taken: Try) -> None:
        """Return a try that was right, and trust its address for a day."""
        self.give_back(taken)
        addresses = self._trusted.pop(taken.account, {})
        addresses.pop(taken.address, None)
        addresses[taken.address] = self._clock()
        self._trusted[taken.account] = addresses
        _shorten(addresses, ADDRESS_LIMIT)
        _shorten(self._trusted, TRUSTED_LIMIT)

    def __len__(self) -> int:
        """Return how many buckets and trusted addresses are remembered."""
        return len(self._full) + sum(map(len, self._trusted.values()))

    def _put(self, key: Key, full: float, now: float) -> None:
        if key not in self._full and len(self._full) >= BUCKET_LIMIT:
            self._forget(now)
        if full > now:
            self._full[key] = full
        else:
            self._full.pop(key, None)

    def _forget(self, now: float) -> None:
        """Make room: forget the buckets that are full, and a tenth at least."""
        left = sorted(self._full.items(), key=lambda item: item[1], reverse=True)
        kept = left[: BUCKET_LIMIT - BUCKET_LIMIT // 10]
        self._full = {key: full for key, full in kept if full > now}


def _shorten(values: dict[str, Any], limit: int) -> None:
    if len(values) > limit:
        del values[next(iter(values))]
