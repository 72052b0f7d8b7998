"""What is stored of one vehicle beside its latest messages: history, alerts, traffic, presence.

Its room decides who hears what; here messages become rows of the storage.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from ovms.base.logs import get_logger
from ovms.protocol import Message
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.history import AckedRecord, HistoryRecord, KeptRecord, ack_of
from ovms.server.hub.context import RoomContext
from ovms.server.hub.interfaces import OnSaved
from ovms.server.hub.member import Car, Member
from ovms.server.hub.pacing import Pacer
from ovms.server.hub.telemetry import TelemetryLog
from ovms.server.values import ALERT_TYPE

LONGEST_LIFE = 10 * 365 * 86400
"""Seconds a history record is kept at most, whatever its car asks for."""

ALERT_LIFE = 365 * 86400
"""Seconds an alert is kept in the vehicle's history."""

log = get_logger("ovms.server.hub")


class Acknowledgement(Struct, frozen=True, gc=False, eq=False):
    """Acknowledges a record when it is called, which the storage does once it is on disk.

    Thousands may wait, so it is one object that the garbage collector need not look at: a
    ``partial`` of a ``partial`` took the event loop an eighth of its time for a record.
    """

    context: RoomContext
    vehicle_id: str
    pacer: Pacer
    ack: bytes
    """The code, as the car sent it."""
    came: float
    """When the record came, monotonic seconds."""

    def __call__(self) -> Callable[[], None] | None:
        """Acknowledge the record; return what sends this and those of the same moment."""
        try:  # it is called long after the record came: the line may have gone
            self.pacer.acknowledge(self.ack, self._note_sent)
        except Exception as error:
            self.context.guard.failed("acknowledgement", error, self.vehicle_id)
            return None
        return self.pacer.flush_owed

    def _note_sent(self, mark: int) -> None:
        counts = self.context.counts
        counts.acknowledgements.observe(self.context.clock.monotonic() - self.came)


class VehicleRecorder:
    """Puts what one vehicle says and who is connected into the storage."""

    __slots__ = ("_context", "_is_refused", "_vehicle_id")

    def __init__(self, vehicle_id: str, context: RoomContext) -> None:
        self._vehicle_id = vehicle_id
        self._context = context
        self._is_refused = False
        """A record was refused, and that has been logged."""

    # -- history ----------------------------------------------------------------------------

    def keep_record(self, message: Message) -> None:
        """Keep an ``H``."""
        record = HistoryRecord.parse(message.data)
        if record is None:
            log.warning("malformed history record", vehicle=self._vehicle_id, code=message.code)
        else:
            now = self._context.clock.time()
            self._keep(record, now, int(now))

    def keep_acked_record(self, message: Message, pacer: Pacer) -> None:
        """Keep an ``h``; its car's pacer sends the acknowledgement once it is on disk.

        A malformed one is acknowledged at once, or its car would send it again for ever.
        """
        acked, ack = AckedRecord.parse(message.data), ack_of(message.data)
        clock = self._context.clock
        saved = None
        if ack is not None:
            saved = Acknowledgement(self._context, self._vehicle_id, pacer, ack, clock.monotonic())
        if acked is None:
            log.warning("malformed history record", vehicle=self._vehicle_id, code=message.code)
            if saved is not None and (flush := saved()):
                flush()
            return
        now = clock.time()
        time = max(0, min(int(now), int(now) + acked.timediff))
        self._keep(acked.record, now, time, acked.ack, saved)

    def keep_alert(self, alert: Alert) -> None:
        """Keep an alert as it was sent to the clients."""
        text = f"{alert.kind},{alert.text}".encode("utf-8", "surrogateescape")
        now = self._context.clock.time()
        self._keep(HistoryRecord(ALERT_TYPE, 0, ALERT_LIFE, text), now, int(now))

    def _keep(
        self,
        record: HistoryRecord,
        now: float,
        time: int,
        ack: int | None = None,
        on_saved: OnSaved | None = None,
    ) -> None:
        expires = int(now) + min(record.lifetime, LONGEST_LIFE)
        kept = KeptRecord(record.type, record.number, time, expires, record.data, ack, now)
        is_taken = self._context.storage.put_history(self._vehicle_id, kept, on_saved)
        if not is_taken and not self._is_refused:
            self._is_refused = True
            log.warning("history records refused: too many wait", vehicle=self._vehicle_id)

    # -- connections ------------------------------------------------------------------------

    def count_traffic(self, member: Member) -> None:
        """Add to the day's traffic what went over a member's line since it was last counted."""
        if not member.is_local:
            return
        line, (received, sent) = member.line, member.counted
        came, went = line.received - received, line.sent - sent
        if came or went:
            member.counted = (line.received, line.sent)
            day = datetime.fromtimestamp(self._context.clock.time(), UTC).date().isoformat()
            traffic = (went, came, 0, 0) if isinstance(member, Car) else (0, 0, went, came)
            try:
                self._context.storage.put_traffic(self._vehicle_id, day, traffic)
            except Exception as error:
                self._context.guard.failed("traffic", error, self._vehicle_id)

    def keep_connection(self, telemetry: TelemetryLog, *, is_there: bool) -> None:
        """Keep that the car connected or is gone."""
        try:
            telemetry.note_connection(self._context.clock.time(), is_there=is_there)
        except Exception as error:
            self._context.guard.failed("connection", error, self._vehicle_id)

    def keep_presence(self, *, car: bool, apps: int, batch: int) -> None:
        """Keep who is connected."""
        try:
            self._context.storage.put_presence(self._vehicle_id, car=car, apps=apps, batch=batch)
        except Exception as error:
            self._context.guard.failed("presence", error, self._vehicle_id)
