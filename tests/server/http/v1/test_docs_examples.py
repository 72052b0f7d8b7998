"""The examples of docs/api.md are called, and the server answers what the page shows."""

from __future__ import annotations

import json
import re
import shlex
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ovms.server.failed_calls import FailureReason
from ovms.server.notify.channel import Notice
from ovms.server.notify.channels.webpush import payload
from ovms.server.storage import queries
from tests.server.http.api import PASSWORD
from tests.server.http.v1.calls_push import switch_on
from tests.server.http.v1.cars import ApiCar
from tests.server.http.v1.driven import put_day, put_place
from tests.server.http.v1.streams import stream
from tests.server.notify.devices import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.server.http.v1.site import ApiSite

PAGE = (Path(__file__).parents[4] / "docs" / "api.md").read_text("utf-8")

FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.M | re.S)

BLOCKS = [block for block in FENCE.findall(PAGE) if block.startswith("{")]
"""What stands by itself: bodies of calls, and of answers."""

SPANS = [
    span.replace("\n", " ")
    for span in re.findall(r"`([^`]+)`", FENCE.sub("", PAGE))
    if span.startswith("{") and '"' in span
]
"""What stands in a sentence."""

CURLS = [
    (re.sub(r"\\\n\s*", "", call), answer)
    for call, answer in re.findall(
        r"^(?:\$ |    )?(curl (?:[^\n]*\\\n)*[^\n]*)\n((?:[{e](?:[^`$]*))?)", PAGE, re.M
    )
]
"""Each call by curl, and what it shows."""

NOW = "2026-11-27T02:30:00.000Z"
REGISTER = "POST /account/registration"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def parse(text: str) -> Any:
    """Return JSON in which ``…`` stands for more."""
    return json.loads(re.sub(r",…(?=[,}])", "", re.sub(r"\{…\}", "{}", text)))


def starting(text: str) -> Any:
    """Return the one example that begins so."""
    [found] = [each for each in (*BLOCKS, *SPANS) if each.startswith(text)]
    return parse(found)


def differences(shown: Any, told: Any, where: str = "") -> Iterator[str]:
    """Yield where an answer is not as shown: keys that it has not, and other types."""
    if isinstance(shown, dict) and isinstance(told, dict):
        for key, value in shown.items():
            if key in told:
                yield from differences(value, told[key], f"{where}.{key}")
            else:
                yield f"{where}.{key} is not there"
    elif isinstance(shown, list) and isinstance(told, list):
        for one, other in zip(shown, told, strict=False):
            yield from differences(one, other, f"{where}[]")
        if bool(shown) != bool(told):
            yield f"{where} is {told}"
    elif isinstance(shown, str) and re.fullmatch(TIME, shown):
        if not (isinstance(told, str) and re.fullmatch(TIME, told)):
            yield f"{where} is {told}"
    elif type(shown) is not type(told):
        yield f"{where} is {told}"


def check(answer: httpx.Response, shown: Any, status: int = 200) -> None:
    """Fail unless an answer is as shown."""
    assert answer.status_code == status, answer.text
    assert list(differences(shown, answer.json())) == []


def check_whole(answer: httpx.Response, shown: Any, status: int = 200) -> None:
    """Fail unless an answer is as shown, and nothing is left out."""
    check(answer, shown, status)
    assert shown.keys() == answer.json().keys()


@pytest.fixture
def there(v1: ApiSite) -> ApiSite:
    """Return the site at the time of the page, where Bob has DEMO, too."""
    v1.clock.advance(datetime.fromisoformat(NOW).timestamp() - v1.clock.time())
    object.__setattr__(v1.context, "public_url", "https://ovms.example/")
    with v1.database.writing() as connection:
        queries.add_vehicle(connection, "DEMO", queries.get_owner(connection, "bob"), "s", 1.0)
    return v1


async def connected(v1: ApiSite, *texts: str) -> ApiCar:
    """Connect CAR1."""
    return ApiCar(v1, *await v1.http.report(*texts))


CURL_STATUS = {
    "/links": (201,),
}
"""Of calls that are no ``GET``."""


@pytest.mark.parametrize(("line", "shown"), CURLS, ids=[line[-40:] for line, _ in CURLS])
async def test_curl(there: ApiSite, line: str, shown: str) -> None:
    """Each call by curl is answered as the page shows."""
    car = await connected(there, "S80,K", "D0")
    if "sums" in line:
        put_day(there)
    words = iter(shlex.split(line)[1:])
    method, url, body, headers = "", "", None, {}
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-d":
                method, body = method or "POST", next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name.lower()] = re.sub(r"\$?TOKEN", there.token(), value)
            case "-N":
                pass
            case _:
                assert not url, word
                url = word.replace("$SERVER", "https://ovms.example")
    place = urlsplit(url)
    path = place.path.removeprefix("/api/v1")
    assert path != place.path
    if "-N" in line:
        async with stream(there, path) as reader:
            events = [await reader.next()]
            for said in ("S79,K", "PATToo hot"):
                car.says(said)
                events.append(await reader.next())
        texts = shown.strip().split("\n\n")
        for text, event in zip(texts, events, strict=True):
            fields = dict(each.split(": ", 1) for each in text.split("\n"))
            assert (fields["event"], "id" in fields) == (event.name, event.id is not None)
            assert list(differences(parse(fields["data"]), event.content)) == []
        return
    answer = await there.http.client.request(
        method or "GET", f"{place.path}?{place.query}", content=body, headers=headers
    )
    statuses = next((each for end, each in CURL_STATUS.items() if path.endswith(end)), (200,))
    assert answer.status_code in statuses, answer.text
    if shown:
        check(answer, parse(shown), answer.status_code)


