"""Connecting: addresses, options, and an owner's vehicles."""

from __future__ import annotations

import ssl

import pytest

from ovms.app import (
    ConnectionLost,
    InvalidRequest,
    Role,
    Snapshot,
    connect,
    connect_owner,
    list_vehicles,
    tls_context,
)
from ovms.app.access import find_access
from tests.app.scripted import PASSWORD, SECRET, STATUS, USER, VEHICLE, ScriptedServer


@pytest.mark.parametrize(
    ("server", "tls", "place"),
    [
        ("example.org", False, ("example.org", 6867)),
        ("example.org", True, ("example.org", 6870)),
        ("example.org:1234", True, ("example.org", 1234)),
        ("[::1]:99", False, ("::1", 99)),
    ],
)
def test_a_server_has_a_port(server: str, tls: bool, place: tuple[str, int]) -> None:
    """Without a port it is the usual one for lines or for TLS."""
    access = find_access(server, VEHICLE, SECRET, None, {"tls": tls})
    assert (access.host, access.port) == place
    assert (access.tls is not None) == tls


def test_tls_may_be_a_context() -> None:
    """A context of the caller's own is used as it is."""
    context = tls_context(insecure=True)
    assert context.verify_mode is ssl.CERT_NONE
    access = find_access("localhost", VEHICLE, SECRET, None, {"tls": context})
    assert (access.tls, access.port) == (context, 6870)


def test_secrets_are_not_shown() -> None:
    """Neither of the two secrets is in the text of an access."""
    access = find_access("localhost", VEHICLE, "sec" + "ret1", None, {"paranoid": "secret2"})
    assert "secret" not in repr(access)


@pytest.mark.parametrize(
    ("server", "secret", "options"),
    [
        ("", SECRET, {}),
        ("::1", SECRET, {}),
        ("host:99999", SECRET, {}),
        ("host", "\udce9", {}),
        ("host", SECRET, {"paranoid": "\udce9"}),
        ("host", SECRET, {"role": Role.CAR}),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    server: str, secret: str, options: dict[str, object]
) -> None:
    """No connection is tried."""
    with pytest.raises(InvalidRequest):
        connect(server, VEHICLE, secret, **options)  # type: ignore[arg-type]


async def test_leaving_closes() -> None:
    """``async with`` needs no ``await`` of its own, and closes the connection."""
    async with ScriptedServer([STATUS]) as server:
        async with connect(server.place, VEHICLE, SECRET) as app:
            assert app.snapshot.status.soc == 80
            assert app.vehicle_ids == (VEHICLE,)
        with pytest.raises(ConnectionLost):
            await app.command("lock", "1")
        assert server.roles == [Role.BATCH]


async def test_a_snapshot_is_carried_on() -> None:
    """What an earlier connection has learnt is still known."""
    snapshot = Snapshot()
    async with ScriptedServer([STATUS]) as server:
        async with connect(server.place, VEHICLE, SECRET, snapshot=snapshot):
            pass
        server.stored = []
        async with connect(server.place, VEHICLE, SECRET, snapshot=snapshot) as app:
            assert app.snapshot is snapshot
            assert (snapshot.vehicle_id, snapshot.status.soc) == (VEHICLE, 80)


async def test_an_owner_has_vehicles() -> None:
    """They can be listed, and a connection knows them."""
    async with ScriptedServer() as server:
        assert await list_vehicles(server.place, USER, PASSWORD) == (VEHICLE, "OTHER")
        async with connect_owner(server.place, USER, PASSWORD, "OTHER") as app:
            assert app.vehicle_ids == (VEHICLE, "OTHER")
            assert app.snapshot.vehicle_id == "OTHER"
