from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage.push_key import find_push_key, take_push_key
from tests.server.storage.databases import rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_it_is_made_once(database: Database) -> None:
    """The first server makes it, later ones find it; it does not stand in the database as it is."""
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO server (id, started, heartbeat) VALUES (1, 1, 2)")
        assert find_push_key(connection) is None
        assert take_push_key(connection, lambda: "first") == "first"
        assert take_push_key(connection, lambda: "second") == "first"
        assert find_push_key(connection) == "first"
    ((stored,),) = rows(database, "SELECT push_key FROM server")
    assert "first" not in stored