async def test_log_in(there: ApiSite) -> None:
    """The body of a log-in has the fields of the call, and the answer is the page's."""
    body = starting('{"name": "bob", "password"')
    headers = {"sec-fetch-site": "same-origin", "user-agent": "Mozilla/5.0"}
    answer = await there.http.client.post(
        "/api/v1/session", json=body | {"password": PASSWORD}, headers=headers
    )
    shown = starting('{\n  "owner": "Bob"')
    check_whole(answer, shown)
    assert answer.json()["session"].keys() == shown["session"].keys()
    assert answer.json()["session"]["expires"] == shown["session"]["expires"]
    assert answer.json()["session"]["proof_expires"] == shown["session"]["proof_expires"]


async def test_an_error(there: ApiSite) -> None:
    """The error is what the call answers, word by word."""
    answer = await there.call("GET /vehicles/NONE/state")
    assert (answer.status_code, answer.json()) == (404, starting('{"error"'))


async def test_state(there: ApiSite) -> None:
    """The state has each key that is shown, and what the page says that it hides."""
    await connected(there, "S80,K", "L51.5,-0.12,90,100,1,1,30")
    there.clock.advance(42)
    answer = await there.call("GET /vehicles/CAR1/state", permit="view")
    check_whole(answer, starting('{\n  "vehicle_id": "CAR1", "time"'))
    assert (answer.json()["groups"]["battery"]["age"], answer.json()["hidden"]) == (
        42,
        ["location"],
    )


async def test_a_failed_call(there: ApiSite) -> None:
    """The last failure of a car is told as shown."""
    there.context.failed_calls.note("CAR1", "192.0.2.66", FailureReason.WRONG_SECRET)
    failure = (await there.call("GET /vehicles/CAR1/connection")).json()["last_failure"]
    shown = starting('{"time"')
    assert list(differences(shown, failure)) == []
    assert shown.keys() == failure.keys()
    assert failure["reason"] == shown["reason"]
    assert failure["message"].startswith(shown["message"].rstrip("… "))


async def test_commands(there: ApiSite) -> None:
    """A command is sent with the body that is shown, and read as shown when it is over."""
    car = await connected(there)
    sent = await car.send(**starting('{"name": "charge-mode-current"'))
    car.says("c16,0,done")
    there.clock.advance(1.25)
    path = sent.headers["location"].removeprefix("/api/v1")
    answer = await there.call(f"GET {path}?wait=1")
    shown = starting('{\n  "id"')
    check_whole(answer, shown)
    for key in ("name", "parameters", "status", "result", "text"):
        assert answer.json()[key] == shown[key]


@pytest.mark.parametrize("start", ['{"text"', '{"name": "unlock"'])
async def test_other_commands(there: ApiSite, start: str) -> None:
    """What else is sent as a command is taken."""
    car = await connected(there)
    answer = await car.send(**starting(start))
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize(
    ("call", "start", "said"),
    [("PUT /vehicles/CAR1/features/9", '{"value": 20}', "c2,0"),
     ("PUT /vehicles/CAR1/parameters/5", '{"value": "internet"}', "c4,0")],
)  # fmt: skip
async def test_settings(there: ApiSite, call: str, start: str, said: str) -> None:
    """A feature and a parameter are set with the bodies that are shown."""
    car = await connected(there)
    answer = await car.answers(call, said, json=starting(start))
    assert answer.is_success, answer.text


async def test_what_is_made(there: ApiSite) -> None:
    """A vehicle, a token and a channel are made with the bodies that are shown."""
    await there.call("DELETE /vehicles/CAR2", permit="cookie")
    vehicle = await there.call("POST /vehicles", json=starting('{"id": "CAR2"}'))
    assert vehicle.status_code == 201, vehicle.text
    token = await there.call("POST /account/tokens", permit="cookie", json=starting('{"rights"'))
    assert token.status_code == 201, token.text
    assert token.json()["rights"] == starting('{"rights"')["rights"]
    channel = "/vehicles/CAR1/channels/phone"
    made = await there.call(f"PUT {channel}", json=starting('{"type"'))
    assert made.is_success, made.text
    tested = (await there.call(f"POST {channel}/test")).json()
    assert tested.keys() == starting('{"is_delivered"').keys()


