"""Brokers' plugins as they call: the bytes of bodies are those that each of them writes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from ovms.server.accounts.throttle import BURST, FRESH_BURST
from ovms.server.http.brokers import is_own_topic
from tests.server.http.api import PASSWORD, HttpSite, add_token, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

FORM = "application/x-www-form-urlencoded"

GO_FORM = {
    "auth": "clientid=module&password={password}&username={user}",
    "superuser": "username={user}",
    "acl": "acc={acc}&clientid=module&topic={topic}&username={user}",
}
"""mosquitto-go-auth with ``http_params_mode form``: only the fields of each question, by name."""

GO_JSON = {
    "auth": '{{"clientid":"module","password":"{password}","username":"{user}"}}',
    "superuser": '{{"username":"{user}"}}',
    "acl": '{{"acc":{acc},"clientid":"module","topic":"{topic}","username":"{user}"}}',
}
"""The same with its default, JSON: ``acc`` is a number."""

OLD_FORM = dict.fromkeys(
    GO_FORM, "username={user}&password={password}&topic={topic}&acc={acc}&clientid={client}"
)
"""mosquitto-auth-plug: all fields each time, empty or -1, the client's id as it is."""


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    """Open a site with a superuser."""
    async with open_site(tmp_path, mqtt_superuser="Alice") as site:
        yield site


async def _post(api: HttpSite, path: str, body: bytes, kind: str = FORM) -> httpx.Response:
    return await api.client.post(path, content=body, headers={"content-type": kind})


async def _ask(api: HttpSite, question: str, plugin: str, **said: str) -> int:
    """Ask as a plugin does; return the status."""
    fields = {"user": "bob", "password": "", "topic": "", "acc": "-1", "client": ""} | said
    if plugin == "json":
        body, kind = GO_JSON[question].format(**fields), "application/json"
    else:
        shapes = GO_FORM if plugin == "form" else OLD_FORM
        client = fields.pop("client")
        quoted = {name: quote(value, safe="") for name, value in fields.items()}
        body, kind = shapes[question].format(**quoted, client=client), FORM
    return (await _post(api, f"/mqapi/{question}", body.encode(), kind)).status_code


PLUGINS = ("form", "json", "old")


async def test_yes_in_words(site: HttpSite) -> None:
    """A plugin that looks at the text sees exactly ``ok``, and only where the status says yes."""
    for user, text in (("alice", "ok"), ("bob", "Forbidden\n")):
        answer = await _post(site, "/mqapi/superuser", f"username={user}".encode())
        assert answer.text == text


@pytest.mark.parametrize("plugin", PLUGINS)
async def test_who_may_log_in(site: HttpSite, plugin: str) -> None:
    """Password, and tokens with the right for brokers, are right; nothing else is."""
    tokens = {permit: await add_token(site, permit) for permit in ("v3", "mqtt", "*", "v2,auth")}
    for user, password, status in (
        ("bob", PASSWORD, 200),
        ("BOB", PASSWORD, 200),
        ("bob", tokens["v3"], 200),
        ("bob", tokens["mqtt"], 200),
        ("bob", tokens["*"], 200),
        ("bob", tokens["v2,auth"], 403),
        ("alice", tokens["*"], 403),
        ("bob", "wrong", 403),
        ("bob", "", 403),
        ("nobody", PASSWORD, 403),
        ("", PASSWORD, 404),
    ):
        assert await _ask(site, "auth", plugin, user=user, password=password) == status


@pytest.mark.parametrize("plugin", PLUGINS)
async def test_who_is_superuser(site: HttpSite, plugin: str) -> None:
    """The owner whom the setting names is, in any case; nobody without the setting."""
    for user, status in (("alice", 200), ("ALICE", 200), ("bob", 403), ("alic", 403), ("", 404)):
        assert await _ask(site, "superuser", plugin, user=user) == status


async def test_no_superuser(api: HttpSite) -> None:
    """Without the setting nobody may use all topics."""
    for user in ("alice", "bob", "None"):
        assert await _ask(api, "superuser", "form", user=user) == 403
    assert await _ask(api, "acl", "form", user="alice", topic="#", acc="4") == 403


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("acc", ["1", "2", "3", "4"])
async def test_topics(site: HttpSite, plugin: str, acc: str) -> None:
    """An owner may use the topics below the own name, the superuser all of them."""
    for user, topic, status in (
        ("bob", "ovms/bob/CAR1/metric/v/b/soc", 200),
        ("bob", "ovms/bob/#", 200),
        ("bob", "ovms/#", 403),
        ("bob", "", 403),
        ("alice", "ovms/#", 200),
        ("alice", "$SYS/broker/uptime", 200),
        ("", "ovms/bob/x", 404),
    ):
        assert await _ask(site, "acl", plugin, user=user, topic=topic, acc=acc) == status


