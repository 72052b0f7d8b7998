"""The floor in the test's own process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from benchmarks.speed.floor import FloorConnection, FloorVehicle
from benchmarks.speed.processes import Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def floor() -> AsyncIterator[Target]:
    """Run the floor."""
    vehicles: dict[bytes, FloorVehicle] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: FloorConnection(vehicles), "127.0.0.1", 0)
    yield Target("floor", 0, server.sockets[0].getsockname()[1], 0)
    server.close()
    await server.wait_closed()
