from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ovms.app import ConnectionLost, Error, NoAnswer
from ovms.app.api.client import ApiClient
from ovms.app.api.errors import ApiNotFound, ApiRefused, TryLater
from ovms.app.api.link import ApiLink
from ovms.server.values import ALERT_TYPE
from tests.server.http.v1.cars import make_car
from tests.server.http.v1.records import put

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


def client_of(v1: ApiSite, owner: str = "bob", permit: str = "*") -> ApiClient:
    """Return a client of a site in this process."""
    link = ApiLink("http://server", v1.token(owner, permit), transport=v1.http.client._transport)
    return ApiClient(link)


def scripted(answer: Callable[[httpx.Request], httpx.Response], waits: list[float]) -> ApiClient:
    """Return a client of a server that answers so, and note for how long it waits."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    link = ApiLink("http://server", "x", transport=httpx.MockTransport(answer))
    return ApiClient(link, sleep=sleep)


async def test_vehicles(v1: ApiSite) -> None:
    """Vehicles come as they are; another's is not found."""
    client = client_of(v1)
    assert [each.id for each in await client.vehicles()] == ["CAR1", "CAR2"]
    assert await client.vehicle("car1") == (await client.vehicles())[0]
    with pytest.raises(ApiNotFound) as refused:
        await client.vehicle("CAR3")
    assert refused.value.code == "no_vehicle"


async def test_any_call(v1: ApiSite) -> None:
    """A call that has no method here can be made all the same."""
    [first, _] = await client_of(v1).call("GET", "/vehicles")
    assert first["id"] == "CAR1"


async def test_pages() -> None:
    """A list is read page by page, each asked for only when it is needed."""
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        after = int(request.url.params.get("after", 0))
        page = {"items": [after, after + 1], "next": str(after + 2) if after < 4 else None}
        return httpx.Response(200, json=page)

    client = scripted(answer, [])
    async with aclosing(client._items("/x", int, {"since": "y"})) as items:
        assert await anext(items) == 0
        assert asked == [{"since": "y"}]
        assert [each async for each in items] == [1, 2, 3, 4, 5]
    assert [each.get("after") for each in asked] == [None, "2", "4"]


async def test_events_go_on() -> None:
    """A stream that ends is asked for again behind the last event, after a wait."""
    answers: list[Any] = [
        httpx.Response(200, text="retry: 2500\nid: 7\ndata: a\n\nid: 8\ndata: half"),
        httpx.ReadError("lost"),
        httpx.Response(503, headers={"retry-after": "40"}, json={}),
        httpx.Response(200, text="data: b\n\n"),
    ]
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("last-event-id"))
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        assert isinstance(given, httpx.Response)
        return given

    waits: list[float] = []
    lost: list[Error] = []
    client = scripted(answer, waits)
    async with aclosing(client._stream("/x", {}, lambda error, _: lost.append(error))) as events:
        assert [(await anext(events)).data for _ in range(2)] == ["a", "b"]
    assert asked == [None, "8", "8", "8"]
    assert [type(each) for each in lost] == [ConnectionLost, ConnectionLost, TryLater]
    assert waits[0] == 2.5
    assert waits[2] == 40


async def test_events_of_nothing() -> None:
    """What trying again cannot help is raised."""
    client = scripted(lambda _: httpx.Response(404, json={}), [])
    with pytest.raises(ApiNotFound):
        await anext(client._stream("/x", {}, None))


async def test_state(v1: ApiSite) -> None:
    """The state of a vehicle is typed, and what the car never said is ``None``."""
    await v1.http.report("S80,K")
    state = await client_of(v1).state("CAR1")
    assert state.is_online
    assert state.groups.auxiliary is None
    assert state.groups.battery is not None
    assert (state.groups.battery.soc, state.groups.battery.soh) == (80, None)


