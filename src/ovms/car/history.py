"""Records that the server is to keep (``h``): sent, and sent again until it has them. Pure.

Times are real seconds of one clock that never goes back. The queue is in memory: what it holds is
lost with the power.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ovms.protocol.records.history import AckedRecord, HistoryRecord

RESEND_AFTER = 10.0
"""Seconds until a record without its acknowledgement is sent again."""

A_SECOND = 5
"""Records that are sent in one second, however many have gathered."""

QUEUE_LIMIT = 1000
"""Records that wait; beyond that the oldest is given up. About 300 KiB."""


@dataclass(slots=True)
class Kept:
    """A record on its way."""

    ack: int
    record: HistoryRecord
    made: float
    sent: float = 0.0


class HistoryQueue:
    """What the server has not acknowledged yet.

    With ``is_sealed`` a record is forgotten once it was sent: the server cannot read it, so it
    neither stores nor acknowledges it, and passes it on to whoever listens.
    """

    def __init__(self, *, is_sealed: bool = False, limit: int = QUEUE_LIMIT) -> None:
        self._is_sealed = is_sealed
        self._limit = limit
        self._new: deque[Kept] = deque()
        self._open: dict[int, Kept] = {}
        """Sent, by acknowledgement code, the longest ago first."""
        self._last_ack = 0
        self._recent: deque[float] = deque(maxlen=A_SECOND)
        """When the latest were sent."""

    def __len__(self) -> int:
        """Count what is not acknowledged."""
        return len(self._new) + len(self._open)

    def add(self, record: HistoryRecord, now: float) -> None:
        """Take a record that was made now."""
        if len(self) >= self._limit:
            self._drop_oldest()
        self._last_ack += 1
        self._new.append(Kept(self._last_ack, record, now))

    def due(self, now: float) -> list[AckedRecord]:
        """Give what is to be sent now, the difference to its making as of now."""
        due = []
        while self._has_room(now) and (kept := self._next(now)) is not None:
            kept.sent = now
            if not self._is_sealed:
                self._open[kept.ack] = kept
            self._recent.append(now)
            due.append(AckedRecord(kept.ack, -max(0, round(now - kept.made)), kept.record))
        return due

    def acknowledge(self, data: bytes) -> None:
        """Take the data of the server's ``h``; a code that is not open is none of ours."""
        if data.isdigit() and len(data) <= 9:
            self._open.pop(int(data), None)

    def restart(self) -> None:
        """Begin a new link: what is not acknowledged is sent again, in the order of its making."""
        self._new.extendleft(sorted(self._open.values(), key=lambda kept: -kept.ack))
        self._open.clear()

    def _has_room(self, now: float) -> bool:
        return len(self._recent) < A_SECOND or now - self._recent[0] >= 1.0

    def _next(self, now: float) -> Kept | None:
        """Take out what is next: what was sent long ago, else what is new."""
        oldest = next(iter(self._open.values()), None)
        if oldest is not None and now - oldest.sent >= RESEND_AFTER:
            return self._open.pop(oldest.ack)
        return self._new.popleft() if self._new else None

    def _drop_oldest(self) -> None:
        if self._open:
            del self._open[min(self._open)]
        else:
            self._new.popleft()
