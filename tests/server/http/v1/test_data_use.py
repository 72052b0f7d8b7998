from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_days(v1: ApiSite) -> None:
    """Each day that had any traffic is told, the newest first, with what was counted just now."""
    assert (await v1.call("GET /vehicles/CAR1/data-use")).json() == []
    v1.context.store.put_traffic("CAR1", "2023-11-13", (1, 2, 3, 4))
    _, line = await v1.http.report("S80")
    line.received, line.sent = 50, 30
    answer = await v1.call("GET /vehicles/CAR1/data-use")
    assert answer.json() == [
        {"day": "2023-11-14", "car_received": 30, "car_sent": 50, "apps_received": 0,
         "apps_sent": 0},
        {"day": "2023-11-13", "car_received": 1, "car_sent": 2, "apps_received": 3, "apps_sent": 4},
    ]  # fmt: skip
    newest = await v1.call("GET /vehicles/CAR1/data-use?days=1")
    assert newest.json() == answer.json()[:1]


@pytest.mark.parametrize("days", ["0", "91", "x"])
async def test_wrong_days(v1: ApiSite, days: str) -> None:
    """More days than are kept cannot be asked for."""
    assert (await v1.call(f"GET /vehicles/CAR1/data-use?days={days}")).status_code == 422
