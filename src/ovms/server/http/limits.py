"""How many calls an account, and each of its tokens, may make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ovms.base.buckets import Buckets
from ovms.server.http.errors import CallFailed

if TYPE_CHECKING:
    from ovms.base.clock import Clock
    from ovms.server.accounts.login import Login

ACCOUNT_FACTOR: Final = 4
"""An account may make so many times the calls of one of its credentials."""

COUNTED_LIMIT: Final = 20_000
"""Accounts and tokens whose calls are counted; those with the most left are forgotten."""


@dataclass(frozen=True, slots=True)
class CallRate:
    """The calls that a token, or the password, may make.

    A home has several pollers, each of which makes a few calls at a time: together they stay below
    one call a second.
    """

    a_second: float = 10.0
    burst: int = 1000


class CallLimits:
    """Counts the calls of those who are logged in: whoever is not uses up none of them."""

    def __init__(self, clock: Clock, rate: CallRate | None = None) -> None:
        rate = rate or CallRate()
        self._clock = clock
        self._credentials: Buckets[tuple[int, int | None]] = Buckets(
            rate.burst, 1 / rate.a_second, COUNTED_LIMIT
        )
        self._accounts: Buckets[int] = Buckets(
            rate.burst * ACCOUNT_FACTOR, 1 / (rate.a_second * ACCOUNT_FACTOR), COUNTED_LIMIT
        )

    def take(self, login: Login) -> None:
        """Count a call. Raises :class:`CallFailed` (429) if it is one too many."""
        now, key = self._clock.monotonic(), (login.owner_id, login.credential.token_id)
        wait = self._credentials.take(key, now)
        if wait:
            wait = max(wait, self._accounts.wait(login.owner_id, now))
        elif wait := self._accounts.take(login.owner_id, now):
            self._credentials.give_back(key, now)
        if wait:
            raise CallFailed(429, "Too many calls", wait=wait)
