from __future__ import annotations

from typing import TYPE_CHECKING

from tests.app.api.clients import client_of

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

ICCID = "8985200011112222333"


async def test_a_record(v1: ApiSite) -> None:
    """A record is made, told, and removed; the module opens it with its SIM card's number."""
    client = client_of(v1)
    assert await client.provision("CAR1") is None
    made = await client.put_provision("CAR1", "vin1", ICCID, new_secret=True, server="a.example")
    found = await v1.context.store.find_provision("VIN1")
    assert found is not None
    assert found.open(ICCID) == f"- - - - a.example - - - CAR1 {made.secret} -"
    assert [each.value for each in made.parameters][4:] == [
        "a.example",
        "",
        "",
        "",
        "CAR1",
        "*",
        "",
    ]
    shown = await client.provision("CAR1")
    assert shown is not None
    assert (shown.vin, shown.created) == ("VIN1", made.created)
    await client.remove_provision("CAR1")
    assert await client.provision("CAR1") is None
