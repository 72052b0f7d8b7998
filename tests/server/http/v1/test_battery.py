from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.journeys.made import NOON, charge, put_journeys, trip

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

BATTERY = "GET /vehicles/CAR1/battery"
MONTH = 30 * 86400


async def test_months(v1: ApiSite) -> None:
    """Each month has what its charges and trips show, and the whole what was lost."""
    loads = []
    for month in range(12):
        start = NOON + month * MONTH
        load = charge(start, start + 3600, energy=24.0 - month / 10, grid_energy=30.0, soh=97.0)
        loads.append(replace(load, end=replace(load.end, soc=100.0)))
    put_journeys(v1.database, "CAR1", *loads, trip(NOON + 7200, NOON + 9000))
    told = (await v1.call(BATTERY)).json()
    first = told["months"][0]
    assert (first["month"], first["charges"], first["capacity"]) == ("2025-06", 1, 60)
    assert (first["efficiency"], first["soh"], first["distance"]) == (80, 97, 10)
    assert (told["soh"], len(told["months"])) == (97, 12)
    assert told["degradation"] == pytest.approx(4.5, abs=0.2)
    assert told["cycles"] == pytest.approx(4.8)
    some = (await v1.call(BATTERY, params={"since": NOON + MONTH})).json()
    assert len(some["months"]) == 11


async def test_nothing(v1: ApiSite) -> None:
    """Of a vehicle without journeys nothing is known, and nothing is 0 that is not."""
    told = (await v1.call(BATTERY)).json()
    assert (told["months"], told["temperatures"], told["cycles"]) == ([], [], 0)
    assert {told[name] for name in ("capacity", "degradation", "soh", "full_range")} == {None}


@pytest.mark.parametrize("params", [{"since": 9, "until": 9}, {"since": "x"}])
async def test_refused(v1: ApiSite, params: dict[str, Any]) -> None:
    """What is no span is refused."""
    assert (await v1.call(BATTERY, params=params)).status_code == 422
