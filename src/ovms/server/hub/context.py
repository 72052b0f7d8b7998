"""What all rooms share."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ovms.base.clock import Clock
from ovms.server.hub.commands import ANSWER_TIMEOUT
from ovms.server.hub.groups import Groups
from ovms.server.hub.guard import Guard
from ovms.server.hub.interfaces import AlertService, Storage
from ovms.server.hub.pacing import Pacer
from ovms.server.hub.telemetry import LogSettings

if TYPE_CHECKING:
    from ovms.server.hub.room import Room


class RoomObserver(Protocol):
    """What joins our rooms with those of other servers."""

    def car_came(self, room: Room) -> None:
        """Learn of a car that has proven to be there, here or at another server."""

    def car_went(self, room: Room) -> None:
        """Learn that a car is gone."""

    def server_changed(self, room: Room) -> None:
        """Learn that another server serves a vehicle now."""


class NoObserver:
    """A server that stands alone."""

    def car_came(self, room: Room) -> None:
        """Tell nobody."""

    def car_went(self, room: Room) -> None:
        """Tell nobody."""

    def server_changed(self, room: Room) -> None:
        """Tell nobody."""


@dataclass(slots=True)
class RoomContext:
    """What all rooms share."""

    storage: Storage
    alerts: AlertService
    clock: Clock
    version: str
    """What ``f`` tells clients of this server."""
    spawn: Callable[[Coroutine[Any, Any, None]], Any]
    """Runs what takes time as a task that somebody owns."""
    answer_timeout: float = ANSWER_TIMEOUT
    """Seconds a car has to answer a command."""
    log: LogSettings = field(default_factory=LogSettings)
    groups: Groups = field(default_factory=Groups)
    pacers: set[Pacer] = field(default_factory=set)
    """The ways to cars for which something waits."""
    guard: Guard = field(default_factory=Guard)
    exchange: RoomObserver = field(default_factory=NoObserver)
