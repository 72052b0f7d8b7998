"""What the notifier needs of others: an outbox, channels, settings. Times are Unix seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import SecretStr

from ovms.server.values import AlertRow, OutboxHead, Subscription, Vehicle, WaitingAlert


class Outbox(Protocol):
    """Where subscriptions and waiting alerts are kept. What a call returns from is durable."""

    async def tidy(self, before: float) -> None:
        """Drop subscriptions of former owners, and alerts raised before that time."""

    async def find_vehicles(self, vehicle_ids: Iterable[str]) -> Mapping[str, Vehicle]:
        """Return those of the vehicles that exist, by id in upper case."""

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
    ) -> bool:
        """Make or renew a subscription; false if there is no room or the owner is another."""

    async def unsubscribe(self, vehicle_id: str, app_id: str, key: str | None = None) -> bool:
        """End a subscription, with a ``key`` only if it still has that; false if there is none."""

    async def find_subscription(self, vehicle_id: str, app_id: str) -> Subscription | None:
        """Return an app's subscription of a vehicle, ``None`` without one."""

    async def put_alerts(
        self, alerts: Sequence[AlertRow], push_types: Sequence[str]
    ) -> tuple[int, int]:
        """Have alerts wait for the subscriptions of these types; returns rows put, rows refused."""

    async def list_heads(self, push_types: Iterable[str], limit: int) -> Sequence[OutboxHead]:
        """Give up to ``limit`` of each type that something waits for, the soonest due first."""

    async def list_waiting(self, vehicle_id: str, app_id: str) -> Sequence[WaitingAlert]:
        """Return what waits for a subscription, in the order in which it was raised."""

    async def drop_waiting(
        self, vehicle_id: str, app_id: str, ids: Sequence[int], delivered: bool
    ) -> None:
        """Drop alerts that were ``delivered``, or are given up."""

    async def postpone(
        self, vehicle_id: str, app_id: str, now: float, due: float
    ) -> Subscription | None:
        """Count a failed delivery; all that waits is due at ``due``. Returns the subscription."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is delivered: the alerts of one event. ``id`` stays the same when it is sent again."""

    id: str
    vehicle_name: str
    title: str
    body: str = field(repr=False)
    created: float


class Channel(Protocol):
    """A way to reach people."""

    async def send(self, key: str, notice: Notice) -> None:
        """Deliver, or raise :class:`~ovms.server.notify.errors.NotDelivered`. May be cancelled."""

    async def close(self) -> None:
        """Let go of connections. May be called again."""


class ChannelSettings(Protocol):
    """What an operator sets for the channels."""

    mail_host: str | None
    mail_port: int
    mail_tls: Literal["starttls", "tls", "none"]
    mail_user: str | None
    mail_password: SecretStr | None
    mail_from: str | None
    expo_url: str
