from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ovms.app.api import ApiNotFound, ApiTariffBand
from tests.app.api.clients import client_of

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_places(v1: ApiSite) -> None:
    """A place is made, found, changed and removed."""
    client = client_of(v1)
    made = await client.add_place("Home", 52.0, 13.0, is_home=True, currency="CHF")
    assert (made.radius, made.is_home, made.zone, made.currency) == (100, True, None, "CHF")
    changed = await client.change_place(made.id, latitude=52.5, currency=None)
    assert (changed.latitude, changed.longitude, changed.currency) == (52.5, 13, None)
    assert await client.places() == [await client.place(made.id)] == [changed]
    assert await client.place_suggestions() == []
    await client.remove_place(made.id)
    with pytest.raises(ApiNotFound):
        await client.place(made.id)


async def test_tariffs(v1: ApiSite) -> None:
    """A tariff counts since ever or from a day on, its prices to the last digit."""
    client = client_of(v1)
    home = await client.add_place("Home", 52.0, 13.0)
    await client.set_tariff(home.id, free=True)
    night = ApiTariffBand(price=Decimal("0.1999"), since="22:00", until="06:00", days=["sun"])
    told = await client.set_tariff(
        home.id, date(2026, 1, 1), energy_price=Decimal("0.30"), bands=[night],
        session_price=Decimal(1), minute_price=Decimal("0.05"), free_minutes=10,
    )  # fmt: skip
    first, second = told.tariffs
    assert (first.valid_from, first.free, first.bands) == (None, True, [])
    assert (second.valid_from, second.free, second.bands) == (date(2026, 1, 1), False, [night])
    assert (second.energy_price, second.session_price) == (Decimal("0.30"), Decimal(1))
    assert (second.minute_price, second.free_minutes) == (Decimal("0.05"), 10)
    await client.remove_tariff(home.id)
    assert (await client.place(home.id)).tariffs == [second]


async def test_account(v1: ApiSite) -> None:
    """The zone of days and the currency of costs are changed."""
    client = client_of(v1)
    changed = await client.change_account(zone="Europe/Berlin")
    assert (changed.zone, changed.currency) == ("Europe/Berlin", "EUR")
    assert await client.account() == changed
