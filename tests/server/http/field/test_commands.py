from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from ovms.protocol import Role
from ovms.server.http.app import make_app
from ovms.server.http.field.command_calls import CALLS
from ovms.server.hub.asking import ANSWER_LIMIT, ASKERS_LIMIT
from ovms.server.hub.hub import RoomSession
from ovms.server.hub.pins import FIRST_LOCK, WRONG_LIMIT
from ovms.server.storage import queries
from tests.server.http.api import BOB, HttpSite
from tests.server.hub.fakes import START, FakeLine, message
from tests.waiting import until

Answered = tuple[int, str]
ROWS = ("c3,0,0,32,+49 1", "c3,0,1,32,secret", "c3,0,8,32,CAR1", "c3,0,9,32,", "c3,0,3,32,a,b")


class CommandedCar:
    """A car that a test has answer commands which came by HTTP."""

    def __init__(self, api: HttpSite, session: RoomSession, line: FakeLine) -> None:
        self.api = api
        self.session = session
        self.line = line
        line.take()

    def says(self, *texts: str) -> None:
        """Say something to the server."""
        for text in texts:
            self.session.receive(message(text))

    async def hears(self) -> list[str]:
        """Wait until the car is sent something; return it."""
        await until(lambda: self.line.messages)
        return self.line.take()

    async def answers(
        self, call: str, *answers: str, sent: str = "", **more: Any
    ) -> httpx.Response:
        """Have a call made as Bob, and the car answer the command that it is sent."""
        calling = asyncio.create_task(self.api.call(call, **more))
        heard = await self.hears()
        assert not sent or heard == [sent]
        self.says(*answers)
        return await calling


@pytest.fixture
async def car(api: HttpSite) -> CommandedCar:
    """Have CAR1 there."""
    return CommandedCar(api, *await api.report("S80,K"))


def told(answer: httpx.Response) -> Answered:
    """Return status code and text; errors and texts are plain and end with a newline."""
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.endswith("\n")
    return answer.status_code, answer.text[:-1]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.name}")
@pytest.mark.parametrize("ending", ["", "s"])
async def test_each_call(car: CommandedCar, call: Any, ending: str) -> None:
    """A call sends its command, under the name of the field and in the plural."""
    words = {"mode": "range", "amps": "13", "timer": "1", "minutes": "0:10", "button": "1",
             "feature": "9", "parameter": "12", "value": "1", "pin": "1"}  # fmt: skip
    names = call.spec.parameter_names if call.given is None else ()
    number = call.spec.number
    done = await car.answers(
        f"{call.method} {call.name}{ending}",
        f"c{number},0,0,1,x" if call.spec.first_row is not None else f"c{number},0,done",
        data={name: words[name] for name in names},
    )
    if call.spec.first_row is not None:
        assert [row["value"] for row in done.json()] == ["x"]
    else:
        assert told(done) == (200, "done")


async def test_the_text_of_an_answer(car: CommandedCar) -> None:
    """It is the car's; CR are line ends, and what is not UTF-8 is Latin-1. None is OK."""
    assert told(await car.answers("PUT charge", "c11,0", sent="C11")) == (200, "OK")
    assert told(await car.answers("PUT charge", "c11,0,a, b\rc")) == (200, "a, b\nc")
    assert told(await car.answers("PUT charge", "c11,0,\xe4")) == (200, "ä")


async def test_values_in_all_forms(car: CommandedCar) -> None:
    """Form, parts, JSON, and no type at all."""
    for body in (
        {"data": {"mode": "range"}},
        {"files": {"mode": ("a", b"range")}},
        {"json": {"mode": 3}},
        {"content": b"mode=range"},
        {"params": BOB | {"mode": "range"}},
    ):
        done = await car.answers("PUT chargemode", "c10,0", sent="C10,3", **body)
        assert told(done) == (200, "OK")


@pytest.mark.parametrize("kind", ["data", "json", "files"])
@pytest.mark.parametrize(("call", "sent"), [("PUT lock", "C20,1"), ("DELETE lock", "C22,1")])
async def test_all_in_the_body(car: CommandedCar, call: str, sent: str, kind: str) -> None:
    """Name, password and PIN may stand in it together."""
    body = {kind: BOB | {"pin": "1"}}
    done = await car.answers(call, f"c{sent[1:3]},0", sent=sent, params={}, **body)
    assert told(done) == (200, "OK")


async def test_features(car: CommandedCar) -> None:
    """Numbers are numbers and values are strings, as they came; what is empty is null."""
    rows = ("c1,0,0,16,0", "c1,0,2,16,", "c1,0,9,16,20", "c1,0,15,16,1")
    done = await car.answers("GET features", *rows, sent="C1")
    assert (done.status_code, done.headers["content-type"]) == (200, "application/json")
    assert done.content == (
        b'[{"name":"digital speedo","number":0,"value":"0"},{"name":null,"number":2,"value":null},'
        b'{"name":"minimum SOC","number":9,"value":"20"},'
        b'{"name":"CAN write enabled","number":15,"value":"1"}]\n'
    )


