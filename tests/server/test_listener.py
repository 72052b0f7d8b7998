from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import resource
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

import pytest

from ovms.server import listener as listener_module
from ovms.server.listener import (
    ACCEPT_PAUSE,
    FREE_PORT_TRIES,
    LOOK_AGAIN,
    QUIET,
    SO_ATTACH_FILTER,
    SO_DETACH_FILTER,
    CannotListen,
    Entrance,
    Gate,
    are_on_the_way,
    bind,
    bound,
    close_gently,
    listen,
    refuse_new_callers,
    reserve,
)
from ovms.server.strangers import StrangerStage
from tests.server.conftest import Log
from tests.waiting import PATIENCE, until

LOOPBACK = "127.0.0.1"


def has_ipv6() -> bool:
    """Return whether this machine speaks IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def ports(sockets: list[socket.socket]) -> set[int]:
    """Return the ports of sockets, and close them."""
    found = {each.getsockname()[1] for each in sockets}
    for each in sockets:
        each.close()
    return found


def test_all_addresses_have_one_port() -> None:
    """Without hosts both families are bound, on the same port."""
    sockets = bind([], 0)
    families = {each.family for each in sockets}
    assert socket.AF_INET in families
    assert (socket.AF_INET6 in families) is has_ipv6()
    (port,) = ports(sockets)
    assert port > 0


def test_several_hosts_have_one_port() -> None:
    """A free port is free on every address that was named."""
    hosts = [LOOPBACK, "127.0.0.2", *(["::1"] if has_ipv6() else [])]
    sockets = bind(hosts, 0)
    assert [each.getsockname()[0] for each in sockets] == hosts
    assert len(ports(sockets)) == 1


def test_a_certain_port() -> None:
    """The given port is bound, and again at once after it was closed."""
    (port,) = ports(bind([LOOPBACK], 0))
    assert ports(bind([LOOPBACK], port)) == {port}


def test_a_port_in_use() -> None:
    """It is refused in one line that names it."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"port {port} of {LOOPBACK}: Address already"):
            bind([LOOPBACK], port)
        with pytest.raises(CannotListen):
            bind(["127.0.0.2", LOOPBACK], port)
        assert ports(bind(["127.0.0.2"], port)) == {port}


@pytest.mark.parametrize("host", ["nosuchhost.invalid", "a..b", "x" * 70, "192.0.2.1", "::zz"])
def test_a_host_that_is_none_of_ours(host: str) -> None:
    """It is refused in one line, and nothing stays bound."""
    with pytest.raises(CannotListen, match=r"^cannot listen on port 0 of 127\.0\.0\.1, ") as caught:
        bind([LOOPBACK, host], 0)
    assert "\n" not in str(caught.value)


def test_a_free_port_that_is_taken_next_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another free port is tried, a limited number of times."""
    tried = []

    def bind_all(hosts: list[str], port: int) -> list[socket.socket]:
        tried.append(port)
        if len(tried) < 3:
            raise OSError(errno.EADDRINUSE, "in use")
        return []

    monkeypatch.setattr(listener_module, "_bind_all", bind_all)
    assert bind([], 0) == []
    tried.clear()
    with pytest.raises(CannotListen):
        bind([], 6867)
    assert tried == [6867]


def test_free_ports_are_tried_at_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many tries it fails."""
    tried = []

    def bind_all(hosts: list[str], port: int) -> list[socket.socket]:
        tried.append(port)
        raise OSError(errno.EADDRINUSE, "in use")

    monkeypatch.setattr(listener_module, "_bind_all", bind_all)
    with pytest.raises(CannotListen):
        bind([], 0)
    assert tried == [0] * FREE_PORT_TRIES


def test_a_reserved_port_is_nobody_elses() -> None:
    """Nobody else can bind it, as they could one that is only bound."""
    (reserved,) = reserve([LOOPBACK], 0)
    with reserved:
        port = reserved.getsockname()[1]
        for take in (bind, reserve):
            with pytest.raises(CannotListen, match=f"port {port} of {LOOPBACK}: Address already"):
                take([LOOPBACK], port)


