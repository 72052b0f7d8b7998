"""What a reverse proxy says of who asked it for a WebSocket."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ovms.net.forwarded import UNCHANGED, ForwardedCaller
from ovms.server.acceptor import Acceptor
from ovms.server.forwarded import ForwardedReader
from tests.net.ends import HANDSHAKE, Caller, calling, text
from tests.server.sites import Site
from tests.waiting import PATIENCE, until

PROXIES = ("10.0.0.7/8", "2001:db8:1::9")


def _read(peer: str, said: list[str], protos: list[str]) -> ForwardedCaller:
    headers = {"X-Forwarded-For": said, "X-Forwarded-Proto": protos}
    return ForwardedReader(PROXIES).read(peer, headers.__getitem__)


@pytest.mark.parametrize(
    ("peer", "said", "caller"),
    [
        ("10.0.0.1:1", ["192.0.2.7"], "192.0.2.7:0"),
        ("[::ffff:10.0.0.1]:1", ["192.0.2.7:80"], "192.0.2.7:80"),
        ("10.0.0.1:1", ["203.0.113.1, 192.0.2.7, 10.0.0.2"], "192.0.2.7:0"),
        ("10.0.0.1:1", ["203.0.113.1", "192.0.2.7", "10.0.0.2"], "192.0.2.7:0"),
        ("10.0.0.1:1", ["203.0.113.1,[2001:db8::1]:700"], "[2001:db8::1]:700"),
        ("10.0.0.1:1", ["[2001:db8::1]"], "[2001:db8::1]:0"),
        ("10.0.0.1:1", ["2001:db8::1"], "[2001:db8::1]:0"),
        ("[2001:db8:1::9]:1", ["::ffff:192.0.2.7"], "192.0.2.7:0"),
        ("10.0.0.1:1", ["192.0.2.7:x٣"], "192.0.2.7:0"),
        ("10.0.0.1:1", ["192.0.2.7, unknown"], None),
        ("10.0.0.1:1", ["10.0.0.2"], None),
        ("10.0.0.1:1", ["[", ""], None),
        ("10.0.0.1:1", [], None),
    ],
)
def test_who_calls(peer: str, said: list[str], caller: str | None) -> None:
    """It is the last address that is none of the proxies'; what stands before is anybody's word."""
    assert _read(peer, said, []) == ForwardedCaller(caller, None)


@pytest.mark.parametrize(
    ("said", "is_tls"),
    [(["https"], True), (["wss"], True), (["http"], False), (["https", "http"], False),
     (["https, http"], None), (["HTTPS?"], None)],
)  # fmt: skip
def test_whether_over_tls(said: list[str], is_tls: bool | None) -> None:
    """The last proxy's word counts, and only a plain one."""
    assert _read("10.0.0.1:1", [], said) == ForwardedCaller(None, is_tls)


@pytest.mark.parametrize("peer", ["192.0.2.9:1", "", "[2001:db8:1::8]:1"])
def test_others_are_not_believed(peer: str) -> None:
    """Whoever is no proxy of the operator's says nothing of others."""
    assert _read(peer, ["192.0.2.7"], ["https"]) == UNCHANGED


@pytest.mark.parametrize(
    ("proxy", "proto", "is_welcome"),
    [("127.0.0.1", b"https", True), ("127.0.0.1", b"http", False), ("10.0.0.1", b"https", False)],
)
async def test_a_page_behind_a_proxy_with_tls(
    site: Site, proxy: str, proto: bytes, is_welcome: bool
) -> None:
    """It watches a vehicle that takes TLS only where a believed proxy says that it spoke TLS."""
    vehicle = site.storage.vehicles["CAR1"]
    site.storage.vehicles["CAR1"] = replace(vehicle, tls_only=True)
    site.accounts.owners["me"] = ("pw", ("CAR1",))
    site.acceptor = Acceptor(
        site.acceptor.services, site.clock, forwarded=ForwardedReader([proxy]).read
    )
    server = await asyncio.get_running_loop().create_server(site.acceptor.answer, site.host, 0)
    site.port = server.sockets[0].getsockname()[1]
    said = b"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: %s\r\n\r\n" % proto
    async with calling(site) as page:
        assert await _log_in(page, HANDSHAKE[:-2] + said) is is_welcome
        if is_welcome:
            (connection,) = site.acceptor.connections
            assert connection.pump is not None
            assert (connection.pump.peer, connection.pump.is_tls) == ("192.0.2.7:0", True)
            assert site.accounts.asked[-1][2] == "192.0.2.7"
            assert site.acceptor.counts.of("app", "wss").connections == 1
    await until(lambda: not site.acceptor.connections)
    assert site.acceptor.counts.total("connections") == 0
    server.close()


async def _log_in(page: Caller, head: bytes) -> bool:
    """Log in as an owner's app by a WebSocket; return whether it is welcomed."""
    await page.says(head + text(b"MP-A 1 me pw CAR1"))
    async with asyncio.timeout(PATIENCE):
        assert b" 101 " in await page.reader.readuntil(b"\r\n\r\n")
        first = await page.reader.readexactly(2)
        return first[0] == 0x81 and (await page.reader.readexactly(5)) == b"MP-S "
