"""``H`` and ``h``: records for the history, without and with acknowledgement.

The data of a record are the rest of the line with its commas, as the bytes that came.
"""

from __future__ import annotations

import re
from typing import Self, TypeVar

from msgspec import Struct

from ovms.protocol.messages import Message

R = TypeVar("R", bound="HistoryRecord")

LONGEST_TYPE = 64
"""Characters of a record type; those of the guide have about twelve."""

_CODE = re.compile(rb"[+-]?\d{1,15}")
_RECORD = re.compile(
    rb"([^,]{1,%d}),([+-]?\d{1,15}),([+-]?\d{1,15})(?:,(.*))?" % LONGEST_TYPE, re.DOTALL
)
_ACKED = re.compile(rb"(%b),(%b),%b" % (_CODE.pattern, _CODE.pattern, _RECORD.pattern), re.DOTALL)

ALERT_TYPE = "*-Log-Notification"
"""The record type under which servers keep alerts, each as ``<kind>,<text>``."""

CONNECTION_TYPE = "*-OVMS-Connection"
"""The record type under which this server keeps when a car connected (``1``) and was gone (``0``).
"""


# A car that was away sends many at once: structs cost a fourth of what dataclasses do to make.


class HistoryRecord(Struct, frozen=True, gc=False):
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
        found = _RECORD.fullmatch(fields)
        return None if found is None else _record(cls, *found.groups())


class AckedRecord(Struct, frozen=True, gc=False):
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
        found = _ACKED.fullmatch(data)
        if found is None:
            return None
        ack, timediff, *fields = found.groups()
        record = _record(HistoryRecord, *fields)
        return None if record is None else cls(int(ack), int(timediff), record)


class KeptRecord(Struct, frozen=True, gc=False):
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
    return code if _CODE.fullmatch(code) else None


def _record(
    cls: type[R], kind: bytes, number: bytes, lifetime: bytes, data: bytes | None
) -> R | None:
    seconds = int(lifetime)
    if seconds < 0:
        return None
    return cls(kind.decode("utf-8", "surrogateescape"), int(number), seconds, data or b"")