async def test_parameters(car: CommandedCar) -> None:
    """Of a password is told only whether it is set."""
    calling = asyncio.create_task(car.api.call("GET parameter"))
    await car.hears()
    car.says(*ROWS)
    await asyncio.sleep(0)
    assert not calling.done()
    car.says("c3,0,31,32,")
    done = await calling
    assert [(row["number"], row["value"]) for row in done.json()] == [
        (0, "+49 1"), (1, "*"), (8, "CAR1"), (9, None), (3, "a,b"), (31, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("c11,1,battery is too cold", (400, "battery is too cold")),
        ("c11,1", (400, "The car could not do this")),
        ("c11,7,odd", (400, "odd")),
        ("c11,2", (501, "The car does not support this")),
        ("c11,3,no such command", (501, "no such command")),
        ("c11,1,no answer from the car", (504, "The car did not answer in time")),
    ],
)
async def test_failures(car: CommandedCar, answer: str, expected: Answered) -> None:
    """What the car refuses is told in its own words, apart from what it does not support."""
    assert told(await car.answers("PUT charge", answer)) == expected


async def test_wrong_pins(car: CommandedCar) -> None:
    """After some the car is asked none, and the call says when the next may be tried."""
    for _ in range(WRONG_LIMIT):
        done = await car.answers("DELETE lock", "c22,1,wrong PIN", sent="C22,1", data={"pin": "1"})
        assert told(done) == (400, "wrong PIN")
    done = await car.api.call("PUT valet", json={"pin": "1"})
    assert told(done) == (429, "Too many PINs were wrong; the car is asked none for a while")
    assert done.headers["retry-after"] == str(int(FIRST_LOCK))
    assert car.line.take() == []


async def test_no_car(api: HttpSite) -> None:
    """Without the car 409, whether or not somebody else is there."""
    assert told(await api.call("PUT charge")) == (409, "The car is not connected")
    await api.enter(Role.APP)
    assert told(await api.call("PUT charge")) == (409, "The car is not connected")


async def test_the_car_goes(car: CommandedCar) -> None:
    """A car that hangs up before it answers gives no answer."""
    calling = asyncio.create_task(car.api.call("PUT charge"))
    await car.hears()
    car.session.closed(None)
    assert told(await calling) == (504, "The connection to the car was lost before it answered")


async def test_no_answer(car: CommandedCar) -> None:
    """A call waits as long as is set; what comes later reaches nobody, and no other call."""
    context = replace(car.api.context, answer_timeout=0.0)
    transport = httpx.ASGITransport(make_app(context))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        done = await client.put("/api/charge/CAR1", params=BOB)
    assert told(done) == (504, "The car did not answer in time")
    assert await car.hears() == ["C11"]
    calling = asyncio.create_task(car.api.call("PUT charge"))
    await until(lambda: car.session.room.askers)
    car.says("c11,0,late")
    assert await car.hears() == ["C11"]
    car.says("c11,0,in time")
    assert told(await calling) == (200, "in time")


async def test_a_paranoid_car(car: CommandedCar) -> None:
    """The server cannot command it, connected or not, and says why."""
    reason = "The car seals its messages (paranoid mode): only its app can command it"
    car.says("ETtoken")
    assert told(await car.api.call("PUT charge")) == (502, reason)
    car.says("EMSxxxx")
    car.session.closed(None)
    assert told(await car.api.call("PUT charge")) == (502, reason)
    again = CommandedCar(car.api, *await car.api.report("S80,K"))
    car.api.clock.advance(1)
    again.says("S80,K")
    done = await again.answers("PUT charge", "ETtoken", "EMcxxxx")
    assert told(done)[0] == 502


async def test_an_overlong_answer(car: CommandedCar) -> None:
    """What is no answer of a module is not passed on."""
    row = f"c1,0,0,9,{'x' * ANSWER_LIMIT}"
    assert told(await car.answers("GET features", row)) == (502, "The car's answer is too long")


async def test_too_long_a_command(car: CommandedCar) -> None:
    """A command that does not fit the module's buffer is a wrong value."""
    car.says("F3.1.4/TR2.0/V2/pic,VIN")
    done = await car.api.call("PUT parameter", data={"parameter": "12", "value": "x" * 200})
    assert told(done) == (422, "The command is too long for the car's module")


async def test_wrong_values_go_to_no_car(car: CommandedCar) -> None:
    """They are refused before it is asked; a secret in the URL as well."""
    done = await car.api.call("PUT chargemode", data={"mode": "fast"})
    assert told(done)[0] == 422
    done = await car.api.call("PUT lock", params=BOB | {"pin": "1234"})
    assert told(done) == (422, "Put pin into the body, not into the URL: URLs are logged")
    done = await car.api.call("PUT lock", content=b"{")
    assert told(done) == (422, "The body must be a form or a JSON object")
    assert car.line.take() == []


