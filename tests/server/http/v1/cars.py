"""A car that is commanded through ``/api/v1``; the test says what it answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.server.hub.fakes import FakeLine, message
from tests.waiting import until

if TYPE_CHECKING:
    import httpx

    from ovms.server.hub.hub import RoomSession
    from tests.server.http.v1.site import ApiSite


class ApiCar:
    """CAR1, which is connected."""

    def __init__(self, v1: ApiSite, session: RoomSession, line: FakeLine) -> None:
        self.v1 = v1
        self.line = line
        self._session = session
        line.take()

    def says(self, *texts: str) -> None:
        """Say something to the server."""
        for text in texts:
            self._session.receive(message(text))

    def leaves(self) -> None:
        """End the car's connection."""
        self._session.closed(None)

    async def hears(self) -> list[str]:
        """Wait until the car is sent something; return it."""
        await until(lambda: self.line.messages)
        return self.line.take()

    async def answers(
        self, call: str, *answers: str, sent: str = "", **more: Any
    ) -> httpx.Response:
        """Have a call made that waits for the car, and the car answer what it is sent."""
        calling = asyncio.create_task(self.v1.call(call, **more))
        heard = await self.hears()
        assert not sent or heard == [sent]
        self.says(*answers)
        return await calling

    async def send(self, owner: str = "bob", permit: str = "*", **body: Any) -> httpx.Response:
        """Send a command."""
        return await self.v1.call("POST /vehicles/CAR1/commands", owner, permit, json=body)


async def make_car(v1: ApiSite) -> ApiCar:
    """Connect CAR1."""
    return ApiCar(v1, *await v1.http.report("S80,K"))
