"""One server's API: how a call is made, and what its answer is."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from ovms.app.api.errors import refusal_of
from ovms.app.errors import ConnectFailed, ConnectionLost, InvalidRequest, NoAnswer, Untrusted
from ovms.net.tls import client_context

PREFIX: Final = "/api/v1"

CALL_TIMEOUT: Final = 60.0
"""Seconds that a server may be silent before a call is given up."""

ANSWER_LIMIT: Final = 32 << 20
"""Bytes of an answer that is read whole; exports are passed on in parts."""

T = TypeVar("T")

Query = dict[str, str | int | float | bool | None]


class ApiLink:
    """Makes calls of one server with one token."""

    def __init__(
        self,
        url: str,
        token: str | None,
        tls: ssl.SSLContext | None = None,
        timeout: float = CALL_TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        base = _base_of(url)
        headers = {"user-agent": "ovms.app"}
        if token is not None:
            if not token.isascii() or not token.strip() or not token.isprintable():
                raise InvalidRequest("a token is text without spaces")
            headers["authorization"] = f"Bearer {token.strip()}"
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
        body = await self.read(method, path, **parts)
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            raise ConnectFailed(f"{self._place} answers what is not this API: {error}") from None

    async def read(self, method: str, path: str, **parts: Any) -> bytes:
        """Make a call and return the body of its answer, which is a success."""
        async with self.open(method, path, **parts) as answer:
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > ANSWER_LIMIT:
                    raise ConnectionLost(f"an answer of {self._place} is too long")
            return bytes(body)

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Make a call and yield its answer, which is a success and is not read yet.

        Raises :class:`~ovms.app.api.errors.ApiRefused` and what :mod:`ovms.app.errors` has for
        answers that do not come.
        """
        found = {key: _query(value) for key, value in (query or {}).items() if value is not None}
        sent: dict[str, Any] = {"params": found, "headers": dict(headers or {})}
        if body is not None:
            sent["content"] = msgspec.json.encode(body)
            sent["headers"]["content-type"] = "application/json"
        if timeout is not None:
            sent["timeout"] = timeout
        try:
            async with self._client.stream(method, PREFIX + path, **sent) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise refusal_of(answer)
                yield answer
        except httpx.ConnectError as error:
            raise self._not_connected(error) from error
        except httpx.ConnectTimeout as error:
            raise ConnectFailed(f"{self._place} does not answer") from error
        except httpx.TimeoutException as error:
            raise NoAnswer(f"{self._place} has not answered in time") from error
        except httpx.HTTPError as error:
            raise ConnectionLost(f"the connection to {self._place} is lost") from error

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
    if base.scheme not in ("http", "https") or not base.host or base.userinfo or base.query:
        raise InvalidRequest("a server's address is https://HOST or https://HOST:PORT")
    return base


def _query(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def segment(text: str) -> str:
    """Return a text as one part of a path. Raises :class:`InvalidRequest` for what is none."""
    if text in ("", ".", ".."):
        raise InvalidRequest(f"{text!r} is no id")
    return quote(text, safe="")
