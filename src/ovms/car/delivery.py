"""What must reach the server: records for its history (``h``) and alerts (``P``). Pure.

Both wait here until they are delivered, even while there is no link. They are sent in the order in
which they were made, at most :data:`A_SECOND` in a second. A record is delivered when the server
acknowledges its code; until then it is sent again every :data:`RESEND_AFTER` seconds. An alert has
no code: it is delivered when the server answers a ping that was sent after it. A new link starts
again with everything that is not delivered. So everything arrives at least once. The server
recognises a repeated record by its code, but not a repeated alert.

A :class:`~ovms.car.delivery_store.DeliveryStore` keeps what waits over a restart. The codes go on
where they stopped, because the server takes the same code with the same content for a repetition.

While this process runs, the age of a record is measured with the clock that never jumps. The time
of day is kept for later processes, and corrected if somebody sets the clock meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from ovms.base.logs import get_logger
from ovms.car.delivery_store import Content, DeliveryStore, Item, NoDeliveryStore
from ovms.protocol import Message
from ovms.protocol.records.alert import Alert, AlertKind
from ovms.protocol.records.history import AckedRecord, HistoryRecord

log = get_logger("ovms.car")

RESEND_AFTER = 10.0
"""Seconds until a record without its acknowledgement is sent again."""

A_SECOND = 5
"""Records and alerts that are sent in one second, however many wait."""

OPEN_LIMIT = 25
"""Records that are sent and not acknowledged. Sending them again takes at most half of what may be
sent, so alerts have their turn even if a server acknowledges nothing."""

PONG_TIMEOUT = 60.0
"""Seconds after which another ping is sent for an alert; the server may have lost one."""

ITEM_LIMIT = 10_000
"""Records and alerts that wait; a car makes some dozens a day."""

BYTES_LIMIT = 4 << 20
"""Bytes of content that wait."""

ALERT_LIMIT = 100
"""Alerts that wait: an error that comes and goes must not flood a phone."""

RECORD_AGE_LIMIT = 90 * 86400.0
"""Seconds after which a record is given up."""

ALERT_AGE_LIMIT = 7 * 86400.0
"""Seconds after which an alert is given up: it carries no time, and is no news any more."""

LONGEST_RECORD = 500
"""Bytes of type, number, life time and data, so that the sealed line stays under 1024 bytes. Longer
data is cut when the record is made, so that the record is the same each time that it is sent."""

LONGEST_CODE = 15
"""Digits of an acknowledgement code. Ours have about ten."""

CLOCK_SET = 1.0
"""Seconds by which the time of day must have jumped to count as set."""

CLOCK_UNSET = 1_577_836_800.0
"""Unix seconds (2020) before which the clock cannot be set: a board without one starts in 1970."""


class Moment(NamedTuple):
    """Now, by both clocks: ``monotonic`` never goes back, ``unix`` is the time of day."""

    monotonic: float
    unix: float


class Delivery:
    """What is not delivered. Call :meth:`look` and :meth:`due` each second.

    With ``is_sealed`` a record counts as delivered once it is sent: the server cannot read it, so
    it neither stores nor acknowledges it, and only passes it on to the connected.
    """

    def __init__(self, store: DeliveryStore | None = None, *, is_sealed: bool = False) -> None:
        self._store = store or NoDeliveryStore()
        self._is_sealed = is_sealed
        self._records: deque[Item] = deque()
        """Records not sent on this link, the oldest first."""
        self._alerts: deque[Item] = deque()
        """Alerts not sent on this link, the oldest first."""
        self._open: dict[int, Item] = {}
        """Records that were sent, by code, the earliest first."""
        self._told: deque[tuple[int, Item]] = deque()
        """Alerts that were sent, each with the number of pings sent before it."""
        self._pings = self._pongs = 0
        """Of this link."""
        self._pinged = 0.0
        self._recent: deque[float] = deque(maxlen=A_SECOND)
        """When the latest were sent."""
        self._bytes = 0
        self._began: Moment | None = None
        self._gives_up = False
        self._next_code = self._store.next_code
        for item in self._store.load():
            self._keep(item)
        self._make_room()
        if self:
            log.info("records wait from before", count=len(self))

    def __len__(self) -> int:
        """Return how many records and alerts are not delivered."""
        return len(self._records) + len(self._alerts) + len(self._open) + len(self._told)

    @property
    def alerts(self) -> int:
        """How many alerts are not delivered."""
        return len(self._alerts) + len(self._told)

    # -- what is made -----------------------------------------------------------------------

    def add(self, content: Content, at: Moment, age: float = 0.0) -> None:
        """Add a record or an alert. It is on disk when this returns.

        ``age`` is how many real seconds ago what it tells of happened.
        """
        self.look(at)
        item = Item(self._next_code, _cut(content), at.unix - age, at.monotonic - age)
        self._next_code += 1
        self._store.put([item])
        self._keep(item)
        log.debug("waits until it is delivered", code=item.code, kind=item.kind)
        self._make_room()

    def _keep(self, item: Item) -> None:
        self._bytes += len(item.data)
        (self._alerts if isinstance(item.content, Alert) else self._records).append(item)

    def _make_room(self) -> None:
        """Drop the least important until what waits is within its bounds."""
        while self._alerts and len(self._alerts) + len(self._told) > ALERT_LIMIT:
            self._give_up(self._take_least(self._alerts), "too many alerts")
        while len(self) > ITEM_LIMIT or self._bytes > BYTES_LIMIT:
            self._give_up(self._take_least(self._alerts, self._records), "too many records")

    def _take_least(self, *queues: deque[Item]) -> Item:
        """Remove and return the oldest unimportant item, or else the oldest alert."""
        unimportant = (next(filter(_is_unimportant, queue), None) for queue in queues)
        least = min(filter(None, unimportant), key=_code, default=None) or self._alerts[0]
        next(queue for queue in queues if least in queue).remove(least)
        return least

    def _give_up(self, item: Item, reason: str) -> None:
        """Drop an item that is not delivered. Log it once until everything is delivered."""
        if not self._gives_up:
            log.warning("not delivered, given up", reason=reason, waiting=len(self))
        self._gives_up = True
        self._forget([item])

    # -- what is sent -----------------------------------------------------------------------

    def due(self, at: Moment) -> list[Message]:
        """Return what is to be sent now: records, and alerts with a ping behind them."""
        self.look(at)
        self._drop_old(at)
        due = []
        while self._has_room(at) and (item := self._next(at)) is not None:
            self._recent.append(at.monotonic)
            due.append(self._send(item, at))
        if self._needs_ping(at):
            due.append(self.ping(at))
        return due

    def ping(self, at: Moment) -> Message:
        """Return a counted ping. All pings of a link must come from here."""
        self._pings += 1
        self._pinged = at.monotonic
        return Message("A")

    def pong(self) -> None:
        """Handle the answer to a ping. Pings are answered in order."""
        self._pongs = min(self._pings, self._pongs + 1)
        delivered = []
        while self._told and self._told[0][0] < self._pongs:
            delivered.append(self._told.popleft()[1])
        self._forget(delivered)

    def acknowledge(self, data: bytes) -> None:
        """Handle the data of the server's ``h``. A code that is not open is ignored."""
        code = int(data) if data.isdigit() and len(data) <= LONGEST_CODE else None
        if code in self._open:
            self._forget([self._open.pop(code)])

    def restart(self) -> None:
        """Handle a new link: everything not delivered is sent again, in the order of making."""
        self._records.extendleft(sorted(self._open.values(), key=_code, reverse=True))
        self._alerts.extendleft(item for _, item in reversed(self._told))
        self._open.clear()
        self._told.clear()
        self._pings = self._pongs = 0

    def _has_room(self, at: Moment) -> bool:
        return len(self._recent) < A_SECOND or at.monotonic - self._recent[0] >= 1.0

    def _next(self, at: Moment) -> Item | None:
        """Remove and return the next item: one to be sent again, else the oldest not sent."""
        first = next(iter(self._open.values()), None)
        if first is not None and at.monotonic - first.sent >= RESEND_AFTER:
            return self._open.pop(first.code)
        queues = [self._alerts] if len(self._open) >= OPEN_LIMIT else [self._alerts, self._records]
        queue = min(filter(None, queues), key=lambda queue: queue[0].code, default=None)
        return queue.popleft() if queue else None

    def _send(self, item: Item, at: Moment) -> Message:
        """Note that an item is sent. Return its message."""
        if isinstance(item.content, Alert):
            self._told.append((self._pings, item))
            return item.content.message
        if self._is_sealed:
            self._forget([item])
        else:
            item.sent = at.monotonic
            self._open[item.code] = item
        return AckedRecord(item.code, -round(self._age(item, at)), item.content).message

    def _needs_ping(self, at: Moment) -> bool:
        """Return whether the last alert has no ping behind it, or the ping's answer is overdue."""
        if not self._told:
            return False
        is_behind = self._told[-1][0] < self._pings
        return not is_behind or at.monotonic - self._pinged >= PONG_TIMEOUT

    def _drop_old(self, at: Moment) -> None:
        """Drop what has waited too long."""
        for queue, limit in ((self._records, RECORD_AGE_LIMIT), (self._alerts, ALERT_AGE_LIMIT)):
            while queue and self._age(queue[0], at) > limit:
                self._give_up(queue.popleft(), "too old")

    def _forget(self, items: Sequence[Item]) -> None:
        """Remove items from the store."""
        self._bytes -= sum(len(item.data) for item in items)
        if items:
            self._store.remove([item.code for item in items])
        self._gives_up = self._gives_up and len(self) > 0

    # -- time -------------------------------------------------------------------------------

    def look(self, at: Moment) -> None:
        """Compare the clocks. If the time of day was set, correct the times of our records."""
        began = self._began = self._began or at
        jump = (at.unix - at.monotonic) - (began.unix - began.monotonic)
        if abs(jump) < CLOCK_SET:
            return
        self._began = Moment(began.monotonic, began.unix + jump)
        ours = [item for item in self._all() if item.monotonic is not None]
        for item in ours:
            item.made += jump
        if ours:
            self._store.put(ours)

    def _all(self) -> Iterator[Item]:
        told = (item for _, item in self._told)
        return chain(self._records, self._alerts, self._open.values(), told)

    def _age(self, item: Item, at: Moment) -> float:
        """Return the age of an item in seconds.

        For an item of an earlier process only the time of day is known, and that it is older than
        this process. A clock that was not set then, or is not set now, gives no age.
        """
        if item.monotonic is not None:
            return at.monotonic - item.monotonic
        running = at.monotonic - (self._began or at).monotonic
        return max(running, at.unix - item.made) if item.made >= CLOCK_UNSET else running


def _code(item: Item) -> int:
    return item.code


def _is_unimportant(item: Item) -> bool:
    """Return whether an item is a record, or an alert that only informs."""
    content = item.content
    return not isinstance(content, Alert) or content.kind == AlertKind.INFORMATION.value


def _cut(content: Content) -> Content:
    """Return the content, cut so that it fits into its line."""
    if isinstance(content, Alert):
        return replace(content, text=content.text[:LONGEST_RECORD])
    excess = max(0, len(content.fields) - LONGEST_RECORD)
    data = content.data[: len(content.data) - excess]
    return HistoryRecord(content.type, content.number, content.lifetime, data)
