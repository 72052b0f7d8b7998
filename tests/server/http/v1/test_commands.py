from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ovms.protocol import Role
from ovms.protocol.commands import COMMANDS
from ovms.server.http.v1.command_store import KeptCommand
from ovms.server.hub.asking import ASKERS_LIMIT
from ovms.server.hub.pins import FIRST_LOCK, WRONG_LIMIT
from ovms.server.storage import queries
from tests.server.http.v1.cars import ApiCar, make_car
from tests.waiting import until

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite

PATH = "/vehicles/CAR1/commands"


@pytest.fixture
async def car(v1: ApiSite) -> ApiCar:
    """Have CAR1 there."""
    return await make_car(v1)


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a call that failed."""
    return answer.status_code, answer.json()["error"]["code"]


async def ended(car: ApiCar, sent: httpx.Response) -> dict[str, Any]:
    """Wait for the end of a command; return it."""
    assert sent.status_code == 202, sent.text
    answer = await car.v1.call(f"GET {PATH}/{sent.json()['id']}?wait=60")
    found: dict[str, Any] = answer.json()
    return found


async def test_the_commands(v1: ApiSite) -> None:
    """All commands that cars answer are listed, with what each takes and needs."""
    found = {each["name"]: each for each in (await v1.call("GET /commands")).json()}
    assert set(found) == {each.name for each in COMMANDS if not each.by_server}
    assert found["lock"]["rights"] == ["command", "pin"]
    assert (found["lock"]["needs_pin"], found["lock"]["parameters"][0]["type"]) == (True, "pin")
    assert found["charge-start"]["rights"] == ["command"]
    assert found["features"]["has_rows"]
    assert found["charge-mode-current"]["parameters"] == [
        {"name": "mode", "title": "mode", "type": "choice", "is_required": True, "minimum": None,
         "maximum": None, "longest": None,
         "choices": [{"value": 0, "name": "standard"}, {"value": 1, "name": "storage"},
                     {"value": 3, "name": "range"}, {"value": 4, "name": "performance"}]},
        {"name": "amps", "title": "current", "type": "number", "is_required": True, "minimum": 1,
         "maximum": 255, "longest": None, "choices": []},
    ]  # fmt: skip


async def test_a_command(car: ApiCar) -> None:
    """It is sent, and read again when the car has answered."""
    sent = await car.send(name="charge-mode-current", parameters={"mode": "range", "amps": 13})
    assert (sent.status_code, car.line.take()) == (202, ["C16,3,13"])
    known = sent.json()
    assert sent.headers["location"] == f"/api/v1{PATH}/{known['id']}"
    assert known == {
        "id": known["id"],
        "vehicle_id": "CAR1",
        "name": "charge-mode-current",
        "parameters": {"mode": "3", "amps": "13"},
        "status": "sent",
        "result": None,
        "reason": None,
        "text": None,
        "rows": None,
        "created": "2023-11-14T22:13:20.000Z",
        "finished": None,
    }
    assert (await car.v1.call(f"GET {PATH}/{known['id']}")).json() == known
    car.v1.clock.advance(2)
    car.says("c16,0,done, or so")
    over = {"status": "done", "result": "ok", "text": "done, or so",
            "finished": "2023-11-14T22:13:22.000Z"}  # fmt: skip
    assert await ended(car, sent) == known | over


@pytest.mark.parametrize(
    ("said", "status", "result"),
    [("c11,1,no", "failed", "failed"), ("c11,2,no", "failed", "unsupported"),
     ("c11,3,no", "failed", "unimplemented"), ("c11,9,no", "failed", "failed")],
)  # fmt: skip
async def test_a_refusal(car: ApiCar, said: str, status: str, result: str) -> None:
    """What the car refuses has failed, with the car's words."""
    sent = await car.send(name="charge-start")
    car.says(said)
    over = await ended(car, sent)
    assert (over["status"], over["result"], over["text"]) == (status, result, "no")


