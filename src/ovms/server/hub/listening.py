"""Who hears of what changes in one vehicle's room, and takes no place in it.

Streams of live state listen so: nobody else pays for them, the car is told of no app, and the room
may close, since in a closed room nothing changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ovms.protocol.records.alert import Alert
    from ovms.server.hub.guard import Guard
    from ovms.server.hub.room import Room


class RoomListener(Protocol):
    """Hears of one vehicle. Its failures are logged and reach nobody else."""

    def state_changed(self) -> None:
        """Handle that the car has said something, or that somebody came or went."""

    def alert_raised(self, alert: Alert) -> None:
        """Handle an alert, as clients get it."""


class RoomListeners:
    """The listeners, at most one a vehicle."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.by_vehicle: dict[str, RoomListener] = {}

    def add(self, vehicle_id: str, listener: RoomListener) -> None:
        """Have somebody hear of a vehicle, whether or not its room is open."""
        self.by_vehicle[vehicle_id] = listener

    def remove(self, vehicle_id: str) -> None:
        """Have nobody hear of a vehicle any more."""
        self.by_vehicle.pop(vehicle_id, None)

    def state_changed(self, room: Room) -> None:
        """Tell the listener, if there is one."""
        listener = self.by_vehicle.get(room.vehicle.id)
        if listener is not None:
            try:
                listener.state_changed()
            except Exception as error:
                self._guard.failed("listener", error, room.vehicle.id)

    def alert_raised(self, room: Room, alert: Alert) -> None:
        """Tell the listener of an alert."""
        listener = self.by_vehicle.get(room.vehicle.id)
        if listener is not None:
            try:
                listener.alert_raised(alert)
            except Exception as error:
                self._guard.failed("listener", error, room.vehicle.id)
