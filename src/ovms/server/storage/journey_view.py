"""What is told beside journeys: how places are called, and why there may be no journeys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sqlalchemy import select

from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import places, vehicles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from ovms.server.storage.journeys import JourneyRow


class JourneyState(Enum):
    """Whether journeys are made of what a vehicle reports, or why not."""

    MADE = "made"
    OFF = "off"
    """This server makes none."""
    VEHICLE_OFF = "vehicle_off"
    """Of this vehicle none are wanted."""
    PARANOID = "paranoid"
    """The server cannot read what it reports."""
    NO_TELEMETRY = "no_telemetry"
    """Nothing of what it reports is kept."""


@dataclass(frozen=True, slots=True)
class JourneyMaking:
    """What a server's settings say of making journeys."""

    is_on: bool = True
    log_days: int = 30
    """Days that telemetry is kept of vehicles that have no setting of their own."""


def journey_state(connection: Connection, vehicle_id: str, making: JourneyMaking) -> JourneyState:
    """Return whether journeys are made of a vehicle, or the first reason why not."""
    v = vehicles.c
    query = select(v.journeys, v.paranoid_token, v.log_days).where(v.id == vehicle_key(vehicle_id))
    row = connection.execute(query).one_or_none()
    if not making.is_on:
        return JourneyState.OFF
    if row is None or not row.journeys:
        return JourneyState.VEHICLE_OFF
    if row.paranoid_token:
        return JourneyState.PARANOID
    days = making.log_days if row.log_days is None else row.log_days
    return JourneyState.MADE if days else JourneyState.NO_TELEMETRY


def place_names(connection: Connection, rows: Iterable[JourneyRow]) -> dict[int, str]:
    """Return the names of the places of some journeys, by their ids."""
    return names_of(connection, {id_ for row in rows for id_ in (row.start_place, row.end_place)})


def names_of(connection: Connection, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of places by their ids; of those that were removed none."""
    known, p = {each for each in ids if each is not None}, places.c
    if not known:
        return {}
    query = select(p.id, p.name).where(p.id.in_(known), p.removed.is_(None))
    return {row.id: row.name for row in connection.execute(query)}