async def test_a_line(car: ApiCar) -> None:
    """A text is a line for the module's shell; line ends of the answer are newlines."""
    sent = await car.send(text="stat, or so")
    assert car.line.take() == ["C7,stat, or so"]
    car.says("c7,0,one\rtwo")
    over = await ended(car, sent)
    assert (over["name"], over["text"]) == ("shell", "one\ntwo")


async def test_rows(car: ApiCar) -> None:
    """A list is answered by its rows; of a password only whether it is set is told."""
    sent = await car.send(name="parameters")
    car.says("c3,0,0,2,+49 1", "c3,0,1,2,secret")
    over = await ended(car, sent)
    assert over["rows"] == [
        {"number": 0, "name": "registered telephone number", "value": "+49 1"},
        {"number": 1, "name": "registration password", "value": "*"},
    ]
    assert (over["status"], over["text"]) == ("done", None)


async def test_a_list_that_is_refused(car: ApiCar) -> None:
    """It has no rows, and the car's words."""
    sent = await car.send(name="features")
    car.says("c1,2,not here")
    over = await ended(car, sent)
    assert (over["result"], over["rows"], over["text"]) == ("unsupported", [], "not here")


async def test_a_pin(car: ApiCar) -> None:
    """It goes to the car and is not told again; whether there was one is."""
    sent = await car.send(name="unlock", parameters={"pin": "0123"})
    assert car.line.take() == ["C22,0123"]
    assert sent.json()["parameters"] == {"pin": "*"}
    car.says("c22,0")
    await ended(car, sent)
    sent = await car.send(name="unlock")
    assert (car.line.take(), sent.json()["parameters"]) == (["C22"], {})


async def test_wrong_pins(car: ApiCar) -> None:
    """Too many lock all PINs for a while, here as everywhere."""
    for _ in range(WRONG_LIMIT):
        sent = await car.send(name="lock", parameters={"pin": "1"})
        car.says("c20,1,wrong PIN")
        await ended(car, sent)
    answer = await car.send(name="lock", parameters={"pin": "1"})
    assert refused(answer) == (429, "pins_locked")
    assert answer.headers["retry-after"] == str(int(FIRST_LOCK))
    assert (await car.send(name="charge-start")).status_code == 202
    listed = (await car.v1.call(f"GET {PATH}")).json()["items"]
    assert len(listed) == WRONG_LIMIT + 1


@pytest.mark.parametrize(
    ("permit", "name", "is_allowed"),
    [("command", "charge-start", True), ("command", "lock", False), ("pin", "lock", True),
     ("command", "set-parameter", False), ("command,manage", "set-parameter", True),
     ("command", "shell", False), ("pin", "shell", False)],
)  # fmt: skip
async def test_rights(car: ApiCar, permit: str, name: str, is_allowed: bool) -> None:
    """Commands with a PIN need the right to them, those that change the module the one for that."""
    parameters = {"lock": {"pin": "1"}, "set-parameter": {"parameter": 5, "value": "x"},
                  "shell": {"text": "stat"}}  # fmt: skip
    answer = await car.send(permit=permit, name=name, parameters=parameters.get(name, {}))
    assert (answer.status_code == 202) == is_allowed
    if not is_allowed:
        assert refused(answer) == (403, "no_right")
        assert not car.line.messages
        own = (await car.send(name=name, parameters=parameters[name])).json()["id"]
        assert refused(await car.v1.call(f"GET {PATH}/{own}", permit=permit))[0] == 403
        assert (await car.v1.call(f"GET {PATH}", permit=permit)).json()["items"] == []


