"""The telemetry log: what a car reports over time, so that charts and trips have a ground.

A message is logged when its content changed, at most once an interval a code. A change within the
interval is not lost: the last one waits until the interval is over. Where the car begins or ends
something (it is switched on or off, plugged in, its charge changes), the message is logged at once,
behind the one that waits: that has the last figures of before. Sealed messages are never logged.
The type of a record is its code, its number 0.

When the car connects and when it is gone is logged, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ovms.protocol.codes import CODES
from ovms.protocol.messages import LatestMessage
from ovms.protocol.phases import PHASED, phase_of
from ovms.protocol.records.history import CONNECTION_TYPE, KeptRecord
from ovms.server.hub.interfaces import HistorySink

DAY = 86400

AT_ONCE_LIMIT = 4
"""Messages of a code that are logged at once within an interval; what flaps more often waits."""

CONNECTION_INTERVAL = 60.0
"""Seconds from one record of a connection to the next: a line that flaps makes no more."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How the telemetry log is kept for vehicles without settings of their own."""

    interval: float = 60.0
    """Seconds from one record of a code to the next."""
    days: int = 30
    """Days the records are kept; 0 keeps none."""
    position_days: int = 30
    """The same for positions."""


@dataclass(slots=True)
class TelemetryLog:
    """The telemetry log of one vehicle.

    Most cars are silent: what only those need that say much is ``None`` until it is needed.
    """

    vehicle_id: str
    storage: HistorySink
    settings: LogSettings
    days: int | None = None
    """Days its records are kept, 0 for none; ``None`` for the settings'."""
    position_days: int | None = None
    """The same of its positions."""
    _logged: dict[str, LatestMessage] = field(default_factory=dict)
    _waiting: dict[str, LatestMessage] | None = None
    _phases: dict[str, object] | None = None
    """What :func:`phase_of` says of those that were logged, as far as it was asked for."""
    _at_once: dict[str, tuple[float, int]] | None = None
    """How many of a code were logged at once in the interval that began then."""
    _is_there: bool = False
    """The last record of its connection says that the car connected."""
    _connected: float | None = None
    """When the car connected that is there, if that waits to be logged."""
    _connection_logged: float = float("-inf")
    """When a connection was last logged."""
    _keeps_all: bool = field(init=False)
    """Whatever may be logged is: at hand because every message asks for it."""

    def __post_init__(self) -> None:
        self.keep_for(self.days, self.position_days)

    def keep_for(self, days: int | None, position_days: int | None) -> None:
        """Set how long the vehicle's own settings keep its records."""
        self.days, self.position_days = days, position_days
        self._keeps_all = all(self._days_kept(is_position=each) for each in (False, True))

    def note(self, message: LatestMessage) -> None:
        """Log a message that was just stored, or have it wait."""
        if not CODES[message.code].is_telemetry or message.token:
            return
        if not self._keeps_all and not self._days(message.code):
            return
        before = self._logged.get(message.code)
        if before is None:
            self._keep(message)
        elif before.data == message.data:
            self._take_waiting(message.code)
        elif message.time >= before.time + self.settings.interval or self._is_urgent(message):
            waiting = self._take_waiting(message.code)
            if waiting is not None and phase_of(waiting.code, waiting.data) != phase_of(
                message.code, message.data
            ):
                self._keep(waiting)
            self._keep(message)
        elif self._waiting is None:
            self._waiting = {message.code: message}
        else:
            self._waiting[message.code] = message

    def _take_waiting(self, code: str) -> LatestMessage | None:
        return self._waiting.pop(code, None) if self._waiting else None

    def note_connection(self, time: float, *, is_there: bool) -> None:
        """Log that the car connected or is gone; another connection of it is no news."""
        if not self._days(CONNECTION_TYPE):
            self._connected, self._is_there = None, False
        elif not is_there:
            self._connected = None
            if self._is_there:
                self._keep(LatestMessage(CONNECTION_TYPE, b"0", time))
        elif not self._is_there:
            self._connected = time
            self._log_connection(time)

    def _log_connection(self, now: float) -> None:
        if self._connected is None or 0 <= now - self._connection_logged < CONNECTION_INTERVAL:
            return
        self._keep(LatestMessage(CONNECTION_TYPE, b"1", self._connected))
        self._connected, self._connection_logged = None, now

    def tick(self, now: float) -> None:
        """Log what has waited long enough; ``now`` in Unix seconds."""
        self._log_connection(now)
        if self._waiting is None:
            return
        for code in [*self._waiting]:
            if now >= self._logged[code].time + self.settings.interval:
                self._keep(self._waiting.pop(code))
        self._waiting = self._waiting or None

    def flush(self) -> None:
        """Log what waits: the server stops."""
        waiting, self._waiting = self._waiting or {}, None
        for message in waiting.values():
            self._keep(message)

    def forget(self) -> None:
        """Forget what was logged and what waits: the vehicle's data were erased."""
        self._logged.clear()
        self._waiting = self._connected = None
        self._is_there = False

    def is_over(self, now: float) -> bool:
        """Return whether it can be forgotten: nothing waits, and the last record is old enough."""
        interval = self.settings.interval
        is_recent = any(now < last.time + interval for last in self._logged.values())
        is_recent |= now < self._connection_logged + CONNECTION_INTERVAL
        return not self._waiting and not is_recent

    def _is_urgent(self, message: LatestMessage) -> bool:
        """Return whether a message is logged at once: the car began or ended something."""
        code = message.code
        if code not in PHASED:
            return False
        if self._phases is None:
            self._phases = {}
        if code not in self._phases:
            self._phases[code] = _phase(self._logged[code])
        if _phase(message) == self._phases[code]:
            return False
        if self._at_once is None:
            self._at_once = {}
        since, count = self._at_once.get(message.code, (message.time, 0))
        if not 0 <= message.time - since < self.settings.interval:
            since, count = message.time, 0
        self._at_once[message.code] = since, count + 1
        return count < AT_ONCE_LIMIT

    def _keep(self, message: LatestMessage) -> None:
        if message.code == CONNECTION_TYPE:
            self._is_there = message.data == b"1"
        else:
            self._logged[message.code] = message
            if self._phases is not None:
                self._phases.pop(message.code, None)
        time = int(message.time)
        expires = time + self._days(message.code) * DAY
        record = KeptRecord(message.code, 0, time, expires, message.data, None, message.time)
        self.storage.put_history(self.vehicle_id, record)

    def _days(self, code: str) -> int:
        return self._days_kept(is_position=CODES[code].is_position)

    def _days_kept(self, *, is_position: bool) -> int:
        if is_position:
            own, default = self.position_days, self.settings.position_days
        else:
            own, default = self.days, self.settings.days
        return default if own is None else own


def _phase(message: LatestMessage) -> object:
    return phase_of(message.code, message.data)
