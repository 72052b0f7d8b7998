"""What gathers between two commits.

Rows are coalesced by their key as they come, the latest wins: a car that sends ``S`` three times in
ten milliseconds costs one row. Traffic is added up, and records of the history are all kept, see
:mod:`ovms.server.storage.history_batch`. A :class:`~ovms.server.storage.database.Database` writes
it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ovms.server.storage.history_batch import HistoryBatch
from ovms.server.storage.seen_filter import TokenPlace, place_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from ovms.server.values import LatestMessage, Traffic

Presence = tuple[bool, int, int, float | None]
"""Car connected, apps, batch clients, when the car was heard."""


@dataclass(slots=True)
class SeenToken:
    """A token of a welcome that went over a plain connection; ``time`` in Unix seconds."""

    memory: bytes
    token: str
    time: float
    done: asyncio.Future[bool]
    """Gets :attr:`was_seen` once the token is remembered durably."""
    place: TokenPlace = field(init=False)
    was_seen: bool = False
    """It had been seen before; valid once it was written."""

    def __post_init__(self) -> None:
        self.place = place_of(self.memory, self.token)

    def saved(self) -> None:
        """Tell who waits whether it had been seen before."""
        if not self.done.done():
            self.done.set_result(self.was_seen)

    def failed(self, error: Exception) -> None:
        """Tell who waits that the database does not take it now."""
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # looked at, or the event loop logs it if nobody waits any more


@dataclass(slots=True)
class Batch:
    """Rows by key, and callbacks for when they are durable."""

    messages: dict[str, dict[str, LatestMessage]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    presence: dict[str, Presence] = field(default_factory=dict)
    traffic: dict[str, dict[str, Traffic]] = field(default_factory=dict)
    history: HistoryBatch = field(default_factory=HistoryBatch)
    provisions: dict[str, float] = field(default_factory=dict)
    seen: dict[tuple[bytes, str], SeenToken] = field(default_factory=dict)
    heartbeat: float | None = None
    saved: list[Callable[[], object]] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.rows() or self.heartbeat is not None or self.saved)

    def rows(self) -> int:
        """Count the rows without the heartbeat, which nobody misses."""
        messages = sum(map(len, self.messages.values()))
        messages += sum(map(len, self.traffic.values()))
        keyed = len(self.tokens) + len(self.presence) + len(self.provisions) + len(self.seen)
        return messages + keyed + len(self.history)

    def over(self, older: Batch) -> Batch:
        """Return both in one, and change neither; where both have a key, this batch's row.

        Traffic is added, and a record that is in both is the same one.
        """
        before = {
            vehicle_id: {
                code: message
                for code, message in codes.items()
                if vehicle_id not in self.tokens or message.counts(self.tokens[vehicle_id])
            }
            for vehicle_id, codes in older.messages.items()
        }
        both = {
            vehicle_id: before.get(vehicle_id, {}) | codes
            for vehicle_id, codes in self.messages.items()
        }
        batch = Batch(before | both, older.tokens | self.tokens, dict(older.presence))
        for vehicle_id, values in self.presence.items():
            batch.put_presence(vehicle_id, values)
        for part in (older, self):
            for vehicle_id, days in part.traffic.items():
                for day, traffic in days.items():
                    batch.put_traffic(vehicle_id, day, traffic)
        batch.history = self.history.over(older.history)
        batch.provisions = older.provisions | self.provisions
        batch.seen = older.seen | self.seen
        batch.heartbeat = self.heartbeat if self.heartbeat is not None else older.heartbeat
        batch.saved = older.saved + self.saved
        return batch

    def put_token(self, vehicle_id: str, token: str) -> None:
        """Put a paranoid token; another one voids what was sealed before."""
        self.tokens[vehicle_id] = token
        codes = self.messages.get(vehicle_id, {})
        self.messages[vehicle_id] = {c: kept for c, kept in codes.items() if kept.counts(token)}

    def put_presence(self, vehicle_id: str, values: Presence) -> None:
        """Put a vehicle's presence; without a time the known one stays."""
        if values[3] is None and vehicle_id in self.presence:
            values = (*values[:3], self.presence[vehicle_id][3])
        self.presence[vehicle_id] = values

    def put_traffic(self, vehicle_id: str, day: str, traffic: Traffic) -> None:
        """Add to a vehicle's traffic of a day."""
        days = self.traffic.setdefault(vehicle_id, {})
        one, two, three, four = days.get(day, (0, 0, 0, 0))
        days[day] = one + traffic[0], two + traffic[1], three + traffic[2], four + traffic[3]

    def message_rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield vehicle id, code, data, time and token of each message."""
        for vehicle_id, codes in self.messages.items():
            for message in codes.values():
                yield vehicle_id, message.code, message.data, message.time, message.token

    def presence_rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield vehicle id, car, apps, batch clients and the time for each vehicle."""
        for vehicle_id, values in self.presence.items():
            yield vehicle_id, *values

    def traffic_rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield vehicle id, day and the four sums."""
        for vehicle_id, days in self.traffic.items():
            for day, traffic in days.items():
                yield vehicle_id, day, *traffic