@pytest.mark.parametrize("name", ["parameters", "set-parameter", "shell", "at"])
async def test_only_the_owner(car: ApiCar, name: str) -> None:
    """What tells or sets the module's passwords is sent for nobody with whom it is shared."""
    car.v1.share("location,pin,manage", "CAR1", "alice")
    answer = await car.send("alice", name=name)
    assert refused(answer) == (403, "not_owner")
    assert not car.line.messages


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, []),
        ({"name": "charge-start", "text": "stat"}, []),
        ({"text": "stat", "parameters": {"pin": "1"}}, []),
        ({"text": ""}, ["body.text"]),
        ({"text": "a\nb"}, ["body.text"]),
        ({"name": "history"}, []),
        ({"name": "charge-strat"}, []),
        ({"name": "charge-start", "parameters": {"amps": 1}}, ["body.parameters.amps"]),
        ({"name": "charge-mode-current", "parameters": {"mode": "fast", "amps": 0}},
         ["body.parameters.mode", "body.parameters.amps"]),
        ({"name": "charge-mode"}, ["body.parameters.mode"]),
        ({"name": "lock", "parameters": {"pin": "12a"}}, ["body.parameters.pin"]),
        ({"name": "lock", "parameters": {"pin": True}}, ["body.parameters.pin"]),
        ({"name": "lock", "parameters": {"pin": None}}, None),
        ({"name": "lock", "pin": "1"}, ["body.pin"]),
        ({"name": 5}, ["body.name"]),
    ],
)  # fmt: skip
async def test_what_cannot_be_meant(
    car: ApiCar, body: dict[str, Any], fields: list[str] | None
) -> None:
    """It is refused with what is wrong, by parameter, and nothing is sent."""
    answer = await car.v1.call(f"POST {PATH}", json=body)
    assert answer.status_code == 422
    details = answer.json()["error"]["details"]
    assert fields is None or [each["field"] for each in details] == fields
    assert "12a" not in answer.text
    assert not car.line.messages


async def test_no_car(v1: ApiSite) -> None:
    """Nobody is asked while the car is not there, and nothing is kept."""
    answer = await v1.call(f"POST {PATH}", json={"name": "charge-start"})
    assert refused(answer) == (409, "not_connected")
    await v1.http.enter(Role.APP)
    answer = await v1.call(f"POST {PATH}", json={"name": "charge-start"})
    assert refused(answer) == (409, "not_connected")
    assert (await v1.call(f"GET {PATH}")).json() == {"items": [], "next": None}


async def test_a_paranoid_car(car: ApiCar) -> None:
    """It seals its messages: only its apps can command it."""
    car.says("ET0123456789012345678901", "EMS80,K")
    assert refused(await car.send(name="charge-start")) == (502, "paranoid")


async def test_a_car_that_goes(car: ApiCar) -> None:
    """What it has not answered is unanswered, and why is told."""
    sent = await car.send(name="charge-start")
    car.leaves()
    over = await ended(car, sent)
    assert (over["status"], over["reason"]) == ("unanswered", "connection_lost")
    assert over["result"] is None


async def test_a_command_that_waits(car: ApiCar) -> None:
    """One behind another can be withdrawn; the car is never sent it."""
    first = (await car.send(name="charge-start")).json()["id"]
    second = await car.send(name="charge-stop")
    assert second.json()["status"] == "waiting"
    answer = await car.v1.call(f"DELETE {PATH}/{second.json()['id']}")
    assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")
    assert refused(await car.v1.call(f"DELETE {PATH}/{second.json()['id']}")) == (409, "over")
    assert refused(await car.v1.call(f"DELETE {PATH}/{first}")) == (409, "already_sent")
    car.says("c11,0")
    assert car.line.take() == ["C11"]


async def test_a_poll_that_waits(car: ApiCar) -> None:
    """It ends when the command does; no longer than asked for."""
    sent = (await car.send(name="charge-start")).json()["id"]
    short = await car.v1.call(f"GET {PATH}/{sent}?wait=0.01")
    assert short.json()["status"] == "sent"
    long = asyncio.create_task(car.v1.call(f"GET {PATH}/{sent}?wait=60"))
    car.says("c11,0")
    assert (await long).json()["status"] == "done"
    assert (await car.v1.call(f"GET {PATH}/{sent}?wait=61")).status_code == 422


