from __future__ import annotations

import pytest

from tests.server.http.api import HttpSite

CALLS = ("status", "charge", "location", "tpms")
DOORS = "D0,24,5"
"""Locked, in valet mode."""


async def test_a_call(api: HttpSite) -> None:
    """A call is answered from what the car has said, for its id in any case."""
    await api.report("L22.3,114.2,45")
    api.clock.advance(3.9)
    answer = await api.get("/api/location/car1")
    assert answer.headers["content-type"] == "application/json"
    assert answer.content.startswith(b'{"altitude":null,"direction":"45","drivemode":null,')
    assert answer.content.endswith(b"}\n")
    assert answer.json()["m_msgage_l"] == 3


@pytest.mark.parametrize("call", CALLS)
async def test_a_vehicle_without_records(api: HttpSite, call: str) -> None:
    """What was never sent is an empty object, three bytes with its newline."""
    answer = await api.get(f"/api/{call}/CAR1")
    assert (answer.status_code, answer.content) == (200, b"{}\n")


@pytest.mark.parametrize("call", CALLS)
async def test_a_sealed_record(api: HttpSite, call: str) -> None:
    """A call whose record is sealed is answered with 502; protocol has it as it is."""
    await api.report("ETtoken", "EMSc2VhbGVk", "EMLc2VhbGVk", "EMYc2VhbGVk")
    answer = await api.get(f"/api/{call}/CAR1")
    assert (answer.status_code, answer.headers["content-type"]) == (
        502,
        "text/plain; charset=utf-8",
    )
    rows = (await api.get("/api/protocol/CAR1")).json()
    assert [row["m_code"] for row in rows] == ["L", "S", "Y"]
    assert {row["m_ptoken"] for row in rows} == {"token"}


@pytest.mark.parametrize(
    ("call", "facts"),
    [
        ("lock", b'{"carlocked":8,'),
        ("locks", b'{"carlocked":8,'),
        ("valet", b'{"m_msgage_d":0,"m_msgtime_d":"2023-11-14 22:13:20","valetmode":16}'),
        ("valets", b'{"m_msgage_d":0,'),
    ],
)
async def test_lock_and_valet(api: HttpSite, call: str, facts: bytes) -> None:
    """They are told as in status, with when they were; a sealed D tells nothing."""
    assert (await api.get(f"/api/{call}/CAR1")).content == b"{}\n"
    session, _ = await api.report(DOORS)
    assert (await api.get(f"/api/{call}/CAR1")).content.startswith(facts)
    session.closed(None)
    await api.report("ETtoken", "EMDc2VhbGVk")
    assert (await api.get(f"/api/{call}/CAR1")).status_code == 502


@pytest.mark.parametrize("call", [*CALLS, "lock", "valet", "protocol", "historical", "vehicle"])
async def test_others_vehicles(api: HttpSite, call: str) -> None:
    """Another owner's vehicle is refused, and so is one that is not there, and a server."""
    for vehicle_id in ("CAR3", "NOBODY", "PEER"):
        answer = await api.get(f"/api/{call}/{vehicle_id}")
        assert (answer.status_code, answer.text) == (403, "Forbidden\n")
