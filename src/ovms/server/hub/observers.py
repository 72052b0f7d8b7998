"""Who else hears of cars that come and go: links to other servers today, and whatever is added."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ovms.server.hub.guard import Guard

if TYPE_CHECKING:
    from ovms.server.hub.room import Room


class RoomObserver(Protocol):
    """Hears what happens in rooms. Its failures are logged and reach nobody else."""

    def car_came(self, room: Room) -> None:
        """Handle a car that has proven to be there, here or at another server."""

    def car_went(self, room: Room) -> None:
        """Handle a car that is gone."""

    def server_changed(self, room: Room) -> None:
        """Handle a vehicle that another server serves now."""


class RoomObservers:
    """All observers of the rooms, told one after another."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._observers: list[RoomObserver] = []

    def add(self, observer: RoomObserver) -> None:
        """Tell one more observer, after those that are there."""
        self._observers.append(observer)

    def car_came(self, room: Room) -> None:
        """Tell all of a car that has proven to be there."""
        self._tell(room, lambda observer: observer.car_came(room))

    def car_went(self, room: Room) -> None:
        """Tell all of a car that is gone."""
        self._tell(room, lambda observer: observer.car_went(room))

    def server_changed(self, room: Room) -> None:
        """Tell all of a vehicle that another server serves now."""
        self._tell(room, lambda observer: observer.server_changed(room))

    def _tell(self, room: Room, tell: Callable[[RoomObserver], None]) -> None:
        for observer in self._observers:
            try:
                tell(observer)
            except Exception as error:
                place = f"observer {type(observer).__name__}"
                self._guard.failed(place, error, room.vehicle.id)
