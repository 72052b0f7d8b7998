"""``/vehicles/{vehicle_id}/connection``: whether a car is connected, and why it failed to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from ovms.server.failed_calls import FailureReason
from ovms.server.http.v1.callers import Context, ViewCall
from ovms.server.http.v1.models import ApiAnswer, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.storage.failed_calls import find_failed_call
from ovms.server.storage.vehicles import last_heard

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.hub.member import Car
    from ovms.server.values import FailedCall

router = make_router("vehicles")

Transport = Literal["plain", "tls"]


class FailureAnswer(ApiAnswer):
    """Why a car, or somebody who claimed to be it, failed to connect."""

    time: Time
    """When it last failed."""
    address: str
    """Where it called from then."""
    reason: str
    """A word for programs: `wrong_secret`, `tls_only`, `no_proof`, `busy`; more may come."""
    message: str
    """What it means, for people."""
    count: int
    """How often it failed since the car was last connected."""
    first: Time
    """When it failed first since then."""


class ConnectionAnswer(ApiAnswer):
    """Whether a vehicle's car is connected, and how."""

    vehicle_id: str
    is_online: bool
    """The car is connected to this server, or to one that tells this one."""
    is_elsewhere: bool
    """It is connected to another server, which tells this one."""
    since: Time | None
    """Since when it is connected; null if it is not."""
    heard: Time | None
    """When the car was last heard; null if never."""
    transport: Transport | None
    """How it is connected to this server, `plain` or `tls`; null if it is not."""
    address: str | None
    """Where it is connected from; for the vehicle's owner only, else null."""
    apps: int
    """Apps that are connected to the vehicle; the car reports more often while there are any."""
    last_failure: FailureAnswer | None
    """Why it last failed to connect; null once it is connected, and for others than the owner."""


@router.get("/vehicles/{vehicle_id}/connection")
async def get_connection(call: ViewCall, context: Context) -> ConnectionAnswer:
    """Return whether a vehicle's car is connected, how, and why it last failed to connect."""
    is_own = call.caller.is_own(call.id)
    if is_own:
        await context.failed_calls.settle()

    def look(connection: Connection) -> tuple[float | None, FailedCall | None]:
        return last_heard(connection, call.id), find_failed_call(connection, call.id)

    heard, failure = await context.store.database.read(look)
    room = context.hub.rooms.get(call.id)
    car = room.car if room is not None else None
    at = partial(_time_at, context)
    return ConnectionAnswer(
        vehicle_id=call.id,
        is_online=car is not None,
        is_elsewhere=car is not None and not car.is_local,
        since=at(car.joined) if car is not None else None,
        heard=at(car.heard) if car is not None else (time_of(heard) if heard else None),
        transport=_transport(car),
        address=_address(car) if is_own else None,
        apps=room.apps if room is not None else 0,
        last_failure=_failure(failure) if is_own and failure is not None else None,
    )


def _time_at(context: Context, monotonic: float) -> Time:
    """Return the time of day of a moment of the server's own clock."""
    clock = context.clock
    return time_of(clock.time() - (clock.monotonic() - monotonic))


def _transport(car: Car | None) -> Transport | None:
    is_tls = getattr(car.line, "is_tls", None) if car is not None and car.is_local else None
    return None if is_tls is None else "tls" if is_tls else "plain"


def _address(car: Car | None) -> str | None:
    return car.line.peer.rpartition(":")[0] if car is not None and car.is_local else None


def _failure(failure: FailedCall) -> FailureAnswer:
    return FailureAnswer(
        time=time_of(failure.time),
        address=failure.address,
        reason=failure.reason,
        message=FailureReason(failure.reason).sentence,
        count=failure.count,
        first=time_of(failure.first),
    )