@pytest.mark.parametrize(
    ("user", "topic", "is_own"),
    [
        ("bob", "ovms/bob/CAR1", True),
        ("bob", "ovms/bob/CAR1/client/1/active", True),
        ("bob", "ovms/bob/#", True),
        ("bob", "ovms/bob/+/metric/#", True),
        ("bob", "ovms/bob/+", True),
        ("bob", "ovms/bob//", True),
        ("bob", "ovms/bob", False),
        ("bob", "ovms/bob/", False),
        ("bob", "ovms/bobby/CAR1", False),
        ("bobby", "ovms/bob/CAR1", False),
        ("bob", "ovms/#", False),
        ("bob", "ovms/+/CAR1", False),
        ("bob", "ovms/+/#", False),
        ("bob", "+/bob/CAR1", False),
        ("bob", "#", False),
        ("bob", "ovms/Bob/CAR1", False),
        ("bob", "OVMS/bob/CAR1", False),
        ("Bob", "ovms/Bob/CAR1", True),
        ("bob", "/ovms/bob/CAR1", False),
        ("bob", " ovms/bob/CAR1", False),
        ("bob", "other/ovms/bob/CAR1", False),
        ("bob", "$share/group/ovms/bob/#", False),
        ("bob", "$SYS/#", False),
        ("bob", "", False),
        ("+", "ovms/+/CAR1", False),
        ("#", "ovms/#/x", False),
        ("bob/CAR1", "ovms/bob/CAR1/metric", False),
        ("", "ovms//x", False),
        ("jürgen", "ovms/jürgen/CAR1", True),
    ],
)
def test_own_topics(user: str, topic: str, is_own: bool) -> None:
    """A topic belongs to who is its second level, to the letter; patterns reach no further."""
    assert is_own_topic(user, topic) == is_own


@pytest.mark.parametrize("question", ["auth", "superuser", "acl"])
async def test_other_methods(api: HttpSite, question: str) -> None:
    """A question is asked by POST, and names somebody in its body."""
    body = {"username": "bob", "password": PASSWORD, "topic": "ovms/bob/x"}
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
        answer = await api.client.request(method, f"/mqapi/{question}", params=body)
        assert answer.status_code == 404
    assert (await api.client.post(f"/mqapi/{question}", params=body)).status_code == 404
    for kind in (FORM, "application/json", "multipart/form-data", "text/plain"):
        answer = await _post(api, f"/mqapi/{question}", b"\xff{", kind)
        assert (answer.status_code, answer.text) == (404, "Not found\n")
    assert (await api.client.post("/mqapi/other", data=body)).status_code == 404


async def test_a_clients_id_says_nothing_else(site: HttpSite) -> None:
    """A client's id that mosquitto-auth-plug puts in as it is changes no other field."""
    for question, said in (
        ("superuser", {}),
        ("acl", {"topic": "ovms/alice/x", "acc": "4"}),
        ("auth", {"password": "wrong"}),
    ):
        client = f"x&username=alice&password={PASSWORD}&topic=ovms/bob/x"
        assert await _ask(site, question, "old", user="bob", client=client, **said) == 403


async def test_basic_says_nothing(site: HttpSite) -> None:
    """What mosquitto-auth-plug says in Authorization besides makes no difference."""
    headers = {"authorization": "Basic YWxpY2U6cmlnaHQ=", "content-type": FORM}  # alice:right
    body = b"username=bob&password=&topic=&acc=-1&clientid="
    answer = await site.client.post("/mqapi/superuser", content=body, headers=headers)
    assert answer.status_code == 403


async def test_guessing(site: HttpSite) -> None:
    """Guesses are throttled for the account alone: a broker asks for everybody from one address."""
    token = await add_token(site, "v3")
    for _ in range(BURST + FRESH_BURST):
        assert await _ask(site, "auth", "form", password="wrong") == 403
    body = b"username=bob&password=right"
    answer = await _post(site, "/mqapi/auth", body)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert await _ask(site, "auth", "form", user="alice", password=PASSWORD) == 200
    assert await _ask(site, "auth", "form", password=token) == 200
