from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ovms.server.http.module_place import CertificateFacts, ModuleServer
from ovms.server.refused_calls import CallTrouble

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

OWN = "192.0.2.7"
"""The address from which the tests call."""


async def refused_calls(v1: ApiSite, owner: str = "bob", query: str = "") -> list[dict[str, Any]]:
    """Return what the call answers."""
    answer = await v1.call(f"GET /refused-calls{query}", owner)
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_a_mistyped_id(v1: ApiSite) -> None:
    """A module of the caller's address is shown, with an id that is like one of the caller's."""
    v1.context.refused_calls.note(OWN, CallTrouble.REFUSED, "CAR11")
    (call,) = await refused_calls(v1)
    assert call.pop("message").startswith("A module called with another id")
    time = call.pop("time")
    assert call == {
        "address": OWN, "reason": "refused", "vehicle_id": "CAR11", "first": time, "count": 1,
    }  # fmt: skip


async def test_what_is_not_told(v1: ApiSite) -> None:
    """Of others' calls nothing is; of an id that is not like one's own, only how it begins."""
    note = v1.context.refused_calls.note
    note("9.9.9.9", CallTrouble.REFUSED, "CAR11")
    note(OWN, CallTrouble.REFUSED, "ROADSTER")
    note(OWN, CallTrouble.NO_TLS)
    shown = [each["vehicle_id"] for each in await refused_calls(v1)]
    assert sorted(map(str, shown)) == ["None", "RO…"]
    shown = [each["vehicle_id"] for each in await refused_calls(v1, query="?vehicle_id=roadstar")]
    assert "ROADSTER" in shown
    everything = {each["vehicle_id"] for each in await refused_calls(v1, "root")}
    assert everything == {"CAR11", "ROADSTER", None}


async def test_no_oracle(v1: ApiSite) -> None:
    """Another owner's vehicle with a wrong password looks as an id that does not exist."""
    for vehicle_id in ("CAR3", "CAR9"):
        v1.context.refused_calls.note(OWN, CallTrouble.REFUSED, vehicle_id)
    first, second = await refused_calls(v1)
    assert first | {"vehicle_id": ""} == second | {"vehicle_id": ""}


async def module_server(v1: ApiSite, place: ModuleServer, host: str) -> dict[str, Any]:
    """Return what the call answers who calls the server by a name."""
    object.__setattr__(v1.context, "module_server", place)
    answer = await v1.call("GET /module-server", headers={"host": host})
    found: dict[str, Any] = answer.json()
    return found


FACTS = CertificateFacts("AA:BB", ("cars.example.org", "*.home.example"), 1.8e9, "ovms", False, "P")


async def test_where_modules_call(v1: ApiSite) -> None:
    """They call where the operator says, else where the caller does; never this machine itself."""
    told = ModuleServer("cars.example.org:7000", 6867, 7000, lambda: FACTS)
    found = await module_server(v1, told, "localhost:6868")
    assert (found["host"], found["is_certain"]) == ("cars.example.org", True)
    assert (found["port"], found["tls_port"]) == (6867, 7000)
    assert found["certificate"] == {
        "is_trusted": False, "covers_host": True, "names": list(FACTS.names), "anchor": "ovms",
        "fingerprint": "AA:BB", "ends": "2027-01-15T08:00:00.000Z", "authority": "P",
    }  # fmt: skip
    untold = ModuleServer(None, 6867, None, lambda: FACTS)
    found = await module_server(v1, untold, "nas.home.example:6868")
    assert (found["host"], found["is_certain"]) == ("nas.home.example", False)
    assert found["certificate"]["covers_host"]
    found = await module_server(v1, ModuleServer(), "127.0.0.1:6868")
    assert (found["certificate"], found["port"]) == (None, None)
    assert not (found["host"] or "").startswith("127.")
    found = await module_server(v1, ModuleServer(), "[what?")
    assert found["host"] != "[what?"
