"""What all rooms share."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ovms.base.clock import Clock
from ovms.base.turns import Turns
from ovms.server.hub.commands import ANSWER_TIMEOUT
from ovms.server.hub.counts import HubCounts
from ovms.server.hub.groups import Groups
from ovms.server.hub.guard import Guard
from ovms.server.hub.interfaces import AlertService, Storage
from ovms.server.hub.limits import HubLimits
from ovms.server.hub.listening import RoomListeners
from ovms.server.hub.observers import RoomObservers
from ovms.server.hub.pacing import WaitingPacers
from ovms.server.hub.pins import PinLimiter


@dataclass(slots=True)
class RoomContext:
    """What all rooms share."""

    storage: Storage
    alerts: AlertService
    clock: Clock
    version: str
    """What ``f`` tells clients of this server."""
    spawn: Callable[[Coroutine[Any, Any, None]], Any]
    """Runs what takes time as a task that the hub owns."""
    answer_timeout: float = ANSWER_TIMEOUT
    """Seconds a car has to answer a command."""
    limits: HubLimits = field(default_factory=HubLimits)
    groups: Groups = field(init=False)
    on_wait: Callable[[], None] = lambda: None
    """Is called when something has to wait until :meth:`ovms.server.hub.hub.Hub.pace`."""
    pacers: WaitingPacers = field(init=False)
    pins: PinLimiter = field(default_factory=PinLimiter)
    refused: set[str] = field(default_factory=set)
    """Vehicles whose owner got an alert of a refused login of the car, until the car is back."""
    refused_at: dict[str, float] = field(default_factory=dict)
    """When that was told last, by vehicle; the oldest first."""
    random: Random = field(default_factory=Random)
    guard: Guard = field(default_factory=Guard)
    turns: Turns[int] = field(default_factory=Turns)
    """Owners' turns to be sent some of a long answer."""
    observers: RoomObservers = field(init=False)
    listeners: RoomListeners = field(init=False)
    counts: HubCounts = field(default_factory=HubCounts)

    def __post_init__(self) -> None:
        self.pacers = WaitingPacers(self.on_wait)
        self.groups = Groups(self.limits.groups, self.limits.group_messages, self.on_wait)
        self.observers = RoomObservers(self.guard)
        self.listeners = RoomListeners(self.guard)
