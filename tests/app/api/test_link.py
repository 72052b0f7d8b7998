from __future__ import annotations

import ssl
from collections.abc import Callable

import httpx
import pytest

from ovms.app import ConnectFailed, ConnectionLost, InvalidRequest, NoAnswer, Untrusted
from ovms.app.api import link as link_module
from ovms.app.api.errors import ApiRefused
from ovms.app.api.link import ApiLink, segment


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


@pytest.mark.parametrize("token", ["", " ", "a\nb", "ä"])
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