async def test_live_events() -> None:
    """Each event has the whole state, put together from full ones and changes."""
    group = {"time": "2026-11-27T02:30:00.000Z", "age": 0, "is_stale": False, "old": []}
    head = {"vehicle_id": "CAR1", "time": group["time"], "is_paranoid": False, "hidden": []}
    wheels = {"wheels": []} | group
    full = head | {"is_full": True, "is_online": True, "groups": {"tyres": None, "battery": None}}
    change = head | {"is_full": False, "is_online": True, "groups": {"tyres": wheels}}
    told = [
        ("state", full), ("ping", {}), ("state", change),
        ("presence", {"vehicle_id": "CAR1", "is_online": False, "apps": 0}),
        ("removed", {"vehicle_id": "CAR1"}), ("end", {"reason": "too_old"}),
    ]  # fmt: skip
    text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in told)
    client = scripted(lambda _: httpx.Response(200, text=text), [])
    async with aclosing(client.events("CAR1", watch=True)) as events:
        first, second, third, fourth = [await anext(events) for _ in range(4)]
    assert first.changed == ("tyres", "battery")
    assert first.state is not None
    assert first.state.groups.tyres is None
    assert second.changed == ("tyres",)
    assert second.state is not None
    assert second.state.groups.tyres is not None
    assert third.state is not None
    assert (third.type, third.state.is_online, third.data["apps"]) == ("presence", False, 0)
    assert (fourth.type, fourth.state) == ("removed", None)


async def test_command(v1: ApiSite) -> None:
    """A command is sent, and returned when the car has answered; its PIN is not told again."""
    car = await make_car(v1)
    client = client_of(v1)
    asking = asyncio.create_task(client.command("CAR1", "lock", {"pin": "1234"}))
    assert await car.hears() == ["C20,1234"]
    car.says("c20,0")
    done = await asking
    assert (done.status, done.result, done.parameters) == ("done", "ok", {"pin": "*"})
    assert [each.id async for each in client.commands("CAR1")] == [done.id]
    assert await client.get_command("CAR1", done.id) == done
    with pytest.raises(ApiRefused, match="over"):
        await client.withdraw_command(done)
    [entry] = [each async for each in client.audit(action="command")]
    assert (entry.action, entry.vehicle_id) == ("command", "CAR1")


async def test_no_car(v1: ApiSite) -> None:
    """A command to a car that is not connected says so."""
    client = client_of(v1)
    assert "lock" in {each.name for each in await client.known_commands()}
    with pytest.raises(ApiRefused) as refused:
        await client.command("CAR1", "lock")
    assert refused.value.code == "not_connected"


async def test_no_answer_in_time(v1: ApiSite) -> None:
    """A command that is not over in time raises, and can be asked for again."""
    await v1.http.report()
    client = client_of(v1)
    sent = await client.send_command("CAR1", "lock", {"pin": "1234"})
    with pytest.raises(NoAnswer):
        await client.finished(sent, timeout=0)
    assert (await client.get_command("CAR1", sent.id)).finished is None


async def test_history(v1: ApiSite) -> None:
    """Records come page by page, oldest first, or as CSV; alerts newest first."""
    await put(v1, "*-LOG-X", (-9, "a,1"), (-8, "b,2"), (-7, "c,3"))
    await put(v1, ALERT_TYPE, (-9, "A,Theft"), (-8, "I,Full"))
    client = client_of(v1)
    [kind] = [each for each in await client.history("CAR1") if each.type == "*-LOG-X"]
    assert kind.records == 3
    assert [each.data async for each in client.records("CAR1", "*-LOG-X")] == ["a,1", "b,2", "c,3"]
    text = b"".join([part async for part in client.records_csv("CAR1", "*-LOG-X")]).decode()
    assert len(text.splitlines()) == 4
    assert [each.text async for each in client.alerts("CAR1")] == ["Full", "Theft"]


async def test_sharing(v1: ApiSite) -> None:
    """A vehicle is shared with another owner, who sees that, until it is not."""
    client, other = client_of(v1), client_of(v1, "alice")
    made = await client.share("CAR1", "Alice", ["view"])
    assert made.rights == ["view"]
    assert await client.shares("CAR1") == [made]
    assert [each.vehicle_id for each in await other.received_shares()] == ["CAR1"]
    await client.end_share("CAR1", "Alice")
    assert await client.shares("CAR1") == []


async def test_tokens(v1: ApiSite) -> None:
    """A token is made, told once, listed and removed."""
    client = client_of(v1)
    made = await client.add_token(["view"], purpose="test")
    assert len(made.token) == 64
    [listed] = [each for each in await client.tokens() if each.id == made.id]
    assert (listed.purpose, listed.rights) == ("test", ["view"])
    await client.remove_token(listed)
    assert made.id not in {each.id for each in await client.tokens()}
