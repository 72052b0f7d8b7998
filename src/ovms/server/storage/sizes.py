"""How much there is of each vehicle: the queries. Each takes a connection inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from ovms.protocol.positions import holds_position
from ovms.server.storage.schema import history_counts, journeys, messages, raw_journeys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

IDS_A_QUERY: Final = 500
"""Vehicles that one statement names; SQLite takes 32,766 parameters."""


@dataclass(slots=True)
class VehicleSize:
    """What the database has of a vehicle."""

    records: int = 0
    """In its history."""
    bytes: int = 0
    """Of its history."""
    positions: int = 0
    """Records of its history that may say where it was."""
    messages: int = 0
    """The latest ones, of each code."""
    journeys: int = 0
    """Trips, charges and parked times."""


def vehicle_sizes(connection: Connection, vehicle_ids: Sequence[str]) -> dict[str, VehicleSize]:
    """Return the sizes of vehicles, also of those of which there is nothing."""
    found = {each: VehicleSize() for each in vehicle_ids}
    for start in range(0, len(vehicle_ids), IDS_A_QUERY):
        _add(connection, found, vehicle_ids[start : start + IDS_A_QUERY])
    return found


def history_sizes(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return the records and bytes of all histories that hold something, by vehicle."""
    c = history_counts.c
    query = select(c.vehicle_id, func.sum(c.records), func.sum(c.bytes)).group_by(c.vehicle_id)
    return {each: (int(records), int(size)) for each, records, size in connection.execute(query)}


def journey_bytes(connection: Connection, vehicle_id: str) -> int:
    """Return the bytes of a vehicle's journeys, tracks and curves; it reads all their rows."""
    raw = func.coalesce(func.sum(func.length(raw_journeys.c.data)), 0)
    shown = func.coalesce(func.sum(func.length(journeys.c.data)), 0)
    return sum(
        int(connection.scalar(select(size).where(table.c.vehicle_id == vehicle_id)) or 0)
        for table, size in ((raw_journeys, raw), (journeys, shown))
    )


def _add(connection: Connection, found: dict[str, VehicleSize], ids: Sequence[str]) -> None:
    c = history_counts.c
    sums = select(c.vehicle_id, c.type, func.sum(c.records), func.sum(c.bytes))
    rows = connection.execute(sums.where(c.vehicle_id.in_(ids)).group_by(c.vehicle_id, c.type))
    for vehicle_id, record_type, records, size in rows:
        sizes = found[vehicle_id]
        sizes.records += int(records)
        sizes.bytes += int(size)
        if holds_position(record_type):
            sizes.positions += int(records)
    for table, name in ((messages, "messages"), (journeys, "journeys")):
        of = table.c.vehicle_id
        for vehicle_id, count in connection.execute(
            select(of, func.count()).where(of.in_(ids)).group_by(of)
        ):
            setattr(found[vehicle_id], name, count)
