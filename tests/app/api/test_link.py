from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import httpx
import pytest

from ovms.app import ConnectFailed, ConnectionLost, InvalidRequest, NoAnswer, Untrusted
from ovms.app.api import link as link_module
from ovms.app.api.errors import ApiRefused, TryLater
from ovms.app.api.link import REPEAT_LIMIT, REPEAT_WAIT_LIMIT, ApiLink, segment
from tests.app.api.clients import scripted


def link_to(answer: Callable[[httpx.Request], httpx.Response]) -> ApiLink:
    """Return a link to a server that answers so."""
    return ApiLink("http://server", "ab" * 32, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    "url",
    ["", "server", "server:6869", "ftp://server", "https://", "https://user:secret@server",
     "https://server?token=x", "https://ser ver:x"],
)  # fmt: skip
def test_addresses(url: str) -> None:
    """What is no address of a server is refused before anything is sent, without its text."""
    with pytest.raises(InvalidRequest, match="address is https:"):
        ApiLink(url, "x")


@pytest.mark.parametrize("token", ["", " ", "a\nb", "ä", "a b", "a\tb", "a b c"])
def test_tokens(token: str) -> None:
    """What can be no token is refused before anything is sent."""
    with pytest.raises(InvalidRequest):
        ApiLink("https://server", token)


async def test_what_is_sent() -> None:
    """The token goes into its header, and values of the query as the API reads them."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[])

    query = {"a": 1, "b": True, "c": None, "d": "x y"}
    assert await link_to(answer).read("POST", "/x", query=query, body={"k": None}) == b"[]"
    assert str(seen[0].url) == "http://server/api/v1/x?a=1&b=true&d=x+y"
    assert seen[0].headers["authorization"] == "Bearer " + "ab" * 32
    assert seen[0].content == b'{"k":null}'


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(httpx.ConnectTimeout("x"), ConnectFailed), (httpx.ReadTimeout("x"), NoAnswer),
     (httpx.ReadError("x"), ConnectionLost), (httpx.RemoteProtocolError("x"), ConnectionLost),
     (httpx.ConnectError("refused"), ConnectFailed)],
)  # fmt: skip
async def test_no_answer(failure: Exception, kind: type[Exception]) -> None:
    """A call without an answer raises what the library has for it."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise failure

    with pytest.raises(kind):
        await link_to(fail).read("GET", "/x")


async def test_untrusted() -> None:
    """A certificate that does not verify is told apart from a server that is away."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("x") from ssl.SSLCertVerificationError("self-signed")

    with pytest.raises(Untrusted):
        await link_to(fail).read("GET", "/x")


def test_certificates_are_verified() -> None:
    """Without a context of the caller's own a server must prove its name."""
    pool = ApiLink("https://server", None)._client._transport._pool  # type: ignore[attr-defined]
    assert pool._ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert pool._ssl_context.check_hostname


async def test_another_server() -> None:
    """What is no answer of this API says so; a redirection is not followed."""
    with pytest.raises(ConnectFailed, match="not this API"):
        await link_to(lambda _: httpx.Response(200, text="<html>")).ask("GET", "/x", list[int])
    moved = httpx.Response(302, headers={"location": "https://else.example"})
    with pytest.raises(ApiRefused, match="302"):
        await link_to(lambda _: moved).read("GET", "/x")


async def test_answer_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer at the limit is read, and one byte more is not."""
    monkeypatch.setattr(link_module, "ANSWER_LIMIT", 10)
    assert len(await link_to(lambda _: httpx.Response(200, text="x" * 10)).read("GET", "/x")) == 10
    with pytest.raises(ConnectFailed, match="too long"):
        await link_to(lambda _: httpx.Response(200, text="x" * 11)).read("GET", "/x")


def test_segments() -> None:
    """An id stays one part of its path, whatever stands in it."""
    assert segment("a/b?c#d é%") == "a%2Fb%3Fc%23d%20%C3%A9%25"
    for text in ("", ".", ".."):
        with pytest.raises(InvalidRequest):
            segment(text)


LATER = {"error": {"code": "too_many", "message": "Later"}}

METHODS = ["POST", "PUT", "PATCH", "DELETE"]


def later(status: int, wait: float) -> httpx.Response:
    """Return an answer that says when to call again."""
    return httpx.Response(status, headers={"retry-after": f"{wait:.0f}"}, json=LATER)


class Script:
    """A server that gives its answers in turn, and counts the calls."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.waits: list[float] = []
        self.calls = 0
        self.client = scripted(self.answer, self.waits)

    def answer(self, _: httpx.Request) -> httpx.Response:
        """Give the next answer."""
        self.calls += 1
        given = self.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given


