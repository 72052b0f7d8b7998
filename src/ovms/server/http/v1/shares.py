"""``/vehicles/…/shares`` and ``/shares``: with whom a vehicle is shared, and what others share."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from fastapi import Depends, Path, Request, Response
from pydantic import Field

from ovms.base.buckets import Buckets
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AccountCall, ApiCaller, Context, OwnCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, GivenTime, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.rights import RIGHT_WORDS, parse_rights, right_words
from ovms.server.storage import queries
from ovms.server.storage.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.rights import VehicleRight
    from ovms.server.values import Share

TRIES: Final = 20
"""Names that nobody has for which an owner may ask at once: nobody must find names by trying."""

REFILL: Final = 300.0
"""Seconds until there is one more."""

TRIES_LIMIT: Final = 10_000
"""Owners whose tries are counted."""

LONGEST_NAME: Final = 200
"""Characters of a name in a path; owners' have fewer."""

router = make_router("sharing")

RightWord = Literal["view", "location", "command", "pin", "manage"]


class ShareBody(CallBody):
    """How a vehicle is to be shared."""

    rights: Annotated[list[RightWord], Field(min_length=1, max_length=len(RIGHT_WORDS))]
    """What the other owner may do; what a right includes comes with it."""
    expires: GivenTime | None = None
    """When the share ends by itself; `null` for never."""


class ShareAnswer(ApiAnswer):
    """A vehicle that is shared with somebody."""

    vehicle_id: str
    owner: str
    """The name of the owner with whom it is shared."""
    rights: list[RightWord]
    """What they may do: `view`, `location`, `command`, `pin`, `manage`."""
    expires: Time | None
    """When the share ends by itself; `null` for never."""
    created: Time
    changed: Time


class ReceivedShare(ApiAnswer):
    """A vehicle that somebody shares with the caller."""

    vehicle_id: str
    owner: str
    """The name of its owner."""
    rights: list[RightWord]
    """What the caller may do: `view`, `location`, `command`, `pin`, `manage`."""
    expires: Time | None
    """When the share ends by itself; `null` for never."""
    created: Time
    changed: Time


OwnerName = Annotated[str, Path(max_length=LONGEST_NAME, description="The other owner's name.")]


def make_tries() -> Buckets[int]:
    """Return what counts the names that nobody has, by the owner who asks."""
    return Buckets(TRIES, REFILL, TRIES_LIMIT)


async def _tries(request: Request) -> Buckets[int]:
    return cast("Buckets[int]", request.app.state.share_tries)


Tries = Annotated[Buckets[int], Depends(_tries)]


@router.get("/vehicles/{vehicle_id}/shares")
async def list_shares(call: OwnCall, context: Context) -> list[ShareAnswer]:
    """Return with whom a vehicle is shared, by their names. Only its owner may ask."""
    find = partial(_of_vehicle, vehicle_id=call.id, now=context.clock.time())
    return [_answer(each) for each in await context.store.database.read(find)]


@router.put("/vehicles/{vehicle_id}/shares/{owner:path}")
async def put_share(
    owner: OwnerName, body: ShareBody, call: OwnCall, context: Context, tries: Tries
) -> ShareAnswer:
    """Share a vehicle with another owner of this server, or change how it is shared.

    The name must be the other's exact one, in any case. 404 with the code `no_owner` says that
    nobody has it; who tries many names has to wait (429). The rights replace those of before.
    """
    now, whose = context.clock.monotonic(), call.caller.login.owner_id
    if wait := tries.take(whose, now):
        raise ApiError(429, "Too many names that nobody has", wait=wait)
    rights = parse_rights(",".join(body.rights))
    expires = body.expires.timestamp() if body.expires is not None else None
    put = partial(_put, vehicle_id=call.id, name=owner, rights=rights,
                  now=context.clock.time(), expires=expires)  # fmt: skip
    share = await context.store.database.write(put)
    if share is None:
        raise ApiError(404, "There is no owner of this name", "no_owner")
    tries.give_back(whose, now)
    until = f" until {time_of(expires):%Y-%m-%d %H:%M}" if expires is not None else ""
    words = ",".join(right_words(share.rights))
    await _tell(context, call.caller, share, "share.put", f"{share.owner}: {words}{until}")
    return _answer(share)