async def test_bound_is_not_listening() -> None:
    """Nobody is accepted before it is asked for, and then on every socket."""
    hosts = [LOOPBACK, "127.0.0.2"]
    sockets = bind(hosts, 0)
    port = sockets[0].getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, port)
    listeners = listen([Entrance(sockets, asyncio.Protocol)])
    for host in hosts:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        await writer.wait_closed()
    listeners.close()
    await asyncio.sleep(0.01)


async def test_two_programs_have_bound_one_port() -> None:
    """The first to listen has it; the other fails and closes all its sockets."""
    first = bind([LOOPBACK], 0)
    port = first[0].getsockname()[1]
    second = bind([LOOPBACK, "127.0.0.2"], port)
    listeners = listen([Entrance(first, asyncio.Protocol)])
    with pytest.raises(CannotListen, match=f"^cannot listen on port {port}: Address already"):
        listen([Entrance(second, asyncio.Protocol)])
    assert [each.fileno() for each in second] == [-1, -1]
    listeners.close()


def test_sockets_for_a_while() -> None:
    """They are closed at the end, whatever happens."""
    with bound([LOOPBACK], 0) as sockets:
        assert sockets[0].getsockname()[1] > 0
    assert sockets[0].fileno() == -1
    with pytest.raises(ZeroDivisionError), bound([LOOPBACK], 0) as sockets:
        raise ZeroDivisionError
    assert sockets[0].fileno() == -1


async def test_two_entrances_where_one_is_taken() -> None:
    """Neither accepts anybody, and all sockets are closed."""
    taken = bind([LOOPBACK], 0)
    first, second = bind([LOOPBACK], 0), bind([LOOPBACK], taken[0].getsockname()[1])
    listeners = listen([Entrance(taken, asyncio.Protocol)])
    with pytest.raises(CannotListen):
        listen([Entrance(each, asyncio.Protocol) for each in (first, second)])
    assert [each.fileno() for each in (*first, *second)] == [-1, -1]
    listeners.close()


# -- closing --------------------------------------------------------------------------------

PASS_NOTHING = (0x06, 0, 0, 0)


