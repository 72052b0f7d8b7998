from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from ovms.base.clock import ManualClock
from ovms.protocol.messages import LatestMessage
from ovms.server.hub.hub import Hub, HubSettings
from ovms.server.journey_alerts import ALL_EVERY, ALL_FIRST, CHUNK, JourneyWatch
from ovms.server.journeys.rules import (
    ArrivalSocRule,
    ChargeMissedRule,
    ParkedLossRule,
    PlacesRule,
    Rule,
    ServiceRule,
)
from ovms.server.journeys.values import JourneyEnd
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.journey_rules import set_rule
from ovms.server.storage.journeys import record_journeys
from ovms.server.storage.schema import places, raw_journeys, vehicles
from ovms.server.storage.store import Store
from tests.server.hub.fakes import START, VERSION, FakeAlerts
from tests.server.journeys.made import parked, trip
from tests.server.storage.databases import make_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Connection

    from ovms.protocol.records.alert import Alert
    from ovms.server.journeys.values import Journey
    from ovms.server.values import Vehicle

NOW = int(START)
ON, OFF = b"128", b"0"


class ToldAlerts(FakeAlerts):
    """Remembers whose alerts were raised."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str, str]] = []

    def raise_alert(self, vehicle: Vehicle, alert: Alert) -> Alert:
        """Remember an alert and its vehicle."""
        self.said.append((vehicle.id, alert.kind, alert.text))
        return super().raise_alert(vehicle, alert)


class Watch:
    """A server that watches journeys; Bob has CAR1 and CAR2."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.alerts = ToldAlerts()
        self.hub = Hub(store, self.alerts, clock, HubSettings(VERSION))
        self.watch = JourneyWatch(store, self.hub, clock)

    async def put(self, rule: Rule, *journeys: Journey) -> None:
        """Set a rule of CAR1, and have it journeys."""

        def put(connection: Connection) -> None:
            set_rule(connection, "CAR1", rule)
            record_journeys(connection, "CAR1", -1, journeys)

        await self.store.database.write(put)

    async def hear(self, vehicle_id: str = "CAR1", **messages: bytes) -> None:
        """Store the latest messages of a car."""
        batch, now = Batch(), self.clock.time()
        batch.messages[vehicle_id] = {
            code: LatestMessage(code, data, now) for code, data in messages.items()
        }
        await self.store.database.apply(batch)

    async def check(self, seconds: float = 60) -> list[tuple[str, str, str]]:
        """Look after some seconds; return what is told, each with its vehicle and kind."""
        self.clock.advance(seconds)
        await self.watch.check()
        told, self.alerts.said = self.alerts.said, []
        assert self.hub.rooms == {}
        return told


@asynccontextmanager
async def open_watch(folder: Path) -> AsyncIterator[Watch]:
    """Open it all."""
    database = make_database(folder)
    clock = ManualClock(START)
    store = await Store.open(database, clock.time)
    site = Watch(store, clock)
    try:
        yield site
    finally:
        await site.hub.close()
        await store.close()
        await database.close()


def location(latitude: float) -> bytes:
    """Return a position with a lock."""
    return b"%.6f,8.000000,0,100,1,1,0,0" % latitude


def add_place(connection: Connection, name: str, latitude: float) -> None:
    """Make a place of Bob."""
    bob = queries.get_owner(connection, "bob").id
    row = {"owner_id": bob, "name": name, "name_key": name, "latitude": latitude, "longitude": 8.0,
           "radius": 100.0, "created": 1.0, "changed": 1.0}  # fmt: skip
    connection.execute(insert(places).values(row))


async def test_places(tmp_path: Path) -> None:
    """A car that leaves a place and enters another one is told of, also after a restart."""
    async with open_watch(tmp_path) as site:
        await site.store.database.write(partial(add_place, name="Home", latitude=50.0))
        await site.store.database.write(partial(add_place, name="Work", latitude=50.1))
        await site.put(PlacesRule(is_on=True))
        await site.hear(L=location(50.0), D=OFF)
        await site.hear("CAR2", L=location(50.0), D=OFF)
        assert await site.check() == []
        site.watch = JourneyWatch(site.store, site.hub, site.clock)
        await site.hear(L=location(50.01), D=ON)
        await site.hear("CAR2", L=location(50.01), D=ON)
        assert await site.check() == [("CAR1", "I", "Has left Home")]
        await site.hear(L=location(50.1), D=OFF)
        assert await site.check() == [("CAR1", "I", "Has arrived at Work")]
        assert await site.check() == []


