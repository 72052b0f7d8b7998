"""Owners' logins: an app against a scripted server end, under scheme 0x31."""

from __future__ import annotations

import pytest

from ovms.app import ConnectFailed, Snapshot, WelcomeRefused
from ovms.protocol import Message, Role
from tests.app.scripted import PASSWORD, STATUS, USER, ScriptedServer, rows, until
from tests.waiting import PATIENCE


async def test_an_owner_has_the_first_vehicle() -> None:
    """Its stored messages are in the snapshot, which tells its id as the server gave it."""
    async with ScriptedServer([STATUS]) as server, await server.open_as_owner() as app:
        (login,) = server.logins
        assert (login.user, login.password, login.vehicle_id) == (USER, PASSWORD, "*")
        assert login.role is Role.BATCH
        assert app.snapshot.vehicle_id == "DEMO"
        assert app.snapshot.status.soc == 80
        assert app.snapshot.connected is True


async def test_or_the_one_that_is_named() -> None:
    """As an app, too, and commands are answered."""
    async with (
        ScriptedServer() as server,
        await server.open_as_owner("other", role=Role.APP) as app,
    ):
        server.on["C"] = lambda message: [Message("c", b"20,0")]
        assert server.roles == [Role.APP]
        assert app.snapshot.vehicle_id == "OTHER"
        assert (await app.command("lock", "1"))[0].result == 0
        server.on["C"] = rows(30, ["2025-06-01,1,2,3,4"])
        assert len([row async for row in app.utilisation()]) == 1


async def test_what_was_known_of_another_vehicle_is_forgotten() -> None:
    """One car's state is never shown as another's; the same car's is carried on."""
    snapshot = Snapshot("*")
    async with ScriptedServer([STATUS]) as server:
        async with await server.open_as_owner(snapshot=snapshot) as app:
            server.send(Message("g", b"X,TRACK,80"), Message("Y"))
            await until(app, "Y")
        server.stored = []
        async with await server.open_as_owner(snapshot=snapshot):
            assert (snapshot.vehicle_id, snapshot.status.soc) == ("DEMO", 80)
        server.vehicles = ["A", "DEMO"]
        async with await server.open_as_owner(snapshot=snapshot):
            assert (snapshot.vehicle_id, snapshot.messages, snapshot.groups) == ("A", {}, {})


async def test_a_wrong_password_is_refused() -> None:
    """The error names what may be wrong, not the password."""
    async with ScriptedServer() as server:
        with pytest.raises(WelcomeRefused, match="wrong user, password or vehicle id") as refused:
            await server.open_as_owner(password="wrongest")
    assert "wrongest" not in str(refused.value)


@pytest.mark.parametrize("password", ["", "two words", "\udce9", "x" * 1100])
async def test_a_password_that_cannot_be_sent(password: str) -> None:
    """Nobody is called for one that no welcome can carry."""
    async with ScriptedServer() as server:
        with pytest.raises(WelcomeRefused, match="cannot be sent"):
            await server.open_as_owner(password=password)
        assert server.logins == []


async def test_a_silent_server_is_left() -> None:
    """One that welcomes and then says nothing is given up in time, and named."""
    async with ScriptedServer() as server:
        server.on.clear()
        with pytest.raises(ConnectFailed, match=f"127.0.0.1:{server.port} did not send"):
            await server.open_as_owner(timeout=0.2)


async def test_through_a_websocket_nobody_answers() -> None:
    """A server that knows no WebSockets is a failed connection, by either way of login."""
    async with ScriptedServer() as server:
        for opened in (server.open, server.open_as_owner):
            with pytest.raises((ConnectFailed, WelcomeRefused)):
                await opened(websocket=True, timeout=PATIENCE)
        assert server.logins == []
        assert server.roles == []
