"""``/events``: live state as server-sent events, of one vehicle or of all the caller's."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query
from starlette.responses import Response

from ovms.server.http.live import (
    RETRY,
    VEHICLES_A_STREAM,
    LiveClosed,
    NoSuchVehicle,
    TooManyStreams,
)
from ovms.server.http.v1.callers import ApiCaller, Caller, Context, ViewCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.routing import make_router

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from ovms.server.http.context import HttpContext
    from ovms.server.http.live import EventStream, LiveStreams

router = make_router("state")

MANY_WAIT = 10.0
"""Seconds after which a caller may come again who has too many streams."""

STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events, for as long as the caller listens; an hour at most.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
"""How such an answer is described."""


class EventAnswer(Response):
    """The answer that a stream is. Its caller's end is noticed, and leaves the stream."""

    media_type = "text/event-stream"
    charset = "utf-8"

    def __init__(
        self,
        live: LiveStreams,
        stream: EventStream,
        check: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._live = live
        self._stream = stream
        self._check = check
        """Ends the stream if it may not go on; called before each further event."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events (ASGI)."""
        leaving = asyncio.create_task(self._wait_for_end(receive), name="end of a stream's caller")
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            body = b"retry: %d\n\n" % RETRY
            while self._stream.ended is None:
                body += self._stream.take()
                await _send(send, body)
                body = b""
                await self._stream.woken.wait()
                if self._check is not None:
                    await self._check()
            await _send(send, self._stream.take(), is_last=True)
        finally:
            self._live.leave(self._stream)
            leaving.cancel()
            with suppress(asyncio.CancelledError):
                await leaving

    async def _wait_for_end(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._live.leave(self._stream)


async def _send(send: Send, body: bytes, *, is_last: bool = False) -> None:
    if body or is_last:
        await send({"type": "http.response.body", "body": body, "more_body": not is_last})


def open_stream(context: HttpContext, caller: ApiCaller, *, is_single: bool) -> EventStream:
    """Open a caller's stream. Raises :class:`ApiError` (429 or 503)."""
    login = caller.login
    try:
        return context.live.open(
            login.owner_id, login, is_secure=caller.is_secure, is_single=is_single
        )
    except TooManyStreams:
        raise too_many() from None
    except LiveClosed:
        raise ApiError(503, "The server stops") from None


def too_many() -> ApiError:
    """Return what whoever has too many streams is told."""
    return ApiError(429, "Too many streams are open", "too_many_streams", wait=MANY_WAIT)


@router.get(
    "/vehicles/{vehicle_id}/events", response_class=EventAnswer, status_code=200, responses=STREAMED
)
async def follow_vehicle(
    call: ViewCall,
    context: Context,
    watch: Annotated[
        bool,
        Query(
            description="Count as an app while the stream lives. The car then reports every minute"
            " instead of every ten, which costs its owner money."
        ),
    ] = False,
) -> Response:
    """Follow one vehicle by server-sent events.

    First comes a `state` with `is_full`, as the call for the state answers. Then comes a `state`
    with the groups that have changed, whenever some have. `presence` tells that the car or apps
    came or went, `alert` an alert, and `connection` tells the owner that somebody called as the car
    and was refused. `journeys` tells that journeys of the vehicle `began`, `ended`, `grew` or were
    `corrected`. `ping` shows every 15 seconds that the server is there. `end` tells why the
    stream ends: `login_ended`, `right_ended`, `watch_ended`, `too_old` (after an hour),
    `server_stops` or `try_again`. Whoever comes again gets the whole state, whatever
    `Last-Event-ID` says.
    """
    stream = open_stream(context, call.caller, is_single=True)
    try:
        await context.live.follow(stream, call.id)
        if watch:
            await context.live.watch(stream, call.id, call.caller.address)
    except NoSuchVehicle:
        context.live.leave(stream)
        raise ApiError(404, "There is no such vehicle, or it is not yours", "no_vehicle") from None
    except BaseException:
        context.live.leave(stream)
        raise
    return EventAnswer(context.live, stream)


@router.get("/events", response_class=EventAnswer, status_code=200, responses=STREAMED)
async def follow_vehicles(caller: Caller, context: Context) -> Response:
    """Follow all the vehicles that the caller may see, by server-sent events.

    The events are those of one vehicle, each with its `vehicle_id`. `removed` tells of a vehicle
    that the caller may see no more, and a full `state` of one that is new. It follows 500 vehicles
    at most, the first by id.
    """
    stream = open_stream(context, caller, is_single=False)
    try:
        for vehicle_id in caller.vehicles[:VEHICLES_A_STREAM]:
            if stream.level(vehicle_id) is not None:
                with suppress(NoSuchVehicle):
                    await context.live.follow(stream, vehicle_id)
    except BaseException:
        context.live.leave(stream)
        raise
    return EventAnswer(context.live, stream)
