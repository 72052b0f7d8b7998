"""The demo's owner and vehicles in the server's database, and what it knows of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from ovms.car.vehicles.sim.route import HOME_TO_TOWN
from ovms.car.vehicles.sim.scenarios.road_trip import FIRST, SECOND, THIRD
from ovms.car.vehicles.sim.scenarios.week import TO_SHOP
from ovms.cli.database import open_database
from ovms.cli.demo.cars import SLEEPER, VEHICLES
from ovms.cli.demo.past import live
from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.logs import GRID_TYPE, TRIP_TYPE, GridRecord, TripRecord
from ovms.server.accounts.passwords import hash_password
from ovms.server.journeys.tariffs import Tariff
from ovms.server.journeys.values import Position
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.storage.places import list_places, make_place, set_tariff
from ovms.server.values import ALERT_TYPE

OWNER: Final = "demo"
SECRET: Final = "demo"  # noqa: S105 (it protects cars that do not exist, on loopback)
HOST: Final = "127.0.0.1"

HOME: Final = "Home"
PLACES: Final = {
    HOME: HOME_TO_TOWN[0],
    "Work": HOME_TO_TOWN[-1],
    "Shops": TO_SHOP.waypoints[-1],
    "Fast charger Altmühltal": FIRST.waypoints[-1],
    "Fast charger Bayreuth": SECOND.waypoints[-1],
    "Hof": THIRD.waypoints[-1],
}
"""Where the cars stop, by name."""

HOME_TARIFF: Final = Tariff(energy_price=Decimal("0.32"))
FAST_TARIFF: Final = Tariff(energy_price=Decimal("0.59"))

PAGE: Final = 5000
"""Records that are counted at most."""


@dataclass(frozen=True, slots=True)
class Past:
    """What the server knows of the demo's vehicles."""

    latest: Mapping[str, Mapping[str, LatestMessage]]
    """The latest messages by vehicle and code."""
    summary: str
    """What the car that sleeps has behind it."""


def set_up(folder: Path, say: Callable[[str], object]) -> Past:
    """Make what is missing of owner, vehicles and past; ``say`` takes what takes a while."""
    with open_database(folder, None, None) as db:
        _make_vehicles(db)
        if not _latest(db, SLEEPER.id):
            say(f"{SLEEPER.id} lives three weeks of trips and charges first, a few seconds …")
            _make_places(db)
            asyncio.run(_apply(db, live(SLEEPER, time.time())))
        latest = {vehicle: _latest(db, vehicle) for vehicle in VEHICLES}
        return Past(latest, _summary(db))


def _summary(db: Database) -> str:
    """Return what the car that sleeps has behind it, in words."""
    trips = [TripRecord.parse(data).trip or 0 for data in _records(db, TRIP_TYPE)]
    states = [GridRecord.parse(data).charge_state for data in _records(db, GRID_TYPE)]
    return (
        f"{len(trips)} trips over {sum(trips):.0f} km, {states.count('charging')} charges and "
        f"{len(_records(db, ALERT_TYPE))} alerts"
    )


def _records(db: Database, record_type: str) -> list[bytes]:
    """Return the data of the records of a type."""
    with db.reading() as connection:
        _, last = queries.history_count(connection, SLEEPER.id, record_type)
        page = queries.history_page(connection, SLEEPER.id, record_type, None, None, last, PAGE)
    return [entry.data for entry in page]


def _make_vehicles(db: Database) -> None:
    """Make the owner and the vehicles, unless they are there from an earlier demo."""
    with db.writing() as connection:
        now = time.time()
        owner = queries.find_owner(connection, OWNER) or queries.add_owner(
            connection, OWNER, now, password_hash=hash_password(SECRET)
        )
        for vehicle, name in VEHICLES.items():
            if queries.find_vehicle(connection, vehicle) is None:
                queries.add_vehicle(connection, vehicle, owner, SECRET, now, name=name)


def _make_places(db: Database) -> None:
    """Make the places where the cars stop, so that trips have names and charges cost something.

    What the owner removes stays removed: they are made once, with the past.
    """
    with db.writing() as connection:
        owner, now = queries.get_owner(connection, OWNER), time.time()
        if list_places(connection, owner.id):
            return
        for name, at in PLACES.items():
            point = Position(latitude=at.latitude, longitude=at.longitude)
            place = make_place(connection, owner.id, name, point, now, is_home=name == HOME)
            tariff = HOME_TARIFF if place.is_home else FAST_TARIFF
            if place.is_home or name.startswith("Fast charger"):
                set_tariff(connection, owner.id, place.id, None, tariff, now)


async def _apply(db: Database, batch: Batch) -> None:
    """Write a car's past, all of it or nothing."""
    try:
        await db.apply(batch)
    finally:
        await db.close()


def _latest(db: Database, vehicle: str) -> dict[str, LatestMessage]:
    with db.reading() as connection:
        found = queries.load_vehicle(connection, vehicle)
    return {} if found is None else {message.code: message for message in found[1]}
