"""Loads rooms for those who come: one query for all vehicles that are asked for meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from ovms.server.hub.room import Room

LOADED_AT_ONCE: Final = 100
"""Vehicles of one query, which takes some milliseconds."""

LoadRooms = Callable[[Sequence[str]], Awaitable[Mapping[str, Room | Exception]]]
"""Makes the rooms of vehicles; an error for one that cannot be loaded, none for one unknown."""


class RoomLoader:
    """Loads each room once, however many ask for it at the same moment.

    The first is looked up at once. Who comes during a query for another vehicle has the next one.
    """

    __slots__ = ("_due", "_load", "_task", "_waiting")

    def __init__(self, load: LoadRooms) -> None:
        self._load = load
        self._waiting: dict[str, list[asyncio.Future[Room | None]]] = {}
        """Who waits, by vehicle; of each only that one goes who is cancelled."""
        self._due: list[str] = []
        """The vehicles of the next query."""
        self._task: asyncio.Task[None] | None = None

    def find(self, vehicle_id: str) -> asyncio.Future[Room | None]:
        """Return a future for a vehicle's room, ``None`` if the vehicle is unknown."""
        waiter: asyncio.Future[Room | None] = asyncio.get_running_loop().create_future()
        others = self._waiting.setdefault(vehicle_id, [])
        others.append(waiter)
        if len(others) == 1:
            self._due.append(vehicle_id)
            if self._task is None:
                self._task = asyncio.create_task(self._run())
        return waiter

    async def _run(self) -> None:
        try:
            while self._due:
                ids, self._due = self._due[:LOADED_AT_ONCE], self._due[LOADED_AT_ONCE:]
                found: Mapping[str, Room | Exception]
                try:
                    found = await self._load(ids)
                except Exception as error:  # every one who waits is told
                    found = dict.fromkeys(ids, error)
                for vehicle_id in ids:
                    self._tell(self._waiting.pop(vehicle_id), found.get(vehicle_id))
        finally:
            self._task = None

    @staticmethod
    def _tell(
        waiters: Sequence[asyncio.Future[Room | None]], found: Room | Exception | None
    ) -> None:
        for waiter in waiters:
            if waiter.done():
                continue  # it was cancelled
            if isinstance(found, Exception):
                waiter.set_exception(found)
            else:
                waiter.set_result(found)
