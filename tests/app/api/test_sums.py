from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tests.app.api.clients import client_of
from tests.server.journeys.made import NOON, put_journeys, trip

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_sums(v1: ApiSite) -> None:
    """Sums are of one vehicle, of all, or of some, by what is asked for."""
    put_journeys(v1.database, "CAR1", trip())
    put_journeys(v1.database, "CAR2", trip(NOON + 86400, NOON + 86460))
    client = client_of(v1)
    [month] = (await client.vehicle_sums("CAR1")).items
    assert (month.key, month.distance, month.charges.costs) == ("2025-06", 10, [])
    days = await client.sums("day", since=date(2025, 6, 16), until=date(2025, 6, 17))
    assert [each.key for each in days.items] == ["2025-06-16"]
    vehicles = await client.sums("vehicle", vehicle_ids=["CAR1", "CAR2"])
    assert [(each.key, each.trips) for each in vehicles.items] == [("CAR1", 1), ("CAR2", 1)]
