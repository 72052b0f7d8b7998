from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, insert

from ovms.base.clock import ManualClock
from ovms.server.audit import Audit
from ovms.server.hub.hub import Hub, HubSettings
from ovms.server.quota_watch import DROPPED_AGAIN, QuotaWatch
from ovms.server.storage import queries
from ovms.server.storage.audit import AuditFilter, list_audit
from ovms.server.storage.errors import DatabaseError
from ovms.server.storage.limits import OwnerQuotas, SubscriptionLimits
from ovms.server.storage.schema import history_counts
from ovms.server.storage.store import Store
from ovms.server.storage.subscriptions import put_subscription
from ovms.server.values import KeptRecord
from tests.server.hub.fakes import START, VERSION, FakeAlerts
from tests.server.storage.databases import make_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Connection

    from ovms.protocol.records.alert import Alert
    from ovms.server.values import Vehicle

LIMIT = 1000


class Told(FakeAlerts):
    """Remembers whose alerts were raised."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []

    def raise_alert(self, vehicle: Vehicle, alert: Alert) -> Alert:
        """Remember an alert and its vehicle."""
        self.said.append((vehicle.id, alert.text))
        return super().raise_alert(vehicle, alert)


class Site:
    """A server's watch; Bob has CAR1 and CAR2."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.alerts = Told()
        self.hub = Hub(store, self.alerts, clock, HubSettings(VERSION))
        self.audit = Audit(store.database, clock)
        self.limit = LIMIT
        self.watch = self.restarted()

    def restarted(self) -> QuotaWatch:
        """Return the watch of the next run of the server."""
        quotas = OwnerQuotas(0, self.limit)
        return QuotaWatch(self.store, self.hub, self.audit, self.clock, quotas)

    async def fill(self, size: int) -> list[tuple[str, str]]:
        """Have Bob have so many bytes; return what he is told, with the vehicle each."""
        row = {"vehicle_id": "CAR2", "type": "D", "number": 0, "records": 1, "bytes": size}

        def put(connection: Connection) -> None:
            connection.execute(delete(history_counts))
            connection.execute(insert(history_counts).values(row))

        await self.store.database.write(put)
        await self.watch.check()
        told, self.alerts.said = self.alerts.said, []
        return told

    async def noted(self) -> list[tuple[str, str, str | None]]:
        """Return what the audit trail has, the oldest first."""
        await self.audit.settle()
        find = partial(list_audit, wanted=AuditFilter(), limit=50)
        rows = await self.store.database.read(find)
        return [(entry.action, entry.detail, owner) for entry, owner in reversed(rows)]


@asynccontextmanager
async def open_watch(folder: Path) -> AsyncIterator[Site]:
    """Open it all."""
    database = make_database(folder)
    clock = ManualClock(START)
    store = await Store.open(database, clock.time)
    site = Site(store, clock)
    try:
        yield site
    finally:
        await site.hub.close()
        await site.audit.close()
        await store.close()
        await database.close()


NEAR = "More than 90% of your vehicles' history is used ({} of 0.001 MB)"
FULL = "Your vehicles' history is full"


async def test_told_once(tmp_path: Path) -> None:
    """An owner hears once that the history is nearly full, and once that it is full."""
    async with open_watch(tmp_path) as site:
        assert await site.fill(899) == []
        assert [text[:40] for _, text in await site.fill(900)] == [NEAR[:40]]
        assert await site.fill(999) == []
        ((vehicle_id, text),) = await site.fill(1000)
        assert (vehicle_id, text.startswith(FULL)) == ("CAR2", True)
        assert await site.fill(1200) == []
        assert site.hub.rooms == {}
        assert await site.noted() == [
            ("history.near", "900 of 1000 bytes", "bob"),
            ("history.full", "1000 of 1000 bytes", "bob"),
        ]


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ((1000, 950, 1000), 0),  # around the bound
        ((1000, 899, 1000), 1),
        ((900, 850, 900), 0),
        ((900, 799, 900), 1),
        ((1000, 799, 1000), 1),
        ((1000, 899, 950), 0),
        ((1000, 500, 950), 1),
    ],
)
async def test_told_again(tmp_path: Path, sizes: tuple[int, int, int], told: int) -> None:
    """Who had room in between is told again, and not who had little less for a while."""
    async with open_watch(tmp_path) as site:
        first, between, then = sizes
        assert len(await site.fill(first)) == 1
        assert await site.fill(between) == []
        assert len(await site.fill(then)) == told


async def test_a_restart_tells_nobody_again(tmp_path: Path) -> None:
    """What an owner was told is known to the next run; another limit counts at once."""
    async with open_watch(tmp_path) as site:
        assert len(await site.fill(1000)) == 1
        site.watch = site.restarted()
        assert await site.fill(1000) == []
        site.limit = 0
        site.watch = site.restarted()
        assert await site.fill(1000) == []
        assert (await site.noted())[-1] == ("history.room", "no limit", "bob")
        site.limit = LIMIT
        site.watch = site.restarted()
        assert len(await site.fill(1000)) == 1


async def test_where_it_is_told(tmp_path: Path) -> None:
    """Of an owner's vehicles, one counts that somebody subscribed to, whatever it has."""
    async with open_watch(tmp_path) as site:
        with site.store.database.writing() as connection:
            vehicle = queries.get_vehicle(connection, "CAR1")
            kind = ("app", "mail", "", "bob@example.org", "CAR1", START, ())
            put_subscription(connection, vehicle, *kind, SubscriptionLimits())
        assert [vehicle_id for vehicle_id, _ in await site.fill(1000)] == ["CAR1"]


async def test_what_was_not_kept(tmp_path: Path) -> None:
    """How many records were dropped stands in the trail: at once, then daily, and at the end."""
    record = KeptRecord("S", 1, int(START), int(START) + 1000, b"data", None, START)
    async with open_watch(tmp_path) as site:
        await site.fill(1000)
        for _ in range(3):
            site.store.put_history("CAR1", record)
        await site.fill(1000)
        assert (await site.noted())[-1] == ("history.dropped", "3 records were not kept", "bob")
        site.store.put_history("CAR2", record)
        await site.fill(1000)
        assert len(await site.noted()) == 2
        site.clock.advance(DROPPED_AGAIN)
        site.store.put_history("CAR2", record)
        await site.fill(10)
        assert (await site.noted())[-1][:2] == ("history.dropped", "2 records were not kept")
        await site.fill(1000)
        site.store.put_history("CAR2", record)
        site.watch.close()
        assert (await site.noted())[-1][:2] == ("history.dropped", "1 records were not kept")


async def test_what_the_database_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vehicle that cannot be loaded keeps nobody from being noted as told."""
    async with open_watch(tmp_path) as site:

        async def refuse(vehicle_id: str) -> None:
            raise DatabaseError("no")

        monkeypatch.setattr(site.hub, "find", refuse)
        assert await site.fill(1000) == []
        assert (await site.noted())[-1][0] == "history.full"