@pytest.mark.parametrize(
    ("first", "waits"),
    [(httpx.ReadError("lost"), [0]), (httpx.RemoteProtocolError("gone"), [0]),
     (later(429, 7), [7]), (later(503, 0), [0]), (later(503, REPEAT_WAIT_LIMIT), [30])],
)  # fmt: skip
async def test_asked_again(first: httpx.Response | Exception, waits: list[float]) -> None:
    """A call that changes nothing is made again, after the time that the server says."""
    server = Script(first, httpx.Response(200, json=[1]))
    assert await server.client.call("GET", "/x") == [1]
    assert (server.calls, server.waits) == (2, waits)


@pytest.mark.parametrize("failure", [httpx.ReadError("lost"), None])
async def test_asked_again_only_so_often(failure: Exception | None) -> None:
    """A server that never answers is told to the caller."""
    server = Script(*[failure or later(503, 1) for _ in range(9)])
    with pytest.raises(ConnectionLost if failure else TryLater):
        await server.client.call("GET", "/x")
    assert (server.calls, len(server.waits)) == (REPEAT_LIMIT + 1, REPEAT_LIMIT)


@pytest.mark.parametrize(
    "answer", [later(429, REPEAT_WAIT_LIMIT + 1), httpx.Response(503, json=LATER),
               httpx.Response(500, json=LATER), httpx.ReadTimeout("silent")],
)  # fmt: skip
async def test_not_asked_again(answer: httpx.Response | Exception) -> None:
    """A long wait, or one that nobody knows, and other errors are the caller's decision."""
    server = Script(answer)
    with pytest.raises((ApiRefused, NoAnswer)):
        await server.client.call("GET", "/x")
    assert (server.calls, server.waits) == (1, [])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "answer", [httpx.ReadError("lost"), httpx.RemoteProtocolError("gone"), later(429, 0),
               later(503, 1)],
)  # fmt: skip
async def test_a_change_is_made_once(method: str, answer: httpx.Response | Exception) -> None:
    """What may have been carried out is never sent twice, whatever the server says."""
    server = Script(answer)
    with pytest.raises((ConnectionLost, TryLater)):
        await server.client.call(method, "/vehicles/CAR1/commands", body={"text": "stat"})
    assert (server.calls, server.waits) == (1, [])


@pytest.mark.parametrize(
    "parts", [{"body": {"text": "\ud800"}}, {"query": {"search": "\udfff"}}]
)  # fmt: skip
async def test_what_no_call_can_say(parts: dict[str, object]) -> None:
    """Half a character is refused before anything is sent."""
    server = Script()
    with pytest.raises(InvalidRequest, match="cannot be sent"):
        await server.client.call("POST", "/x", **parts)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest):
        segment("\ud800")
    assert server.calls == 0


async def test_error_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an error no more is read than its bound."""
    monkeypatch.setattr(link_module, "REFUSAL_LIMIT", 10)
    with pytest.raises(ApiRefused, match="500"):
        await link_to(lambda _: httpx.Response(500, text="x" * 10)).read("GET", "/x")
    with pytest.raises(ConnectFailed, match="too long"):
        await link_to(lambda _: httpx.Response(500, text="x" * 11)).read("GET", "/x")


async def test_nobody_listens() -> None:
    """A port where nobody listens is told with its place."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        link = ApiLink(f"http://{place}", "x")
        with pytest.raises(ConnectFailed, match=f"cannot connect to {place}"):
            await link.read("GET", "/x")
        await link.close()
