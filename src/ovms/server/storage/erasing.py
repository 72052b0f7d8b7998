"""What is erased: a vehicle's data, and an account with all that it has.

Large histories go in chunks later; what is marked for that is read by nobody any more. A server
deletes it within a minute or so, the command line at once by :func:`purge`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.expiry import CHUNK, count_marked, forget_history, purge_chunk
from ovms.server.storage.journey_forgetting import forget_journeys
from ovms.server.storage.owners import get_owner, remove_owner
from ovms.server.storage.schema import (
    failed_calls,
    messages,
    outbox,
    owners,
    utilisation,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from ovms.server.storage.database import Database
    from ovms.server.values import Owner


def erase_data(connection: Connection, vehicle_id: str) -> None:
    """Erase what a vehicle has sent, and who called as it; the vehicle stays as it is set up."""
    for table in (messages, outbox, utilisation, failed_calls):
        connection.execute(delete(table).where(table.c.vehicle_id == vehicle_id))
    forget_history(connection, vehicle_id, CHUNK)
    forget_journeys(connection, vehicle_id)


def purge(database: Database, on_progress: Callable[[int, int], object]) -> None:
    """Delete all that is marked, a chunk in each of many short transactions.

    ``on_progress`` is called after each with the records that are deleted, and with all.
    """
    with database.reading() as connection:
        total = count_marked(connection)
    done = 0
    while True:
        with database.writing() as connection:
            rows = purge_chunk(connection)
        if rows is None:
            return
        done += rows
        on_progress(done, max(done, total))


def erase_account(connection: Connection, name: str, now: float) -> Owner:
    """Remove an owner with vehicles and all data.

    Raises :class:`NotFound`, or :class:`InvalidValue` for the last administrator.
    """
    owner = get_owner(connection, name)
    admins = connection.scalar(select(func.count()).where(owners.c.admin)) or 0
    if owner.admin and admins <= 1:
        raise InvalidValue("the last administrator cannot go: make another one first")
    return remove_owner(connection, name, now, with_vehicles=True)
