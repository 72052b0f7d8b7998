"""Where an owner's alerts go, as calls ask for it: who is subscribed, one more, a test.

Apps subscribe with a message (:mod:`ovms.server.notify.subscribing`); the bounds here are the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from ovms.base.buckets import Buckets
from ovms.base.clock import Clock
from ovms.server.notify.channel import Channel
from ovms.server.notify.keys import app_id_problem, key_problem
from ovms.server.notify.registry import ChannelTypes, renewed_types
from ovms.server.notify.subscribing import SubscriptionRefused
from ovms.server.notify.trial import try_out
from ovms.server.storage.notify import NotifyStore
from ovms.server.values import Subscription, Vehicle

ADDRESS_REFILL: Final = 4 * 3600.0
"""Seconds until a vehicle's alerts may go to one more new mail address."""

VEHICLES_LIMIT: Final = 20_000
"""Vehicles whose new addresses, and owners whose tests, are counted; the fullest go."""

TESTS_AT_ONCE: Final = 5
"""Test alerts that an owner may send at once."""

TEST_REFILL: Final = 600.0
"""Seconds until there may be one more: each may be a mail to somebody who did not ask for it."""

TEST_ALERT: Final = "This is a test of the alerts."


class TooManyAddresses(SubscriptionRefused):
    """A vehicle's alerts have had too many new addresses lately; ``wait`` in seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__("the vehicle has had too many new addresses lately")
        self.wait = wait


class ChannelDesk:
    """Lists, makes, ends and tests subscriptions. ``channels`` are those that can send."""

    def __init__(
        self,
        store: NotifyStore,
        types: ChannelTypes,
        channels: Mapping[str, Channel],
        clock: Clock,
        addresses_a_vehicle: int,
    ) -> None:
        self.types = types
        self.channels = channels
        self._store = store
        self._clock = clock
        self._renewed = renewed_types(types)
        self._addresses: Buckets[str] = Buckets(addresses_a_vehicle, ADDRESS_REFILL, VEHICLES_LIMIT)
        self._tests: Buckets[int] = Buckets(TESTS_AT_ONCE, TEST_REFILL, VEHICLES_LIMIT)

    async def list(self, vehicle_id: str) -> list[Subscription]:
        """Return who gets a vehicle's alerts: the owner, too, where nobody else does."""
        return await self._store.list_subscriptions(vehicle_id, tuple(self.channels))

    async def put(
        self, vehicle: Vehicle, app_id: str, push_type: str, key: str, *, by_operator: bool = False
    ) -> None:
        """Send a vehicle's alerts to somebody, or to somebody else than before under that id.

        Raises :class:`SubscriptionRefused`, :class:`TooManyAddresses` or
        :class:`~ovms.server.storage.errors.InvalidValue` (the vehicle has no room for it).
        """
        channel = self.types.get(push_type)
        if channel is None:
            raise SubscriptionRefused(f"{push_type!r} is none of {', '.join(sorted(self.types))}")
        # In a thread: what looks at a key may first load a hundred modules.
        problem = app_id_problem(app_id) or await asyncio.to_thread(key_problem, channel, key)
        if problem:
            raise SubscriptionRefused(problem)
        if not by_operator:
            await self.check_address(vehicle.id, app_id, push_type, key)
        values = (app_id, push_type, "", key, vehicle.id, self._clock.time(), self._renewed)
        await self._store.put_subscription(vehicle, *values, by_operator=by_operator)

    async def end(self, vehicle_id: str, app_id: str) -> bool:
        """End a subscription; return whether there was one."""
        return await self._store.unsubscribe(vehicle_id, app_id)

    async def test(self, subscription: Subscription) -> str | None:
        """Send a test alert now; return why it was not delivered, ``None`` if it was."""
        channel = self.channels.get(subscription.push_type)
        if channel is None:
            return f"the server cannot send by {subscription.push_type}"
        return await try_out(channel, subscription, TEST_ALERT, self._clock.time())

    def take_test(self, owner_id: int) -> float:
        """Count a test of an owner's; return the seconds to wait if it is one too many, else 0."""
        return self._tests.take(owner_id, self._clock.monotonic())

    async def check_address(self, vehicle_id: str, app_id: str, push_type: str, key: str) -> None:
        """Raise :class:`TooManyAddresses` if alerts may go nowhere new for a while.

        The types that no app renews are meant: mail reaches people who never asked for it.
        """
        if push_type in self._renewed:
            return
        old = await self._store.find_subscription(vehicle_id, app_id)
        if old is not None and (old.push_type, old.key) == (push_type, key):
            return
        wait = self._addresses.take(vehicle_id, self._clock.monotonic())
        if wait:
            raise TooManyAddresses(wait)
