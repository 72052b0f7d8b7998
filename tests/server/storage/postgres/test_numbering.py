from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from ovms.server.storage import queries, schema
from ovms.server.storage.numbering import numbered_tables

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_numbers_that_were_given(database: Database) -> None:
    """A number that is gone counts, and is not given again after the numbers were set anew."""
    with database.writing() as connection:
        gone = queries.add_owner(connection, "carl", 1.0)
        connection.execute(delete(schema.owners).where(schema.owners.c.id == gone.id))
        highest = database.highest_ids(connection)
        assert highest["owners"] == gone.id == 2
        assert set(highest) == {table.name for table in numbered_tables()}
        database.set_highest_ids(connection, highest | {"owners": 70, "history": 0})
        assert queries.add_owner(connection, "dave", 1.0).id == 71
        assert database.highest_ids(connection) == highest | {"owners": 71, "history": 0}
