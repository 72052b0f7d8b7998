from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ovms.server.http.monitor.rates import Rates
from ovms.server.http.monitor.status import take_status
from ovms.server.http.operations import ConnectionFacts
from tests.server.http.monitor.sites import VERSION, FakeParts, sources_of
from tests.server.http.v1.streams import stream
from tests.server.http.v1.test_channels import refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.http.v1.site import ApiSite

HOUR = 3600.0


async def test_the_server(v1: ApiSite, tmp_path: Path) -> None:
    """It says what the operator sees on the machine, and how many log-ins fail."""
    assert refused(await v1.call("GET /admin/server", "root")) == (409, "starting")
    parts = FakeParts(
        certificates={"default": v1.clock.time() + 86400 * 3 + 1}, refused={"no_protocol": 2},
        troubles={"disk": "The disk is nearly full."},
    )  # fmt: skip
    sources = sources_of(v1.http, parts, tmp_path)
    v1.context.operations.take_status = partial(take_status, sources, Rates())
    v1.context.audit.put("login.failed", actor="bob", address="192.0.2.1")
    await v1.context.audit.close()
    v1.clock.advance(60)
    await v1.http.report("S80,K")
    async with stream(v1, "/vehicles/CAR1/events"):
        found = (await v1.call("GET /admin/server", "root")).json()
    assert (found["version"], found["since"]) == (VERSION, "2023-11-14T22:13:20.000Z")
    assert (found["vehicles"], found["cars_online"], found["streams"]) == (4, 1, 1)
    assert (found["troubles"], found["is_stopping"]) == (["The disk is nearly full."], False)
    assert found["certificates"] == [{"name": "default", "days": 2}]
    assert found["backup"] == {
        "hours": 1.0, "last": "2023-11-14T22:13:20.000Z", "bytes": 99, "is_failing": True,
    }  # fmt: skip
    assert (found["refused"], found["logins_failed"]) == ({"no_protocol": 2}, 1)
    assert found["storage"]["free"] > 0 < found["storage"]["database"]
    assert {"rows", "records", "alerts"} <= found["waiting"].keys()
    v1.clock.advance(HOUR)
    assert (await v1.call("GET /admin/server", "root")).json()["logins_failed"] == 0


CAR = ConnectionFacts(3, "car", "CAR1", "", "192.0.2.5", "tls", 7.0, 100, 200)
APP = ConnectionFacts(5, "app", "CAR3", "Alice", "192.0.2.6", "ws", 0.0, 1, 2)
STRANGER = ConnectionFacts(9, "stranger", "", "", "192.0.2.7", "plain", 0.0, 0, 0)


async def test_connections(v1: ApiSite) -> None:
    """All are listed, a page at a time, or those in which a text stands."""
    v1.context.operations.connections = lambda: [CAR, APP, STRANGER]
    first = (await v1.call("GET /admin/connections?limit=2", "root")).json()
    assert first["next"] == "5"
    assert first["items"][0] == {
        "id": 3, "role": "car", "vehicle_id": "CAR1", "owner": None, "address": "192.0.2.5",
        "transport": "tls", "since": "2023-11-14T22:13:13.000Z", "bytes_received": 100,
        "bytes_sent": 200,
    }  # fmt: skip
    second = (await v1.call("GET /admin/connections?after=5", "root")).json()
    assert [(each["id"], each["vehicle_id"]) for each in second["items"]] == [(9, None)]
    assert second["next"] is None
    for text, found in (("alice", [5]), ("CAR1", [3]), ("192.0.2.7", [9]), ("nobody", [])):
        page = (await v1.call(f"GET /admin/connections?search={text}", "root")).json()
        assert [each["id"] for each in page["items"]] == found


async def test_ending_a_connection(v1: ApiSite) -> None:
    """It is ended and noted, for the vehicle's owner too."""
    v1.context.operations.end_connection = {3: CAR}.get
    assert (await v1.call("DELETE /admin/connections/3", "root")).status_code == 204
    answer = await v1.call("DELETE /admin/connections/4", "root")
    assert refused(answer) == (404, "no_connection")
    (entry,) = (await v1.call("GET /vehicles/CAR1/audit")).json()["items"]
    assert (entry["action"], entry["detail"]) == ("connection.end", "car at 192.0.2.5")
