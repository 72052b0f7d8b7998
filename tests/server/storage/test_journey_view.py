from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from ovms.server.storage.journey_view import (
    JourneyMaking,
    JourneyState,
    journey_state,
    place_names,
)
from ovms.server.storage.journeys import list_journeys
from ovms.server.storage.schema import vehicles
from tests.server.journeys.made import put_journeys, trip

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


@pytest.mark.parametrize(
    ("change", "making", "state"),
    [({}, JourneyMaking(), "made"), ({}, JourneyMaking(is_on=False), "off"),
     ({}, JourneyMaking(log_days=0), "no_telemetry"),
     ({"log_days": 3}, JourneyMaking(log_days=0), "made"),
     ({"log_days": 0}, JourneyMaking(), "no_telemetry"),
     ({"paranoid_token": "x", "log_days": 0}, JourneyMaking(), "paranoid"),
     ({"journeys": False, "paranoid_token": "x"}, JourneyMaking(), "vehicle_off")],
)  # fmt: skip
def test_state(
    database: Database, change: dict[str, Any], making: JourneyMaking, state: str
) -> None:
    """The first reason counts, that of the server before those of the vehicle."""
    with database.writing() as connection:
        if change:
            connection.execute(update(vehicles).values(change))
        assert journey_state(connection, "car1", making) is JourneyState(state)


def test_no_vehicle(database: Database) -> None:
    """Of no vehicle no journeys are made."""
    with database.reading() as connection:
        assert journey_state(connection, "NONE", JourneyMaking()) is JourneyState.VEHICLE_OFF


def test_no_names(database: Database) -> None:
    """Where there is no place there are no names."""
    put_journeys(database, "CAR1", trip())
    with database.reading() as connection:
        rows, _ = list_journeys(connection, "CAR1", limit=9)
        assert place_names(connection, rows) == {}
