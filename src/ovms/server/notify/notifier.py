"""The notifier: delivers alerts to people who are not connected. The hub calls it.

:meth:`Notifier.raise_alert` only notes an alert. One task writes noted alerts to the outbox and has
the courier deliver them. Everything here belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from random import Random
from typing import Final

from ovms.base.buckets import Buckets
from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.base.turns import Turns
from ovms.protocol.records.alert import Alert, AlertKind
from ovms.server.alerts.expansion import Expansion
from ovms.server.alerts.grouping import REPEAT, WINDOW, News
from ovms.server.alerts.text import BODY_LIMIT, readable, shortened
from ovms.server.notify.channel import Channel
from ovms.server.notify.counts import OTHER_KIND, NotifyCounts
from ovms.server.notify.courier import LIFE, Courier
from ovms.server.notify.desk import ChannelDesk
from ovms.server.notify.registry import ChannelTypes, renewed_types
from ovms.server.notify.subscribing import SubscriptionRefused, Wish, granted, read
from ovms.server.storage.limits import MAILS_A_VEHICLE
from ovms.server.storage.notify import NotifyStore
from ovms.server.values import AlertRow, Vehicle

NOTED_LIMIT: Final = 1000
"""Alerts that wait to be written to the outbox, while the disk is slow or full."""

NOTED_A_VEHICLE: Final = 100
"""Of them, one vehicle's: it does not take the room of the others."""

SUBSCRIBING_LIMIT: Final = 200
"""Subscriptions that wait to be checked: after a restart all apps connect at once."""

SUBSCRIBING_A_VEHICLE: Final = 20
"""Of these, one vehicle's; owners have their turns."""

ALERTS_A_VEHICLE: Final = 30
"""Alerts of a kind that a vehicle may have delivered at once; a whole day has a handful."""

ALERT_REFILL: Final = 60.0
"""Seconds until it may have one more delivered."""

BUCKETS_LIMIT: Final = 20_000
"""Vehicles whose alerts are counted; the fullest go."""

CLOSE_TIMEOUT: Final = 5.0
"""Seconds for deliveries under way, and for closing a channel, when the server stops."""

RETRY_PAUSE: Final = 2.0
"""Seconds until the outbox is tried again after a failure."""

LONGEST_WAIT: Final = 60.0
"""Seconds after which the outbox is read again while alerts wait in it."""

TELL_AGAIN: Final = 600.0
"""Seconds in which it is logged once that alerts are too many, or why a vehicle's subscriptions are
refused."""

KINDS: Final = frozenset(kind.value for kind in AlertKind)
"""The kinds of alerts that are delivered; others are for programs."""

log = get_logger("ovms.server.notify")


