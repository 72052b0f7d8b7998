from __future__ import annotations

import pytest

from ovms.server.storage.database import Database
from ovms.server.storage.errors import DamagedSecret
from ovms.server.storage.moved import (
    MovedMonth,
    forget_moved,
    load_months,
    load_moved,
    moved_sources,
    save_months,
    save_moved,
)
from tests.server.storage.databases import execute, rows

TAKEN = {"CAR1": {"secret": "plain pässword", "owner": 5, "name": None}, "CAR2": {}}


def test_there_and_back(database: Database) -> None:
    """What was taken is read again as it was, by source and kind; the last counts."""
    with database.writing() as connection:
        assert load_moved(connection, "old/ovms", "vehicles") == {}
        save_moved(connection, "old/ovms", "vehicles", {"X": {}})
        save_moved(connection, "old/ovms", "vehicles", TAKEN)
        save_moved(connection, "other", "vehicles", {})
        assert load_moved(connection, "old/ovms", "vehicles") == TAKEN
        assert load_moved(connection, "old/ovms", "owners") == {}
        assert load_moved(connection, "other", "vehicles") == {}
        assert moved_sources(connection) == ["old/ovms", "other"]


def test_secrets_are_encrypted(database: Database) -> None:
    """Nothing of what was taken stands in the table, and it opens in its own row alone."""
    with database.writing() as connection:
        save_moved(connection, "old", "vehicles", TAKEN)
        save_moved(connection, "old", "owners", {})
    found = rows(database, "SELECT taken FROM moved")
    assert all("plain" not in each and "CAR1" not in each for (each,) in found)
    execute(database, "UPDATE moved SET kind = 'x' || kind")
    with database.reading() as connection, pytest.raises(DamagedSecret):
        load_moved(connection, "old", "xvehicles")


def test_months(database: Database) -> None:
    """Months are kept for each vehicle and source; those that are not given stay."""
    old, new = MovedMonth(2, "17", b"12345678" * 2), MovedMonth(0, "", b"")
    with database.writing() as connection:
        save_months(connection, "old", "CAR1", {})
        save_months(connection, "old", "CAR1", {"2026-10": old, "2026-11": old})
        save_months(connection, "old", "CAR2", {"2026-11": new})
        save_months(connection, "old", "CAR1", {"2026-11": new})
        assert load_months(connection, "old", "CAR1") == {"2026-10": old, "2026-11": new}
        assert load_months(connection, "old", "CAR2") == {"2026-11": new}
        assert load_months(connection, "other", "CAR1") == {}


def test_forgetting(database: Database) -> None:
    """All of it goes on request."""
    with database.writing() as connection:
        assert forget_moved(connection) == []
        save_moved(connection, "old", "vehicles", TAKEN)
        save_months(connection, "old", "CAR1", {"2026-10": MovedMonth(0, "", b"")})
        assert forget_moved(connection) == ["old"]
    assert rows(database, "SELECT (SELECT count(*) FROM moved) + count(*) FROM moved_months") == [
        (0,)
    ]
