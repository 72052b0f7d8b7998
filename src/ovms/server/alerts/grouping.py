"""Which alerts are new, and which belong to one event, which is delivered at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

from ovms.protocol.records.alert import Alert

WINDOW: Final = 3.0
"""Seconds after its first alert in which further ones belong to the same event."""

REPEAT: Final = 60.0
"""Seconds in which the same alert of the same vehicle is delivered only once."""

REMEMBERED_LIMIT: Final = 10_000
"""Alerts that are remembered to recognise repetitions; beyond it the oldest are dropped."""


class Dated(Protocol):
    """An alert that waits, with the time at which it was raised."""

    @property
    def created(self) -> float:
        """When it was raised, in Unix seconds."""


D = TypeVar("D", bound=Dated)


def first_event(waiting: Sequence[D], window: float = WINDOW) -> list[D]:
    """Return the alerts of the first one's event: raised within ``window`` seconds of it.

    ``waiting`` are in the order in which they were raised. A clock that is set back does not split
    an event.
    """
    event: list[D] = []
    for each in waiting:
        if event and each.created > event[0].created + window:
            break
        event.append(each)
    return event


class News:
    """Recognises the same alert of the same vehicle within some time. Times are monotonic."""

    def __init__(self, repeat: float = REPEAT) -> None:
        self._repeat = repeat
        self._seen: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def is_news(self, vehicle_id: str, alert: Alert, now: float) -> bool:
        """Return whether an alert is new, and remember it if so."""
        self._forget(now)
        key = (vehicle_id, alert.kind, alert.text)
        if key in self._seen:
            return False
        self._seen[key] = now
        return True

    def _forget(self, now: float) -> None:
        while self._seen:
            key, seen = next(iter(self._seen.items()))
            if now - seen < self._repeat and len(self._seen) < REMEMBERED_LIMIT:
                return
            del self._seen[key]
