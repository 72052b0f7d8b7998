from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from ovms.base import logs
from ovms.server.http.app import METHODS, tidy
from tests.server.conftest import Log
from tests.server.http.api import BOB, HttpSite
from tests.server.http.places import CallPlace, listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CallPlace]:
    """Listen."""
    async with listening(monkeypatch) as place:
        yield place


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "FOO"])
async def test_no_such_call(api: HttpSite, method: str) -> None:
    """What is no call is answered in plain text, and everybody may read it."""
    answer = await api.client.request(method, "/api/nothing", params=BOB)
    assert (answer.status_code, answer.text) == (404, "Not found\n")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


async def test_another_method_than_the_calls_own(api: HttpSite) -> None:
    """It is no call either, as in the field."""
    answer = await api.client.put("/api/vehicles", params=BOB)
    assert (answer.status_code, answer.text) == (404, "Not found\n")


@pytest.mark.parametrize(
    "path", ["/api/vehicles", "/api/vehicles/", "http://server//api//vehicles//"]
)
async def test_slashes(api: HttpSite, path: str) -> None:
    """Double and trailing slashes do not matter, and nobody is sent elsewhere."""
    answer = await api.get(path)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("path", "tidied"),
    [("/", "/"), ("//", "/"), ("", "/"), ("/a/", "/a"), ("//a///b//", "/a/b"), ("*", "*")],
)
def test_tidy(path: str, tidied: str) -> None:
    """A path has single slashes, and none at its end."""
    assert tidy(path) == tidied


@pytest.mark.parametrize("path", ["/api/vehicles", "/api/nothing"])
async def test_a_browser_asks_beforehand(api: HttpSite, path: str) -> None:
    """It hears, without credentials, that it may send what it wants to."""
    wanted = {
        "origin": "http://home.example",
        "access-control-request-method": "DELETE",
        "access-control-request-headers": "content-type, x-mine",
    }
    answer = await api.client.options(path, headers=wanted)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == METHODS
    assert answer.headers["access-control-allow-headers"] == "content-type, x-mine"
    assert "content-length" not in answer.headers


async def test_options(api: HttpSite) -> None:
    """Whoever asks for the methods, and is no browser, hears them."""
    answer = await api.client.options("/api/vehicles")
    assert (answer.status_code, answer.headers["allow"]) == (204, METHODS)


async def test_an_unexpected_error(place: CallPlace, log: Log) -> None:
    """It is answered with 500, for all to read, and logged once, without what the URL said."""
    request = b"GET /fail?username=bob&password=hush HTTP/1.1\r\n\r\n"
    async with await place.calls() as caller:
        for _ in range(2):
            status, headers, body = await caller.ask(request)
            assert (status, body) == (500, b"Internal server error\n")
            assert headers["Access-Control-Allow-Origin"] == "*"
    assert log.text.count("Traceback") == log.text.count("unexpected error") == 1
    assert "hush" not in log.text
    assert "bob" not in log.text


async def test_the_log_of_calls(place: CallPlace) -> None:
    """At DEBUG each call is a line, with its route in place of what stands in its path."""
    stream = io.StringIO()
    logs.configure("debug", "text", stream)
    await place.ask(b"DELETE /hello/hush?password=hush HTTP/1.1\r\n\r\n")
    await place.ask(b"GET /hush?password=hush HTTP/1.1\r\n\r\n")
    logs.configure("warning", "text")
    calls = [line for line in stream.getvalue().splitlines() if " call " in line]
    assert len(calls) == 2
    assert "method=DELETE" in calls[0]
    assert "route=/hello/{name}" in calls[0]
    assert "status=200" in calls[0]
    assert "route=none" in calls[1]
    assert "hush" not in stream.getvalue()
