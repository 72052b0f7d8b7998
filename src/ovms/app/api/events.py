"""Calls about what vehicles report: their state, and what happens to them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ovms.app.api.calls import ApiCalls, OnLost, vehicle_path
from ovms.app.api.link import Query
from ovms.app.api.live import ApiEvent, LiveStates
from ovms.app.api.state import ApiState


class StateCalls(ApiCalls):
    """Calls about what vehicles report."""

    async def state(self, vehicle_id: str) -> ApiState:
        """Return what a vehicle last reported, whether or not it is connected."""
        return await self._link.ask("GET", vehicle_path(vehicle_id, "/state"), ApiState)

    async def events(
        self,
        vehicle_id: str | None = None,
        *,
        watch: bool = False,
        on_lost: OnLost | None = None,
    ) -> AsyncGenerator[ApiEvent, None]:
        """Yield what happens to a vehicle, or to all of the caller's, across lost connections.

        The first event of each vehicle is its whole state. With ``watch`` the car is told of us,
        and reports every minute instead of every ten, which costs its owner data. ``on_lost`` is
        called when the connection is lost: why, and for how many seconds until the next try.
        Raises what trying again cannot help, as :class:`ApiRefused` when the log-in ends.
        """
        path = "/events" if vehicle_id is None else vehicle_path(vehicle_id, "/events")
        query: Query = {"watch": True} if watch else {}
        states = LiveStates()
        async with aclosing(self._stream(path, query, on_lost)) as stream:
            async for each in stream:
                for event in states.take(each):
                    yield event
