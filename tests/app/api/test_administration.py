from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from ovms.app.api.errors import ApiNotFound, NotAllowed
from ovms.server.http.monitor.rates import Rates
from ovms.server.http.monitor.status import take_status
from tests.app.api.clients import client_of
from tests.server.http.monitor.sites import FakeParts, sources_of
from tests.server.http.v1.test_admin_server import CAR

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.http.v1.site import ApiSite


async def test_owners(v1: ApiSite) -> None:
    """An administrator makes, finds, changes and removes owners; nobody else."""
    root = client_of(v1, "root")
    made = await root.add_owner("carol", email="carol@example.org", vehicle_limit=3)
    assert (made.vehicle_limit, made.has_password) == (3, False)
    changed = await root.change_owner("carol", vehicle_limit=None, password="a-long-password")
    assert (changed.vehicle_limit, changed.email) == (None, "carol@example.org")
    assert [each.name async for each in root.owners(search="caro")] == ["carol"]
    await root.remove_owner("carol")
    with pytest.raises(ApiNotFound):
        await root.owner("carol")
    with pytest.raises(NotAllowed):
        await anext(client_of(v1).owners())


async def test_vehicles(v1: ApiSite) -> None:
    """An administrator finds anybody's vehicle, transfers and removes it."""
    root = client_of(v1, "root")
    assert [each.id async for each in root.all_vehicles(owner="alice")] == ["CAR3"]
    moved = await root.transfer_vehicle("CAR3", "bob")
    assert (moved.owner, moved.secret is None) == ("Bob", False)
    assert (await root.transfer_vehicle("CAR3", "alice", keep_secret=True)).secret is None
    await root.erase_any_data("CAR3")
    await root.remove_any_vehicle("CAR3")
    assert [each.id async for each in root.all_vehicles(search="CAR3")] == []


async def test_the_server(v1: ApiSite, tmp_path: Path) -> None:
    """An administrator sees how the server is and who is connected, and ends a connection."""
    root, operations = client_of(v1, "root"), v1.context.operations
    sources = sources_of(v1.http, FakeParts(), tmp_path)
    operations.take_status = partial(take_status, sources, Rates())
    operations.connections = lambda: [CAR]
    operations.end_connection = {3: CAR}.get
    assert (await root.server()).cars_online == 0
    (found,) = [each async for each in root.connections()]
    assert (found.vehicle_id, found.role) == ("CAR1", "car")
    await root.end_connection(found.id)
