"""What the notifier asks of the database: subscriptions, and the outbox.

Nothing blocks the event loop. What a call has written is on disk when it returns.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ovms.server.storage import outbox, owner_mail, push_devices, subscriptions
from ovms.server.storage.errors import InvalidValue, NotFound
from ovms.server.storage.limits import SubscriptionLimits
from ovms.server.storage.push_names import device_of
from ovms.server.storage.vehicles import find_vehicle, find_vehicles

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from ovms.server.storage.database import Database
    from ovms.server.values import AlertRow, OutboxHead, Subscription, Vehicle, WaitingAlert

DEFAULT_SUBSCRIPTIONS: Final = SubscriptionLimits()


class NotifyStore:
    """Subscriptions and outbox of a running server. Raises :class:`StoreError`.

    With ``mails_owners`` alerts that nobody else gets are mailed to the vehicle's owner.
    """

    def __init__(
        self,
        database: Database,
        limits: SubscriptionLimits = DEFAULT_SUBSCRIPTIONS,
        *,
        mails_owners: bool = False,
    ) -> None:
        self._database = database
        self._mails_owners = mails_owners
        self._limits = limits

    async def tidy(self, before: float) -> None:
        """Drop subscriptions that no longer count, and alerts raised before that time."""

        def drop(connection: Connection) -> None:
            subscriptions.drop_ended(connection)
            outbox.drop_old(connection, before)

        await self._database.write(drop)

    async def count_subscriptions(self) -> dict[str, int]:
        """Return how many subscriptions each type has."""
        return await self._database.read(subscriptions.count_subscriptions)

    async def find_vehicles(self, vehicle_ids: Iterable[str]) -> dict[str, Vehicle]:
        """Return those of the vehicles that exist, by id."""

        def look(connection: Connection) -> dict[str, Vehicle]:
            found = find_vehicles(connection, vehicle_ids)
            return {vehicle.id: vehicle for vehicle in found}

        return await self._database.read(look)

    async def subscribe(
        self,
        vehicle_id: str,
        owner_id: int,
        app_id: str,
        push_type: str,
        key_type: str,
        key: str,
        vehicle_name: str,
        now: float,
        renewed_types: Collection[str],
    ) -> bool:
        """Subscribe an app, or renew; false if there is no room, or the owner is another by now."""

        def put(connection: Connection) -> bool:
            vehicle = find_vehicle(connection, vehicle_id)
            if vehicle is None or vehicle.owner_id != owner_id:
                return False
            values = (app_id, push_type, key_type, key, vehicle_name, now, renewed_types)
            subscriptions.put_subscription(connection, vehicle, *values, self._limits)
            return True

        try:
            return await self._database.write(put)
        except InvalidValue:
            return False

    async def put_subscription(
        self,
        vehicle: Vehicle,
        app_id: str,
        push_type: str,
        key_type: str,
        key: str,
        vehicle_name: str,
        now: float,
        renewed_types: Collection[str],
        *,
        by_operator: bool = False,
    ) -> None:
        """Subscribe somebody, or renew. Raises :class:`InvalidValue` if there is no room.

        The operator may add any number of a type that no app renews, up to all that there may be.
        """
        limits = replace(self._limits, mails=None) if by_operator else self._limits
        values = (app_id, push_type, key_type, key, vehicle_name, now, renewed_types)
        await self._database.write(
            lambda connection: subscriptions.put_subscription(connection, vehicle, *values, limits)
        )

    async def list_subscriptions(
        self, vehicle_id: str, push_types: Sequence[str]
    ) -> list[Subscription]:
        """Return a vehicle's subscriptions, that of its owner as it holds now, by app.

        ``push_types`` are those that can be delivered.
        """

        def look(connection: Connection) -> list[Subscription]:
            every = subscriptions.list_subscriptions(connection, vehicle_id)
            found = [each for each in every if each.app_id != owner_mail.OWNER]
            if self._mails_owners and owner_mail.MAIL in push_types:
                found += owner_mail.list_defaults(connection, push_types, vehicle_id)
            return sorted(found, key=lambda each: each.app_id)

        return await self._database.read(look)

    async def unsubscribe(self, vehicle_id: str, app_id: str, key: str | None = None) -> bool:
        """End a subscription, with a ``key`` only if it still has that; false if there is none."""
        if device_of(app_id) is not None:  # for this vehicle is for all
            end = partial(push_devices.end_gone_device, app_id=app_id, key=key)
            return await self._database.write(end)
        try:
            await self._database.write(
                lambda connection: subscriptions.remove_subscription(
                    connection, vehicle_id, app_id, key
                )
            )
        except NotFound:
            return False
        return True

    async def find_subscription(self, vehicle_id: str, app_id: str) -> Subscription | None:
        """Return an app's subscription of a vehicle, or ``None``."""
        return await self._database.read(
            lambda connection: subscriptions.find_subscription(connection, vehicle_id, app_id)
        )

    async def put_alerts(
        self,
        alerts: Sequence[AlertRow],
        push_types: Sequence[str],
        receiver: Callable[[str, str], str] = outbox.as_written,
    ) -> tuple[int, int]:
        """Put alerts into the outbox; return how many rows were put, and how many had no room.

        ``receiver`` returns whom a key of a type names: who is named twice is told once.
        """
        vehicle_ids = {alert[0] for alert in alerts}
        mails_owners = self._mails_owners and owner_mail.MAIL in push_types
        pushes, now = push_devices.WEBPUSH in push_types, alerts[-1][3]

        def is_wanted(connection: Connection) -> bool:
            is_known = outbox.is_wanted(connection, vehicle_ids, push_types)
            if is_known or (mails_owners and owner_mail.is_wanted(connection, vehicle_ids)):
                return True
            return pushes and push_devices.is_wanted(connection, vehicle_ids, now)

        def put(connection: Connection) -> tuple[int, int]:
            if mails_owners:
                owner_mail.prepare(connection, vehicle_ids, push_types, now)
            unplaced: Collection[tuple[str, str]] = ()
            if pushes:
                unplaced = push_devices.prepare(connection, vehicle_ids, now)
            return outbox.put_alerts(connection, alerts, push_types, receiver, unplaced)

        if not await self._database.read(is_wanted):
            return 0, 0  # the write lock is left to others
        return await self._database.write(put)

    async def list_heads(self, push_types: Iterable[str], limit: int) -> list[OutboxHead]:
        """Return up to ``limit`` subscriptions of each type that something waits for."""

        def look(connection: Connection) -> list[OutboxHead]:
            return [
                head
                for push_type in push_types
                for head in outbox.list_heads(connection, push_type, limit)
            ]

        return await self._database.read(look)

    async def list_waiting(self, vehicle_id: str, app_id: str) -> list[WaitingAlert]:
        """Return what waits for a subscription, in the order in which it was raised."""
        return await self._database.read(
            lambda connection: outbox.list_waiting(connection, vehicle_id, app_id)
        )

    async def drop_waiting(
        self, vehicle_id: str, app_id: str, ids: Sequence[int], delivered: bool
    ) -> None:
        """Drop alerts that were ``delivered``, or are given up."""
        await self._database.write(
            lambda connection: outbox.drop_waiting(connection, vehicle_id, app_id, ids, delivered)
        )

    async def postpone(
        self, vehicle_id: str, app_id: str, now: float, due: float
    ) -> Subscription | None:
        """Count a failed delivery, and try again at ``due``."""
        return await self._database.write(
            lambda connection: outbox.postpone(connection, vehicle_id, app_id, now, due)
        )
