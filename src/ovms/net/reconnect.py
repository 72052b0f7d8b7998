"""Call a server again and again: how long to wait after which outcome.

Car, fleet, app and the server that calls another server all keep a connection with a
:class:`Reconnector`. It holds no connection and logs nothing: what to say is the caller's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import NoReturn

from ovms.base.backoff import Backoff
from ovms.base.clock import Clock
from ovms.net.client import ConnectionLost, NetError, Untrusted, WelcomeRefused


@dataclass(frozen=True, slots=True)
class ReconnectTiming:
    """How patient a caller is. Times are in seconds, and jitter takes up to half of each wait."""

    first_wait: float = 1.0
    longest_wait: float = 60.0
    """Between calls while the server cannot be reached: doubling."""
    refused_wait: float = 120.0
    longest_refused_wait: float = 900.0
    """The same while it refuses us: the vehicle may be added yet."""
    steady: float = 10.0
    """A connection that lasted as long was a good one: the waits begin anew."""
    passing_refusals: int = 3
    """Refusals in a row that may be a server's passing trouble, if it has welcomed us before."""
    gives_up: bool = False
    """Raise a refusal that does not pass, and a bad certificate, instead of waiting."""


class Reconnector:
    """Decides when one caller calls again. It must be told of each welcome and of each end."""

    __slots__ = ("_clock", "_refusals", "_refused_waits", "_since", "_timing", "_waits",
                 "_was_welcome", "is_refused")  # fmt: skip

    def __init__(self, timing: ReconnectTiming, *, random: Random, clock: Clock) -> None:
        self.is_refused = False
        """Whether the server does not want us: its last answer was a refusal that does not pass."""
        self._timing = timing
        self._clock = clock
        self._waits = Backoff(timing.first_wait, timing.longest_wait, random=random)
        self._refused_waits = Backoff(
            timing.refused_wait, timing.longest_refused_wait, random=random
        )
        self._since: float | None = None
        """When the present connection was welcomed, on the clock that never goes back."""
        self._was_welcome = False
        self._refusals = 0

    def welcomed(self) -> None:
        """Note that the server has welcomed us."""
        self._since = self._clock.monotonic()
        self._was_welcome = True
        self._refusals = 0
        self.is_refused = False
        self._refused_waits.reset()

    def pause_after(self, error: Exception) -> float:
        """Return the seconds until the next call; ``error`` is why there is no connection.

        Raises ``error`` where the timing says to give up.
        """
        since, self._since = self._since, None
        if since is not None and self._clock.monotonic() - since >= self._timing.steady:
            self._waits.reset()
        if isinstance(error, WelcomeRefused):
            self._refusals += 1
            self.is_refused = (
                not self._was_welcome or self._refusals > self._timing.passing_refusals
            )
        if self._timing.gives_up and (self.is_refused or isinstance(error, Untrusted)):
            raise error
        slow = self.is_refused and isinstance(error, WelcomeRefused)
        return (self._refused_waits if slow else self._waits).next()

    async def run(
        self,
        call: Callable[[], Awaitable[None]],
        on_pause: Callable[[Exception, float], Awaitable[None]],
        *,
        catch: type[Exception] = NetError,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> NoReturn:
        """Call for ever. Cancel it to end.

        ``call`` connects, calls :meth:`welcomed`, and returns or raises when the connection has
        ended. ``on_pause`` hears why there is none and for how many seconds. Raises what ``call``
        raises beyond ``catch``, and what :meth:`pause_after` gives up on.
        """
        while True:
            try:
                await call()
                error: Exception = ConnectionLost("the connection ended")
            except catch as caught:
                error = caught
            seconds = self.pause_after(error)
            await on_pause(error, seconds)
            await sleep(seconds)
