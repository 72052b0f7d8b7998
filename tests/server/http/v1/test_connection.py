from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ovms.protocol import Message, Role
from ovms.server.failed_calls import FailureReason
from tests.server.hub.fakes import START, FakeLine

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

CALL = "GET /vehicles/CAR1/connection"


class TlsLine(FakeLine):
    """A connection with TLS."""

    is_tls = True


def at(seconds: float) -> str:
    """Return a time as answers have it."""
    text = datetime.fromtimestamp(START + seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


async def connection(v1: ApiSite, owner: str = "bob") -> dict[str, Any]:
    """Return what the call answers."""
    answer = await v1.call(CALL, owner)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def enter_car(v1: ApiSite, line: FakeLine) -> None:
    """Have a car come that proves itself."""
    room = await v1.context.hub.find("CAR1")
    assert room is not None
    session = v1.context.hub.enter(room, Role.CAR, line)
    v1.clock.advance(2)
    session.receive(Message("a"))


async def test_nobody_there(v1: ApiSite) -> None:
    """Of a car that was never there everything is unknown."""
    assert await connection(v1) == {
        "vehicle_id": "CAR1", "is_online": False, "is_elsewhere": False, "since": None,
        "heard": None, "transport": None, "address": None, "apps": 0, "last_failure": None,
    }  # fmt: skip


async def test_a_car(v1: ApiSite) -> None:
    """A car is there since its connection began, and its owner sees from where."""
    await enter_car(v1, TlsLine("[2001:db8::1]:4000"))
    v1.clock.advance(3)
    found = await connection(v1)
    assert (found["is_online"], found["since"], found["heard"]) == (True, at(0), at(2))
    assert (found["transport"], found["address"]) == ("tls", "[2001:db8::1]")


async def test_for_the_owner_only(v1: ApiSite) -> None:
    """Others with whom a vehicle is shared see neither an address nor a failure."""
    v1.share("manage")
    await enter_car(v1, TlsLine())
    v1.context.failed_calls.note("CAR1", "192.0.2.66", FailureReason.WRONG_SECRET)
    found = await connection(v1, "alice")
    assert (found["is_online"], found["address"], found["last_failure"]) == (True, None, None)
    assert (await connection(v1))["last_failure"]["address"] == "192.0.2.66"


@pytest.mark.parametrize("reason", FailureReason)
async def test_a_failure(v1: ApiSite, reason: FailureReason) -> None:
    """The owner is told why the car fails to connect, how often, and from where."""
    for seconds in (1, 59):
        v1.clock.advance(seconds)
        v1.context.failed_calls.note("CAR1", "192.0.2.66", reason)
    assert (await connection(v1))["last_failure"] == {
        "time": at(60), "address": "192.0.2.66", "reason": reason.value,
        "message": reason.sentence, "count": 2, "first": at(1),
    }  # fmt: skip


async def test_it_ends_with_the_car(v1: ApiSite) -> None:
    """A failure is forgotten once the car has proven to be there."""
    v1.context.failed_calls.note("CAR1", "192.0.2.66", FailureReason.WRONG_SECRET)
    assert (await connection(v1))["last_failure"]
    await enter_car(v1, FakeLine())
    assert (await connection(v1))["last_failure"] is None


async def test_a_car_that_was_there(v1: ApiSite) -> None:
    """Of a car that has gone it is known when it was last heard."""
    room = await v1.context.hub.find("CAR1")
    assert room is not None
    session = v1.context.hub.enter(room, Role.CAR, FakeLine())
    v1.clock.advance(2)
    session.receive(Message("S", b"80,K"))
    session.closed(None)
    v1.clock.advance(60)
    await v1.context.store.writer.flush()
    found = await connection(v1)
    assert (found["is_online"], found["heard"]) == (False, at(2))
