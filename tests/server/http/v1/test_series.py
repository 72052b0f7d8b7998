from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.server.http.v1.records import put

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

SERIES = "GET /vehicles/CAR1/series"
END = 1_700_000_000


async def _series(v1: ApiSite, fields: str, **params: Any) -> dict[str, Any]:
    span = {"since": END - 100, "until": END, "points": 10}
    answer = await v1.call(SERIES, params={"fields": fields, **span, **params})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_buckets(v1: ApiSite) -> None:
    """A bucket has what its values were; where none came is a gap."""
    await put(v1, "S", (-100, "99"), (-95, "10"), (-93, "30"), (-90, "20"), (-55, "5.5"), (0, "7"))
    made = await _series(v1, "soc")
    assert (made["since"], made["until"], made["width"]) == (
        "2023-11-14T22:11:40.000Z", "2023-11-14T22:13:20.000Z", 10
    )  # fmt: skip
    assert made["times"][:2] == ["2023-11-14T22:11:40.000Z", "2023-11-14T22:11:50.000Z"]
    gap = [None] * 10
    soc = made["fields"]["soc"]
    assert soc["unit"] == "%"
    assert soc["min"] == [10, *gap[:3], 5.5, *gap[:4], 7]
    assert soc["max"] == [30, *gap[:3], 5.5, *gap[:4], 7]
    assert soc["mean"] == [20, *gap[:3], 5.5, *gap[:4], 7]
    assert soc["last"] == [20, *gap[:3], 5.5, *gap[:4], 7]


async def test_odd_records(v1: ApiSite) -> None:
    """What is empty, missing, no number or marked as unknown is no value."""
    await put(v1, "S", (-9, ""), (-8, "nan,K"), (-7, ",K"), (-6, "12,K"), (-5, "x"), (-4, "inf"))
    await put(v1, "D", (-9, "0,0,0,50,0,60,1,2,3,4,5,6,7,8,-1,0"), (-8, "0,0,0,1,2,3,4,5"))
    await put(v1, "D", (-7, "0,0,0,51,0,60,1,2,3,4,5,6,7,8,1,0"))
    made = (await _series(v1, "soc,temperature_motor,minutes_to_full", points=1))["fields"]
    assert made["soc"]["min"] == made["soc"]["max"] == [12]
    assert made["minutes_to_full"]["max"] == [None]
    assert made["temperature_motor"]["unit"] == "°C"


@pytest.mark.parametrize("stale", [-1, 0, 1])
async def test_stale(v1: ApiSite, stale: int) -> None:
    """A value that was never read is unknown, whatever stands there."""
    await put(v1, "L", (-5, f"50.5,8.5,90,120,1,{stale},30"))
    made = (await _series(v1, "latitude", points=1))["fields"]["latitude"]
    assert made["last"] == [None if stale < 0 else 50.5]


async def test_units(v1: ApiSite) -> None:
    """Distances are in km by the unit of the time, and unknown without one."""
    await put(v1, "L", (-90, "50,8,0,0,1,9,10"), (-11, "50,8,0,0,1,9,10"), (-5, "5,8,0,0,1,9,20"))
    assert (await _series(v1, "L.speed"))["fields"]["L.speed"]["max"] == [None] * 10
    await put(v1, "S", (-99, "50,M"), (-10, "50,K"))
    speed = (await _series(v1, "L.speed"))["fields"]["L.speed"]
    assert speed["unit"] == "km/h"
    assert [each for each in speed["max"] if each is not None] == [16.09344, 16.09344, 20]


async def test_pic(v1: ApiSite) -> None:
    """Numbers of a PIC module are in its own units."""
    await v1.http.report("F2.6.4/TR2.0/V2/x,VIN,5,1,TR")
    await put(v1, "S", (-5, b"50,K,0,0,done,standard,1,1,1,2,0,7"))
    made = (await _series(v1, "charge_duration,charge_energy", points=1))["fields"]
    assert (made["charge_duration"]["last"], made["charge_energy"]["last"]) == ([120], [0.7])


async def test_fields(v1: ApiSite) -> None:
    """The list of fields has their units, and says which need the right to see where it is."""
    found = {each["name"]: each for each in (await v1.call(f"{SERIES}/fields")).json()}
    assert found["soc"]["unit"] == "%"
    assert [name for name, each in found.items() if each["needs_location"]] == [
        "latitude", "longitude", "direction", "altitude"
    ]  # fmt: skip
    names = list(found)
    for at in range(0, len(names), 10):
        assert len((await _series(v1, ",".join(names[at : at + 10])))["fields"]) > 0


async def test_positions(v1: ApiSite) -> None:
    """Fields that say where the car was need the right for that; others of that message do not."""
    v1.share_only("view")
    for field, status in (("longitude", 403), ("soc,altitude", 403), ("speed", 200)):
        answer = await v1.call(SERIES, "alice", params={"fields": field})
        assert answer.status_code == status


@pytest.mark.parametrize(
    "params",
    [{}, {"fields": ""}, {"fields": "soc,none"}, {"fields": "soc", "points": 0},
     {"fields": "soc", "points": 2001}, {"fields": "soc", "since": 9, "until": 9},
     {"fields": "soc,speed,soh,cac,odometer,trip,altitude,direction,hdop,satellites,gps_speed"}],
)  # fmt: skip
async def test_refused(v1: ApiSite, params: dict[str, Any]) -> None:
    """What a call cannot mean is refused."""
    assert (await v1.call(SERIES, params=params)).status_code == 422


async def test_all_times(v1: ApiSite) -> None:
    """A span of all times that there are is answered as any other."""
    span = {"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}
    await put(v1, "S", (0, "7,K"))
    made = await _series(v1, "soc,speed", **span)
    assert [each for each in made["fields"]["soc"]["max"] if each is not None] == [7]
