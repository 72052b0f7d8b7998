from __future__ import annotations

import platform
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ovms.protocol import Role
from ovms.server.http.monitor.exposition import Exposition
from ovms.server.http.monitor.table import BY_NAME, METRICS
from ovms.server.storage.errors import DatabaseError
from tests.server.http.monitor.scrapes import OPEN_METRICS, Scraped, names
from tests.server.http.monitor.sites import VERSION
from tests.server.hub.fakes import START, message

if TYPE_CHECKING:
    from ovms.server.http.monitor.sources import MonitorSources
    from tests.server.http.api import HttpSite
    from tests.server.http.monitor.sites import FakeParts


async def scrape(sources: MonitorSources, accept: str = "") -> Scraped:
    """Return what a scrape shows."""
    text, _ = await Exposition(sources).make(accept)
    return Scraped(text.decode(), is_open_metrics=bool(accept))


@pytest.mark.parametrize("accept", ["", OPEN_METRICS])
async def test_every_metric_is_there(
    sources: MonitorSources, parts: FakeParts, accept: str
) -> None:
    """Each line of the table is a metric of that kind with that help, in both formats."""
    found = await scrape(sources, accept)
    ours = [each for each in found.families if each.name.startswith("ovms_")]
    assert names(ours) == set(BY_NAME)
    for each in ours:
        row = BY_NAME[each.name + ("_total" if each.type == "counter" else "")]
        assert (each.type, each.documentation) == (row.kind, row.help)
        for sample in each.samples:
            assert set(sample.labels) - {"le"} == set(row.labels)
    assert "process_resident_memory_bytes" in names(found.families)


async def test_rooms_and_commands(api: HttpSite, sources: MonitorSources) -> None:
    """Two cars, one with an app that asks: the numbers are theirs."""
    car, _ = await api.report("S80")
    await api.report("S70", vehicle_id="CAR2")
    app, line = await api.enter(Role.APP)
    for text in ("C5", "C6"):
        app.receive(message(text))
    api.clock.advance(0.3)
    car.receive(message("c5,0"))
    assert "c5,0" in line.take()
    found = await scrape(sources)
    assert found.value("ovms_rooms") == 2
    assert found.value("ovms_cars_online") == 2
    assert found.value("ovms_vehicles") == 4
    assert found.value("ovms_commands_waiting") == 1
    assert found.values("ovms_commands_total", "outcome") == {"answered": 1}
    assert found.value("ovms_command_round_trip_seconds_count") == 1
    assert found.value("ovms_command_round_trip_seconds_bucket", le="0.25") == 0
    assert found.value("ovms_command_round_trip_seconds_bucket", le="0.5") == 1
    assert found.value("ovms_command_round_trip_seconds_sum") == pytest.approx(0.3)


async def test_lines(sources: MonitorSources) -> None:
    """Connections are told by kind and transport, messages and bytes by kind."""
    for transport, count in (("plain", 2), ("wss", 3)):
        counts = sources.lines.of("car", transport)
        counts.connections, counts.messages_received, counts.bytes_sent = count, 10, 100
    sources.lines.of("app", "tls").messages_sent = 5
    sources.lines.of("stranger", "plain").bytes_received = 7
    found = await scrape(sources)
    assert found.value("ovms_connections", kind="car", transport="wss") == 3
    assert found.values("ovms_connections", "transport") == {"plain": 2, "wss": 3}
    assert found.values("ovms_messages_received_total", "kind") == {"car": 20}
    assert found.values("ovms_messages_sent_total", "kind") == {"app": 5}
    assert found.values("ovms_received_bytes_total", "kind") == {"stranger": 7}
    assert found.values("ovms_sent_bytes_total", "kind") == {"car": 200}


