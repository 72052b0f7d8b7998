from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import struct
import termios
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from ovms import __version__
from ovms.base.clock import Clock, ManualClock
from ovms.base.settings import SettingsError
from ovms.net.client import ClientConnection as Caller
from ovms.net.client import Untrusted, WelcomeRefused, connect
from ovms.net.pump import Pump
from ovms.net.tls import client_context
from ovms.protocol import Message, Party, Role, Session
from ovms.server import acceptor as acceptor_module
from ovms.server import doorstep as doorstep_module
from ovms.server import server as server_module
from ovms.server.acceptor import Acceptor
from ovms.server.certificate import BadCertificate, Pair
from ovms.server.data_folder import AlreadyRunning
from ovms.server.doorstep import Doorstep
from ovms.server.hub import pacing
from ovms.server.listener import CannotListen, Ports, bound
from ovms.server.server import serve, stopping_on_signals
from ovms.server.services import Services
from ovms.server.settings import ServerSettings
from ovms.server.storage import queries
from ovms.server.storage.errors import DatabaseInUse, StoreError
from ovms.server.storage.opening import open_database
from ovms.server.storage.owner_locale import default_locale
from ovms.server.storage.schema import history
from ovms.server.storage.store import Store
from tests.certs import make_pair
from tests.net.ends import Caller as Ends
from tests.net.ends import calling
from tests.server.conftest import Log
from tests.server.notify.plugin import installed
from tests.server.storage.databases import with_schema
from tests.waiting import PATIENCE, until

