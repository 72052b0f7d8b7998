"""The last alerts of a vehicle: those that came, and those that the server keeps.

Pure but for :func:`load_alerts`, which asks the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ovms.app.errors import CommandFailed, NoAnswer
from ovms.base.clock import iso_time
from ovms.protocol.records import Alert
from ovms.protocol.records.history import ALERT_TYPE

if TYPE_CHECKING:
    from ovms.app.client import App

ALERT_LIMIT = 20
"""Alerts that are remembered: nothing else bounds what a server sends."""

ALERT_DAYS = 30
"""Days to look back for alerts that the server keeps."""

ALERTS_TIMEOUT = 5.0
"""Seconds to wait for them: what else is known is shown without them."""

SAME_ALERT = 60.0
"""Seconds between the times at which we and the server note the same alert, at most."""


@dataclass(frozen=True, slots=True)
class TimedAlert:
    """An alert, and when it came, in Unix seconds."""

    time: float
    alert: Alert

    def as_json(self) -> dict[str, Any]:
        """Return time, kind and text."""
        return {"time": iso_time(self.time), **self.alert.as_json()}


@dataclass(slots=True)
class AlertLog:
    """The last alerts, oldest first."""

    alerts: list[TimedAlert] = field(default_factory=list)
    is_loaded: bool = False
    """Whether the server has said what it keeps."""

    def add(self, alert: TimedAlert) -> None:
        """Add one that has come."""
        self.alerts = [*self.alerts, alert][-ALERT_LIMIT:]

    def merge(self, kept: Iterable[TimedAlert]) -> None:
        """Add those that the server keeps; one that is here already stays as it is."""
        new = [each for each in kept if not any(_is_same(each, ours) for ours in self.alerts)]
        self.alerts = sorted([*self.alerts, *new], key=lambda each: each.time)[-ALERT_LIMIT:]

    def copy(self) -> AlertLog:
        """Return a copy that does not change with what comes later."""
        return AlertLog(list(self.alerts), self.is_loaded)


def _is_same(one: TimedAlert, other: TimedAlert) -> bool:
    return one.alert == other.alert and abs(one.time - other.time) <= SAME_ALERT


async def load_alerts(app: App, now: float) -> None:
    """Add the alerts that the server keeps to the snapshot. A server that has none is no error."""
    since = datetime.fromtimestamp(now, UTC) - timedelta(days=ALERT_DAYS)
    found = AlertLog()
    with suppress(CommandFailed, NoAnswer, TimeoutError):
        async with asyncio.timeout(ALERTS_TIMEOUT):
            async for row in app.history(ALERT_TYPE, since):
                kind, _, text = row.value.partition(",")
                if row.time is not None and kind:
                    found.add(TimedAlert(row.time.timestamp(), Alert(kind, text)))
            app.snapshot.alert_log.is_loaded = True
    app.snapshot.alert_log.merge(found.alerts)
