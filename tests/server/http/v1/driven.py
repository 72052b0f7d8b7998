"""Journeys and places for tests of ``/api/v1``, put into the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert

from ovms.server.storage import queries
from ovms.server.storage.schema import places

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

HOME = (50.0, 8.0)
WORK = (50.1, 8.1)


def put_place(
    v1: ApiSite, name: str = "Home", at: tuple[float, float] = HOME, owner: str = "bob"
) -> int:
    """Make a place, and return its id."""
    with v1.database.writing() as connection:
        row = {
            "owner_id": queries.get_owner(connection, owner).id,
            "name": name, "name_key": name.lower(), "latitude": at[0], "longitude": at[1],
            "radius": 100.0, "created": 1.0, "changed": 1.0,
        }  # fmt: skip
        made: int = connection.scalar(insert(places).values(row).returning(places.c.id)) or 0
    return made
