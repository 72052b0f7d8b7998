"""A count of all rooms: of who is there, and of what waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ovms.server.hub.hub import Hub

ROOMS_A_TURN: Final = 1000
"""Rooms that are looked at before others have their turn: some half a millisecond."""


@dataclass(slots=True)
class Census:
    """What there is in all rooms."""

    rooms: int = 0
    cars: int = 0
    """Vehicles whose car has proven itself, here or at another server."""
    waiting_for_proof: int = 0
    """Callers that claim to be a car."""
    commands_waiting: int = 0
    """Commands that a car has not answered yet, or that were not sent yet."""
    cars_paced: int = 0
    """Cars for which something waits until they have read what is under way."""


async def take_census(hub: Hub) -> Census:
    """Count all rooms. Those that open or close meanwhile may be missing."""
    census = Census(cars_paced=hub.cars_paced)
    for number, room in enumerate(list(hub.rooms.values()), 1):
        census.rooms += 1
        census.waiting_for_proof += len(room.waiting)
        if room.car is not None:
            census.cars += 1
            if room.car.queue is not None:
                census.commands_waiting += room.car.queue.depth
        if number % ROOMS_A_TURN == 0:
            await asyncio.sleep(0)
    return census
