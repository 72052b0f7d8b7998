"""The API of a server, a method a call."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from ovms.app.api.errors import TryLater
from ovms.app.api.link import CALL_TIMEOUT, ApiLink, Query, segment
from ovms.app.api.live import ApiEvent, LiveStates
from ovms.app.api.models import (
    ApiAlert,
    ApiAuditEntry,
    ApiCommand,
    ApiKnownCommand,
    ApiNewToken,
    ApiReceivedShare,
    ApiRecord,
    ApiRecordType,
    ApiShare,
    ApiToken,
    ApiVehicle,
)
from ovms.app.api.sse import EventParser, ServerEvent
from ovms.app.api.state import ApiState
from ovms.app.errors import ConnectFailed, ConnectionLost, Error, NoAnswer, Untrusted
from ovms.base.backoff import Backoff

COMMAND_TIMEOUT = 75.0
"""Seconds until a command must be over: the server itself waits for a car for 60."""

POLL_WAIT = 30
"""Seconds that one call waits for the end of a command."""

LONGEST_WAIT = 30.0
"""Seconds between two tries to follow events, at most, unless the server wants more."""

T = TypeVar("T")

Sleep = Callable[[float], Awaitable[None]]
OnLost = Callable[[Error, float], None]
Parameters = Mapping[str, str | int | bool]


def connect(
    url: str,
    token: str | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    timeout: float = CALL_TIMEOUT,
) -> ApiClient:
    """Return a client of the server at ``https://HOST:PORT``, to be used in ``async with``.

    The server's certificate must verify: by the machine's roots, or by ``tls``
    (:func:`ovms.app.tls_context`). Raises :class:`InvalidRequest`; nothing is sent yet.
    """
    return ApiClient(ApiLink(url, token, tls, timeout))


class ApiClient:
    """A server's API. Methods raise :class:`ApiRefused` and :class:`NetError`."""

    def __init__(self, link: ApiLink, *, sleep: Sleep = asyncio.sleep) -> None:
        self._link = link
        self._sleep = sleep

    async def close(self) -> None:
        """Close its connections. May be called again."""
        await self._link.close()

    async def __aenter__(self) -> Self:
        """Use the API."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        await self.close()

    async def call(
        self, method: str, path: str, *, query: Query | None = None, body: object = None
    ) -> Any:
        """Make any call, its path behind ``/api/v1``; return its answer as JSON or ``None``."""
        answer = await self._link.read(method, path, query=query, body=body)
        return msgspec.json.decode(answer) if answer else None

    # -- vehicles ---------------------------------------------------------------------------

    async def vehicles(self) -> list[ApiVehicle]:
        """Return the vehicles that the caller may see."""
        return await self._link.ask("GET", "/vehicles", list[ApiVehicle])

    async def vehicle(self, vehicle_id: str) -> ApiVehicle:
        """Return one vehicle."""
        return await self._link.ask("GET", _vehicle(vehicle_id), ApiVehicle)

    # -- state ------------------------------------------------------------------------------

    async def state(self, vehicle_id: str) -> ApiState:
        """Return what a vehicle last reported, whether or not it is connected."""
        return await self._link.ask("GET", f"{_vehicle(vehicle_id)}/state", ApiState)

    async def events(
        self,
        vehicle_id: str | None = None,
        *,
        watch: bool = False,
        on_lost: OnLost | None = None,
    ) -> AsyncGenerator[ApiEvent, None]:
        """Yield what happens to a vehicle, or to all of the caller's, across lost connections.

        The first event of each vehicle is its whole state. With ``watch`` the car is told of us,
        and reports every minute instead of every ten, which costs its owner data. ``on_lost`` is
        called when the connection is lost: why, and for how many seconds until the next try.
        Raises what trying again cannot help, as :class:`ApiRefused` when the log-in ends.
        """
        path = "" if vehicle_id is None else _vehicle(vehicle_id)
        query: Query = {"watch": True} if watch else {}
        states = LiveStates()
        async with aclosing(self._stream(f"{path}/events", query, on_lost)) as stream:
            async for each in stream:
                for event in states.take(each):
                    yield event

    # -- commands ---------------------------------------------------------------------------

    async def known_commands(self) -> list[ApiKnownCommand]:
        """Return the commands that can be sent to cars, with what each takes and needs."""
        return await self._link.ask("GET", "/commands", list[ApiKnownCommand])

    async def send_command(
        self, vehicle_id: str, name: str, parameters: Parameters | None = None
    ) -> ApiCommand:
        """Send a command to the car, and return it as it is then: it waits, or was sent.

        Parameters have their names and are numbers, or words that people use (``16A``, ``on``).
        """
        body = {"name": name, "parameters": dict(parameters or {})}
        path = f"{_vehicle(vehicle_id)}/commands"
        return await self._link.ask("POST", path, ApiCommand, body=body)

    async def command(
        self,
        vehicle_id: str,
        name: str,
        parameters: Parameters | None = None,
        *,
        timeout: float = COMMAND_TIMEOUT,
    ) -> ApiCommand:
        """Send a command and return it when it is over; see its ``status`` and ``text``.

        Raises :class:`NoAnswer` if it is not over in time.
        """
        sent = await self.send_command(vehicle_id, name, parameters)
        return await self.finished(sent, timeout=timeout)

    async def finished(
        self, command: ApiCommand, *, timeout: float = COMMAND_TIMEOUT
    ) -> ApiCommand:
        """Return a command that was sent when it is over. Raises :class:`NoAnswer`."""
        try:
            async with asyncio.timeout(timeout):
                while command.finished is None:
                    command = await self.get_command(command.vehicle_id, command.id, wait=POLL_WAIT)
        except TimeoutError:
            raise NoAnswer(f"no answer to {command.name} in {timeout:g} s") from None
        return command

    async def get_command(self, vehicle_id: str, command_id: str, *, wait: float = 0) -> ApiCommand:
        """Return a command that was sent, after ``wait`` seconds at most if it is not over."""
        path = f"{_vehicle(vehicle_id)}/commands/{segment(command_id)}"
        return await self._link.ask("GET", path, ApiCommand, query={"wait": wait})

    def commands(self, vehicle_id: str) -> AsyncGenerator[ApiCommand, None]:
        """Yield the commands that the caller has sent to the car, the newest first."""
        return self._items(f"{_vehicle(vehicle_id)}/commands", ApiCommand, {})

    async def withdraw_command(self, command: ApiCommand) -> ApiCommand:
        """Withdraw a command that was not sent to the car yet."""
        path = f"{_vehicle(command.vehicle_id)}/commands/{segment(command.id)}"
        return await self._link.ask("DELETE", path, ApiCommand)

    # -- history ----------------------------------------------------------------------------

    async def history(self, vehicle_id: str) -> list[ApiRecordType]:
        """Return the types of records that the server keeps of a vehicle."""
        path = f"{_vehicle(vehicle_id)}/history"
        return await self._link.ask("GET", path, list[ApiRecordType])

    def records(
        self,
        vehicle_id: str,
        type: str,  # noqa: A002 (the protocol's word)
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> AsyncGenerator[ApiRecord, None]:
        """Yield the records of a type, the oldest first, page by page."""
        query: Query = {"type": type, "since": _time(since), "until": _time(until)}
        return self._items(f"{_vehicle(vehicle_id)}/history/records", ApiRecord, query)

    async def records_csv(
        self,
        vehicle_id: str,
        type: str,  # noqa: A002 (the protocol's word)
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Yield the records of a type as CSV, in parts as they come."""
        query: Query = {"type": type, "since": _time(since), "until": _time(until)}
        path = f"{_vehicle(vehicle_id)}/history/records"
        headers = {"accept": "text/csv"}
        async with self._link.open("GET", path, query=query, headers=headers) as answer:
            async for part in answer.aiter_bytes():
                yield part

    def alerts(
        self, vehicle_id: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncGenerator[ApiAlert, None]:
        """Yield a vehicle's alerts, the newest first."""
        query: Query = {"since": _time(since), "until": _time(until)}
        return self._items(f"{_vehicle(vehicle_id)}/alerts", ApiAlert, query)

    # -- sharing ----------------------------------------------------------------------------

    async def shares(self, vehicle_id: str) -> list[ApiShare]:
        """Return with whom the caller shares a vehicle."""
        path = f"{_vehicle(vehicle_id)}/shares"
        return await self._link.ask("GET", path, list[ApiShare])

    async def share(
        self,
        vehicle_id: str,
        owner: str,
        rights: Sequence[str],
        *,
        expires: datetime | None = None,
    ) -> ApiShare:
        """Share a vehicle with another owner, or change how it is shared."""
        body = {"rights": list(rights), "expires": _time(expires)}
        path = f"{_vehicle(vehicle_id)}/shares/{segment(owner)}"
        return await self._link.ask("PUT", path, ApiShare, body=body)

    async def end_share(self, vehicle_id: str, owner: str) -> None:
        """Share a vehicle with somebody no more."""
        await self._link.read("DELETE", f"{_vehicle(vehicle_id)}/shares/{segment(owner)}")

    async def received_shares(self) -> list[ApiReceivedShare]:
        """Return the vehicles that others share with the caller."""
        return await self._link.ask("GET", "/shares", list[ApiReceivedShare])

    # -- account ----------------------------------------------------------------------------

    def audit(
        self, *, action: str | None = None, since: datetime | None = None
    ) -> AsyncGenerator[ApiAuditEntry, None]:
        """Yield what was done to the caller's account and vehicles, the newest first."""
        query: Query = {"action": action, "since": _time(since)}
        return self._items("/account/audit", ApiAuditEntry, query)

    async def tokens(self) -> list[ApiToken]:
        """Return the caller's API tokens, without their digits."""
        return await self._link.ask("GET", "/account/tokens", list[ApiToken])

    async def add_token(
        self,
        rights: Sequence[str],
        *,
        application: str = "ovms.app",
        purpose: str = "",
        expires: datetime | None = None,
    ) -> ApiNewToken:
        """Make an API token and return it; its digits are told this once."""
        body = {"rights": list(rights), "application": application, "expires": _time(expires)}
        if purpose:
            body["purpose"] = purpose
        return await self._link.ask("POST", "/account/tokens", ApiNewToken, body=body)

    async def remove_token(self, token: ApiToken) -> None:
        """Remove an API token."""
        await self._link.read("DELETE", f"/account/tokens/{token.id}")

    # -- how pages and events are read ------------------------------------------------------

    async def _items(self, path: str, kind: type[T], query: Query) -> AsyncGenerator[T, None]:
        """Yield the rows of a list, page by page."""
        after: str | None = None
        while True:
            asked = query | {"after": after}
            page = await self._link.ask("GET", path, _Page, query=asked)
            for item in msgspec.json.decode(page.items, type=list[kind]):  # type: ignore[valid-type]
                yield item
            after = page.next
            if after is None:
                return

    async def _stream(
        self, path: str, query: Query, on_lost: OnLost | None
    ) -> AsyncGenerator[ServerEvent, None]:
        """Yield the events of a stream, across lost connections, without end."""
        backoff = Backoff(most=LONGEST_WAIT, random=random.Random())  # noqa: S311
        parser = EventParser()
        while True:
            parser = EventParser(parser.last_id)
            try:
                async with aclosing(self._listen(path, query, parser)) as events:
                    async for event in events:
                        backoff.reset()
                        yield event
                error: Error = ConnectionLost("the stream of events has ended")
            except Untrusted:
                raise
            except (ConnectFailed, ConnectionLost, NoAnswer, TryLater) as caught:
                error = caught
            wait = backoff.next()
            wait = max(wait, parser.retry or 0.0, getattr(error, "retry_after", None) or 0.0)
            if on_lost is not None:
                on_lost(error, wait)
            await self._sleep(wait)

    async def _listen(
        self, path: str, query: Query, parser: EventParser
    ) -> AsyncGenerator[ServerEvent, None]:
        """Yield the events of one connection."""
        headers = {"accept": "text/event-stream"}
        if parser.last_id:
            headers["last-event-id"] = parser.last_id
        async with self._link.open("GET", path, query=query, headers=headers) as answer:
            async for data in answer.aiter_bytes():
                for event in parser.feed(data):
                    yield event


class _Page(msgspec.Struct):
    items: msgspec.Raw
    next: str | None


def _vehicle(vehicle_id: str) -> str:
    """Return the path of a vehicle."""
    return f"/vehicles/{segment(vehicle_id)}"


def _time(time: datetime | None) -> str | None:
    """Return a time as the API reads it; one without a zone is this machine's."""
    return None if time is None else time.astimezone(UTC).isoformat()