class Answer(asyncio.Protocol):
    """Sends a word to each caller."""

    made = 0

    def __init__(self) -> None:
        Answer.made += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say it, and leave."""
        assert hasattr(transport, "write")
        transport.write(b"welcome")
        transport.close()


class Closing:
    """Two entrances, each on two addresses."""

    def __init__(self) -> None:
        hosts = [LOOPBACK, "127.0.0.2"]
        self.entrances = [Entrance(bind(hosts, 0), Answer) for _ in range(2)]
        self.clients: list[socket.socket] = []

    @property
    def sockets(self) -> list[socket.socket]:
        """All that listen."""
        return [each for entrance in self.entrances for each in entrance.sockets]

    async def open(self) -> None:
        """Listen."""
        self.listeners = listen(self.entrances)

    async def close(self) -> None:
        """Stop."""
        await close_gently(self.listeners)

    def caller(self) -> socket.socket:
        """Make a socket to call with."""
        client = socket.socket()
        client.setblocking(False)
        self.clients.append(client)
        return client


@pytest.fixture
async def closing() -> AsyncIterator[Closing]:
    """Listen."""
    found = Closing()
    await found.open()
    yield found
    found.listeners.close()
    for client in found.clients:
        client.close()
    await asyncio.sleep(0.01)


async def hears(client: socket.socket) -> bytes:
    """Return what a caller receives, nothing if it is just closed."""
    async with asyncio.timeout(PATIENCE):
        return await asyncio.get_running_loop().sock_recv(client, 100)


async def test_those_in_the_queue_are_accepted(closing: Closing) -> None:
    """Every connection that the system holds when we stop is answered, at every entrance."""
    addresses = [each.getsockname() for each in closing.sockets]
    for number in range(100):  # all before the loop turns: nobody is accepted yet
        client = closing.caller()
        with suppress(BlockingIOError):
            client.connect(addresses[number % 4])
    assert are_on_the_way(closing.sockets)
    await closing.close()
    assert {await hears(each) for each in closing.clients} == {b"welcome"}
    assert all(each.fileno() == -1 for each in closing.sockets)


async def test_nobody_new_gets_in(closing: Closing) -> None:
    """A caller that comes while we stop is not connected; later it is refused."""
    address = closing.sockets[0].getsockname()
    loop = asyncio.get_running_loop()
    before = Answer.made
    stopping = asyncio.create_task(closing.close())
    await asyncio.sleep(0)
    client = closing.caller()
    calling = asyncio.create_task(loop.sock_connect(client, address))
    await stopping
    assert not calling.done()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.wait_for(calling, PATIENCE)
    assert Answer.made == before


async def test_a_handshake_under_way_completes(closing: Closing) -> None:
    """A caller whose confirmation is still on the network when we stop is waited for."""
    client = closing.caller()
    attach(client, PASS_NOTHING)  # the answer to its call is lost
    with suppress(BlockingIOError):
        client.connect(closing.sockets[1].getsockname())
    await until(lambda: are_on_the_way(closing.sockets))
    began = asyncio.get_running_loop().time()
    stopping = asyncio.create_task(closing.close())
    await asyncio.sleep(2 * QUIET)
    assert not stopping.done()
    client.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)  # it comes again after a second
    await stopping
    assert asyncio.get_running_loop().time() - began < PATIENCE
    assert await hears(client) == b"welcome"


def attach(client: socket.socket, instruction: tuple[int, int, int, int]) -> None:
    """Return a socket a filter of one instruction."""
    program = ctypes.create_string_buffer(struct.pack("HBBI", *instruction))
    head = struct.pack("HL", 1, ctypes.addressof(program))
    client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, head)


async def test_waiting_has_an_end(closing: Closing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that never completes its connection holds us up only for a limited time."""
    monkeypatch.setattr(listener_module, "CLOSING_TIMEOUT", 0.3)
    client = closing.caller()
    attach(client, PASS_NOTHING)
    with suppress(BlockingIOError):
        client.connect(closing.sockets[0].getsockname())
    await until(lambda: are_on_the_way(closing.sockets))
    async with asyncio.timeout(PATIENCE):
        await closing.close()


async def test_without_the_filter(closing: Closing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not take it, those in the queue are accepted all the same."""
    monkeypatch.setattr(listener_module, "SO_ATTACH_FILTER", -1)
    assert not refuse_new_callers(closing.sockets[0])
    client = closing.caller()
    with suppress(BlockingIOError):
        client.connect(closing.sockets[0].getsockname())
    await closing.close()
    assert await hears(client) == b"welcome"
    for each in closing.sockets:
        each.close()


async def test_without_the_tables(closing: Closing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system shows no connections, the queue alone is looked at."""
    monkeypatch.setattr(listener_module, "TABLES", ("/nowhere/tcp",))
    assert not are_on_the_way(closing.sockets)
    await closing.close()


@pytest.mark.skipif(not has_ipv6(), reason="this machine speaks no IPv6")
async def test_ipv6_is_seen_too() -> None:
    """A handshake under way over IPv6 is waited for as well."""
    sockets = bind(["::1"], 0)
    server = listen([Entrance(sockets, Answer)])
    client = socket.socket(socket.AF_INET6)
    client.setblocking(False)
    attach(client, PASS_NOTHING)
    with client, suppress(BlockingIOError):
        client.connect(sockets[0].getsockname())
        await until(lambda: are_on_the_way(sockets))
    server.close()


# -- open files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "most", "backlog"),
    [(1_000_000, 1_000_000 - 256 - 4 * 4096, 4096), (20_000, 15_000, 1186), (1024, 768, 32),
     (8, 6, 1)],
)  # fmt: skip
async def test_room_that_is_kept(
    closing: Closing, log: Log, files: int, most: int, backlog: int
) -> None:
    """What the system may hold for us fits into the files that are kept back."""
    connections = most - 1
    gate = Gate(closing.entrances, files, lambda: connections)
    assert gate.backlog == backlog
    gate.check()
    assert log.lines("new callers are refused: too few open files") == []
    connections = most
    gate.check()
    connections = most + 1
    gate.check()
    assert len(log.lines("new callers are refused: too few open files")) == 1