class Notifier:
    """Accepts alerts and subscriptions. Call :meth:`start` in the event loop that uses it.

    ``types`` are all channels that apps may subscribe to, ``channels`` those that can send, both
    by type. ``window`` and ``repeat`` in seconds, see
    :mod:`ovms.server.alerts.grouping`. ``life_clock`` is the time by which alerts are too old.
    """

    def __init__(
        self,
        outbox: NotifyStore,
        types: ChannelTypes,
        channels: Mapping[str, Channel],
        expansion: Expansion,
        clock: Clock,
        random: Random,
        *,
        window: float = WINDOW,
        repeat: float = REPEAT,
        alerts_a_vehicle: int = ALERTS_A_VEHICLE,
        addresses_a_vehicle: int = MAILS_A_VEHICLE,
        life_clock: Callable[[], float] | None = None,
    ) -> None:
        self._outbox = outbox
        self._types = types
        self._renewed = renewed_types(types)
        self._channels = channels
        self._expansion = expansion
        self._clock = clock
        self._window = window
        self._news = News(repeat)
        self._wake = asyncio.Event()
        self._life_clock = life_clock or clock.time
        self.counts = NotifyCounts()
        self._courier = Courier(
            outbox, channels, clock, random, window, self._wake.set, self._life_clock, self.counts
        )
        self._noted: list[AlertRow] = []
        self._noted_by: Counter[str] = Counter()
        """How many of them each vehicle has."""
        self._refused: dict[str, tuple[int, float]] = {}
        """Alerts that were refused, by reason, and when it may be logged again."""
        self._alerts: Buckets[tuple[str, str]] = Buckets(
            alerts_a_vehicle, ALERT_REFILL, BUCKETS_LIMIT
        )
        self.desk = ChannelDesk(outbox, types, channels, clock, addresses_a_vehicle)
        self._subscribing: Counter[str] = Counter()
        self._turns: Turns[int] = Turns()
        self._told: dict[tuple[str, str], float] = {}
        """When it was last logged that a vehicle's subscription was refused, and why."""
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start delivering, beginning with what an earlier run left in the outbox."""
        await self._outbox.tidy(self._life_clock() - LIFE)
        for push_type, count in sorted((await self._outbox.count_subscriptions()).items()):
            if push_type not in self._channels:
                log.warning(
                    "subscriptions wait for a channel: ovms notify channels shows what it lacks",
                    channel=push_type,
                    count=count,
                )
        self._task = asyncio.create_task(self._run(), name="notifier")

    async def close(self) -> None:
        """Write noted alerts, end deliveries, close the channels. May be called again."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._courier.close(CLOSE_TIMEOUT)
        await asyncio.gather(*map(_close, self._channels.values()))

    def raise_alert(self, vehicle: Vehicle, alert: Alert) -> Alert:
        """Deliver an alert later; return it as people read it, with error codes as sentences.

        The same alert within a minute is not delivered again, nor what is beyond a vehicle's bound.
        """
        expanded = self._expansion.expand(alert)
        self.counts.raised[expanded.kind if expanded.kind in KINDS else OTHER_KIND] += 1
        text = shortened(readable(expanded.text), BODY_LIMIT)
        is_wanted = bool(text) and expanded.kind in KINDS and not self._closing
        if is_wanted and self._is_due(vehicle.id, expanded):
            self._note(vehicle.id, expanded.kind, text)
        return expanded

    async def subscribe(self, vehicle: Vehicle, data: bytes) -> None:
        """Process a ``p`` that came on a connection of ``vehicle``. Raises nothing."""
        is_full = self._subscribing.total() >= SUBSCRIBING_LIMIT
        if is_full or self._subscribing[vehicle.id] >= SUBSCRIBING_A_VEHICLE or self._closing:
            self._tell_refusal(vehicle.id, "too many at once")
            return
        self._subscribing[vehicle.id] += 1
        try:
            async with self._turns.take(vehicle.owner_id):
                done = await self._subscribe(vehicle.id, read(vehicle.id, data, self._types))
            if not done:
                raise SubscriptionRefused("no vehicle in it is proven, or the vehicle has too many")
        except SubscriptionRefused as refused:
            self._tell_refusal(vehicle.id, str(refused))
        except Exception as error:
            log.error("subscription not saved", vehicle=vehicle.id, reason=type(error).__name__)
        finally:
            self._subscribing[vehicle.id] -= 1
            self._subscribing += Counter()  # forgets those of which none is left

    @property
    def channels(self) -> Iterable[str]:
        """Return the types of the channels that can send."""
        return self._channels

    @property
    def noted(self) -> int:
        """Return how many alerts wait to be written to the outbox."""
        return len(self._noted)

    async def step(self) -> float | None:
        """Write noted alerts and start due deliveries; return the seconds to wait.

        The task calls it again and again; a test may call it instead.
        """
        await self._write()
        return await self._courier.step()

    async def settle(self) -> None:
        """Wait until no delivery is under way."""
        await self._courier.settle()

    # -- subscriptions ----------------------------------------------------------------------

    async def _subscribe(self, own: str, wishes: list[Wish]) -> int:
        """Fulfil the wishes that are granted; return how many were."""
        ids = {own, *(wish.vehicle_id for wish in wishes)}
        vehicles = await self._outbox.find_vehicles(sorted(ids))
        done = 0
        for wish, owner_id in granted(own, wishes, vehicles, self._types):
            done += await self._grant(wish, owner_id)
        return done

    async def _grant(self, wish: Wish, owner_id: int) -> bool:
        if wish.ends:
            await self._outbox.unsubscribe(wish.vehicle_id, wish.app_id)
            return True
        to = (wish.vehicle_id, wish.app_id, wish.push_type, wish.key)
        await self.desk.check_address(*to)
        kind = (wish.app_id, wish.push_type, wish.key_type)
        values = (*kind, wish.key, wish.vehicle_name, self._clock.time())
        return await self._outbox.subscribe(wish.vehicle_id, owner_id, *values, self._renewed)

    def _tell_refusal(self, vehicle_id: str, reason: str) -> None:
        """Log a refusal, once in a while for each vehicle and reason."""
        now = self._clock.monotonic()
        if now < self._told.get((vehicle_id, reason), now):
            return
        if len(self._told) >= BUCKETS_LIMIT:
            self._told.clear()
        self._told[vehicle_id, reason] = now + TELL_AGAIN
        log.warning("subscription refused", vehicle=vehicle_id, reason=reason)

    # -- alerts -----------------------------------------------------------------------------

    def _is_due(self, vehicle_id: str, alert: Alert) -> bool:
        """Return whether an alert is news, and not one too many of its vehicle."""
        now, key = self._clock.monotonic(), (vehicle_id, alert.kind)
        if self._alerts.take(key, now):
            self._count_refused(vehicle_id, 1, "too many of one vehicle")
            return False
        if self._news.is_news(vehicle_id, alert, now):
            return True
        self._alerts.give_back(key, now)
        return False

    def _note(self, vehicle_id: str, kind: str, text: str) -> None:
        mine = self._noted_by[vehicle_id]
        if len(self._noted) >= NOTED_LIMIT or mine >= NOTED_A_VEHICLE:
            self._count_refused(vehicle_id, 1)
            return
        self._noted_by[vehicle_id] = mine + 1
        now = self._clock.time()
        self._noted.append((vehicle_id, kind, text, now, now + self._window))
        self._wake.set()

    def _count_refused(self, vehicle_id: str, count: int, why: str = "too many wait") -> None:
        refused, tell_at = self._refused.get(why, (0, 0.0))
        refused += count
        self.counts.refused += count
        now = self._clock.monotonic()
        if now >= tell_at:
            event = "alerts are not delivered: " + why
            log.error(event, vehicle=vehicle_id, refused=refused)
            tell_at = now + TELL_AGAIN
        self._refused[why] = refused, tell_at

    async def _write(self) -> None:
        """Write noted alerts to the outbox; keep them noted if that fails."""
        noted, self._noted = self._noted, []
        self._noted_by.clear()
        if not noted:
            return
        try:
            _, refused = await self._outbox.put_alerts(noted, tuple(self._channels), self._receiver)
        except Exception:
            self._noted = [*noted, *self._noted][:NOTED_LIMIT]
            self._noted_by = Counter(row[0] for row in self._noted)
            raise
        if refused:
            self._count_refused(noted[-1][0], refused)

    def _receiver(self, push_type: str, key: str) -> str:
        """Return whom a key names, by its channel."""
        try:
            return self._channels[push_type].receiver(key)
        except Exception:  # of another package's channel; its text may hold the key
            return key

    # -- the task ---------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._closing:
            self._wake.clear()
            wait = await self._round()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()
        with suppress(Exception):
            await self._write()
        if self._noted:
            log.error("alerts lost: the outbox cannot be written", count=len(self._noted))

    async def _round(self) -> float | None:
        try:
            wait = await self.step()
        except Exception as error:
            log.error("outbox cannot be used; it is tried again", reason=str(error))
            return RETRY_PAUSE
        return None if wait is None else min(wait, LONGEST_WAIT)


async def _close(channel: Channel) -> None:
    """Close a channel; log one that fails or hangs."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await channel.close()
    except Exception as error:
        log.warning("channel not closed", channel=channel.push_type, reason=type(error).__name__)
