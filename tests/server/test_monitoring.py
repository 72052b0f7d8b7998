"""A running server, as its operator sees it; the other end of each connection is real."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from pydantic import SecretStr

from ovms.base.statussocket import NotRunning, ask
from ovms.net.client import ClientConnection, WelcomeRefused, connect
from ovms.protocol import Message, Role
from ovms.server.accounts.passwords import hash_password
from ovms.server.http.monitor.status import SOCKET, ServerStatus
from ovms.server.listener import Ports
from ovms.server.server import serve
from ovms.server.settings import ServerSettings
from ovms.server.storage import queries
from ovms.server.storage.opening import open_database
from tests.server.http.monitor.scrapes import Scraped
from tests.waiting import PATIENCE

HOST = "127.0.0.1"
SECRET = "secret"
PASSWORD = "right"
TOKEN = "a-token-of-the-tests"
BEARER = {"authorization": f"Bearer {TOKEN}"}


class WatchedServer:
    """A server in this process, with a port for metrics and a token."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.ports = Ports(None, None)
        self.stop = asyncio.Event()
        self.client = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)

    async def run(self, is_ready: asyncio.Event) -> None:
        """Run until it is to stop."""

        def on_ready(ports: Ports) -> None:
            self.ports = ports
            is_ready.set()

        settings = ServerSettings(
            data=self.data, host=[HOST], port=0, http_port=0, https_port=0, tls_port=0,
            metrics_port=0, metrics_token=SecretStr(TOKEN),
        )  # fmt: skip
        await serve(settings, self.stop, on_ready=on_ready)

    async def get(self, port: int | None, path: str, **headers: str) -> httpx.Response:
        """Call by HTTP."""
        return await self.client.get(f"http://{HOST}:{port}{path}", headers=headers)

    async def scrape(self) -> Scraped:
        """Return the metrics."""
        answer = await self.get(self.ports.metrics, "/metrics", **BEARER)
        assert answer.status_code == 200
        return Scraped(answer.text)

    async def status(self) -> ServerStatus:
        """Return the status."""
        data = await asyncio.to_thread(ask, self.data, SOCKET, "server")
        return msgspec.json.decode(data, type=ServerStatus)

    async def enter(self, role: Role) -> ClientConnection:
        """Connect somebody; a car proves itself."""
        assert self.ports.mp is not None
        caller = await connect(HOST, self.ports.mp, role, "CAR1", SECRET.encode(), timeout=PATIENCE)
        if role is Role.CAR:
            caller.send_all([Message("a"), Message("a")])
        return caller


