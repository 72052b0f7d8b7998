"""Delivers the alerts in the outbox by the channels, an event at a time, until each has arrived.

An alert is removed from the outbox after a channel has delivered it. So a crash in between sends it
twice, and no alert is lost. Events of one subscription are delivered one after the other, those of
different subscriptions at the same time, up to :data:`SLOTS` for each channel. Everything here
belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import Final, TypeVar

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.server.alerts.grouping import WINDOW, first_event
from ovms.server.alerts.text import body, title
from ovms.server.notify.channel import Channel, Notice
from ovms.server.notify.counts import DeliveryOutcome, NotifyCounts
from ovms.server.notify.errors import Gone, NotDelivered
from ovms.server.storage.notify import NotifyStore
from ovms.server.values import OutboxHead, Subscription, WaitingAlert

SLOTS: Final = 4
"""Deliveries at once by one channel. A channel that hangs does not hold up the others."""

SEND_TIMEOUT: Final = 60.0
"""Seconds for one delivery; our own channels have shorter limits."""

FIRST_PAUSE: Final = 15.0
LAST_PAUSE: Final = 900.0
"""Seconds until a failed delivery is tried again, doubled each time from the first to the last."""

LIFE: Final = 86400.0
"""Seconds after which an alert is dropped, because it is old news."""

DEAD_TIME: Final = 7 * 86400.0
DEAD_FAILURES: Final = 20
"""A subscription is removed after so many failures in a week without a success."""

URGENT_FIRST: Final = "AEI"
"""The kinds of alerts, the most urgent first."""

SAVE_PAUSE: Final = 1.0
"""Seconds between two tries to save the outcome of a delivery."""

T = TypeVar("T")
Place = tuple[str, str]
"""Vehicle and app, the key of a subscription."""

log = get_logger("ovms.server.notify")


class Courier:
    """Delivers alerts. ``on_done`` is called after each delivery.

    ``life_clock`` is the time by which alerts are too old, the clock's unless given.
    """

    def __init__(
        self,
        outbox: NotifyStore,
        channels: Mapping[str, Channel],
        clock: Clock,
        random: Random,
        window: float = WINDOW,
        on_done: Callable[[], None] = lambda: None,
        life_clock: Callable[[], float] | None = None,
        counts: NotifyCounts | None = None,
    ) -> None:
        self._counts = counts or NotifyCounts()
        self._outbox = outbox
        self._channels = channels
        self._clock = clock
        self._random = random
        self._window = window
        self._on_done = on_done
        self._life_clock = life_clock or clock.time
        self._under_way: dict[Place, tuple[str, asyncio.Task[None]]] = {}

    async def step(self) -> float | None:
        """Start the deliveries that are due and for which there are slots.

        Return the seconds until the next is due; ``None`` if there is none or no slot for it. In
        that case call again after ``on_done``.
        """
        limit = SLOTS + len(self._under_way)
        heads = await self._outbox.list_heads(tuple(self._channels), limit)
        now = self._clock.time()
        waits = [wait for head in heads if (wait := self._start(head, now)) is not None]
        return min(waits, default=None)

    async def settle(self) -> None:
        """Wait until no delivery is under way."""
        while self._under_way:
            await asyncio.wait([task for _, task in self._under_way.values()])

    async def close(self, timeout: float) -> None:
        """Wait ``timeout`` seconds for deliveries under way, then cancel them."""
        tasks = [task for _, task in self._under_way.values()]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=timeout)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, head: OutboxHead, now: float) -> float | None:
        """Start a delivery; return the seconds to wait if it is not due."""
        place = (head.vehicle_id, head.app_id)
        if place in self._under_way or self._used(head.push_type) >= SLOTS:
            return None
        wait = head.due - now
        if 0 < wait <= LAST_PAUSE + self._window:  # longer: the clock was set back
            return wait
        task = asyncio.get_running_loop().create_task(self._run(place), name="alert delivery")
        self._under_way[place] = (head.push_type, task)
        task.add_done_callback(lambda _: self._done(place))
        return None

    def _used(self, push_type: str) -> int:
        return sum(1 for used, _ in self._under_way.values() if used == push_type)

    def _done(self, place: Place) -> None:
        del self._under_way[place]
        self._on_done()

    async def _run(self, place: Place) -> None:
        try:
            await self._deliver(place)
        except Exception as error:  # the outbox cannot be read, or a bug; so wait
            log.error("alert delivery failed", vehicle=place[0], reason=type(error).__name__)
            await asyncio.sleep(FIRST_PAUSE)

    async def _deliver(self, place: Place) -> None:
        """Deliver the first event of a subscription."""
        subscription = await self._outbox.find_subscription(*place)
        waiting = await self._drop_old(place, await self._outbox.list_waiting(*place))
        if subscription is None or not waiting:
            return
        event = first_event(waiting, self._window)
        try:
            await self._send(subscription, event)
        except Gone as error:
            self._count(subscription, DeliveryOutcome.GONE)
            await self._remove(subscription, error.reason)
        except NotDelivered as error:
            self._count(subscription, DeliveryOutcome.FAILED)
            await self._postpone(subscription, event, error.reason)
        else:
            self._count(subscription, DeliveryOutcome.DELIVERED)
            await self._drop(place, event, delivered=True)

    def _count(self, subscription: Subscription, outcome: DeliveryOutcome) -> None:
        self._counts.deliveries[subscription.push_type, outcome] += 1

    async def _send(self, subscription: Subscription, event: Sequence[WaitingAlert]) -> None:
        """Send an event; raise :class:`NotDelivered` for any failure of the channel."""
        notice = compose(subscription.vehicle_name, event)
        channel = self._channels.get(subscription.push_type)
        if channel is None:  # it was changed meanwhile
            raise NotDelivered("there is no channel for it")
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await channel.send(subscription.key, notice)
        except NotDelivered:
            raise
        except TimeoutError:
            raise NotDelivered("no answer in time") from None
        except Exception as error:
            raise NotDelivered(f"the channel failed: {type(error).__name__}") from error

    async def _drop_old(self, place: Place, waiting: Sequence[WaitingAlert]) -> list[WaitingAlert]:
        """Drop alerts that have waited too long; return the rest."""
        before = self._life_clock() - LIFE
        old = [each for each in waiting if each.created < before]
        if old:
            log.warning(
                "alerts dropped: not delivered in a day",
                vehicle=place[0],
                app=place[1],
                count=len(old),
            )
            self._counts.expired += len(old)
            await self._drop(place, old, delivered=False)
        return [each for each in waiting if each.created >= before]

    async def _drop(self, place: Place, event: Sequence[WaitingAlert], *, delivered: bool) -> None:
        ids = [each.id for each in event]
        await self._saved(lambda: self._outbox.drop_waiting(*place, ids, delivered))

    async def _postpone(
        self, subscription: Subscription, event: Sequence[WaitingAlert], reason: str
    ) -> None:
        place = (subscription.vehicle_id, subscription.app_id)
        now = self._clock.time()
        due = now + pause(event[0].attempts, self._random)
        after = await self._saved(lambda: self._outbox.postpone(*place, now, due))
        if after is None:
            return
        if after.failures == 1:
            facts = {"vehicle": place[0], "app": place[1], "channel": after.push_type}
            log.warning("alert not delivered, will be tried again", **facts, reason=reason)
        if is_dead(after, now):
            await self._remove(after, "it failed for a week")

    async def _remove(self, subscription: Subscription, reason: str) -> None:
        """Remove a subscription whose receiver is gone, unless it was renewed meanwhile."""
        place = (subscription.vehicle_id, subscription.app_id)
        if await self._saved(lambda: self._outbox.unsubscribe(*place, subscription.key)):
            facts = {"vehicle": place[0], "app": place[1], "channel": subscription.push_type}
            log.warning("subscription removed", **facts, reason=reason)

    async def _saved(self, save: Callable[[], Awaitable[T]]) -> T:
        """Save, again and again until it works: no delivered alert must be sent again."""
        while True:
            try:
                return await save()
            except Exception as error:
                log.error("outbox cannot be written; it is tried again", reason=str(error))
                await asyncio.sleep(SAVE_PAUSE)


def compose(vehicle_name: str, event: Sequence[WaitingAlert]) -> Notice:
    """Return the notice of an event."""
    first = event[0]
    notice_id = f"ovms-{first.id}-{int(first.created)}"
    text = body(each.text for each in event)
    kind = min((each.kind for each in event), key=_urgency)
    return Notice(notice_id, vehicle_name, title(vehicle_name), text, first.created, kind)


def _urgency(kind: str) -> int:
    """Return the place of a kind among all, the most urgent first."""
    return URGENT_FIRST.find(kind) % len(f"{URGENT_FIRST} ")


def pause(attempts: int, random: Random) -> float:
    """Return the seconds to wait after ``attempts`` failures and one more."""
    step = min(FIRST_PAUSE * 2.0 ** min(attempts, 30), LAST_PAUSE)
    return random.uniform(step / 2, step)


def is_dead(subscription: Subscription, now: float) -> bool:
    """Return whether a subscription has failed long and often enough to be removed."""
    since = subscription.failing
    return since is not None and subscription.failures >= DEAD_FAILURES and now - since >= DEAD_TIME
