"""Live state: the events of a stream, put together to the whole state of each vehicle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ovms.app.api.link import convert, decode
from ovms.app.api.sse import ServerEvent
from ovms.app.api.state import ApiState

PING: Final = "ping"

END: Final = "end"


@dataclass(frozen=True, slots=True)
class ApiEvent:
    """Something that has happened to a vehicle."""

    type: str
    """``state``, ``presence``, ``alert``, ``removed``; a newer server may have others."""
    vehicle_id: str
    state: ApiState | None
    """The vehicle's whole state as of now; ``None`` before it is known."""
    changed: tuple[str, ...]
    """Of a ``state``, the groups that this event has brought."""
    data: dict[str, Any]
    """What the event says."""


class LiveStates:
    """The states of the vehicles of a stream."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def take(self, event: ServerEvent) -> Iterator[ApiEvent]:
        """Yield what an event means; pings and ends mean nothing."""
        if event.type in (PING, END):
            return
        data = decode(event.data, dict[str, Any])
        vehicle_id = str(data.get("vehicle_id", ""))
        changed: tuple[str, ...] = ()
        if event.type == "state":
            told = convert(data, _Told)
            changed = tuple(told.groups)
            before = self._known.get(vehicle_id)
            if not told.is_full and before is not None:
                data["groups"] = before["groups"] | told.groups
                data = before | data
            self._known[vehicle_id] = data
        elif event.type == "presence" and vehicle_id in self._known and "is_online" in data:
            self._known[vehicle_id]["is_online"] = data["is_online"]
        elif event.type == "removed":
            self._known.pop(vehicle_id, None)
        known = self._known.get(vehicle_id)
        state = None if known is None else convert(known, ApiState)
        yield ApiEvent(event.type, vehicle_id, state, changed, data)


class _Told(msgspec.Struct):
    groups: dict[str, Any]
    is_full: bool = False
