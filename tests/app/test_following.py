"""Following a vehicle: updates across reconnections, against a scripted server end."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from ovms.app import (
    App,
    ConnectFailed,
    ConnectionLost,
    Error,
    FollowOptions,
    InvalidRequest,
    Snapshot,
    Untrusted,
    Update,
    WelcomeRefused,
    follow,
    follow_owner,
)
from ovms.app.access import Access
from ovms.app.following import TIMING, follow_access
from ovms.base.backoff import Backoff
from ovms.protocol import Message, Role
from tests.app.scripted import PASSWORD, SECRET, STATUS, USER, VEHICLE, ScriptedServer
from tests.waiting import PATIENCE

REFUSED = WelcomeRefused("refused")
PASSING = TIMING.passing_refusals


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait between two tries."""
    monkeypatch.setattr(Backoff, "next", lambda self: 0.0)


class FakeApp:
    """A connection that is welcomed and then lost at once."""

    def __init__(self) -> None:
        self.snapshot = Snapshot("CAR1")

    async def messages(self) -> Any:
        """Yield the end of what was stored."""
        yield Message("a")

    async def __aenter__(self) -> FakeApp:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("ends", "tries"),
    [
        ([REFUSED], 0),
        ([ConnectFailed("away"), REFUSED], 1),
        ([Untrusted("certificate")], 0),
        ([None, *[REFUSED] * (PASSING + 1)], 1 + PASSING),
        ([None, REFUSED, None, *[REFUSED] * (PASSING + 1)], 3 + PASSING),
        ([None, ConnectionLost("amid"), ConnectFailed("away"), Untrusted("other")], 3),
    ],
)
async def test_when_a_connection_is_made_again(
    ends: list[Exception | None], tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal is the last word of a server that never welcomed us; else it may be in passing."""
    left = list(ends)
    told: list[Error] = []
    connected: list[App] = []

    async def start(access: Access, snapshot: Snapshot) -> Any:
        end = left.pop(0)
        if end is not None:
            raise end
        return FakeApp()

    monkeypatch.setattr(Access, "start", start)
    options: FollowOptions = {
        "on_lost": lambda error, _: told.append(error),
        "on_connect": connected.append,
    }
    with pytest.raises((WelcomeRefused, Untrusted)):
        [update async for update in follow("host", "CAR1", SECRET, **options)]
    assert left == []
    assert len(told) == tries
    assert len(connected) == ends.count(None)


async def test_updates_come_across_reconnections() -> None:
    """After a loss the stored messages come again, by a new connection; the snapshot stays."""
    lost: list[str] = []
    async with ScriptedServer([STATUS]) as server:
        options: Any = {"timeout": PATIENCE, "on_lost": lambda error, _: lost.append(str(error))}
        async with aclosing(follow(server.place, VEHICLE, SECRET, **options)) as updates:
            first = await _next(updates, "S")
            assert (first.is_stored, first.snapshot.status.soc) == (True, 80)
            await _next(updates, "a")
            server.send(Message("S", b"81,K"))
            live = await _next(updates, "S")
            assert (live.is_stored, live.snapshot.status.soc) == (False, 81)
            server.drop()
            again = await _next(updates, "S")
            assert (again.is_stored, again.snapshot is first.snapshot) == (True, True)
            assert again.app is not first.app
        assert server.roles == [Role.BATCH, Role.BATCH]
    assert lost == ["the connection to the server is lost"]


async def test_each_connection_is_shown_once_it_has_everything() -> None:
    """A caller can say something by each new connection, before the first live message."""
    async with ScriptedServer([STATUS]) as server:
        updates = follow(
            server.place, VEHICLE, SECRET, role=Role.APP, on_connect=lambda app: app.join_group("G")
        )
        async with aclosing(updates):
            await _next(updates, "a")
            server.on["G"] = lambda message: [Message("g", b"X,G,80")]
            await _next(updates, "g")
            server.drop()
            await _next(updates, "g")
        assert server.codes("G") == [b"G", b"G"]


async def test_an_owner_stays_with_the_first_vehicle() -> None:
    """A vehicle that is added meanwhile does not take its place."""
    async with ScriptedServer([STATUS]) as server:
        async with aclosing(follow_owner(server.place, USER, PASSWORD)) as updates:
            await _next(updates, "a")
            server.vehicles = ["A", *server.vehicles]
            server.drop()
            assert (await _next(updates, "S")).snapshot.vehicle_id == VEHICLE
        assert [login.vehicle_key for login in server.logins] == ["*", VEHICLE]


async def test_a_server_that_does_not_send_what_it_has_is_left() -> None:
    """One that welcomes us and then stays silent is called again."""
    lost: list[Error] = []
    async with ScriptedServer() as server:
        access = Access("127.0.0.1", server.port, VEHICLE, SECRET, timeout=0.1)
        server.on.clear()

        async def sleep(seconds: float) -> None:
            server.on["A"] = lambda message: [Message("a")]

        options: Any = {"on_lost": lambda error, _: lost.append(error)}
        updates = follow_access(access, access.make_snapshot(), options, sleep=sleep)
        async with aclosing(updates), asyncio.timeout(PATIENCE):
            await _next(updates, "a")
    (error,) = lost
    assert isinstance(error, ConnectFailed)
    assert "did not send its messages in 0.1 s" in str(error)


def test_a_wrong_address_is_refused_at_once() -> None:
    """Not only when the first update is waited for."""
    with pytest.raises(InvalidRequest, match=r"is not HOST\[:PORT\]"):
        follow("example.org:0", VEHICLE, SECRET)


async def _next(updates: Any, code: str) -> Update:
    """Wait for the next update of a code."""
    async with asyncio.timeout(PATIENCE):
        async for update in updates:
            if update.message.code == code:
                assert isinstance(update, Update)
                return update
    raise AssertionError("ended")
