"""How often strangers may look up provisioning records: whoever knows a VIN can ask for its car's.

A record is sealed, but which VINs have one must not be found by trying. Over the bound a request
gets no answer: a refusal would be final for a module, and one without an answer asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ovms.base.buckets import Buckets
from ovms.base.logs import get_logger
from ovms.net.pump import Pump
from ovms.protocol.welcome import UNREADABLE, ProvisionRecord, ProvisionRefused
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


log = get_logger("ovms.acceptor")


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


class ProvisionRequests:
    """The requests for provisioning of one connection: one look-up, answers in their order.

    ``find`` returns the record of a key, ``None`` without one.
    """

    __slots__ = ("_find", "_pump", "_refusals_due", "_task", "_throttle")

    def __init__(
        self,
        pump: Pump,
        throttle: ProvisionThrottle,
        find: Callable[[str], Awaitable[ProvisionRecord | None]],
    ) -> None:
        self._pump = pump
        self._throttle = throttle
        self._find = find
        self._task: asyncio.Task[None] | None = None
        self._refusals_due = 0
        """Requests that came while the first is looked up."""

    @property
    def is_answering(self) -> bool:
        """An answer is still due."""
        return self._task is not None and not self._task.done()

    def take(self, key: str) -> None:
        """Look up the record of a key, for the first request; a further one is refused."""
        if self._task is None:
            self._task = asyncio.create_task(self._answer(key))
        elif self._task.done():
            self._pump.send_provisioning(ProvisionRefused())
        else:
            self._refusals_due += 1

    def cancel(self) -> None:
        """Answer nothing any more."""
        if self._task is not None:
            self._task.cancel()

    async def _answer(self, key: str) -> None:
        pump, address = self._pump, self._pump.peer.rpartition(":")[0]
        if not self._throttle.takes(address):
            log.debug("provisioning not looked up: asked too often", peer=pump.peer)
            self._task, self._refusals_due = None, 0
            return
        try:
            record = await self._find(key) if UNREADABLE not in key else None
        except Exception as error:
            # Passing trouble: no answer, since a refusal would be final for the module.
            reason = str(error) or type(error).__name__
            log.warning("cannot look up provisioning now", peer=pump.peer, reason=reason)
            self._task, self._refusals_due = None, 0  # the next request looks again
            return
        if record is not None:
            self._throttle.found(address)
        log.info("provisioned" if record else "no provisioning record", peer=pump.peer)
        pump.send_provisioning(record or ProvisionRefused())
        while self._refusals_due:
            self._refusals_due -= 1
            pump.send_provisioning(ProvisionRefused())
