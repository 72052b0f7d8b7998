"""What the hub needs of others: a storage, connections, and the delivery of alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ovms.protocol.messages import LatestMessage, Message
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.history import KeptRecord
from ovms.server.values import DayTraffic, HistoryEntry, HistoryKey, Traffic, TypeSummary, Vehicle

OnSaved = Callable[[], Callable[[], None] | None]
"""Called in the event loop once a record is on disk. What it returns is called behind the others
that are told at the same moment, once: it sends what those have put together."""


class HistorySink(Protocol):
    """Where records go."""

    def put_history(
        self, vehicle_id: str, record: KeptRecord, on_saved: OnSaved | None = None
    ) -> bool:
        """Keep a record; ``on_saved`` is called once it is on disk.

        A record that was sent again is stored once, and called for as well. False if there is no
        room for it now: it must be sent again.
        """


class Storage(HistorySink, Protocol):
    """Where the hub keeps what must survive.

    The ``put_…`` methods return at once; they take vehicle ids in upper case.
    """

    async def load_vehicles(
        self, vehicle_ids: Sequence[str]
    ) -> Mapping[str, tuple[Vehicle, Sequence[LatestMessage]] | Exception]:
        """Return vehicles and their stored messages by their ids; without those unknown.

        In place of one that alone cannot be read stands the error.
        """

    def put_message(self, vehicle_id: str, message: LatestMessage) -> None:
        """Keep the latest message of its code."""

    def put_token(self, vehicle_id: str, token: str) -> None:
        """Keep the paranoid token; sealed messages under another one are void."""

    def put_presence(self, vehicle_id: str, *, car: bool, apps: int, batch: int) -> None:
        """Keep who is connected, for the operator's lists."""

    def history_waiting(self, vehicle_id: str) -> int:
        """Return how many records wait for the disk."""

    def put_traffic(self, vehicle_id: str, day: str, traffic: Traffic) -> None:
        """Add to a day's traffic."""

    async def history_summary(self, vehicle_id: str, since: int | None) -> Sequence[TypeSummary]:
        """Return what the history holds by type, of records made after ``since`` (Unix seconds)."""

    async def history_count(
        self, vehicle_id: str, record_type: str, since: int | None
    ) -> tuple[int, int]:
        """Count a type's records made after ``since``; the number, and the last id among them."""

    async def history_page(
        self,
        vehicle_id: str,
        record_type: str,
        since: int | None,
        after: HistoryKey | None,
        last_id: int,
        limit: int,
    ) -> Sequence[HistoryEntry]:
        """Return the next records behind ``after``, oldest first, then by number."""

    def holding_expiry(self) -> AbstractContextManager[None]:
        """Keep records from expiring for a while, so that a count stays true."""

    async def utilisation(self, vehicle_id: str) -> Sequence[DayTraffic]:
        """Return the traffic of the last 90 days, newest first."""


class AlertService(Protocol):
    """Delivers alerts to those who are not connected, and knows what error codes mean."""

    def raise_alert(self, vehicle: Vehicle, alert: Alert) -> Alert:
        """Have an alert delivered; return it with error codes put into words."""

    async def subscribe(self, vehicle: Vehicle, data: bytes) -> None:
        """Handle a ``p`` that came on a connection of ``vehicle``. Never fails."""


class Line(Protocol):
    """A connection that has been welcomed."""

    @property
    def peer(self) -> str:
        """Where the other end is, ``ADDRESS:PORT``."""

    @property
    def is_proven(self) -> bool:
        """Whether what the other end has said so far proves that its welcome was no copy."""

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

    def send_all(self, messages: Sequence[Message]) -> bool:
        """Send messages in one piece; false if not all could be sent."""

    async def drained(self) -> None:
        """Wait while the other end has much to read; returns also when it is gone."""

    def close(self, error: Exception | None = None) -> None:
        """End the connection, in order."""