async def test_the_gate(closing: Closing) -> None:
    """While it is shut, callers wait; when it opens, they are connected."""
    connections = 1000
    gate = Gate(closing.entrances, 1000, lambda: connections)
    gate.check()
    before = Answer.made
    client = closing.caller()
    calling = asyncio.create_task(
        asyncio.get_running_loop().sock_connect(client, closing.sockets[1].getsockname())
    )
    await asyncio.sleep(0.1)
    assert not calling.done()
    assert Answer.made == before
    connections = 740
    gate.check()
    await asyncio.sleep(0)
    assert not calling.done(), "it opens well below the bound, not at it"
    connections = 734
    gate.check()
    await asyncio.wait_for(calling, PATIENCE)
    assert await hears(client) == b"welcome"


async def test_a_gate_without_the_filter(closing: Closing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not take it, callers come as before, and nothing fails."""
    monkeypatch.setattr(listener_module, "SO_ATTACH_FILTER", -1)
    connections = 1000
    gate = Gate(closing.entrances, 1000, lambda: connections)
    gate.check()
    client = closing.caller()
    await asyncio.get_running_loop().sock_connect(client, closing.sockets[0].getsockname())
    assert await hears(client) == b"welcome"
    connections = 0
    gate.check()


async def test_what_the_operator_hears_of_places(closing: Closing) -> None:
    """A shut gate is a trouble, with what to do, until it opens."""
    connections = 1000
    gate = Gate(closing.entrances, 1000, lambda: connections)
    assert gate.trouble is None
    gate.check()
    assert gate.trouble is not None
    assert gate.trouble.startswith("No further caller can be taken")
    assert "LimitNOFILE" in gate.trouble
    connections = 10
    gate.check()
    assert gate.trouble is None


async def test_a_gate_that_is_retired(closing: Closing) -> None:
    """When the entrances are being closed it does not open them again."""
    connections = 1000
    gate = Gate(closing.entrances, 1000, lambda: connections)
    gate.check()
    gate.retire()
    connections = 0
    gate.check()
    client = closing.caller()
    calling = asyncio.create_task(
        asyncio.get_running_loop().sock_connect(client, closing.sockets[0].getsockname())
    )
    await closing.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.wait_for(calling, PATIENCE)


# -- strangers ------------------------------------------------------------------------------


class Someone:
    """A stranger who has been silent for some seconds."""

    def __init__(self, hall: Hall, age: float, network: str = "busy") -> None:
        self._hall = hall
        self.network = network
        self.stage: StrangerStage | None = StrangerStage.SILENT
        self.since = -age

    def turn_away(self) -> bool:
        """Go."""
        self._hall.strangers.remove(self)
        return True


class Hall:
    """A gate of 1000 files, which are 750 places, and who is there."""

    def __init__(self, closing: Closing, welcomed: int) -> None:
        self.welcomed = welcomed
        self.strangers: list[Someone] = []
        self.now = 0.0
        self.gate = Gate(closing.entrances, 1000, self.count, lambda: self.strangers, self.time)

    def time(self) -> float:
        """Return the time."""
        return self.now

    def count(self) -> int:
        """Return how many there are."""
        return self.welcomed + len(self.strangers)

    def comes(self, count: int, age: float, network: str = "busy") -> None:
        """Let strangers come who have been silent for so long."""
        self.strangers += [Someone(self, age, network) for _ in range(count)]


async def test_places_get_scarce(closing: Closing, log: Log) -> None:
    """From nine tenths on, those go that have had their time, a few more than must."""
    hall = Hall(closing, 500)
    hall.comes(174, 10)
    hall.gate.check()
    assert len(hall.strangers) == 174
    hall.comes(1, 0)
    hall.gate.check()
    assert len(hall.strangers) == 160
    assert len(log.lines("places are scarce: strangers are turned away")) == 1
    assert hall.gate.trouble is not None
    assert hall.gate.trouble.startswith("Nearly all places are taken")
    hall.strangers.clear()
    hall.gate.check()
    assert len(log.lines("places are no longer scarce")) == 1


async def test_a_crowd_must_leave(closing: Closing, log: Log) -> None:
    """From nineteen twentieths on, the oldest of a crowd go, whatever their time."""
    hall = Hall(closing, 500)
    hall.comes(212, 1)
    hall.gate.check()
    assert len(hall.strangers) == 212
    hall.comes(1, 0)
    hall.gate.check()
    assert len(hall.strangers) == 197
    assert log.lines("new callers are refused: too few open files") == []


async def test_nobody_to_turn_away(closing: Closing, log: Log) -> None:
    """A few strangers of each network may stay, and the welcomed always: the gate is shut."""
    hall = Hall(closing, 500)
    for number in range(10):
        hall.comes(25, 9, f"network {number}")
    hall.gate.check()
    assert len(hall.strangers) == 250
    assert len(log.lines("new callers are refused: too few open files")) == 1
    hall.now = LOOK_AGAIN / 2
    hall.strangers[0].since = -20
    hall.gate.check()
    assert len(hall.strangers) == 250
    hall.now = LOOK_AGAIN
    hall.gate.check()
    assert len(hall.strangers) == 249


async def test_no_open_file(closing: Closing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds none stays with the system, and is accepted when there is one."""
    client = closing.caller()
    with few_files_left(), suppress(BlockingIOError):
        client.connect(closing.sockets[0].getsockname())
        await asyncio.sleep(ACCEPT_PAUSE)
        assert are_on_the_way(closing.sockets)
    assert await hears(client) == b"welcome"


@contextmanager
def few_files_left() -> Iterator[None]:
    """Let this process open no more files."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_number = os.dup(0)
    os.close(next_number)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_number, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


# -- several protocols ----------------------------------------------------------------------


class Other(asyncio.Protocol):
    """Sends another word, and stays."""

    made: ClassVar[list[Other]] = []

    def __init__(self) -> None:
        Other.made.append(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say it."""
        assert hasattr(transport, "write")
        transport.write(b"other")


async def test_each_entrance_has_its_protocol(log: Log) -> None:
    """A gate counts and shuts all of them, and closing accepts who waits at any of them."""
    Other.made.clear()
    entrances = [Entrance(bind([LOOPBACK], 0), each) for each in (Answer, Other)]
    gate = Gate(entrances, 1000, lambda: 600 + 50 * len(Other.made))
    listeners = listen(entrances, gate=gate)
    for entrance in (entrances[0], *[entrances[1]] * 3):
        (await asyncio.open_connection(LOOPBACK, entrance.port))[1].close()
    await until(lambda: len(Other.made) == 3)
    gate.check()
    assert len(log.lines("new callers are refused: too few open files")) == 1
    refused = [_calling(entrance) for entrance in entrances]
    await asyncio.sleep(0)
    assert len(Other.made) == 3
    Other.made.clear()
    gate.check()
    assert [await hears(each) for each in refused] == [b"welcome", b"other"]
    gate.retire()
    waiting = [_calling(entrance) for entrance in entrances]
    await close_gently(listeners)
    assert [await hears(each) for each in waiting] == [b"welcome", b"other"]
    for client in (*refused, *waiting):
        client.close()


def _calling(entrance: Entrance) -> socket.socket:
    """Return a socket that is connecting."""
    client = socket.socket()
    client.setblocking(False)
    with suppress(BlockingIOError):
        client.connect((LOOPBACK, entrance.port))
    return client
