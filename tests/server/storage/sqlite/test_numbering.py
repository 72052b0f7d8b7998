from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage import queries
from tests.server.storage.databases import execute, rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_highest_ids(database: Database) -> None:
    """An id that was given counts when its row is gone, and where there are rows and no count."""
    execute(database, "INSERT INTO audit (id, time, actor, action) VALUES (7, 1, '', '')")
    execute(database, "DELETE FROM audit")
    execute(database, "INSERT INTO raw_journeys VALUES (5, 'CAR1', 'trip', 1, 2, 3, x'')")
    with database.reading() as connection:
        found = database.highest_ids(connection)
    assert (found["audit"], found["owners"], found["raw_journeys"]) == (7, 1, 5)
    assert found["history"] == 0
    assert "vehicles" not in found


def test_set_highest_ids(database: Database) -> None:
    """The next row gets an id above the one that is said; other tables go on as they were."""
    with database.writing() as connection:
        database.set_highest_ids(connection, {"owners": 40, "raw_journeys": 9, "none": 3})
        assert queries.add_owner(connection, "eve", 1.0).id == 41
        database.set_highest_ids(connection, {"audit": 0})
    execute(database, "INSERT INTO audit (time, actor, action) VALUES (1, '', '')")
    assert rows(database, "SELECT max(id) FROM audit") == [(1,)]
