from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ovms.app import NoAnswer
from ovms.app.api import ApiCommand, ApiCommandRow
from ovms.app.api.errors import ApiRefused
from ovms.app.api.link import convert
from tests.app.api.clients import client_of, scripted
from tests.app.api.examples import example
from tests.server.http.v1.cars import make_car
from tests.server.http.v1.test_openapi import SCHEMAS

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


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


async def test_following_a_command() -> None:
    """Rows come as they are told, across lost connections; the command ends it."""
    body = example(SCHEMAS["CommandAnswer"])
    command = convert(body, ApiCommand)
    answers = ['id: 1\nevent: row\ndata: {"number": 1}\n\n',
               f"event: end\ndata: {json.dumps(body)}\n\n"]  # fmt: skip
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("last-event-id"))
        return httpx.Response(200, text=answers.pop(0))

    told: list[Any] = [each async for each in scripted(answer, []).follow_command(command)]
    assert told == [ApiCommandRow(number=1), command]
    assert asked == [None, "1"]


async def test_features(v1: ApiSite) -> None:
    """The car is asked for what its module is set to."""
    car = await make_car(v1)
    client = client_of(v1)
    asking = asyncio.create_task(client.feature("CAR1", 9))
    await car.hears()
    car.says("c1,0,0,16,1", "c1,0,9,16,20", "c1,0,15,16,")
    assert (await asking).value == 20