async def test_the_server(api: HttpSite, sources: MonitorSources, parts: FakeParts) -> None:
    """Version, times, health and what others know are told as they are."""
    api.clock.advance(90)
    parts.is_stopping = True
    parts.troubles = {"disk": "full"}
    parts.accepting = {"hello": 2, "handshake": 1}
    parts.refused = {"wrong_secret": 6}
    parts.welcomes = {"accepted": 8, "refused": 2}
    parts.certificates = {"default": START + 86400}
    parts.alerts = {"A": 9}
    parts.deliveries = {("mail", "failed"): 2}
    parts.turns, parts.noted = 11, 12
    sources.lag.observe(0.004)
    sources.requests.note("GET", "/api/vehicles", 200, 0.02)
    with pytest.raises(Exception, match="wrong"):
        await api.accounts.log_in("bob", "wrong", "v2", "home")
    found = await scrape(sources)
    python = platform.python_version()
    assert found.value("ovms_build_info", version=VERSION, python=python) == 1
    assert found.value("ovms_start_time_seconds") == START
    assert found.value("ovms_uptime_seconds") == 90
    assert (found.value("ovms_ready"), found.value("ovms_troubles")) == (0, 2)
    assert found.values("ovms_accepting_connections", "stage") == {"hello": 2, "handshake": 1}
    assert found.values("ovms_refused_total", "reason") == {"wrong_secret": 6}
    assert found.value("ovms_logins_total", scheme="0x30", outcome="accepted") == 8
    assert found.value("ovms_logins_total", scheme="0x31", outcome="refused") == 1
    assert found.value("ovms_certificate_expiry_timestamp_seconds", name="default") == START + 86400
    assert found.values("ovms_alerts_total", "kind") == {"A": 9}
    assert found.value("ovms_deliveries_total", channel="mail", outcome="failed") == 2
    assert (found.value("ovms_turns_waiting"), found.value("ovms_alerts_noted")) == (11, 12)
    assert found.value("ovms_event_loop_lag_seconds_bucket", le="0.005") == 1
    assert (found.value("ovms_http_sessions"), found.value("ovms_http_watches")) == (6, 7)
    calls = {"method": "GET", "route": "/api/vehicles", "status": "200"}
    assert found.value("ovms_http_requests_total", **calls) == 1
    assert found.value("ovms_http_request_seconds_count", route="/api/vehicles") == 1


async def test_storage(api: HttpSite, sources: MonitorSources) -> None:
    """Rows wait until a commit took them; then it counts with its rows and its time."""
    await api.report("S80", "D1", "h1,0,*-T,1,60,d")
    waiting = await scrape(sources)
    await api.store.writer.flush()
    found = await scrape(sources)
    assert (
        waiting.value("ovms_writer_records_waiting") + found.value("ovms_writer_commit_rows_sum")
        >= 4
    )
    assert found.value("ovms_writer_rows_waiting") == 0
    commits = found.value("ovms_writer_commit_seconds_count")
    assert commits == found.value("ovms_writer_commit_rows_count") > 0
    assert found.value("ovms_acknowledgement_seconds_count") == 1
    assert found.value("ovms_database_bytes", part="file") > 0
    assert found.value("ovms_disk_free_bytes") > 0
    assert found.value("ovms_ready") == 1


async def test_a_database_that_is_away(
    sources: MonitorSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own numbers are missing, all others are there, and it is told."""

    async def fail(query: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(sources.store.database, "read", fail)
    found = await scrape(sources)
    missing = {metric.name for metric in METRICS} - names(found.families)
    assert missing == {"ovms_vehicles", "ovms_outbox_alerts"}
    assert found.value("ovms_ready") == 0


async def test_a_server_that_makes_no_journeys(sources: MonitorSources, parts: FakeParts) -> None:
    """It has no metrics of them."""
    assert (await scrape(sources)).value("ovms_journeys_records_total") == 9
    look = parts.look
    silent = replace(sources, look=lambda: replace(look(), journeys=None))
    missing = {metric.name for metric in METRICS} - names((await scrape(silent)).families)
    assert {name for name in missing if "journeys" in name} == missing
    assert len(missing) == 4


async def test_backups(sources: MonitorSources, parts: FakeParts) -> None:
    """They are counted; there is no last one before the first, and nothing where none are made."""
    found = await scrape(sources)
    assert found.value("ovms_backups_total", outcome="made") == 11
    assert found.value("ovms_backups_total", outcome="failed") == 12
    assert found.value("ovms_backup_failing") == 1
    assert found.value("ovms_backup_last_timestamp_seconds") == 1700000000
    assert found.value("ovms_backup_last_bytes") == 99
    assert parts.backups is not None
    parts.backups = replace(parts.backups, last=None, bytes=None)
    missing = {metric.name for metric in METRICS} - names((await scrape(sources)).families)
    assert missing == {"ovms_backup_last_timestamp_seconds", "ovms_backup_last_bytes"}
    parts.backups = None
    missing = {metric.name for metric in METRICS} - names((await scrape(sources)).families)
    assert len(missing) == 4
    assert all("backup" in each for each in missing)
