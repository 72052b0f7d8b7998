"""One server's API: how a call is made, and what its answer is."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from ovms.app.api.errors import ApiRefused, TryLater, refusal_of
from ovms.app.errors import ConnectFailed, ConnectionLost, InvalidRequest, NoAnswer, Untrusted
from ovms.net.tls import client_context

PREFIX: Final = "/api/v1"

CALL_TIMEOUT: Final = 60.0
"""Seconds that a server may be silent before a call is given up."""

ANSWER_LIMIT: Final = 32 << 20
"""Bytes of an answer that is read whole; exports are passed on in parts."""

REFUSAL_LIMIT: Final = 1 << 20
"""Bytes of an answer that is an error."""

REPEAT_LIMIT: Final = 2
"""How often a call that changes nothing is made again when its answer does not come."""

REPEAT_WAIT_LIMIT: Final = 30.0
"""Seconds after which a server may want such a call again; longer is the caller's decision."""

T = TypeVar("T")

Query = dict[str, str | int | float | bool | Sequence[str] | None]

Sleep = Callable[[float], Awaitable[None]]


class ApiLink:
    """Makes calls of one server with one token."""

    def __init__(
        self,
        url: str,
        token: str | None,
        tls: ssl.SSLContext | None = None,
        timeout: float = CALL_TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        base = _base_of(url)
        # no page of another site has us call: the cookie of a session counts
        headers = {"user-agent": "ovms.app", "sec-fetch-site": "none"}
        if token is not None:
            if not token.isascii() or not token.isprintable() or len(token.split()) != 1:
                raise InvalidRequest("a token is text without spaces")
            headers["authorization"] = f"Bearer {token.strip()}"
        self.sleep = sleep
        self._client = httpx.AsyncClient(
            base_url=base,
            headers=headers,
            timeout=timeout,
            transport=transport,
            verify=(tls or client_context()) if base.scheme == "https" else False,
        )
        self._place = base.netloc.decode()

    async def close(self) -> None:
        """Close its connections. May be called again."""
        await self._client.aclose()

    async def ask(self, method: str, path: str, kind: type[T], **parts: Any) -> T:
        """Make a call and return its answer as ``kind``."""
        return decode(await self.read(method, path, **parts), kind)

    async def read(self, method: str, path: str, **parts: Any) -> bytes:
        """Make a call and return the body of its answer, which is a success.

        A ``GET`` is made again if the connection is lost, or when the server says that it may be.
        Any other call may have been carried out, and is made once.
        """
        for left in reversed(range(1 + (REPEAT_LIMIT if method == "GET" else 0))):
            try:
                async with self.open(method, path, **parts) as answer:
                    return await _body(answer, ANSWER_LIMIT)
            except (ConnectionLost, TryLater) as error:
                wait = error.retry_after if isinstance(error, ApiRefused) else 0.0
                if not left or wait is None or wait > REPEAT_WAIT_LIMIT:
                    raise
                await self.sleep(wait)
        raise AssertionError("the last try returns or raises")

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Make a call and yield its answer, which is a success and is not read yet.

        Raises :class:`~ovms.app.api.errors.ApiRefused` and what :mod:`ovms.app.errors` has for
        answers that do not come.
        """
        request = self._request(method, path, query or {}, body, headers or {})
        try:
            answer = await self._client.send(request, stream=True)
            try:
                if not answer.is_success:
                    raise refusal_of(answer, await _body(answer, REFUSAL_LIMIT))
                yield answer
            finally:
                await answer.aclose()
        except httpx.ConnectError as error:
            raise self._not_connected(error) from error
        except httpx.ConnectTimeout as error:
            raise ConnectFailed(f"{self._place} does not answer") from error
        except httpx.TimeoutException as error:
            raise NoAnswer(f"{self._place} has not answered in time") from error
        except httpx.HTTPError as error:
            raise ConnectionLost(f"the connection to {self._place} is lost") from error

    def _request(
        self, method: str, path: str, query: Query, body: object, headers: dict[str, str]
    ) -> httpx.Request:
        """Return a call. Raises :class:`InvalidRequest`."""
        found = {key: _query(value) for key, value in query.items() if value is not None}
        try:
            content = None if body is None else msgspec.json.encode(body)
            if content is not None:
                headers = headers | {"content-type": "application/json"}
            return self._client.build_request(
                method, PREFIX + path, params=found, content=content, headers=headers
            )
        except (UnicodeError, httpx.InvalidURL) as error:
            raise InvalidRequest(f"the call cannot be sent: {error}") from None

    def _not_connected(self, error: Exception) -> ConnectFailed:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                why = getattr(cause, "verify_message", str(cause))
                return Untrusted(f"the certificate of {self._place} does not verify: {why}")
            cause = cause.__cause__ or cause.__context__
        return ConnectFailed(f"cannot connect to {self._place}: {error}")


def _base_of(url: str) -> httpx.URL:
    """Return a server's URL. Raises :class:`InvalidRequest`."""
    try:
        base = httpx.URL(url.rstrip("/"))
    except httpx.InvalidURL:
        base = httpx.URL()
    if (
        base.scheme not in ("http", "https")
        or not base.host
        or base.userinfo
        or base.query
        or base.fragment
    ):
        raise InvalidRequest("a server's address is https://HOST or https://HOST:PORT")
    return base


def _query(value: str | float | bool | Sequence[str]) -> str | list[str]:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else list(value)


async def _body(answer: httpx.Response, limit: int) -> bytes:
    """Return what is in an answer. Raises :class:`ConnectFailed` if it is too long."""
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise ConnectFailed("the server's answer is too long")
    return bytes(body)


def decode(body: bytes | str | msgspec.Raw, kind: type[T]) -> T:
    """Return what is in an answer. Raises :class:`ConnectFailed` if it is something else."""
    with _reading():
        return msgspec.json.decode(body, type=kind)


def convert(value: object, kind: type[T]) -> T:
    """Return a decoded answer as ``kind``. Raises :class:`ConnectFailed` if it is none."""
    with _reading():
        return msgspec.convert(value, kind)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ConnectFailed(f"the server answers what is not this API: {error}") from None


def segment(text: str) -> str:
    """Return a text as one part of a path. Raises :class:`InvalidRequest` for what is none."""
    if text in ("", ".", ".."):
        raise InvalidRequest(f"{text!r} is no id")
    try:
        return quote(text, safe="")
    except UnicodeError:
        raise InvalidRequest(f"{text!r} is no id") from None