async def test_journeys(tmp_path: Path) -> None:
    """A trip that ended with little SOC is told once, and not long after it."""
    async with open_watch(tmp_path) as site:
        await site.hear(D=OFF)
        low = JourneyEnd(time=NOW - 300, soc=9.0)
        old = trip(NOW - 90_000, NOW - 88_000, closed=NOW - 87_000)
        old = replace(old, end=replace(low, time=NOW - 88_000))
        await site.put(ArrivalSocRule(is_on=True), old)
        assert await site.check() == []
        recent = replace(trip(NOW - 2000, NOW - 300, closed=NOW), end=low)
        await site.put(ArrivalSocRule(is_on=True), old, recent)
        assert await site.check() == [("CAR1", "A", "The trip ended with 9 %, less than 20 %")]
        assert await site.check() == []
        await site.store.database.write(
            partial(record_journeys, vehicle_id="CAR1", after=-1, journeys=[old, recent])
        )
        assert await site.check() == []


async def test_parked_loss(tmp_path: Path) -> None:
    """What a vehicle usually loses is that of the times that it was parked before."""
    async with open_watch(tmp_path) as site:
        await site.hear(D=OFF)
        day = 86400
        before = [
            parked(NOW - each * day - day, NOW - each * day, closed=NOW - each * day)
            for each in range(10, 20)
        ]
        now = parked(NOW - 2 * day, NOW, closed=None, soc_lost=9.0)
        await site.put(ParkedLossRule(is_on=True), *before, now)
        text = "Loses 4.5 % a day while parked, usually 1.0 %"
        assert await site.check() == [("CAR1", "A", text)]
        assert await site.check() == []


async def test_charge_missed(tmp_path: Path) -> None:
    """Windows are those of the owner's time zone."""
    async with open_watch(tmp_path) as site:
        hour = NOW % 86400 // 3600
        start, end = f"{hour:02}:00", f"{(hour + 1) % 24:02}:00"
        await site.put(ChargeMissedRule(is_on=True, start=start, end=end))
        await site.hear(D=OFF)
        assert await site.check() == []
        site.clock.advance(3600 - NOW % 3600)
        await site.hear(D=OFF)
        told = await site.check()
        assert [text for _, _, text in told] == [f"Not plugged in at {end}"]


async def test_service(tmp_path: Path) -> None:
    """Without any rule it is told once that a car says that its service is due."""
    async with open_watch(tmp_path) as site:
        firmware = b"0.1,VIN,18,1,TR,net,%d,-1"
        await site.hear(F=firmware % 900)
        await site.hear("CAR2", F=firmware % 9000)
        due = [("CAR1", "I", "The service is due in 900 km")]
        assert await site.check(ALL_FIRST - 1) == []  # first all cars call again
        assert await site.check(1) == due
        await site.hear("CAR2", F=firmware % 100)
        assert await site.check() == []
        assert await site.check(ALL_EVERY) == [("CAR2", "I", "The service is due in 100 km")]
        site.watch = JourneyWatch(site.store, site.hub, site.clock)
        assert await site.check() == []
        await site.put(ServiceRule(is_on=False))
        assert await site.check(ALL_EVERY) == []


async def test_vehicles_without_journeys(tmp_path: Path) -> None:
    """Nothing is told of a vehicle whose journeys are off, or whose messages are sealed."""
    async with open_watch(tmp_path) as site:
        await site.hear(F=b"0.1,VIN,18,1,TR,net,900,-1")
        off = update(vehicles).values(journeys=False)
        await site.store.database.write(lambda connection: connection.execute(off))
        assert await site.check() == []
        on = update(vehicles).values(journeys=True)
        await site.store.database.write(lambda connection: connection.execute(on))
        batch = Batch()
        batch.messages["CAR1"] = {"F": LatestMessage("F", b"sealed", START, "token")}
        await site.store.database.apply(batch)
        assert await site.check(ALL_EVERY) == []


async def test_many_vehicles(tmp_path: Path) -> None:
    """All vehicles are looked at, a chunk at a time; a failure with one stops no other."""
    async with open_watch(tmp_path) as site:

        def fill(connection: Connection) -> None:
            bob = queries.get_owner(connection, "bob")
            for number in range(CHUNK):
                queries.add_vehicle(connection, f"V{number:03}", bob, "secret", 1.0)
            row = {"vehicle_id": "CAR1", "kind": "trip", "start": 1, "end": 2, "data": b"\x00"}
            connection.execute(insert(raw_journeys).values(row))
            set_rule(connection, "CAR1", ArrivalSocRule(is_on=True))

        await site.store.database.write(fill)
        last = f"V{CHUNK - 1:03}"
        for vehicle_id in ("CAR1", "V000", last):
            await site.hear(vehicle_id, F=b"0.1,VIN,18,1,TR,net,900,-1")
        assert [vehicle_id for vehicle_id, _, _ in await site.check()] == ["V000", last]
