"""What the hub needs of others: a place to keep things, connections, and somebody for alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ovms.protocol.messages import LatestMessage, Message
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.history import KeptRecord


class Vehicle(Protocol):
    """What is known of a vehicle."""

    @property
    def id(self) -> str:
        """Its id, in upper case."""

    @property
    def owner_id(self) -> int:
        """Whose it is."""

    @property
    def secret(self) -> str:
        """The secret shared with its module and apps."""

    @property
    def type(self) -> str:
        """``car``, or ``server`` for another server that calls as one."""

    @property
    def server(self) -> str:
        """The id of the server that serves it, ``*`` for any."""

    @property
    def paranoid_token(self) -> str:
        """The token of its sealed messages; empty without."""

    @property
    def created(self) -> float:
        """When it was made known to the server, Unix seconds."""

    @property
    def log_days(self) -> int | None:
        """Days its telemetry is kept, 0 for none; ``None`` for the server's default."""

    @property
    def log_position_days(self) -> int | None:
        """The same of its positions."""


class Change(Protocol):
    """A vehicle that was changed lately."""

    @property
    def id(self) -> str:
        """Its id, in upper case."""

    @property
    def secret(self) -> str:
        """Its secret now; empty for a vehicle that was removed."""

    @property
    def server(self) -> str:
        """As :attr:`Vehicle.server`, now."""

    @property
    def log_days(self) -> int | None:
        """As :attr:`Vehicle.log_days`, now."""

    @property
    def log_position_days(self) -> int | None:
        """As :attr:`Vehicle.log_position_days`, now."""


class TypeSummary(Protocol):
    """What a vehicle's history holds of one record type."""

    @property
    def type(self) -> str:
        """The record type."""

    @property
    def distinct(self) -> int:
        """Record numbers that occur."""

    @property
    def total(self) -> int:
        """Records."""

    @property
    def bytes(self) -> int:
        """Size: lengths of type, data and vehicle id, plus 20 a record."""

    @property
    def first(self) -> int:
        """Time of the oldest, Unix seconds."""

    @property
    def last(self) -> int:
        """Time of the newest, Unix seconds."""


class HistoryEntry(Protocol):
    """A record of the history."""

    @property
    def time(self) -> int:
        """When it was made, Unix seconds."""

    @property
    def number(self) -> int:
        """Its record number."""

    @property
    def id(self) -> int:
        """What tells it from others of the same time and number."""

    @property
    def data(self) -> bytes:
        """Its data, as it came."""


class DayTraffic(Protocol):
    """A day's traffic of a vehicle, bytes, each from the car's or the apps' side."""

    @property
    def day(self) -> str:
        """The day, ``YYYY-MM-DD`` in UTC."""

    @property
    def car_received(self) -> int:
        """Bytes the car received."""

    @property
    def car_sent(self) -> int:
        """Bytes the car sent."""

    @property
    def apps_received(self) -> int:
        """Bytes its clients received."""

    @property
    def apps_sent(self) -> int:
        """Bytes its clients sent."""


PageKey = tuple[int, int, int]
"""Where a page of history ended: time, number and id of its last entry."""

Traffic = tuple[int, int, int, int]
"""Bytes: car received, car sent, apps received, apps sent."""


class Keeper(Protocol):
    """Where the hub keeps what must survive. The ``keep_…`` calls return at once."""

    async def load_vehicle(self, vehicle_id: str) -> tuple[Vehicle, Sequence[LatestMessage]] | None:
        """Give a vehicle and its stored messages; ``None`` if unknown."""

    def keep_message(self, vehicle_id: str, message: LatestMessage) -> None:
        """Keep the latest message of its code."""

    def keep_token(self, vehicle_id: str, token: str) -> None:
        """Keep the paranoid token; sealed messages under another one are void."""

    def keep_presence(self, vehicle_id: str, *, car: bool, apps: int, batch: int) -> None:
        """Keep who is connected, for the operator's lists."""

    def keep_history(
        self, vehicle_id: str, record: KeptRecord, on_saved: Callable[[], None] | None = None
    ) -> bool:
        """Keep a record; ``on_saved`` is called in the event loop once it is on disk.

        A record that was sent again is stored once, and called for as well. False if there is no
        room for it now: it must be sent again.
        """

    def keep_utilisation(self, vehicle_id: str, day: str, traffic: Traffic) -> None:
        """Add to a day's traffic."""

    async def history_summary(self, vehicle_id: str, since: int | None) -> Sequence[TypeSummary]:
        """Give what the history holds by type, of records made after ``since`` (Unix seconds)."""

    async def history_count(
        self, vehicle_id: str, record_type: str, since: int | None
    ) -> tuple[int, int]:
        """Count a type's records made after ``since``; the number, and the last id among them."""

    async def history_page(
        self,
        vehicle_id: str,
        record_type: str,
        since: int | None,
        after: PageKey | None,
        last_id: int,
        limit: int,
    ) -> Sequence[HistoryEntry]:
        """Give the next records behind ``after``, oldest first, then by number."""

    def holding_expiry(self) -> AbstractContextManager[None]:
        """Keep records from expiring for a while, so that a count stays true."""

    async def utilisation(self, vehicle_id: str) -> Sequence[DayTraffic]:
        """Give the traffic of the last 90 days, newest first."""


class AlertDesk(Protocol):
    """Who tells alerts to those who are not connected, and knows what they say."""

    def raise_alert(self, vehicle: Vehicle, alert: Alert) -> Alert:
        """Have an alert delivered; gives it as it is told, error codes put into words."""

    async def subscribe(self, vehicle: Vehicle, data: bytes) -> None:
        """Take a ``p`` that came on a connection of ``vehicle``. Never fails."""


class Line(Protocol):
    """A connection that has been welcomed."""

    @property
    def peer(self) -> str:
        """Address of the other end, for logs."""

    @property
    def received(self) -> int:
        """Bytes that came, in all."""

    @property
    def sent(self) -> int:
        """Bytes that were sent, in all."""

    @property
    def unacknowledged(self) -> int:
        """Bytes that were sent and that the other end's TCP has not acknowledged."""

    def send(self, message: Message) -> bool:
        """Send a message; false if it cannot be sent."""

    async def drained(self) -> None:
        """Wait while the other end has much to read; returns also when it is gone."""

    def close(self, error: Exception | None = None) -> None:
        """End the connection, in order."""
