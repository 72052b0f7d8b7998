"""How often an account may be tried: buckets of tries that fill up again.

An account's tries are counted wherever they come from, and no address is ever shut out: cars and
phones share those of their carriers. Two rules keep wrong tries from locking the owner out. An
address from which the account was logged in rightly within a day has tries of its own. And when
strangers have used up the account's tries, every network still has some few: so an owner at a new
address gets in, while whoever guesses from there soon has none left.

Pure: the caller gives the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ovms.base.buckets import Buckets
from ovms.protocol.spelling import owner_key
from ovms.server.accounts.buckets import ADDRESS_LENGTH, network_of
from ovms.server.accounts.errors import Throttled

BURST: Final = 10
"""Tries at once."""

REFILL: Final = 5.0
"""Seconds until there is one more: an app that tries again every 10 s never runs out."""

BUCKET_LIMIT: Final = 20_000
"""Buckets that are not full, some 200 bytes each. One is full 50 s after its last try, so it takes
400 tries a second to get here; then those with the most tries left are forgotten."""

FRESH_BURST: Final = 5
"""Tries that a network has at an account whose own are used up."""

FRESH_REFILL: Final = 3600.0
"""Seconds until it has one more: a thousand networks add 24,000 tries a day to 17,280."""

FRESH_LIMIT: Final = 20_000
"""Accounts and networks of which such tries are counted; those with the most left are forgotten."""

TRUST: Final = 86400.0
"""Seconds that a right login gives its address tries of its own."""

ADDRESS_LIMIT: Final = 20
"""Trusted addresses of an account: a family's phones on the move. The oldest gives way."""

TRUSTED_LIMIT: Final = 50_000
"""Accounts with trusted addresses; the one longest without a login gives way."""

KEY_LENGTH: Final = 192
"""Characters of an account's name that count, more than any has (a letter may fold into three)."""

Key = tuple[str, str]
"""An account and a trusted address, or ``""`` for all others; of fresh tries, a network."""


@dataclass(frozen=True, slots=True)
class Try:
    """A try that was taken: whose it is, from where, and out of which bucket."""

    account: str
    address: str
    bucket: Key
    is_fresh: bool = False
    """It is one of the few that a network has beyond the account's own."""


class Throttle:
    """Counts tries. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: Buckets[Key] = Buckets(BURST, REFILL, BUCKET_LIMIT)
        self._fresh: Buckets[Key] = Buckets(FRESH_BURST, FRESH_REFILL, FRESH_LIMIT)
        # When each account was last logged in rightly, by address; the latest last, in both.
        self._trusted: dict[str, dict[str, float]] = {}

    def is_known(self, account: str, address: str) -> bool:
        """Return whether the account was logged in from there within a day."""
        account, address = _cut(account, address)
        since = self._trusted.get(account, {}).get(address)
        return since is not None and self._clock() - since < TRUST

    def take(self, account: str, address: str) -> Try:
        """Use a try at ``account`` (in any case) from ``address``.

        Raises :class:`Throttled` if there is none.
        """
        now, is_known = self._clock(), self.is_known(account, address)
        account, address = _cut(account, address)
        bucket = account, address if is_known else ""
        wait = self._buckets.take(bucket, now)
        if not wait:
            return Try(account, address, bucket)
        fresh = account, network_of(address)
        if is_known or self._fresh.take(fresh, now):
            raise Throttled(wait)
        return Try(account, address, fresh, is_fresh=True)

    def check(self, account: str, address: str) -> None:
        """Raise :class:`Throttled` if :meth:`take` would. Uses no try."""
        now, is_known = self._clock(), self.is_known(account, address)
        account, address = _cut(account, address)
        wait = self._buckets.wait((account, address if is_known else ""), now)
        if wait and (is_known or self._fresh.wait((account, network_of(address)), now)):
            raise Throttled(wait)

    def give_back(self, taken: Try) -> None:
        """Return a try that says nothing about who tries."""
        buckets = self._fresh if taken.is_fresh else self._buckets
        buckets.give_back(taken.bucket, self._clock())

    def succeed(self, taken: Try) -> None:
        """Return a try that was right, and trust its address for a day."""
        self.give_back(taken)
        self.trust(taken.account, taken.address)

    def trust(self, account: str, address: str) -> None:
        """Grant tries for a day to an address from which the account was logged in."""
        account, address = _cut(account, address)
        addresses = self._trusted.pop(account, {})
        addresses.pop(address, None)
        addresses[address] = self._clock()
        self._trusted[account] = addresses
        _shorten(addresses, ADDRESS_LIMIT)
        _shorten(self._trusted, TRUSTED_LIMIT)

    def __len__(self) -> int:
        """Return how many buckets and trusted addresses are remembered."""
        return len(self._buckets) + len(self._fresh) + sum(map(len, self._trusted.values()))


def _cut(account: str, address: str) -> tuple[str, str]:
    return owner_key(account)[:KEY_LENGTH], address[:ADDRESS_LENGTH]


def _shorten(values: dict[str, Any], limit: int) -> None:
    if len(values) > limit:
        del values[next(iter(values))]
