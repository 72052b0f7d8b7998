"""The end of journeys: of what was erased, and of what was a former owner's.

Each function takes a connection inside a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from ovms.server.storage.schema import (
    history,
    journey_checkpoints,
    journey_edits,
    journey_progress,
    journey_rules,
    journey_stale,
    journeys,
    raw_journeys,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

p = journey_progress.c


def forget_journeys(connection: Connection, vehicle_id: str) -> None:
    """Delete a vehicle's journeys, their corrections, and what was remembered of them.

    What the owner wants to be told of them stays.
    """
    tables = (raw_journeys, journeys, journey_edits, journey_checkpoints, journey_stale)
    for table in (*tables, journey_progress):
        connection.execute(delete(table).where(table.c.vehicle_id == vehicle_id))
    rules = update(journey_rules).where(journey_rules.c.vehicle_id == vehicle_id)
    connection.execute(rules.values(state="{}"))


def end_journeys(connection: Connection, vehicle_id: str, now: float) -> None:
    """Delete a former owner's journeys and rules: none are made of what was reported until now."""
    version = connection.scalar(select(p.version).where(p.vehicle_id == vehicle_id)) or 0
    forget_journeys(connection, vehicle_id)
    rules = journey_rules.c.vehicle_id == vehicle_id
    connection.execute(delete(journey_rules).where(rules))
    newest = connection.scalar(select(func.max(history.c.id))) or 0
    row = {"vehicle_id": vehicle_id, "seen_id": newest, "since": int(now)}
    connection.execute(insert(journey_progress).values(version=version + 1, **row))
