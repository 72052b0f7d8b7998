from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage.limits import OwnerQuotas
from ovms.server.storage.schema import owners

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
    }
