from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ovms.protocol import Role
from ovms.server.http.callers import HttpCaller
from ovms.server.http.errors import CallFailed
from ovms.server.http.watches import WATCH_LIFE, WATCHES_AN_OWNER, WatchLine
from ovms.server.hub.hub import Removed
from ovms.server.storage import queries
from tests.server.http.api import BOB, PASSWORD, HttpSite
from tests.server.hub.fakes import message

if TYPE_CHECKING:
    from ovms.server.hub.room import Room

WATCH = "/api/vehicle/CAR1"


def room_of(api: HttpSite, vehicle_id: str = "CAR1") -> Room:
    """Return an open room."""
    return api.hub.rooms[vehicle_id]


def pass_time(api: HttpSite, seconds: float) -> None:
    """Let time pass, as the server's tick does."""
    api.clock.advance(seconds)
    api.watches.tick()


async def caller(api: HttpSite, session: str = "", address: str = "home") -> HttpCaller:
    """Return Bob as a caller."""
    login = await api.accounts.log_in("bob", PASSWORD, "", "home")
    return HttpCaller(login, address, session)


async def test_the_car_is_told(api: HttpSite) -> None:
    """A watch counts as an app, for the car and for other callers, until it is ended."""
    _, line = await api.enter(Role.CAR)
    line.take()
    answer = (await api.get(WATCH)).json()
    assert (answer["v_apps_connected"], line.take()) == (1, ["Z1"])
    listed = (await api.get("/api/vehicles")).json()
    assert listed[0]["v_apps_connected"] == 1
    ended = await api.client.delete(WATCH, params=BOB)
    assert (ended.status_code, ended.text, line.take()) == (200, "Disconnected\n", ["Z0"])
    assert (await api.client.delete(WATCH, params=BOB)).status_code == 200


async def test_a_look_is_no_watch(api: HttpSite) -> None:
    """A call by HEAD neither makes a watch nor renews one."""
    _, line = await api.enter(Role.CAR)
    line.take()
    answer = await api.client.head(WATCH, params=BOB)
    assert (answer.status_code, answer.content, line.take()) == (200, b"", [])
    await api.get(WATCH)
    pass_time(api, WATCH_LIFE - 1)
    await api.client.head(WATCH, params=BOB)
    pass_time(api, 1)
    assert line.take()[-1] == "Z0"


async def test_one_watcher(api: HttpSite) -> None:
    """However often somebody calls, it is one watcher, and the car hears of it once."""
    _, line = await api.enter(Role.CAR)
    line.take()
    for _ in range(3):
        await api.get(WATCH)
        await api.get("/api/vehicle/car1")
    assert (line.take(), len(api.watches)) == (["Z1"], 1)


async def test_it_lapses(api: HttpSite) -> None:
    """A watch that is not renewed lapses; no other call renews it."""
    _, line = await api.enter(Role.CAR)
    await api.get(WATCH)
    line.take()
    pass_time(api, WATCH_LIFE - 1)
    await api.get("/api/status/CAR1")
    await api.get("/api/vehicles")
    assert line.take() == []
    pass_time(api, 1)
    assert (line.take(), len(api.watches)) == (["Z0"], 0)


async def test_it_is_renewed(api: HttpSite) -> None:
    """Each call of the vehicle renews the watch, longer than a silent app may stay."""
    await api.get(WATCH)
    for _ in range(30):
        pass_time(api, WATCH_LIFE - 1)
        api.hub.tick()
        await api.get(WATCH)
    pass_time(api, WATCH_LIFE - 1)
    assert room_of(api).apps == 1
    pass_time(api, 1)
    assert api.hub.rooms == {}


async def test_who_is_one_watcher(api: HttpSite) -> None:
    """Sessions are watchers of their own, and so are addresses with credentials in the URL."""
    for session, address in (
        ("", "home"), ("", "work"), ("one", "home"), ("two", "home"), ("one", "work"), ("", "home"),
    ):  # fmt: skip
        await api.watches.renew(await caller(api, session, address), "CAR1")
    assert room_of(api).apps == 4
    api.watches.end_session("one")
    assert room_of(api).apps == 3
    api.watches.end(await caller(api, "two"), "CAR2")
    assert room_of(api).apps == 3
    api.watches.close()
    assert (len(api.watches), api.hub.rooms) == (0, {})


