from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from ovms.server import listener as listener_module
from ovms.server.listener import FREE_PORT_TRIES, CannotListen, Entrance, bind, listen

LOOPBACK = "127.0.0.1"


def has_ipv6() -> bool:
    """Tell whether this machine speaks IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def ports(sockets: list[socket.socket]) -> set[int]:
    """Give the ports of sockets, and close them."""
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
    """The port that was named is taken, again at once after it was given back."""
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
    """Another free port is tried, but not for ever."""
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
    """So many tries, then it is told."""
    tried = []

    def bind_all(hosts: list[str], port: int) -> list[socket.socket]:
        tried.append(port)
        raise OSError(errno.EADDRINUSE, "in use")

    monkeypatch.setattr(listener_module, "_bind_all", bind_all)
    with pytest.raises(CannotListen):
        bind([], 0)
    assert tried == [0] * FREE_PORT_TRIES


async def test_bound_is_not_listening() -> None:
    """Nobody is accepted before it is asked for, and then on every socket."""
    hosts = [LOOPBACK, "127.0.0.2"]
    sockets = bind(hosts, 0)
    port = sockets[0].getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, port)
    listeners = await listen([Entrance(sockets)], asyncio.Protocol)
    for host in hosts:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        await writer.wait_closed()
    for each in listeners:
        each.close()
    await asyncio.sleep(0.01)


async def test_two_programs_have_bound_one_port() -> None:
    """The first that listens has it; the other is told, and all its sockets are closed."""
    first = bind([LOOPBACK], 0)
    port = first[0].getsockname()[1]
    second = bind([LOOPBACK, "127.0.0.2"], port)
    listeners = await listen([Entrance(first)], asyncio.Protocol)
    with pytest.raises(CannotListen, match=f"^cannot listen on port {port}: Address already"):
        await listen([Entrance(second)], asyncio.Protocol)
    assert [each.fileno() for each in second] == [-1, -1]
    for each in listeners:
        each.close()
