from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.app.api import ApiArrivalSocAlert
from tests.app.api.clients import client_of

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_journey_alerts(v1: ApiSite) -> None:
    """Alerts that are given are set, and None is as if nobody had."""
    client = client_of(v1)
    wanted = ApiArrivalSocAlert(is_on=True, below=15)
    assert (await client.change_journey_alerts("CAR1", arrival_soc=wanted)).arrival_soc == wanted
    changed = await client.change_journey_alerts("CAR1", arrival_soc=None)
    assert changed == await client.journey_alerts("CAR1")
    assert changed.arrival_soc == ApiArrivalSocAlert()
    assert changed.service.is_on
