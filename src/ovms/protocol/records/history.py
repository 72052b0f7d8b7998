"""``H`` and ``h``: records for the history, without and with acknowledgement.

The data of a record are the rest of the line with its commas, as the bytes that came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from ovms.protocol.messages import Message

_INTEGER = re.compile(rb"[+-]?\d{1,15}", re.ASCII)
LONGEST_TYPE = 64
"""Characters of a record type; those of the guide have about twelve."""

ALERT_TYPE = "*-Log-Notification"
"""The record type under which servers keep alerts, each as ``<kind>,<text>``."""

CONNECTION_TYPE = "*-OVMS-Connection"
"""The record type under which this server keeps when a car connected (``1``) and was gone (``0``).
"""


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """A record for the history: ``<type>,<number>,<lifetime>,<data>``.

    ``lifetime`` is in seconds from its arrival. ``data`` are any bytes.
    """

    type: str
    number: int
    lifetime: int
    data: bytes

    @property
    def fields(self) -> bytes:
        """The record as it is in a message."""
        head = f"{self.type},{self.number},{self.lifetime},"
        return head.encode("utf-8", "surrogateescape") + self.data

    @property
    def message(self) -> Message:
        """The ``H`` that carries it."""
        return Message("H", self.fields)

    @classmethod
    def parse(cls, fields: bytes) -> Self | None:
        """Read the data of an ``H``; ``None`` if it is malformed."""
        kind, number, lifetime, data = (*fields.split(b",", 3), *(None,) * 4)[:4]
        found, seconds = _integer(number), _integer(lifetime)
        if not kind or len(kind) > LONGEST_TYPE or found is None or seconds is None or seconds < 0:
            return None
        return cls(kind.decode("utf-8", "surrogateescape"), found, seconds, data or b"")


@dataclass(frozen=True, slots=True)
class AckedRecord:
    """``h``: a record that its car sends again until it gets the ``ack`` code back.

    ``timediff`` is when it was made, in seconds from now; negative for the past.
    """

    ack: int
    timediff: int
    record: HistoryRecord

    @property
    def message(self) -> Message:
        """The ``h`` that carries it."""
        return Message("h", b"%d,%d," % (self.ack, self.timediff) + self.record.fields)

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Read the data of a car's ``h``; ``None`` if it is malformed (see :func:`ack_of`)."""
        ack, timediff, fields = (*data.split(b",", 2), *(None,) * 3)[:3]
        code, seconds = _integer(ack), _integer(timediff)
        record = None if fields is None else HistoryRecord.parse(fields)
        if code is None or seconds is None or record is None:
            return None
        return cls(code, seconds, record)


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record as the server keeps it. Times are whole Unix seconds, except ``received``.

    ``ack`` is its acknowledgement code; ``None`` for one that is not acknowledged, and so is never
    sent again.
    """

    type: str
    number: int
    time: int
    """When it was made."""
    expires: int
    """When it may be deleted."""
    data: bytes
    ack: int | None
    received: float
    """When it came."""


def ack_of(data: bytes) -> bytes | None:
    """Return the acknowledgement code of an ``h``, also of a malformed one; ``None`` for none."""
    code = data.split(b",", 1)[0]
    return code if _INTEGER.fullmatch(code) else None


def _integer(text: bytes | None) -> int | None:
    return int(text) if text is not None and _INTEGER.fullmatch(text) else None
