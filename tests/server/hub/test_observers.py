from __future__ import annotations

import pytest

from ovms.protocol import Role
from ovms.server.hub.room import Room
from tests.server.hub.fakes import Place


class Listener:
    """An observer that remembers what it is told, and fails if a test wants."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.heard: list[str] = []
        self.is_broken = is_broken

    def _hear(self, event: str, room: Room) -> None:
        self.heard.append(f"{event} {room.vehicle.id}")
        if self.is_broken:
            raise KeyError(event)

    def car_came(self, room: Room) -> None:
        """Remember it."""
        self._hear("came", room)

    def car_went(self, room: Room) -> None:
        """Remember it."""
        self._hear("went", room)

    def server_changed(self, room: Room) -> None:
        """Remember it."""
        self._hear("changed", room)


def test_all_observers_are_told() -> None:
    """Each hears of a car that has proven itself and of one that has gone."""
    place = Place()
    first, second = Listener(), Listener()
    place.context.observers.add(first)
    place.context.observers.add(second)
    car = place.joins(Role.CAR)
    assert first.heard == []
    car.says("S80", "S81")
    car.leaves()
    assert first.heard == second.heard == ["came CAR1", "went CAR1"]


@pytest.mark.parametrize("event", ["car_came", "car_went", "server_changed"])
def test_an_observer_that_fails(event: str) -> None:
    """The others are told all the same, and the room notices nothing."""
    place = Place()
    broken, sound = Listener(is_broken=True), Listener()
    for observer in (broken, sound):
        place.context.observers.add(observer)
    getattr(place.context.observers, event)(place.room)
    assert broken.heard == sound.heard
    assert len(sound.heard) == 1
