from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from ovms.server.storage.limits import OwnerQuotas
from ovms.server.storage.schema import journeys, owners
from tests.server.journeys.made import NOON, put_journeys, trip

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_own_account(v1: ApiSite) -> None:
    """Everybody sees what they have and may have."""
    await v1.call("PATCH /admin/owners/bob", "root", json={"byte_limit": 5})
    object.__setattr__(v1.context, "quotas", OwnerQuotas(7, 8))
    with v1.database.writing() as connection:
        connection.execute(owners.update().values(email="a@b", email_confirmed=1.0))
    assert (await v1.call("GET /account", "bob", "account")).json() == {
        "name": "Bob",
        "email": "a@b",
        "email_confirmed": "1970-01-01T00:00:01.000Z",
        "is_admin": False,
        "has_password": True,
        "has_totp": False,
        "created": "2023-11-14T22:13:20.000Z",
        "vehicles": 3,
        "vehicle_limit": 7,
        "bytes": 0,
        "byte_limit": 5,
        "is_over": False,
        "zone": "UTC",
        "currency": "EUR",
    }


async def test_change(v1: ApiSite) -> None:
    """Zone and currency are the owner's own, or the server's; past days and costs follow."""
    put_journeys(v1.database, "CAR1", trip(NOON))
    changed = await v1.call("PATCH /account", json={"zone": "Asia/Tokyo", "currency": "JPY"})
    assert [changed.json()[key] for key in ("zone", "currency")] == ["Asia/Tokyo", "JPY"]
    with v1.database.reading() as connection:
        assert connection.scalars(select(journeys.c.day)).all() == ["2025-06-16"]
    again = await v1.call("PATCH /account", json={"zone": None})
    assert [again.json()[key] for key in ("zone", "currency")] == ["UTC", "JPY"]
    with v1.database.reading() as connection:
        assert connection.scalars(select(journeys.c.day)).all() == ["2025-06-15"]
    assert (await v1.call("GET /account", "alice")).json()["currency"] == "EUR"
    trail = (await v1.call("GET /account/audit")).json()["items"]
    assert [each["detail"] for each in trail if each["action"] == "account.change"] == [
        "zone", "currency,zone"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [{"zone": "Mars/Base"}, {"zone": ""}, {"zone": "../UTC"}, {"currency": "eur"},
     {"currency": "EURO"}, {"currency": ""}, {"name": "x"}, {"zone": 1}],
)  # fmt: skip
async def test_wrong(v1: ApiSite, body: dict[str, Any]) -> None:
    """What is no zone or currency is refused."""
    assert (await v1.call("PATCH /account", json=body)).status_code == 422
