"""Journeys and places for tests of ``/api/v1``, put into the database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import insert

from ovms.server.journeys.values import ChargeEnding, CurvePoint, JourneyEnd
from ovms.server.storage import queries
from ovms.server.storage.journeys import list_journeys
from ovms.server.storage.schema import places
from tests.server.journeys.made import HOME, NOON, WORK, charge, parked, put_journeys, trip

if TYPE_CHECKING:
    from ovms.server.journeys.values import Journey, Position
    from tests.server.http.v1.site import ApiSite

HOUR = 3600


def put_place(v1: ApiSite, name: str = "Home", at: Position = HOME, owner: str = "bob") -> int:
    """Make a place, and return its id."""
    with v1.database.writing() as connection:
        row = {
            "owner_id": queries.get_owner(connection, owner).id,
            "name": name, "name_key": name.lower(), "latitude": at.latitude,
            "longitude": at.longitude, "radius": 100.0, "created": 1.0, "changed": 1.0,
        }  # fmt: skip
        made: int = connection.scalar(insert(places).values(row).returning(places.c.id)) or 0
    return made


def day() -> list[Journey]:
    """Return a day: a trip to work, parked there, a charge at home after it, which goes on."""
    drive = replace(
        trip(), speed_max=99.96, altitude_min=80.0, altitude_max=120.0, ascent=60.0, descent=20.0,
        estimated=("energy_used",), temperature_ambient=21.25,
    )  # fmt: skip
    start = JourneyEnd(time=NOON + 1800, position=WORK, soc=75.0, voltage_12v=12.8, altitude=120.0)
    end = replace(start, time=start.time + 12 * HOUR, soc=74.0, voltage_12v=12.6)
    stay = replace(parked(start.time, end.time), start=start, end=end)
    begin = NOON + 14 * HOUR
    load = charge(
        begin, begin + HOUR, closed=None, plug="type2", power_max=7.2,
        ending=ChargeEnding.UNKNOWN,
        curve=(
            CurvePoint(time=begin, soc=60.0, power=7.0, energy=0.0, grid_energy=0.0),
            CurvePoint(time=begin + HOUR, soc=70.0, power=6.0, energy=6.3, grid_energy=7.0),
        ),
    )  # fmt: skip
    return [drive, stay, load]


def put_day(v1: ApiSite, vehicle_id: str = "CAR1") -> dict[str, int]:
    """Make that day a vehicle's; return the ids by kind."""
    put_journeys(v1.database, vehicle_id, *day())
    return journeys_of(v1, vehicle_id)


def journeys_of(v1: ApiSite, vehicle_id: str = "CAR1") -> dict[str, int]:
    """Return the id of a vehicle's first journey of each kind."""
    with v1.database.reading() as connection:
        rows, _ = list_journeys(connection, vehicle_id, limit=100, newest_first=True)
    return {row.kind.value: row.id for row in rows}