async def test_events(car: ApiCar) -> None:
    """Rows are streamed as they come, then the command; a second call gets those it lacks."""
    sent = (await car.send(name="features")).json()["id"]
    streaming = asyncio.create_task(car.v1.call(f"GET {PATH}/{sent}/events"))
    car.says("c1,0,0,10,1")
    await asyncio.sleep(0)
    car.says("c1,0,8,10,1", "c1,0,9,10,20")
    stream = await streaming
    assert stream.headers["content-type"].startswith("text/event-stream")
    events = _events(stream.text)
    assert [(each["event"], each.get("id")) for each in events] == [
        ("row", "1"), ("row", "2"), ("row", "3"), ("end", None)
    ]  # fmt: skip
    assert json.loads(events[2]["data"])["name"] == "minimum SOC"
    assert json.loads(events[3]["data"])["status"] == "done"
    again = await car.v1.call(f"GET {PATH}/{sent}/events", headers={"last-event-id": "2"})
    assert [each.get("id") for each in _events(again.text)] == ["3", None]


@pytest.mark.parametrize("way", ["?wait=60", "/events"])
@pytest.mark.parametrize(
    ("then", "status"), [("", 404), ("view", 403), ("command", 200), ("token", 401)]
)
async def test_a_right_that_ends(
    car: ApiCar, monkeypatch: pytest.MonkeyPatch, way: str, then: str, status: int
) -> None:
    """Whoever waits for an answer is told it only with the right that they have then."""
    waits, news = asyncio.Event(), KeptCommand.news

    async def noted(kept: KeptCommand) -> None:
        waits.set()
        await news(kept)

    monkeypatch.setattr(KeptCommand, "news", noted)
    car.v1.share("command")
    sent = await car.send("alice", name="charge-start")
    call = f"GET {PATH}/{sent.json()['id']}{way}"
    waiting = asyncio.create_task(car.v1.call(call, "alice"))
    await waits.wait()
    if then == "token":
        token = car.v1.token("alice")
        car.v1.http.change(lambda connection, now: queries.remove_token(connection, token, now))
    else:
        car.v1.share_only(then)
    car.says("c11,0,charging now")
    answer = await waiting
    assert answer.status_code == (status if way != "/events" else 200)
    assert ("charging now" in answer.text) == (status == 200)


def _events(text: str) -> list[dict[str, str]]:
    lines = [block.split("\n") for block in text.strip().split("\n\n")]
    return [dict(line.split(": ", 1) for line in block) for block in lines]


async def test_a_list(car: ApiCar) -> None:
    """Somebody lists their own commands, the newest first, in pages."""
    car.v1.share("pin")
    ids = []
    for owner in ("bob", "alice", "bob", "bob"):
        sent = await car.send(owner, name="charge-start")
        car.says("c11,0")
        await ended(car, sent) if owner == "bob" else None
        ids.append(sent.json()["id"])
    page = (await car.v1.call(f"GET {PATH}?limit=2")).json()
    assert [each["id"] for each in page["items"]] == [ids[3], ids[2]]
    page = (await car.v1.call(f"GET {PATH}?limit=2&after={page['next']}")).json()
    assert ([each["id"] for each in page["items"]], page["next"]) == ([ids[0]], None)
    assert refused(await car.v1.call(f"GET {PATH}/{ids[0]}", "alice")) == (404, "no_command")
    assert refused(await car.v1.call(f"GET /vehicles/CAR2/commands/{ids[0]}")) == (
        404, "no_command"
    )  # fmt: skip


async def test_too_many_at_once(car: ApiCar) -> None:
    """A car has only so many commands that wait for it by HTTP."""
    for _ in range(ASKERS_LIMIT):
        assert (await car.send(name="charge-start")).status_code == 202
    answer = await car.send(name="charge-start")
    assert refused(answer) == (429, "too_many")
    assert answer.headers["retry-after"] == "5"


async def test_too_long(car: ApiCar) -> None:
    """A line that the module's buffer cannot hold is refused at once."""
    car.says("F3.1.4/TR2.0/V2/pic,VIN")
    car.line.take()
    assert refused(await car.send(text="x" * 700)) == (422, "too_long")
    assert (await car.v1.call(f"GET {PATH}")).json()["items"] == []
    assert not car.line.messages