SECRET = "a secret of the tests"
HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a data folder that knows CAR1 and CAR2, once."""
    folder = tmp_path_factory.mktemp("template")
    database = open_database(folder)
    database.upgrade()
    with database.writing() as connection:
        owner = queries.add_owner(connection, "tester", 1.0)
        for vehicle_id in ("CAR1", "CAR2"):
            queries.add_vehicle(connection, vehicle_id, owner, SECRET, 1.0)
    return folder


class Running:
    """A server in this process, and the folder it runs on."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.host = HOST
        self.port = self.tls_port = 0
        self.http: int | None = None
        self.https: int | None = None
        self.stop = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    @property
    def ready(self) -> Path:
        """The file that says it is ready."""
        return self.data / "ready.json"

    async def start(self) -> None:
        """Start it, on the same port as before."""
        is_ready = asyncio.Event()

        def on_ready(ports: Ports) -> None:
            assert ports.mp is not None
            assert ports.mp_tls is not None
            self.port, self.tls_port = ports.mp, ports.mp_tls
            self.http, self.https = ports.http, ports.https
            is_ready.set()

        self.stop.clear()
        settings = ServerSettings(
            data=self.data, host=[HOST], port=self.port, tls_port=self.tls_port
        )
        self.task = asyncio.create_task(serve(settings, self.stop, on_ready=on_ready))
        waiting = asyncio.create_task(is_ready.wait())
        await asyncio.wait({self.task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await asyncio.wait({waiting})
        if self.task.done():
            await self.task

    async def end(self) -> None:
        """Stop it in order."""
        self.stop.set()
        assert self.task is not None
        async with asyncio.timeout(PATIENCE):
            await self.task

    async def call(
        self, role: Role, vehicle_id: str = "CAR1", secret: str = SECRET, *, tls: bool = False
    ) -> Caller:
        """Call it, as a car with its proof; over TLS the server must be who it is."""
        caller = await connect(
            self.host,
            self.tls_port if tls else self.port,
            role,
            vehicle_id,
            secret.encode(),
            timeout=PATIENCE,
            tls=client_context(self.data / "tls" / "cert.pem") if tls else None,
        )
        if role is Role.CAR:
            assert await hears(caller, 1) == ["A"]
            caller.send_all([Message("a"), Message("a")])
        return caller

    def change(self, change: Callable[[Connection], object]) -> None:
        """Change the database beside the running server, as the command line does."""
        database = open_database(self.data)
        with database.writing() as connection:
            change(connection)

    def stored(self) -> dict[str, bytes]:
        """Return the latest messages of CAR1 that are in the database."""
        database = open_database(self.data)
        with database.reading() as connection:
            found = queries.load_vehicle(connection, "CAR1")
        assert found is not None
        return {row.code: row.data for row in found[1]}


@pytest.fixture
async def data(template: Path, tmp_path: Path) -> Path:
    """Return a data folder of the test's own."""
    shutil.copytree(template, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
async def server(data: Path, log: Log, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """Run a server that looks at its limits and its database oftener than usual."""
    monkeypatch.setattr(server_module, "TICK", 0.02)
    monkeypatch.setattr(server_module, "REFRESH", 0.05)
    running = Running(data)
    await running.start()
    yield running
    if running.task is not None and not running.task.done():
        await running.end()


async def hears(caller: Caller, count: int) -> list[str]:
    """Return the next messages, code and data in one text."""
    async with asyncio.timeout(PATIENCE):
        messages = [await caller.receive() for _ in range(count)]
    return [each.code + each.data.decode("latin-1") for each in messages]


async def is_lost(caller: Caller) -> None:
    """Wait until a connection has ended."""
    async with asyncio.timeout(PATIENCE):
        async for _ in caller:
            pass


# -- start ----------------------------------------------------------------------------------


async def test_ready(server: Running, log: Log) -> None:
    """When it is ready a file says so, whole, and the port in it accepts; it goes with the end."""
    assert json.loads(server.ready.read_text()) == {
        "pid": os.getpid(), "mp": server.port, "mp_tls": server.tls_port,
        "http": server.http, "https": server.https,
    }  # fmt: skip
    assert server.port > 0
    await (await server.call(Role.APP)).close()
    await until(lambda: log.lines("disconnected"))
    await server.end()
    assert not server.ready.exists()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, server.port)
    events = [json.loads(line)["event"] for line in log.text.splitlines()]
    assert events == ["ready", "connected", "disconnected", "stopping", "stopped"]
    (ready,) = log.lines("ready")
    assert (ready["port"], ready["tls_port"]) == (server.port, server.tls_port)
    assert ready["version"] == __version__


async def test_a_new_folder(tmp_path: Path) -> None:
    """It is made, for its owner's eyes only, with a database in it."""
    running = Running(tmp_path / "a" / "b")
    await running.start()
    assert running.data.stat().st_mode & 0o777 == 0o700
    with pytest.raises(WelcomeRefused):
        await running.call(Role.APP)
    await running.end()
    assert (running.data / "ovms.db").exists()


async def test_zone_and_currency_of_owners_who_named_none(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are those of the settings, for whoever reads the database."""
    monkeypatch.setenv("OVMS_JOURNEY_ZONE", "Pacific/Auckland")
    monkeypatch.setenv("OVMS_JOURNEY_CURRENCY", "NZD")
    running = Running(data)
    await running.start()
    await running.end()
    with open_database(data).reading() as connection:
        assert default_locale(connection) == ("Pacific/Auckland", "NZD")


async def test_a_second_server(server: Running) -> None:
    """It is refused in one line, and the first goes on."""
    second = Running(server.data)
    with pytest.raises(AlreadyRunning, match=f"another ovms server is running on {server.data}"):
        await second.start()
    assert server.ready.exists()
    await (await server.call(Role.APP)).close()


async def test_two_folders_and_one_database(server: Running, tmp_path: Path) -> None:
    """A second server with a folder of its own is refused the database of the first."""
    settings = ServerSettings(
        data=tmp_path / "other", database=f"sqlite:///{server.data}/ovms.db", host=[HOST], port=0,
        tls=False, key_file=server.data / "secrets.key",
    )  # fmt: skip
    with pytest.raises(DatabaseInUse, match="another ovms server is running on database"):
        await serve(settings, asyncio.Event())
    await (await server.call(Role.APP)).close()
    await server.end()
    stop = asyncio.Event()
    await serve(settings, stop, on_ready=lambda ports: stop.set())
    await server.start()


@pytest.mark.parametrize("is_trusted", [False, True])
async def test_a_clock_far_in_the_future(
    data: Path, log: Log, monkeypatch: pytest.MonkeyPatch, is_trusted: bool
) -> None:
    """At a start with it no record is deleted, unless a setting says that it is right."""
    now = 1_700_000_000.0
    settings = ServerSettings(data=data, host=[HOST], port=0, tls=False, trust_clock=is_trusted)

    async def starts(clock: ManualClock) -> None:
        expired, stop = asyncio.Event(), asyncio.Event()
        expire = Store.expire

        async def expires(store: Store, time: float) -> int:
            chunks = await expire(store, time)
            expired.set()
            return chunks

        monkeypatch.setattr(Store, "expire", expires)
        task = asyncio.create_task(serve(settings, stop, clock=clock))
        async with asyncio.timeout(PATIENCE):
            await expired.wait()
        monkeypatch.setattr(Store, "expire", expire)
        stop.set()
        await task

    await starts(ManualClock(now))
    database = open_database(data)
    with database.writing() as connection:
        values = {"vehicle_id": "CAR1", "type": "T", "number": 1, "time": int(now), "data": b"x"}
        connection.execute(history.insert().values(**values, expires=int(now) + 86400))
    await starts(ManualClock(now + 10 * 365 * 86400))
    with database.reading() as connection:
        left = connection.execute(history.select()).all()
    assert len(left) == (0 if is_trusted else 1)
    assert ("far ahead" in log.text) is not is_trusted


async def test_a_port_in_use(data: Path) -> None:
    """It is refused in one line; the folder is free again."""
    running = Running(data)
    with socket.create_server((HOST, 0)) as taken:
        running.port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"cannot listen on port {running.port}"):
            await running.start()
    assert not running.ready.exists()
    await running.start()
    await running.end()


async def test_a_port_that_is_taken_in_between(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another program listens first, nothing is left running."""
    running = Running(data)
    taken = socket.socket()

    @contextmanager
    def bound_late(hosts: list[str], port: int) -> Iterator[list[socket.socket]]:
        with bound(hosts, port) as sockets:
            if not taken.getsockname()[1]:
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                taken.bind(sockets[0].getsockname())
                taken.listen()
            yield sockets

    monkeypatch.setattr(server_module, "bound", bound_late)
    with taken, pytest.raises(CannotListen):
        await running.start()
    assert not running.ready.exists()
    assert len(asyncio.all_tasks()) == 1


async def test_a_broken_channel_of_another_package(data: Path, tmp_path: Path, log: Log) -> None:
    """The server starts without it, and says in one line whose it is."""
    running = Running(data)
    with installed(tmp_path, "raise OSError('no line')", "fax = ovms_fax:Fax"):
        await running.start()
    (line,) = log.lines("a package's channel cannot be used")
    assert line["package"] == "ovms-fax 1.2"
    assert line["reason"].endswith(" is broken: OSError: no line")
    await running.end()


async def test_a_channels_table_that_is_wrong(data: Path) -> None:
    """The server does not start, and the line says which key it is."""
    settings = ServerSettings(data=data, channels={"gcm": {"team": "x"}})
    with pytest.raises(SettingsError, match=r"^channels\.gcm: unknown key 'team'$"):
        await serve(settings, asyncio.Event())


async def test_a_database_that_is_none(data: Path) -> None:
    """The server does not start, and gives its port back."""
    (data / "ovms.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    running = Running(data)
    with pytest.raises(StoreError):
        await running.start()
    assert not running.ready.exists()


async def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """It is told as the folder's fault."""
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="is not a directory"):
        await Running(tmp_path / "file").start()


async def test_an_old_ready_file(data: Path) -> None:
    """What a killed server left behind does not say that this one is ready."""
    (data / "ready.json").write_text("{}")
    running = Running(data)
    (data / "ovms.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError):
        await running.start()
    assert not running.ready.exists()


# -- running --------------------------------------------------------------------------------


async def test_what_a_car_said_survives(server: Running) -> None:
    """Messages are in the database after the end, and are told by the next server."""
    car = await server.call(Role.CAR)
    car.send(Message("S", b"80,\xff"))
    car.send(Message("A"))
    assert await hears(car, 2) == ["Z0", "a"]
    await server.end()
    assert server.stored() == {"S": b"80,\xff"}
    await server.start()
    app = await server.call(Role.APP)
    z, s, t = await hears(app, 3)
    assert (z, s, t[0]) == ("Z0", "S80,\xff", "T")
    await app.close()


@pytest.mark.parametrize("change", ["secret", "removed"])
async def test_a_vehicle_changes(server: Running, log: Log, change: str) -> None:
    """A new secret or a removal closes its connections within 5 s, and nobody else's."""
    car, app = await server.call(Role.CAR), await server.call(Role.APP)
    other = await server.call(Role.APP, "CAR2")
    now = time.time()
    if change == "secret":
        server.change(lambda c: queries.set_secret(c, "CAR1", "another", now))
    else:
        server.change(lambda c: queries.remove_vehicle(c, "CAR1", now))
    for caller in (car, app):
        await is_lost(caller)
    other.send(Message("A"))
    assert (await hears(other, 3))[-1] == "a"
    with pytest.raises(WelcomeRefused):
        await server.call(Role.CAR)
    if change == "secret":
        await (await server.call(Role.CAR, secret="another")).close()
    reasons = {line["reason"] for line in log.lines("disconnected")}
    assert "the vehicle was removed, or its owner or its secret changed" in reasons
    assert SECRET not in log.text
    assert "another" not in log.text
    await other.close()


def test_changes_are_looked_for_in_time() -> None:
    """Two looks, one of which may fail, fit the five seconds that are promised."""
    assert 2 * server_module.REFRESH < 5
    assert server_module.TICK <= 1


async def test_a_new_vehicle(server: Running) -> None:
    """A vehicle that is added while the server runs is let in at once."""
    with pytest.raises(WelcomeRefused):
        await server.call(Role.CAR, "CAR3")

    def add(connection: Connection) -> None:
        owner = queries.get_owner(connection, "tester")
        queries.add_vehicle(connection, "CAR3", owner, SECRET, time.time())

    server.change(add)
    car = await server.call(Role.CAR, "CAR3")
    assert await hears(car, 1) == ["Z0"]
    await car.close()


# -- towards the car ------------------------------------------------------------------------


class SlowCar:
    """A module on a plain socket: it sees how much has come before it reads a bit of it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect((HOST, port))
        self.socket.setblocking(False)
        self.session = Session(Party.CALLER, "C" * 22)
        self.socket.sendall(self.session.send_welcome(Role.CAR, "CAR1", SECRET.encode()))
        self.most = 0

    @property
    def unread(self) -> int:
        """Bytes that have come; none on a socket that is closed."""
        if self.socket.fileno() < 0:
            return 0
        number = struct.unpack("i", ioctl(self.socket.fileno(), termios.FIONREAD, bytes(4)))[0]
        self.most = max(self.most, number)
        return int(number)

    def says(self, *texts: str) -> None:
        """Send messages."""
        for text in texts:
            self.socket.sendall(self.session.send(Message(text[0], text[1:].encode())))

    async def proves_itself(self) -> None:
        """Answer the server's ping twice, and wait until the server takes it for the car."""
        heard: list[str] = []
        while not heard:
            heard = await self.reads()
        assert heard == ["A"]
        self.says("a", "a")
        while (heard := await self.reads()) != ["Z0"]:
            assert not heard

    async def reads(self) -> list[str]:
        """Read a bit of what has come."""
        await until(lambda: self.unread)
        events = self.session.receive_data(self.socket.recv(64))
        messages = [event for event in events if isinstance(event, Message)]
        return [each.code + each.data.decode() for each in messages]


async def served(*apps: Caller) -> None:
    """Wait until the server has done all that apps have sent."""
    for app in apps:
        app.send(Message("A"))
        while (await hears(app, 1)) != ["a"]:
            pass


async def test_a_burst_fits_the_cars_buffer(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all that is sent to it at once a car has never more than 1023 bytes to read."""
    car = SlowCar(server.port)
    acknowledged = vars(Pump)["unacknowledged"].fget
    # A TCP that acknowledges only what was read, lest a busy machine make the car a slow reader.
    is_slow = property(lambda pump: acknowledged(pump) + car.unread)
    monkeypatch.setattr(Pump, "unacknowledged", is_slow)
    monkeypatch.setattr(pacing, "PAUSE", 0.02)
    await car.proves_itself()
    apps = [await server.call(Role.APP) for _ in range(3)]
    for number in range(1000):
        apps[0].send(Message("X", str(number).encode() * 20))
    for number in range(15):
        apps[number % 3].send(Message("C", f"{100 + number},{'x' * 600}".encode()))
    for _ in range(10):
        await (await server.call(Role.APP)).close()
    await served(*apps)
    answered = 0
    while answered < 15:
        for text in await car.reads():
            if text[0] == "C":
                answered += 1
                car.says(f"c{text[1:4]},0", f"h{answered},0,*-LOG-Trip,1,60,x")
            elif text == "A":
                car.says("a")
    assert 800 < car.most <= 1023
    for at, app in enumerate(apps):
        heard = [text for text in await hears_answers(app, 5) if text[0] == "c"]
        assert heard == [f"c{100 + number},0" for number in range(at, 15, 3)]
        await app.close()
    car.socket.close()


async def hears_answers(app: Caller, count: int) -> list[str]:
    """Return the next answers."""
    answers: list[str] = []
    while len(answers) < count:
        answers += [text for text in await hears(app, 1) if text[0] == "c"]
    return answers


async def test_what_waits_for_a_car_reaches_it(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A car that reads, though it answers nothing, gets everything in its time."""
    monkeypatch.setattr(pacing, "PAUSE", 0.05)
    car = SlowCar(server.port)
    await car.proves_itself()
    app = await server.call(Role.APP)
    sent = [f"X{number:03}" + "x" * 100 for number in range(60)]
    for text in sent:
        app.send(Message("X", text[1:].encode()))
    heard: list[str] = []
    while len(heard) < 60:
        heard += [text for text in await car.reads() if text[0] == "X"]
    assert heard == sent
    await app.close()
    car.socket.close()


async def test_work_that_fails_is_done_again(log: Log) -> None:
    """Failures of what is done again and again are not the end of it; each reason is told once."""
    errors = [OSError("away"), OSError("away"), OSError("broken"), None, None,
              StoreError("away"), StoreError("still away")]  # fmt: skip

    async def job() -> None:
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error

    work = asyncio.create_task(server_module._repeat(job, 0))
    await until(lambda: len(log.lines("periodic work goes on")) == 2)
    work.cancel()
    told = log.lines("periodic work failed", "periodic work goes on")
    assert {line["work"] for line in told} == {"job"}
    assert [line.get("reason") for line in told] == ["away", "broken", None, "away", None]


async def test_silence_is_closed(
    server: Running, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's own tick closes who does not say a welcome, and nobody else."""
    app = await server.call(Role.APP)
    monkeypatch.setattr(acceptor_module, "WELCOME_TIMEOUT", 0.01)
    async with calling(server) as caller:
        await caller.says(b"MP-C 0 half")
        assert await caller.is_closed()
    await until(lambda: log.lines("refused"))
    app.send(Message("A"))
    assert (await hears(app, 3))[-1] == "a"
    await app.close()


# -- TLS ------------------------------------------------------------------------------------


async def test_everybody_over_tls(server: Running, log: Log) -> None:
    """Cars, apps and batch clients meet, whichever way they came."""
    car = await server.call(Role.CAR, tls=True)
    app = await server.call(Role.APP)
    batch = await server.call(Role.BATCH, tls=True)
    assert await hears(car, 2) == ["Z0", "Z1"]
    car.send(Message("S", b"80"))
    for client in (app, batch):
        while (await client.receive()) != Message("S", b"80"):
            pass
    app.send(Message("C", b"5"))
    assert await hears(car, 1) == ["C5"]
    for caller in (car, app, batch):
        await caller.close()
    assert [line["peer"].split(":")[0] for line in log.lines("connected")] == [HOST] * 3


@pytest.mark.parametrize("role", [Role.CAR, Role.APP])
async def test_a_wrong_secret_over_tls(server: Running, log: Log, role: Role) -> None:
    """It is closed at once, as over plain TCP."""
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(WelcomeRefused):
            await server.call(role, secret="wrong", tls=True)
        await until(lambda: log.lines("refused"))


async def test_without_tls(data: Path) -> None:
    """Its port stays closed, and no certificate is made."""
    stop, ports = asyncio.Event(), []

    def on_ready(found: Ports) -> None:
        ports.append(found)
        facts = json.loads((data / "ready.json").read_text())
        assert facts["mp_tls"] is None
        stop.set()

    await serve(ServerSettings(data=data, host=[HOST], port=0, tls=False), stop, on_ready=on_ready)
    assert ports[0].mp_tls is None
    assert not (data / "tls").exists()


async def test_a_renewed_certificate(data: Path, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """The running server takes it up by itself, and keeps connections."""
    monkeypatch.setattr(server_module, "RELOAD", 0.02)
    server = Running(data)
    await server.start()
    app = await server.call(Role.APP, tls=True)
    make_pair(Pair(data / "tls" / "cert.pem", data / "tls" / "key.pem"), "elsewhere.example")
    await until(lambda: log.lines("certificate loaded"))
    with pytest.raises(Untrusted, match="does not verify: IP address mismatch"):
        await server.call(Role.APP, tls=True)
    app.send(Message("A"))
    assert (await hears(app, 3))[-1] == "a"
    await app.close()
    await server.end()


async def test_a_certificate_that_ends(data: Path, log: Log) -> None:
    """The operator is told once it is time, by the server's clock."""
    server = Running(data)
    await server.start()
    await server.end()
    assert log.lines("certificate expires soon") == []
    stop = asyncio.Event()
    stop.set()
    clock = ManualClock(time.time() + 3640 * 86400)
    await serve(ServerSettings(data=data, host=[HOST], port=0), stop, clock=clock)
    (line,) = log.lines("certificate expires soon")
    assert line["file"] == str(data / "tls" / "cert.pem")


async def test_a_certificate_that_is_none(data: Path) -> None:
    """The server does not start, and gives its folder back."""
    (data / "tls").mkdir()
    (data / "tls" / "cert.pem").touch()
    server = Running(data)
    with pytest.raises(BadCertificate, match=r"cert\.pem is not a certificate"):
        await server.start()
    (data / "tls" / "cert.pem").unlink()
    await server.start()
    await server.end()


async def test_a_tls_port_in_use(data: Path) -> None:
    """It is refused in one line that names it, and the other port is given back."""
    server = Running(data)
    with socket.create_server((HOST, 0)) as taken:
        server.tls_port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"cannot listen on port {server.tls_port}"):
            await server.start()
    await server.start()
    await server.end()


# -- stop -----------------------------------------------------------------------------------


async def test_stopping_with_everybody_there(server: Running, log: Log) -> None:
    """Everybody is closed in order, and what was sent is on disk."""
    callers = [await server.call(role) for role in (Role.CAR, Role.APP, Role.BATCH)]
    for n in range(500):
        callers[0].send(Message("S", b"%d" % n))
    callers[0].send(Message("A"))
    while (await callers[0].receive()).code != "a":
        pass
    await server.end()
    for caller in callers:
        await is_lost(caller)
    assert server.stored() == {"S": b"499"}
    assert [line["reason"] for line in log.lines("disconnected")] == ["the server is stopping"] * 3


@pytest.fixture
def doorsteps(monkeypatch: pytest.MonkeyPatch) -> list[Doorstep]:
    """Remember the doorsteps of servers that are started from now on."""
    seen: list[Doorstep] = []

    class SeenDoorstep(Doorstep):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            seen.append(self)

    monkeypatch.setattr(server_module, "Doorstep", SeenDoorstep)
    return seen


@pytest.fixture
def acceptors(monkeypatch: pytest.MonkeyPatch) -> list[Acceptor]:
    """Remember the acceptors of servers that are started from now on."""
    seen: list[Acceptor] = []

    class SeenDoor(Acceptor):
        def __init__(self, services: Services, clock: Clock, **more: Any) -> None:
            super().__init__(services, clock, **more)
            seen.append(self)

    monkeypatch.setattr(server_module, "Acceptor", SeenDoor)
    return seen


async def test_a_caller_is_welcomed_before_the_end(acceptors: list[Acceptor], data: Path) -> None:
    """A car that had connected before the server stopped is not closed without a welcome."""
    server = Running(data)
    await server.start()
    async with calling(server) as car:
        await until(lambda: acceptors[0].connections)
        server.stop.set()
        await is_refused(server)
        assert not server.ready.exists()
        await car.says(car.greeting(Role.CAR, "CAR1", SECRET.encode()))
        await car.hears_welcome()
        await server.end()


async def test_a_handshake_is_completed_before_the_end(
    doorsteps: list[Doorstep], data: Path
) -> None:
    """A car in the middle of its TLS handshake when the server stops is welcomed, too."""
    server = Running(data)
    await server.start()
    context = client_context(data / "tls" / "cert.pem")
    with socket.create_connection((HOST, server.tls_port)) as line:
        await until(lambda: doorsteps[0].count)
        server.stop.set()
        await is_refused(server)
        car = Ends(*await asyncio.open_connection(sock=line, ssl=context, server_hostname=HOST))
        await car.says(car.greeting(Role.CAR, "CAR1", SECRET.encode()))
        await car.hears_welcome()
        assert await car.hears_messages(1) == ["A"]
        await server.end()
        assert await car.is_closed()
        car.writer.close()


@pytest.mark.parametrize("says", [b"MP-C 0 plain words\r\n", b""])
async def test_a_failed_handshake_is_not_waited_for(
    doorsteps: list[Doorstep], data: Path, says: bytes
) -> None:
    """Who speaks no TLS on its port, or hangs up, does not hold a stopping server."""
    server = Running(data)
    await server.start()
    with socket.create_connection((HOST, server.tls_port)) as line:
        await until(lambda: doorsteps[0].count)
        line.send(says) if says else line.close()
        async with asyncio.timeout(PATIENCE):
            await server.end()
    assert not doorsteps[0].count


async def test_an_endless_handshake_is_not_waited_for(
    doorsteps: list[Doorstep], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who never says a word has ten seconds, no longer."""
    server = Running(data)
    await server.start()
    with socket.create_connection((HOST, server.tls_port)):
        await until(lambda: doorsteps[0].count)
        monkeypatch.setattr(doorstep_module, "LEAVING_TIMEOUT", 0.5)
        await server.end()


async def is_refused(server: Running) -> None:
    """Wait until nobody new can connect."""
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionError):
            while True:
                _, writer = await asyncio.open_connection(HOST, server.port)
                writer.close()
                await writer.wait_closed()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signals(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first asks to stop, the second ends the process at once."""
    ends: list[int] = []
    monkeypatch.setattr(os, "_exit", ends.append)
    stop = asyncio.Event()
    with stopping_on_signals(stop):
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), PATIENCE)
        assert ends == []
        os.kill(os.getpid(), number)
        await until(lambda: ends)
    assert ends == [1]


async def test_a_failing_start_message(data: Path) -> None:
    """Whatever goes wrong when the server is ready, it stops in order."""

    def on_ready(ports: Ports) -> None:
        raise BrokenPipeError

    settings = ServerSettings(data=data, host=[HOST], port=0)
    with pytest.raises(BrokenPipeError):
        await serve(settings, asyncio.Event(), on_ready=on_ready)
    assert not (data / "ready.json").exists()
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize(("has_owner", "http"), [(False, True), (True, True), (False, False)])
async def test_set_up(tmp_path: Path, log: Log, has_owner: bool, http: bool) -> None:
    """A server without owners that takes calls gives a token, which no log has."""
    if has_owner:
        with open_database(with_schema(tmp_path)).writing() as connection:
            queries.add_owner(connection, "bob", 1.0)
    stop, tokens = asyncio.Event(), list[str]()
    settings = ServerSettings(data=tmp_path, host=[HOST], port=0, tls=False, http=http, http_port=0)
    await serve(
        settings,
        stop,
        on_ready=lambda ports: stop.set(),
        on_setup=lambda ports, token: tokens.append(token),
    )
    assert len(tokens) == (http and not has_owner)
    assert not any(token in log.text for token in tokens)
