"""The telemetry log: what a car reports over time, so that charts and trips have a ground.

A message is logged when its content changed, at most once an interval a code. A change within the
interval is not lost: the last one waits until the interval is over. Sealed messages are never
logged. The type of a record is its code, its number 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ovms.protocol.codes import CODES
from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.history import KeptRecord
from ovms.server.hub.interfaces import HistorySink

DAY = 86400


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
    """The telemetry log of one vehicle."""

    vehicle_id: str
    storage: HistorySink
    settings: LogSettings
    days: int | None = None
    """Days its records are kept, 0 for none; ``None`` for the settings'."""
    position_days: int | None = None
    """The same of its positions."""
    _logged: dict[str, LatestMessage] = field(default_factory=dict)
    _waiting: dict[str, LatestMessage] = field(default_factory=dict)

    def keep_for(self, days: int | None, position_days: int | None) -> None:
        """Set how long the vehicle's own settings keep its records."""
        self.days, self.position_days = days, position_days

    def note(self, message: LatestMessage) -> None:
        """Log a message that was just stored, or have it wait."""
        if not CODES[message.code].is_telemetry or message.token or not self._days(message.code):
            return
        before = self._logged.get(message.code)
        if before is not None and before.data == message.data:
            self._waiting.pop(message.code, None)
        elif before is not None and message.time < before.time + self.settings.interval:
            self._waiting[message.code] = message
        else:
            self._keep(message)

    def tick(self, now: float) -> None:
        """Log what has waited long enough; ``now`` in Unix seconds."""
        for code in [*self._waiting]:
            if now >= self._logged[code].time + self.settings.interval:
                self._keep(self._waiting.pop(code))

    def flush(self) -> None:
        """Log what waits: the server stops."""
        for message in self._waiting.values():
            self._keep(message)
        self._waiting.clear()

    def forget(self) -> None:
        """Forget what was logged and what waits: the vehicle's data were erased."""
        self._logged.clear()
        self._waiting.clear()

    def is_over(self, now: float) -> bool:
        """Return whether it can be forgotten: nothing waits, and the last record is old enough."""
        interval = self.settings.interval
        is_recent = any(now < last.time + interval for last in self._logged.values())
        return not self._waiting and not is_recent

    def _keep(self, message: LatestMessage) -> None:
        self._logged[message.code] = message
        time = int(message.time)
        expires = time + self._days(message.code) * DAY
        record = KeptRecord(message.code, 0, time, expires, message.data, None, message.time)
        self.storage.put_history(self.vehicle_id, record)

    def _days(self, code: str) -> int:
        if CODES[code].is_position:
            own, default = self.position_days, self.settings.position_days
        else:
            own, default = self.days, self.settings.days
        return default if own is None else own