async def test_push(there: ApiSite) -> None:
    """A device is added by the body that is shown, and gets what is shown."""
    switch_on(there)
    body = starting('{"endpoint"')
    body |= {"keys": Browser("").subscription["keys"], "endpoint": "https://push.example.org/x"}
    made = await there.call("POST /account/push", json=body)
    assert made.json()["name"] == body["name"], made.text
    shown = starting('{"id": "ovms-7')
    facts = (shown["vehicle"], shown["title"], shown["text"], shown["time"], shown["kind"])
    assert json.loads(payload(Notice(shown["id"], *facts))) == shown


async def test_journeys(there: ApiSite) -> None:
    """Journeys are listed as the page shows."""
    put_place(there)
    put_day(there)
    answer = await there.call("GET /vehicles/CAR1/journeys")
    shown = starting('{\n  "items": [\n    {\n      "id": 3, "vehicle_id"')
    check_whole(answer, shown)


@pytest.mark.parametrize("start", ['{"energy_price"', '{"free"'])
async def test_tariffs(there: ApiSite, start: str) -> None:
    """The tariffs that are shown are taken."""
    path = f"PUT /places/{put_place(there)}/tariffs/2026-01-01"
    [told] = (await there.call(path, json=starting(start))).json()["tariffs"]
    assert told["free"] == (start == '{"free"')


async def test_corrections(there: ApiSite) -> None:
    """Journeys are corrected by the bodies that are shown."""
    ids = put_day(there)
    path = f"/vehicles/CAR1/journeys/{ids['trip']}"
    body = starting('{"note"')
    changed = (await there.call(f"PATCH {path}", json=body)).json()
    assert (changed["note"], changed["purpose"]) == (body["note"], body["purpose"])
    split = await there.call(f"POST {path}/split", json=starting('{"at"'))
    assert "after the start" in split.text
    merge = await there.call("POST /vehicles/CAR1/journeys/merge", json=starting('{"ids"'))
    assert merge.json()["error"]["code"] == "no_journey"


async def test_journey_alerts(there: ApiSite) -> None:
    """Alerts from journeys are changed by the body that is shown."""
    body = starting('{"arrival_soc"')
    answer = await there.call("PATCH /vehicles/CAR1/journey-alerts", json=body)
    assert answer.json()["arrival_soc"] == body["arrival_soc"], answer.text


async def test_provision(there: ApiSite) -> None:
    """The record of a module is made by the body that is shown, and with a new secret."""
    body = starting('{"vin"') | {"server": "cars.example.org"}
    for more in ({}, {"new_secret": True}):
        answer = await there.call("PUT /vehicles/CAR1/provision", json=body | more)
        assert answer.json()["vin"] == body["vin"], answer.text
        assert (answer.json()["secret"] is None) == (more == {})


@pytest.mark.parametrize(
    ("call", "body", "code"),
    [
        ("POST /setup", '{"token": "…", "name": "root", "password": "…"}', "setup_over"),
        (REGISTER, '{"name": "bob", "email": "bob@example.org", "password": "…"}', "mail_off"),
        (f"{REGISTER}/confirm", '{"code": "…"}', "no_code"),
        ("POST /account/reset", '{"account": "bob"}', "mail_off"),
        ("POST /account/reset/confirm", '{"code": "…", "password": "…"}', "no_code"),
    ],
)  # fmt: skip
async def test_without_a_log_in(there: ApiSite, call: str, body: str, code: str) -> None:
    """The bodies of these calls are understood; this site only does not do what they ask for."""
    there.context.desk.registration = True
    method, path = call.split(" ")
    assert f"| `{method} /api/v1{path}` | `{body}`" in PAGE
    answer = await there.call(call, None, json=json.loads(body))
    assert answer.json()["error"]["code"] == code, answer.text


def test_all_are_called() -> None:
    """Every example is one of those above; whoever adds one to the page adds its call here."""
    source = Path(__file__).read_text("utf-8")
    called = [
        start.replace("\\n", "\n")
        for start in re.findall(r"""(?:start\w*\(|, |\[)'({[^']*)'""", source)
    ]
    for each in (*BLOCKS, *SPANS):
        assert any(each.startswith(start) for start in called), each
    assert len(CURLS) == len(re.findall(r"^(?:\$ |    )?curl ", PAGE, re.M))


@pytest.mark.parametrize(
    ("told", "wrong"),
    [({"a": [{"b": 1}], "c": "x", "new": 2}, []), ({"a": [{"b": 1}]}, [".c is not there"]),
     ({"a": [{"b": None}], "c": "x"}, [".a[].b is None"]), ({"a": [], "c": "x"}, [".a is []"]),
     ({"a": [{}], "c": 3}, [".a[].b is not there", ".c is 3"])],
)  # fmt: skip
def test_differences(told: Any, wrong: list[str]) -> None:
    """A key that is not told, and another type, are what a page must not show."""
    assert list(differences({"a": [{"b": 1}], "c": "x"}, told)) == wrong
