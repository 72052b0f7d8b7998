"""Addresses: asked of a server later and one at a time, remembered, and never waited for."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from ovms.server.http import geocoding
from ovms.server.http.geocoding import BadGeocoding, Geocoder, address_of
from ovms.server.journeys.values import Position
from tests.server.notify.servers import HttpReceiver, Reply
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.server.conftest import Log

HERE = Position(latitude=52.123456, longitude=13.1)
STREET = json.dumps(
    {"display_name": "5, Weg, Ort, Land", "address": {"road": "Weg", "house_number": "5",
                                                      "town": "Ort", "country": "Land"}}
).encode()  # fmt: skip


class Sleeper:
    """Sleeps that end when a test says so, and how long they would be."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.wake = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        """Sleep."""
        self.seconds.append(seconds)
        await self.wake.wait()
        self.wake.clear()

    async def slept(self, times: int = 1) -> None:
        """Wait until somebody sleeps for the first time, or a later one."""
        await until(lambda: len(self.seconds) == times)


@pytest.fixture
async def server() -> AsyncIterator[HttpReceiver]:
    """Run a server that knows one address."""
    async with HttpReceiver() as server:
        server.replies = [Reply(200, STREET)]
        yield server


@pytest.fixture
def sleep() -> Sleeper:
    """Return sleeps of a geocoder."""
    return Sleeper()


@pytest.fixture
async def geocoder(server: HttpReceiver, sleep: Sleeper) -> AsyncIterator[Geocoder]:
    """Yield a geocoder that asks that server."""
    geocoder = Geocoder(f"http://{server.url}/", sleep=sleep)
    yield geocoder
    await geocoder.close()


async def test_the_next_time(geocoder: Geocoder, server: HttpReceiver, sleep: Sleeper) -> None:
    """It is not known at first, and then it is, for all positions around; it is asked once."""
    assert geocoder.address(HERE) is None
    assert geocoder.address(HERE) is None
    await sleep.slept()
    assert geocoder.address(HERE) == "Weg 5, Ort"
    assert geocoder.address(Position(latitude=52.12346, longitude=13.10004)) == "Weg 5, Ort"
    assert geocoder.address(None) is None
    (request,) = server.requests
    assert request.path == "/reverse?format=jsonv2&lat=52.1235&lon=13.1000"
    assert request.headers["user-agent"].startswith("ovms/")


async def test_one_a_second(geocoder: Geocoder, server: HttpReceiver, sleep: Sleeper) -> None:
    """Between two calls a second is waited, however many positions wait."""
    for east in range(3):
        geocoder.address(Position(latitude=1.0, longitude=float(east)))
    for count in range(1, 4):
        await sleep.slept(count)
        assert len(server.requests) == count
        sleep.wake.set()
    assert sleep.seconds == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "reply",
    [Reply(500), Reply(302), Reply(200, b"["), Reply(200, b"[]"), Reply(200, b" " * 70_000)],
)
async def test_a_failure(
    geocoder: Geocoder, server: HttpReceiver, sleep: Sleeper, log: Log, reply: Reply
) -> None:
    """After one nobody is asked for a while, then what is wanted again is; no log says where."""
    server.replies = [reply, Reply(200, STREET)]
    geocoder.address(HERE)
    await sleep.slept()
    assert sleep.seconds == [geocoding.PAUSE]
    assert geocoder.address(HERE) is None
    assert len(server.requests) == 1
    sleep.wake.set()
    await sleep.slept(2)
    assert geocoder.address(HERE) == "Weg 5, Ort"
    assert "addresses are not found out" in log.text
    assert "=52.1" not in log.text.replace(" ", "=").replace('"', "=")  # times have it, too


async def test_nobody_listens(sleep: Sleeper, log: Log) -> None:
    """A server that is not there is a failure like another."""
    async with HttpReceiver() as gone:
        url = f"http://{gone.url}"
    geocoder = Geocoder(url, sleep=sleep)
    geocoder.address(HERE)
    await sleep.slept()
    assert sleep.seconds == [geocoding.PAUSE]
    assert "ConnectError" in log.text
    await geocoder.close()


async def test_what_has_no_address(
    geocoder: Geocoder, server: HttpReceiver, sleep: Sleeper
) -> None:
    """That it has none is remembered, too."""
    server.replies = [Reply(200, b'{"error": "Unable to geocode"}')]
    geocoder.address(HERE)
    await sleep.slept()
    sleep.wake.set()
    assert geocoder.address(HERE) is None
    await geocoder.close()
    assert len(server.requests) == 1


async def test_bounds(
    geocoder: Geocoder, server: HttpReceiver, sleep: Sleeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many wait, and so many are remembered, those last wanted."""
    monkeypatch.setattr(geocoding, "ASKED_LIMIT", 3)
    monkeypatch.setattr(geocoding, "ADDRESSES_LIMIT", 2)
    spots = [Position(latitude=1.0, longitude=float(east)) for east in range(5)]
    for spot in spots:
        geocoder.address(spot)
    for count in range(1, 4):
        await sleep.slept(count)
        sleep.wake.set()
    await until(lambda: not sleep.wake.is_set())
    assert len(server.requests) == 3
    assert [geocoder.address(each) for each in spots[:3]] == [None, "Weg 5, Ort", "Weg 5, Ort"]


async def test_it_is_off_by_default() -> None:
    """Without an address of a server no position leaves this one."""
    geocoder = Geocoder()
    assert geocoder.address(HERE) is None
    assert len(asyncio.all_tasks()) == 1
    await geocoder.close()


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ({"address": {"road": "Weg", "city": "Stadt"}}, "Weg, Stadt"),
        ({"address": {"village": "Dorf"}}, "Dorf"),
        ({"address": {"country": "Land"}, "display_name": "Wald,\n Land"}, "Wald, Land"),
        ({"address": {"road": 7, "town": ["x"]}}, None),
        ({"address": []}, None),
        ({}, None),
        ({"address": {"road": "a\u202eb\x1b[1m", "town": "T"}}, "ab[1m, T"),
        ({"address": {"road": "x" * 500}}, "x" * 200),
    ],
)
def test_what_an_address_is(body: object, address: str | None) -> None:
    """Street and town, or what there is, on one line, of bounded length."""
    assert address_of(json.dumps(body).encode()) == address


@pytest.mark.parametrize("body", [b"", b"null", b"[" * 100_000, b"<html>", b"\xff"])
def test_what_is_no_answer(body: bytes) -> None:
    """Anything else raises, and nothing else."""
    with pytest.raises(BadGeocoding):
        address_of(body)
