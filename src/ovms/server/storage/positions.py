"""Positions that are kept shorter than the rest: what of them is over, and its end.

A vehicle's own number of days counts for all that may say where it was: the telemetry log of `L`,
records of types that hold positions, alerts with coordinates, its last known position, and where
its journeys were.
Without one the server's number counts. Each function is a short transaction.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from ovms.protocol.codes import CODES
from ovms.protocol.positions import holds_position, says_position
from ovms.server.storage.expiry import CHUNK
from ovms.server.storage.history import records_of
from ovms.server.storage.history_records import delete_found, delete_records
from ovms.server.storage.journey_positions import end_journey_positions
from ovms.server.storage.schema import history, history_counts, messages, vehicles
from ovms.server.values import ALERT_TYPE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database

DAY: Final = 86400

MOST_DAYS: Final = 3650
"""Days that no record is kept longer than, whatever its car asks for."""

POSITION_INTERVAL: Final = 3600.0
"""Seconds from one pass over all vehicles to the next."""

VEHICLES_A_READ: Final = 200
"""Vehicles that are looked up at once."""

POSITION_CODES: Final = tuple(code for code, row in CODES.items() if row.is_position)

h = history.c


class PositionExpiry:
    """Deletes positions that are over, in a pass over all vehicles once an hour."""

    def __init__(self, days: int = MOST_DAYS) -> None:
        self.days = days
        """Of vehicles without a number of their own."""
        self._last: float | None = None

    async def run(self, database: Database, now: float) -> int:
        """Make a pass if it is time for one; return how many records went.

        What was deleted since the last one, by whatever, is then in no file of the database.
        """
        if self._last is not None and 0 <= now - self._last < POSITION_INTERVAL:
            return 0
        self._last = now
        count, place = 0, ""
        while found := await database.read(partial(limited_vehicles, days=self.days, after=place)):
            for vehicle_id, days in found:
                place, rows = vehicle_id, CHUNK
                while rows >= CHUNK:
                    end = partial(end_positions, vehicle_id=vehicle_id, days=days, now=now)
                    rows = await database.write(end)
                    count += rows
                until = int(now) - days * DAY
                journeys = partial(end_journey_positions, vehicle_id=vehicle_id, until=until)
                while await database.write(journeys):
                    pass
        await database.forget_deleted()
        return count


def limited_vehicles(connection: Connection, days: int, after: str) -> list[tuple[str, int]]:
    """Return vehicles behind an id, by id, whose positions end before the rest, and their days."""
    v = vehicles.c
    query = select(v.id, v.log_position_days).where(v.id > after, v.deleted.is_(None))
    if days >= MOST_DAYS:
        query = query.where(v.log_position_days.is_not(None))
    rows = connection.execute(query.order_by(v.id).limit(VEHICLES_A_READ))
    return [(id_, days if own is None else own) for id_, own in rows]


def end_positions(connection: Connection, vehicle_id: str, days: int, now: float) -> int:
    """Delete up to :data:`CHUNK` records that say where a vehicle was more than so many days ago.

    Return how many. The last known position goes too, but not within a day: apps show where it is.
    """
    m = messages.c
    last = (m.vehicle_id == vehicle_id, m.code.in_(POSITION_CODES))
    connection.execute(delete(messages).where(*last, m.time <= now - max(1, days) * DAY))
    until = int(now) - days * DAY
    c = history_counts.c
    types = select(c.type).where(c.vehicle_id == vehicle_id).distinct()
    count = 0
    for name in connection.scalars(types).all():
        if count < CHUNK and name == ALERT_TYPE:
            count += _end_alerts(connection, vehicle_id, until, CHUNK - count)
        elif count < CHUNK and holds_position(name):
            count += delete_records(connection, vehicle_id, name, None, until, CHUNK - count)
    return count


def _end_alerts(connection: Connection, vehicle_id: str, until: int, rows: int) -> int:
    where = records_of(connection, vehicle_id, ALERT_TYPE, None, until)
    query = select(h.id, h.number, h.data).where(*where)
    found = [
        (id_, number, len(data))
        for id_, number, data in connection.execute(query)
        if says_position(data.decode("latin-1"))
    ]
    return delete_found(connection, vehicle_id, ALERT_TYPE, found[:rows])