@router.delete("/vehicles/{vehicle_id}/shares/{owner:path}", status_code=204)
async def end_share(owner: OwnerName, call: OwnCall, context: Context) -> Response:
    """End a share: within seconds the other owner's apps and calls have the vehicle no longer."""
    await _end(context, call.caller, call.id, owner)
    return Response(status_code=204)


@router.get("/shares")
async def list_received(caller: AccountCall, context: Context) -> list[ReceivedShare]:
    """Return the vehicles that others share with the caller, by id."""
    find = partial(_received, name=caller.login.owner, now=context.clock.time())
    return [
        ReceivedShare.model_validate(_facts(share) | {"owner": owner})
        for share, owner in await context.store.database.read(find)
    ]


@router.delete("/shares/{vehicle_id}", status_code=204)
async def leave_share(vehicle_id: str, caller: AccountCall, context: Context) -> Response:
    """End a share of somebody else's vehicle with the caller."""
    await _end(context, caller, vehicle_id, caller.login.owner)
    return Response(status_code=204)


async def _end(context: Context, caller: ApiCaller, vehicle_id: str, name: str) -> None:
    now = context.clock.time()
    end = partial(_end_found, vehicle_id=vehicle_id, name=name, now=now)
    try:
        share = await context.store.database.write(end)
    except NotFound:
        raise ApiError(404, "The vehicle is not shared so", "no_share") from None
    await _tell(context, caller, share, "share.end", share.owner)


async def _tell(
    context: Context, caller: ApiCaller, share: Share, action: str, detail: str
) -> None:
    """Note a change in the trails of both owners, and have the server's logins know of it."""
    for owner_id in (None, share.owner_id):
        audit(context, caller, action, vehicle_id=share.vehicle_id, detail=detail,
              owner_id=owner_id)  # fmt: skip
    await context.callers.check_logins()


def _of_vehicle(connection: Connection, vehicle_id: str, now: float) -> list[Share]:
    return queries.list_shares(connection, now, queries.get_vehicle(connection, vehicle_id))


def _received(connection: Connection, name: str, now: float) -> list[tuple[Share, str]]:
    shares = queries.list_shares(connection, now, owner=queries.get_owner(connection, name))
    return [(each, queries.get_vehicle(connection, each.vehicle_id).owner) for each in shares]


def _put(
    connection: Connection,
    vehicle_id: str,
    name: str,
    rights: VehicleRight,
    now: float,
    expires: float | None,
) -> Share | None:
    owner = queries.find_owner(connection, name)
    if owner is None:
        return None
    vehicle = queries.get_vehicle(connection, vehicle_id)
    return queries.put_share(connection, vehicle, owner, rights, now, expires)


def _end_found(connection: Connection, vehicle_id: str, name: str, now: float) -> Share:
    """End a share that counts; return it. Raises :class:`NotFound`."""
    vehicle = queries.get_vehicle(connection, vehicle_id)
    owner = queries.get_owner(connection, name)
    shares = queries.list_shares(connection, now, vehicle, owner)
    queries.end_share(connection, vehicle.id, owner, now)
    if not shares:
        raise NotFound("the share is over")
    return shares[0]


def _answer(share: Share) -> ShareAnswer:
    return ShareAnswer.model_validate(_facts(share) | {"owner": share.owner})


def _facts(share: Share) -> dict[str, object]:
    return {
        "vehicle_id": share.vehicle_id,
        "rights": right_words(share.rights),
        "expires": time_of(share.expires) if share.expires is not None else None,
        "created": time_of(share.created),
        "changed": time_of(share.changed),
    }