async def test_who_is_first(api: HttpSite) -> None:
    """The first app is told so, until it goes; then the next one is first."""
    assert (await api.get(WATCH)).json()["v_first_peer"] == 1
    app, _ = await api.enter(Role.APP)
    assert (await api.get(WATCH)).json()["v_first_peer"] == 1
    await api.client.delete(WATCH, params=BOB)
    await api.enter(Role.BATCH)
    assert (await api.get(WATCH)).json()["v_first_peer"] == 0
    app.closed(None)
    assert (await api.get(WATCH)).json()["v_first_peer"] == 1


async def test_a_vehicle_that_changes(api: HttpSite) -> None:
    """No watch outlives its vehicle's secret; the next call begins a new one."""
    await api.get(WATCH)
    old = room_of(api)
    with api.database.writing() as connection:
        queries.set_secret(connection, "CAR1", "new", api.clock.time())
    api.hub.refresh([replace(old.vehicle.change, secret="new")])
    await api.get(WATCH)
    assert room_of(api) is not old
    assert (room_of(api).apps, old.apps, len(api.watches)) == (1, 0, 1)
    room_of(api).close(Removed())
    pass_time(api, 1)
    assert len(api.watches) == 0


async def test_a_vehicle_that_is_gone(api: HttpSite) -> None:
    """A vehicle that was removed a moment ago cannot be watched."""
    with pytest.raises(CallFailed) as failed:
        await api.watches.renew(await caller(api), "GONE")
    assert failed.value.status == 404


async def test_a_login_that_is_over(api: HttpSite) -> None:
    """No watch outlives the login by which it was made, nor the vehicle's place in it."""
    bob = await caller(api)
    await api.watches.renew(bob, "CAR1")
    await api.watches.renew(bob, "CAR2")
    fewer = replace(bob.login, vehicles=("CAR1",))
    assert [*api.watches.logins()] == [bob.login] * 2
    api.watches.update({bob.login: fewer})
    assert [*api.watches.logins()] == [fewer]
    api.watches.update({bob.login: None})
    assert room_of(api).apps == 1
    api.watches.update({fewer: None})
    assert api.hub.rooms == {}


async def test_another_owner(api: HttpSite) -> None:
    """A watch ends when its vehicle gets another owner."""
    await api.get(WATCH)
    with api.database.writing() as connection:
        alice = queries.find_owner(connection, "alice")
        assert alice is not None
        queries.transfer_vehicle(connection, "CAR1", alice, api.clock.time())
    await api.accounts.check_logins()
    assert len(api.watches) == 0


async def test_too_many_apps(api: HttpSite) -> None:
    """Watches are among the apps of a vehicle: one gives way to a newer app."""
    limit = room_of_limit(api)
    for number in range(limit):
        await api.watches.renew(await caller(api, f"session {number}"), "CAR1")
    await api.enter(Role.APP)
    assert room_of(api).apps == limit
    pass_time(api, 1)
    assert (room_of(api).apps, len(api.watches)) == (limit, limit - 1)


def room_of_limit(api: HttpSite) -> int:
    """Return how many apps a vehicle may have."""
    return api.hub._context.limits.apps


async def test_too_many_watches(api: HttpSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an owner with too many watches the one that would lapse first gives way."""
    monkeypatch.setattr("ovms.server.http.watches.WATCHES_AN_OWNER", 2)
    first, second, third = [await caller(api, name) for name in ("first", "second", "third")]
    await api.watches.renew(first, "CAR1")
    await api.watches.renew(second, "CAR1")
    await api.watches.renew(first, "CAR1")
    await api.watches.renew(third, "CAR2")
    assert len(api.watches) == 2
    assert (room_of(api).apps, room_of(api, "CAR2").apps) == (1, 1)
    api.watches.end(first, "CAR1")
    assert len(api.watches) == 1
    assert WATCHES_AN_OWNER == 1000


async def test_the_line() -> None:
    """The line of a watch keeps nothing, and takes nothing more once it is shut."""
    line = WatchLine("2001:db8::1")
    assert line.peer.rpartition(":")[0] == "2001:db8::1"
    assert line.send(message("S80"))
    await line.drained()
    line.close()
    assert not line.send(message("S80"))
