"""What the numbers come from: the parts of the running server, asked when somebody wants to know.

The parts count and know; nothing is kept here. What takes time (the database, the disk, very many
rooms) is read off the event loop or in turns, and has a time-out: when it does not answer, its
metrics are missing and all others are there.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from ovms.base.logs import get_logger
from ovms.server.hub.census import Census, take_census
from ovms.server.storage import outbox
from ovms.server.storage.errors import StoreError
from ovms.server.storage.schema import vehicles

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.base.clock import Clock
    from ovms.base.histogram import Histogram
    from ovms.net.counts import CountsByKind
    from ovms.server.accounts.login import Accounts
    from ovms.server.http.monitor.requests import RequestCounts
    from ovms.server.hub.hub import Hub
    from ovms.server.storage.store import Store

READ_TIMEOUT: Final = 2.0
"""Seconds that the database and the disk have to answer."""

log = get_logger("ovms.server.http")


@dataclass(frozen=True, slots=True)
class JourneyFacts:
    """What makes journeys says of itself."""

    behind: int
    """Vehicles that wait for it."""
    records: int
    """Records that it took."""
    seconds: float
    """Seconds that it needed."""
    failures: int
    """Vehicles that it gave up for a while."""


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """What makes backups says of itself."""

    every: float
    """Seconds between two of them."""
    folder: str
    last: float | None
    """When the newest that is there was made, Unix seconds."""
    bytes: int | None
    """How many it has."""
    made: int
    failed: int
    is_failing: bool
    """The last try failed."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the parts know that are above this room; plain values of this moment."""

    is_stopping: bool
    accepting: Mapping[str, int]
    """Connections that are being accepted, by stage."""
    turns_waiting: int
    refused: Mapping[str, int]
    """Callers that were refused, by reason."""
    unanswered_cars: int
    welcomes: Mapping[str, int]
    """Welcomes by secret, by outcome."""
    certificates: Mapping[str, float]
    """When each certificate ends, Unix seconds."""
    alerts: Mapping[str, int]
    """Alerts by kind."""
    alerts_noted: int
    alerts_refused: int
    alerts_expired: int
    deliveries: Mapping[tuple[str, str], int]
    """Tries to deliver, by channel and outcome."""
    sessions: int
    """Owners' sessions by HTTP."""
    watches: int
    """Vehicles that somebody watches by HTTP."""
    journeys: JourneyFacts | None = None
    """``None`` while no journeys are made."""
    backups: BackupFacts | None = None
    """``None`` on a server that makes none by itself."""


@dataclass(frozen=True, slots=True)
class MonitorSources:
    """The parts of the running server that are asked."""

    version: str
    data: Path
    started: float
    """Unix seconds."""
    ports: Mapping[str, int | None]
    clock: Clock
    hub: Hub
    store: Store
    accounts: Accounts
    lines: CountsByKind
    requests: RequestCounts
    lag: Histogram
    look: Callable[[], ServerFacts]
    find_troubles: Callable[[], Awaitable[Mapping[str, str]]]
    """Returns what is wrong now, in words, by a name each."""


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes on disk."""

    parts: Mapping[str, int]
    """Of the database."""
    free: int
    size: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database knows."""

    vehicles: int
    outbox: Mapping[str, int]
    """Alerts that wait, by channel."""


@dataclass(frozen=True, slots=True)
class ServerReadings:
    """What takes time to read; ``None`` of what did not answer."""

    census: Census
    disk: Disk | None
    stored: Stored | None


async def take_readings(sources: MonitorSources) -> ServerReadings:
    """Read what takes time, within :data:`READ_TIMEOUT`."""
    disk, stored, census = await asyncio.gather(
        _read_disk(sources), _read_database(sources), take_census(sources.hub)
    )
    return ServerReadings(census, disk, stored)


async def _read_disk(sources: MonitorSources) -> Disk | None:
    def look() -> Disk:
        usage = shutil.disk_usage(sources.data)
        return Disk(sources.store.database.sizes(), usage.free, usage.total)

    try:
        async with asyncio.timeout(READ_TIMEOUT):
            return await asyncio.to_thread(look)
    except (OSError, StoreError) as error:  # TimeoutError is an OSError
        log.warning("the disk cannot be looked at", reason=str(error) or "no answer in time")
        return None


async def _read_database(sources: MonitorSources) -> Stored | None:
    def look(connection: Connection) -> Stored:
        count = connection.scalar(select(func.count()).select_from(vehicles)) or 0
        return Stored(count, outbox.count_by_type(connection))

    try:
        async with asyncio.timeout(READ_TIMEOUT):
            return await sources.store.database.read(look)
    except (StoreError, TimeoutError):
        return None  # /readyz says why
