"""How often strangers may look up provisioning records: whoever knows a VIN can ask for its car's.

A record is sealed, but which VINs have one must not be found by trying. Over the bound a request
gets no answer: a refusal would be final for a module, and one without an answer asks again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ovms.base.buckets import Buckets
from ovms.server.accounts.buckets import network_of

NETWORK_BURST: Final = 50
"""Look-ups of one network at once that find nothing."""

NETWORK_REFILL: Final = 30.0
"""Seconds until it has one more."""

SERVER_BURST: Final = 200
"""Look-ups of all networks at once."""

SERVER_REFILL: Final = 0.5
"""Seconds until there is one more: trying a million VINs takes six days."""

NETWORKS_LIMIT: Final = 20_000
"""Networks whose look-ups are counted; those with the most left are forgotten."""


class ProvisionThrottle:
    """Counts look-ups. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._networks: Buckets[str] = Buckets(NETWORK_BURST, NETWORK_REFILL, NETWORKS_LIMIT)
        self._server: Buckets[None] = Buckets(SERVER_BURST, SERVER_REFILL, 1)

    def found(self, address: str) -> None:
        """Return a look-up that found a record: it was no guess."""
        now = self._clock()
        self._networks.give_back(network_of(address), now)
        self._server.give_back(None, now)

    def takes(self, address: str) -> bool:
        """Return whether there may be a look-up for a caller at ``address`` now, and count it."""
        now, network = self._clock(), network_of(address)
        if self._networks.take(network, now):
            return False
        if self._server.take(None, now):
            self._networks.give_back(network, now)
            return False
        return True