async def test_an_app_asks_at_the_same_time(car: CommandedCar) -> None:
    """Each gets its own answer, and the car is told of one app."""
    session, line = await car.api.enter(Role.APP)
    line.take()
    assert await car.hears() == ["Z1"]
    first = asyncio.create_task(car.api.call("PUT charge"))
    assert await car.hears() == ["C11"]
    session.receive(message("C11"))
    second = asyncio.create_task(car.api.call("PUT charge"))
    await until(lambda: len(car.session.room.askers) == 2)
    car.says("c11,0,first")
    assert await car.hears() == ["C11"]
    car.says("c11,0,of the app")
    assert await car.hears() == ["C11"]
    car.says("c11,0,second")
    assert [told(await each) for each in (first, second)] == [(200, "first"), (200, "second")]
    assert line.take() == ["c11,0,of the app"]


async def test_many_callers(car: CommandedCar) -> None:
    """Some wait for the car in order; the others are told to come again."""
    callers = [asyncio.create_task(car.api.call("PUT wakeup")) for _ in range(40)]
    await until(lambda: sum(each.done() for each in callers) == 40 - ASKERS_LIMIT)
    for _ in range(ASKERS_LIMIT):
        assert await car.hears() == ["C18"]
        car.says("c18,0")
    done = [await each for each in callers]
    assert sorted(each.status_code for each in done) == [200] * 10 + [429] * 30
    refused = next(each for each in done if each.status_code == 429)
    assert told(refused) == (429, "Too many commands wait for the car")
    assert refused.headers["retry-after"] == "5"


async def test_a_caller_hangs_up(car: CommandedCar) -> None:
    """What was not sent to the car by then never is; a sent command's answer reaches nobody."""
    hung_up = asyncio.Event()
    asked: list[str] = []

    async def call(path: str) -> None:
        bodies: list[Any] = [{"type": "http.request", "body": b""}]

        async def receive() -> Any:
            if not bodies:
                await hung_up.wait()
            return bodies.pop() if bodies else {"type": "http.disconnect"}

        async def send(event: Any) -> None:
            asked.append(event["type"])

        query = b"username=bob&password=right"
        scope = {"type": "http", "method": "PUT", "path": path, "query_string": query,
                 "headers": [], "client": ("192.0.2.7", 1), "root_path": ""}  # fmt: skip
        await make_app(car.api.context)(scope, receive, send)

    sent = asyncio.create_task(call("/api/charge/CAR1"))
    assert await car.hears() == ["C11"]
    waits = asyncio.create_task(call("/api/wakeup/CAR1"))
    await until(lambda: len(car.session.room.askers) == 2)
    hung_up.set()
    await asyncio.gather(sent, waits)
    assert car.session.room.askers == ()
    car.says("c11,0")
    done = await car.answers("PUT homelink", "c24,0", sent="C24,0", data={"button": "0"})
    assert told(done) == (200, "OK")


async def test_whose_cars(car: CommandedCar) -> None:
    """Nobody commands another's car, and nobody any without a login."""
    assert told(await car.api.call("PUT charge", vehicle_id="CAR3"))[0] == 403
    assert told(await car.api.call("PUT charge", params={}))[0] == 401
    assert car.line.take() == []


@pytest.mark.parametrize("permit", ["auth", "session", "v3,mqtt", "token.admin"])
async def test_a_token_for_something_else(car: CommandedCar, permit: str) -> None:
    """A token for data or for the broker commands nothing."""
    login = BOB | {"password": add_token(car.api, permit)}
    assert told(await car.api.call("PUT charge", params=login)) == (
        403, "The token may not send commands: it lacks v2",
    )  # fmt: skip
    assert told(await car.api.call("GET parameters", params=login))[0] == 403


@pytest.mark.parametrize("permit", ["*", "v2", "auth,v2"])
async def test_a_token_for_commands(car: CommandedCar, permit: str) -> None:
    """A token that may log in to the message protocol may send commands, too."""
    login = BOB | {"password": add_token(car.api, permit)}
    assert told(await car.answers("PUT charge", "c11,0", params=login)) == (200, "OK")


def add_token(api: HttpSite, permit: str) -> str:
    """Add a token of Bob's."""
    token = "ab" * 32
    with api.database.writing() as connection:
        bob = queries.find_owner(connection, "bob")
        assert bob is not None
        queries.add_token(connection, bob, token, START, "", "", permit)
    return token


async def test_a_token_removed_while_it_waits(api: HttpSite) -> None:
    """A call whose command waits is told that its login has ended, and the car never gets it."""
    session, line = await api.report("S80,K")
    token = add_token(api, "v2")
    line.take()
    first = asyncio.create_task(api.call("PUT charge"))
    await until(lambda: line.messages)
    who = {"username": "bob", "password": token}
    calling = asyncio.create_task(api.call("PUT wakeup", params=who))
    await until(lambda: [*api.context.asked.logins()])
    api.change(lambda connection, now: queries.remove_token(connection, token, now))
    await api.accounts.check_logins()
    assert (await calling).status_code == 403
    session.receive(message("c11,0"))
    assert (await first).status_code == 200
    assert line.take() == ["C11"]