async def test_commands_of_the_owner(car: ApiCar) -> None:
    """However the vehicle is shared, nobody else sends what could tell its secret."""
    car.v1.share("pin,manage")
    for body in ({"text": "config list"}, {"name": "parameters"}):
        assert refused(await car.send("alice", **body)) == (403, "not_owner")
    assert not car.line.messages
    sent = await car.send("alice", name="set-feature", parameters={"feature": 9, "value": 1})
    assert sent.status_code == 202


Change = Callable[["ApiSite"], object]


def _end_share(v1: ApiSite) -> None:
    v1.share_only("")


def _remove_alice(v1: ApiSite) -> None:
    v1.http.change(lambda c, now: queries.remove_owner(c, "alice", now, with_vehicles=True))


def _revoke_token(v1: ApiSite) -> None:
    token = v1.token("alice", "*")
    v1.http.change(lambda c, now: queries.remove_token(c, token, now))


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (_end_share, "lock: right_lost"),
        (lambda v1: v1.share("command"), "lock: right_lost"),
        (lambda v1: v1.clock.advance(100), "lock: right_lost"),
        (_remove_alice, ""),  # of whoever is removed the trail has no details
        (_revoke_token, "lock: login_ended"),
    ],
    ids=["share over", "right taken", "share expired", "removed", "token revoked"],
)
async def test_a_right_taken_while_it_waits(car: ApiCar, change: Change, detail: str) -> None:
    """A command whose sender may not send it any more is withdrawn, says why, and is never sent."""
    v1 = car.v1
    v1.share("pin", expires=v1.clock.time() + 90)
    first = await car.send(name="charge-start")
    assert car.line.take() == ["C11"]
    sent = await car.send("alice", name="lock", parameters={"pin": "1"})
    assert sent.json()["status"] == "waiting"
    change(v1)
    await v1.http.accounts.check_logins()
    car.says("c11,0")
    assert (await ended(car, first))["status"] == "done"
    assert car.line.take() == []
    assert [*v1.context.asked.logins()] == []
    await v1.context.audit.settle()
    entries = (await v1.call("GET /vehicles/CAR1/audit?action=command.withdrawn")).json()["items"]
    assert [each["detail"] for each in entries] == [detail]


async def test_what_a_withdrawn_command_says(car: ApiCar) -> None:
    """Whoever may still read it finds why it was withdrawn; one that was sent goes on."""
    v1 = car.v1
    sent = await car.send(permit="command", name="charge-start")
    waits = await car.send(permit="command", name="wakeup")
    token = v1.token("bob", "command")
    v1.http.change(lambda c, now: queries.remove_token(c, token, now))
    await v1.http.accounts.check_logins()
    car.says("c11,0")
    assert (await ended(car, sent))["status"] == "done"
    found = await ended(car, waits)
    assert (found["status"], found["reason"]) == ("withdrawn", "login_ended")
    assert found["text"] == "The command was not sent: the login of its call has ended"


async def test_the_end_of_a_session(car: ApiCar) -> None:
    """What a session sent and waits ends with the session, at once."""
    v1 = car.v1
    await car.send(name="charge-start")
    waits = await car.send(permit="cookie", name="wakeup")
    assert waits.json()["status"] == "waiting"
    assert (await v1.call("DELETE /session", "bob", "cookie")).is_success
    found = await ended(car, waits)
    assert (found["status"], found["reason"]) == ("withdrawn", "login_ended")


async def test_calls_that_wait_for_the_car(car: ApiCar) -> None:
    """A call that asks the module for a list is told that its right was taken meanwhile."""
    v1 = car.v1
    v1.share("command,manage")
    await car.send(name="charge-start")
    v1.token("alice")
    calling = asyncio.create_task(v1.call("GET /vehicles/CAR1/features", "alice"))
    await until(lambda: [*v1.context.asked.logins()])
    v1.share("view")
    await v1.http.accounts.check_logins()
    assert refused(await calling) == (403, "right_lost")
    car.says("c11,0")
    assert car.line.take() == ["C11"]
