"""Groups: cars that show their positions to the clients of other cars, across rooms.

Names are compared without case, and are sent in upper case, as servers of the field do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ovms.protocol import Message
from ovms.server.hub.member import Member

GROUPS_A_CAR = 8
"""Groups one car may be in; modules have one or two."""

GROUPS_A_CLIENT = 32
"""Groups one client may watch."""

LONGEST_NAME = 64
"""Bytes of a group's name."""

K = TypeVar("K")
V = TypeVar("V")
Send = Callable[[Member, Message], None]


class Groups:
    """Where the cars of each group are, and who watches."""

    def __init__(self) -> None:
        self._positions: dict[bytes, dict[str, Message]] = {}
        self._watchers: dict[bytes, dict[Member, Send]] = {}

    def move(self, vehicle_id: str, data: bytes) -> None:
        """Handle a car's ``g``, which begins with the group's name: send it to all who watch."""
        name, comma, rest = data.partition(b",")
        name = name.upper()
        if not _is_name(name):
            return
        cars = self._positions.get(name, {})
        if vehicle_id not in cars and self._count(vehicle_id) >= GROUPS_A_CAR:
            return
        message = Message("g", vehicle_id.encode() + b"," + name + comma + rest)
        self._positions.setdefault(name, cars)[vehicle_id] = message
        for watcher, send in [*self._watchers.get(name, {}).items()]:
            send(watcher, message)

    def watch(self, watcher: Member, name: bytes, send: Send) -> None:
        """Let a client watch a group: it gets the current positions now, and then each change."""
        name = name.split(b",", 1)[0].upper()
        watched = sum(watcher in watchers for watchers in self._watchers.values())
        if not _is_name(name) or watched >= GROUPS_A_CLIENT:
            return
        self._watchers.setdefault(name, {})[watcher] = send
        for message in self._positions.get(name, {}).values():
            send(watcher, message)

    def car_gone(self, vehicle_id: str) -> None:
        """Forget the positions of a car that is gone."""
        _drop(self._positions, vehicle_id)

    def client_gone(self, watcher: Member) -> None:
        """Forget what a client watched."""
        _drop(self._watchers, watcher)

    def _count(self, vehicle_id: str) -> int:
        return sum(vehicle_id in cars for cars in self._positions.values())


def _is_name(name: bytes) -> bool:
    return 0 < len(name) <= LONGEST_NAME


def _drop(by_name: dict[bytes, dict[K, V]], key: K) -> None:
    """Remove a key from every group, and groups that are empty then."""
    for name in [name for name, inside in by_name.items() if key in inside]:
        del by_name[name][key]
        if not by_name[name]:
            del by_name[name]