async def hears(caller: ClientConnection, code: str) -> None:
    """Wait for a message of that code."""
    async with asyncio.timeout(PATIENCE):
        while (await caller.receive()).code != code:
            pass


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[WatchedServer]:
    """Run a server that knows CAR1 and CAR2."""
    database = open_database(tmp_path)
    database.upgrade()
    with database.writing() as connection:
        hashed = hash_password(PASSWORD)
        owner = queries.add_owner(connection, "tester", 1.0, password_hash=hashed)
        for vehicle_id in ("CAR1", "CAR2"):
            queries.add_vehicle(connection, vehicle_id, owner, SECRET, 1.0)
    server, is_ready = WatchedServer(tmp_path), asyncio.Event()
    task = asyncio.create_task(server.run(is_ready))
    waiting = asyncio.create_task(is_ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        await task
    yield server
    await server.client.aclose()
    server.stop.set()
    async with asyncio.timeout(PATIENCE):
        await task
    with pytest.raises(NotRunning):
        ask(tmp_path, SOCKET, "server")
    assert not (tmp_path / SOCKET).exists()


async def test_a_car_and_an_app_are_seen(server: WatchedServer) -> None:
    """What they are and what they say is in the metrics and in the status."""
    assert stat.S_IMODE((server.data / SOCKET).stat().st_mode) == 0o600
    car, app = await server.enter(Role.CAR), await server.enter(Role.APP)
    for text in (b"80", b"81", b"82"):
        car.send(Message("S", text))
    car.send(Message("h", b"1,0,*-T,1,60,d"))
    app.send(Message("C", b"5"))
    await hears(car, "C")
    car.send(Message("c", b"5,0"))
    await hears(app, "c")
    found = await server.scrape()
    assert found.values("ovms_connections", "kind") == {"car": 1, "app": 1, "http": 1}
    assert found.value("ovms_connections", kind="car", transport="plain") == 1
    assert found.value("ovms_messages_received_total", kind="car") == 7
    assert found.value("ovms_messages_received_total", kind="app") == 1
    assert found.value("ovms_messages_sent_total", kind="app") >= 9
    assert found.value("ovms_cars_online") == 1
    assert found.value("ovms_vehicles") == 2
    assert found.values("ovms_commands_total", "outcome") == {"answered": 1}
    assert found.value("ovms_command_round_trip_seconds_count") == 1
    assert found.value("ovms_logins_total", scheme="0x30", outcome="accepted") == 2
    assert found.value("ovms_ready") == 1
    status = await server.status()
    assert (status.cars_online, status.vehicles) == (1, 2)
    assert status.ports["metrics"] == server.ports.metrics
    assert status.troubles == []
    await car.close()
    await app.close()
    async with asyncio.timeout(PATIENCE):
        while (await server.scrape()).value("ovms_rooms"):
            pass
    found = await server.scrape()
    assert found.values("ovms_connections", "kind") == {"http": 1}


async def test_who_may_see_what(server: WatchedServer) -> None:
    """Strangers learn that the server lives; the token opens the rest."""
    for port in (server.ports.http, server.ports.metrics):
        assert (await server.get(port, "/healthz")).text == "ok\n"
        assert (await server.get(port, "/metrics")).status_code == 401
        assert (await server.get(port, "/metrics", **BEARER)).status_code == 200
        assert (await server.get(port, "/readyz", **BEARER)).text == "ready\n"
    assert (await server.get(server.ports.http, "/readyz")).status_code == 401
    assert (await server.get(server.ports.metrics, "/api/vehicles")).status_code == 404
    metrics = await server.get(server.ports.metrics, "/metrics", **BEARER)
    assert "access-control-allow-origin" not in metrics.headers


async def test_calls_count_by_template(server: WatchedServer) -> None:
    """Whatever paths strangers call, the numbers are few, and none holds a path."""
    for number in range(3):
        assert (await server.get(server.ports.http, f"/secret{number}")).status_code == 404
    await server.get(server.ports.http, "/healthz")
    found = await server.scrape()
    assert found.value("ovms_http_requests_total", method="GET", route="none", status="404") == 3
    assert found.value("ovms_http_request_seconds_count", route="/healthz") == 1


async def test_sessions_and_watches(server: WatchedServer) -> None:
    """An owner who logs in by HTTP and looks at a vehicle is a session and a watch."""
    login = {"username": "tester", "password": PASSWORD}
    url = f"http://{HOST}:{server.ports.http}"
    assert (await server.client.get(f"{url}/api/cookie", params=login)).status_code == 200
    assert (await server.client.get(f"{url}/api/vehicle/CAR1")).status_code == 200
    found = await server.scrape()
    assert (found.value("ovms_http_sessions"), found.value("ovms_http_watches")) == (1, 1)
    assert found.value("ovms_logins_total", scheme="http", outcome="accepted") == 1
    assert found.value("ovms_rooms") == 1


async def test_a_wrong_secret_is_counted(server: WatchedServer) -> None:
    """A refused caller is a number with its reason."""
    assert server.ports.mp is not None
    with pytest.raises(WelcomeRefused):
        await connect(HOST, server.ports.mp, Role.APP, "CAR1", b"wrong", timeout=PATIENCE)
    found = await server.scrape()
    assert found.values("ovms_refused_total", "reason") == {"wrong_secret": 1}
    assert (await server.status()).logins_failed == {"0x30": 1}


async def test_a_server_that_stops_says_so(server: WatchedServer) -> None:
    """While somebody's welcome is waited for, the status tells that the server is stopping."""
    _, writer = await asyncio.open_connection(HOST, server.ports.mp)
    writer.write(b"MP-C 0")
    async with asyncio.timeout(PATIENCE):
        while (await server.status()).connections["stranger"] != 1:
            pass
        server.stop.set()
        while (found := await server.status()).state != "stopping":
            pass
    assert found.troubles == ["The server is stopping."]
    assert not (server.data / "ready.json").exists()
    writer.close()
