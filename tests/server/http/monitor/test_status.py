from __future__ import annotations

import io
from typing import TYPE_CHECKING

import msgspec

from ovms.base import logs
from ovms.protocol import Role
from ovms.server.http.monitor.rates import Rates
from ovms.server.http.monitor.status import ServerStatus, counts_of, take_status
from ovms.server.storage.errors import DatabaseError
from tests.server.http.monitor.sites import VERSION
from tests.server.hub.fakes import START

if TYPE_CHECKING:
    import pytest

    from ovms.server.http.monitor.sources import MonitorSources
    from tests.server.http.api import HttpSite
    from tests.server.http.monitor.sites import FakeParts


async def test_a_quiet_server(api: HttpSite, sources: MonitorSources) -> None:
    """What is known is told, and nothing is wrong."""
    api.clock.advance(3600)
    found = await take_status(sources, Rates())
    assert (found.state, found.troubles, found.version) == ("running", [], VERSION)
    assert (found.since, found.seconds) == ("2023-11-14T22:13:20Z", 3600)
    assert (found.cars_online, found.vehicles) == (0, 4)
    assert found.ports == {"mp": 6867, "http": None}
    assert set(found.connections.values()) == {0}
    assert found.outbox == {}
    assert found.storage is not None
    assert found.storage.database > 0
    assert found.last_minute.commit_ms is None
    assert msgspec.json.decode(msgspec.json.encode(found), type=ServerStatus) == found


async def test_a_busy_server(api: HttpSite, sources: MonitorSources, parts: FakeParts) -> None:
    """Rates are those of the last minute, queues those of the moment."""
    rates = Rates()
    cars = sources.lines.of("car", "plain")
    cars.connections, cars.messages_received = 1, 100
    rates.note(api.clock.monotonic(), counts_of(sources))
    cars.messages_received += 50
    await api.report("S80")
    await api.enter(Role.APP)
    await api.store.writer.flush()
    api.clock.advance(10)
    parts.accepting = {"hello": 1, "handshake": 2, "handshake_waiting": 3}
    parts.turns, parts.noted = 4, 5
    parts.refused = {"wrong_secret": 6, "busy": 0}
    parts.welcomes = {"refused": 7}
    parts.certificates = {"default": START + 10 + 86400 * 20.5}
    parts.deliveries = {("mail", "failed"): 8, ("mail", "delivered"): 9}
    found = await take_status(sources, rates)
    assert found.cars_online == 1
    assert found.connections["car"] == 1
    assert (found.last_minute.seconds, found.last_minute.received_a_second) == (10, 5)
    assert found.last_minute.commits >= 1
    assert found.last_minute.commit_ms is not None
    queues = found.queues
    assert (queues.accepting, queues.handshakes, queues.turns, queues.alerts) == (1, 5, 4, 5)
    assert (found.refused, found.logins_failed) == ({"wrong_secret": 6}, {"0x30": 7})
    assert found.certificate_days == {"default": 20}
    assert found.deliveries_failed == 8


async def test_what_is_wrong(
    sources: MonitorSources, parts: FakeParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Troubles are sentences, one each, and a database that is away takes nothing else away."""

    async def fail(query: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(sources.store.database, "read", fail)
    parts.is_stopping = True
    parts.troubles = {"disk": "The disk is nearly full:\n5 MiB are left."}
    found = await take_status(sources, Rates())
    assert found.state == "stopping"
    assert found.troubles == [
        "The database cannot be read: away",
        "The server is stopping.",
        "The disk is nearly full: 5 MiB are left.",
    ]
    assert (found.vehicles, found.outbox) == (None, None)


async def test_the_last_error(sources: MonitorSources) -> None:
    """The last error of the log is told with its reason."""
    logs.configure("warning", "text", io.StringIO())
    logs.get_logger("ovms.test").error("cannot save", reason="disk full")
    found = await take_status(sources, Rates())
    assert found.last_error is not None
    assert found.last_error.text == "cannot save: disk full"
