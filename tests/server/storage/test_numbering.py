from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage.numbering import highest_used_ids, numbered_tables

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_numbered_tables() -> None:
    """Tables that number their rows are known; those whose ids come from elsewhere are not."""
    names = {each.name for each in numbered_tables()}
    assert {"owners", "history", "raw_journeys", "journeys", "outbox", "audit"} <= names
    assert names.isdisjoint({"vehicles", "server", "removed_owners", "peer_owners", "seen_tokens"})


def test_highest_used_ids(database: Database) -> None:
    """The highest id of each such table is found, 0 in an empty one."""
    with database.reading() as connection:
        found = highest_used_ids(connection)
    assert (found["owners"], found["audit"]) == (1, 0)
