from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.app.api.errors import ApiNotFound
from tests.app.api.clients import client_of

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_vehicles(v1: ApiSite) -> None:
    """Vehicles come as they are; another's is not found."""
    client = client_of(v1)
    assert [each.id for each in await client.vehicles()] == ["CAR1", "CAR2"]
    assert await client.vehicle("car1") == (await client.vehicles())[0]
    with pytest.raises(ApiNotFound) as refused:
        await client.vehicle("CAR3")
    assert refused.value.code == "no_vehicle"


async def test_a_vehicle_of_ones_own(v1: ApiSite) -> None:
    """A vehicle is made, changed where something is given, and removed."""
    client = client_of(v1)
    made = await client.add_vehicle("NEW1", name="New")
    assert made.secret is not None
    assert len(made.secret) >= 20
    changed = await client.change_vehicle("NEW1", log_days=7)
    assert (changed.name, changed.log_days) == ("New", 7)
    changed = await client.change_vehicle("NEW1", name="", log_days=None)
    assert (changed.name, changed.log_days) == ("", None)
    assert await client.change_secret("NEW1", "a-secret-of-mine") is None
    assert await client.change_secret("NEW1") not in (None, made.secret)
    await client.erase_vehicle_data("NEW1")
    await client.remove_vehicle("NEW1")
    assert "NEW1" not in {each.id for each in await client.vehicles()}


async def test_connection(v1: ApiSite) -> None:
    """Whether a car is connected, what data it uses, and which groups it is in."""
    client = client_of(v1)
    assert not (await client.connection("CAR1")).is_online
    await v1.http.report()
    connection = await client.connection("CAR1")
    assert (connection.is_online, connection.last_failure) == (True, None)
    assert await client.data_use("CAR1", days=1) == []
    assert await client.groups() == []
