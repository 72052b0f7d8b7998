"""The status of the running server, for people: what ``ovms serve status`` shows."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from ovms.base.clock import iso_time
from ovms.base.logs import last_error
from ovms.server.http.monitor.health import take_health
from ovms.server.http.monitor.rates import Rates
from ovms.server.http.monitor.sources import take_readings

if TYPE_CHECKING:
    from ovms.server.http.monitor.sources import MonitorSources, ServerFacts, ServerReadings

DAY = 86400.0

SOCKET = "server.sock"
"""The name of the socket that tells it, in the data folder."""


class LastMinute(msgspec.Struct, frozen=True):
    """What happened in the last minute, or since the start if that was later."""

    seconds: float
    """How long it was."""
    received_a_second: float
    """Messages that came."""
    sent_a_second: float
    commits: int
    commit_ms: float | None
    """How long one took on average; ``None`` without one."""


class Queues(msgspec.Struct, frozen=True):
    """What waits."""

    rows: int
    records: int
    commands: int
    cars_paced: int
    turns: int
    logins: int
    handshakes: int
    accepting: int
    alerts: int
    """To be written to the outbox."""


class StorageStatus(msgspec.Struct, frozen=True):
    """The database and its disk, in bytes."""

    database: int
    log: int
    free: int


class BackupStatus(msgspec.Struct, frozen=True):
    """The backups that the server makes by itself."""

    folder: str
    hours: float
    """Between two of them."""
    last: str | None
    """When the newest was made; ``None`` while there is none."""
    bytes: int | None
    """How many it has."""
    is_failing: bool
    """The last try failed."""


class LoggedProblem(msgspec.Struct, frozen=True):
    """The last error in the log."""

    time: str
    text: str


class ServerStatus(msgspec.Struct, frozen=True):
    """How the running server is. Times are ISO 8601 in UTC."""

    state: str
    """``running`` or ``stopping``."""
    troubles: list[str]
    """What is wrong, a sentence each."""
    version: str
    pid: int
    data: str
    since: str
    seconds: float
    """For how long it has run."""
    ports: dict[str, int | None]
    cars_online: int
    vehicles: int | None
    """In the database; ``None`` while that does not answer."""
    waiting_for_proof: int
    connections: dict[str, int]
    """By kind."""
    last_minute: LastMinute
    queues: Queues
    storage: StorageStatus | None
    outbox: dict[str, int] | None
    """Alerts that wait to be delivered, by channel."""
    deliveries_failed: int
    """Tries to deliver that failed since the start."""
    logins_failed: dict[str, int]
    """Since the start, by scheme: ``0x30`` a vehicle's secret, ``0x31`` an owner's app, ``http``.
    """
    refused: dict[str, int]
    """Callers that were refused since the start, by reason."""
    certificate_days: dict[str, int]
    """Days until each certificate ends."""
    last_error: LoggedProblem | None
    backup: BackupStatus | None = None
    """``None`` on a server that makes none by itself."""


async def take_status(sources: MonitorSources, rates: Rates) -> ServerStatus:
    """Return how the server is now."""
    readings, health = await asyncio.gather(take_readings(sources), take_health(sources))
    facts, now = sources.look(), sources.clock.time()
    stored, disk = readings.stored, readings.disk
    connections: Counter[str] = Counter()
    for kind, _, each in sources.lines:
        connections[kind] += each.connections
    error = last_error()
    return ServerStatus(
        state="stopping" if facts.is_stopping else "running",
        troubles=[" ".join(each.split()) for each in health.troubles.values()],
        version=sources.version,
        pid=os.getpid(),
        data=str(sources.data),
        since=iso_time(sources.started),
        seconds=now - sources.started,
        ports=dict(sources.ports),
        cars_online=readings.census.cars,
        vehicles=stored.vehicles if stored else None,
        waiting_for_proof=readings.census.waiting_for_proof,
        connections=dict(connections),
        last_minute=_last_minute(sources, rates),
        queues=_queues(sources, readings, facts),
        storage=StorageStatus(disk.parts.get("file", 0), disk.parts.get("log", 0), disk.free)
        if disk
        else None,
        outbox=dict(stored.outbox) if stored else None,
        deliveries_failed=sum(
            count for (_, outcome), count in facts.deliveries.items() if outcome == "failed"
        ),
        logins_failed=_failed_logins(sources, facts),
        refused={reason: count for reason, count in facts.refused.items() if count},
        certificate_days={
            name: int((end - now) // DAY) for name, end in facts.certificates.items()
        },
        last_error=LoggedProblem(iso_time(error.time), error.text) if error else None,
        backup=_backup(facts),
    )


def _backup(facts: ServerFacts) -> BackupStatus | None:
    found = facts.backups
    if found is None:
        return None
    last = None if found.last is None else iso_time(found.last)
    return BackupStatus(found.folder, found.every / 3600, last, found.bytes, found.is_failing)


def counts_of(sources: MonitorSources) -> Mapping[str, float]:
    """Return the counts whose growth in a minute is shown."""
    commits = sources.store.writer.counts.commits
    return {
        "received": sources.lines.total("messages_received"),
        "sent": sources.lines.total("messages_sent"),
        "commits": commits.count,
        "commit_seconds": commits.sum,
    }


def _last_minute(sources: MonitorSources, rates: Rates) -> LastMinute:
    seconds, grown = rates.grown(sources.clock.monotonic(), counts_of(sources))
    span = seconds or 1.0
    commits = int(grown["commits"])
    return LastMinute(
        seconds=seconds,
        received_a_second=grown["received"] / span,
        sent_a_second=grown["sent"] / span,
        commits=commits,
        commit_ms=1000 * grown["commit_seconds"] / commits if commits else None,
    )


def _queues(sources: MonitorSources, readings: ServerReadings, facts: ServerFacts) -> Queues:
    depths, census = sources.store.writer.depths(), readings.census
    waiting = facts.accepting.get("handshake_waiting", 0)
    return Queues(
        rows=depths.rows,
        records=depths.records,
        commands=census.commands_waiting,
        cars_paced=census.cars_paced,
        turns=facts.turns_waiting,
        logins=sources.accounts.counts.waiting,
        handshakes=waiting + facts.accepting.get("handshake", 0),
        accepting=facts.accepting.get("hello", 0),
        alerts=facts.alerts_noted,
    )


def _failed_logins(sources: MonitorSources, facts: ServerFacts) -> dict[str, int]:
    failed = Counter({"0x30": facts.welcomes.get("refused", 0)})
    for (scheme, outcome), count in sources.accounts.counts.done.items():
        if outcome in ("refused", "throttled"):
            failed[scheme] += count
    return {scheme: count for scheme, count in failed.items() if count}
