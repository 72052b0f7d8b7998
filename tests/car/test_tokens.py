"""The tokens that a car remembers: bounded, on disk where there is a folder."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import structlog

from ovms.car.delivery_store import DeliveryFile, Item
from ovms.car.tokens import TokenMemory
from ovms.protocol.records.alert import Alert


def test_what_was_noted_is_known() -> None:
    """A token is known once it was noted, however often, and others are not."""
    memory = TokenMemory()
    assert "a" * 22 not in memory
    memory.note("a" * 22)
    memory.note("a" * 22)
    assert "a" * 22 in memory
    assert "a" * 21 not in memory
    assert "\xff" not in memory


def test_the_oldest_is_forgotten() -> None:
    """At the limit everything is known; one past it the oldest is not."""
    memory = TokenMemory(limit=3)
    for token in ("one", "two", "three"):
        memory.note(token)
    assert all(token in memory for token in ("one", "two", "three"))
    memory.note("four")
    assert "one" not in memory
    assert all(token in memory for token in ("two", "three", "four"))


def test_they_outlive_the_process_beside_what_waits(tmp_path: Path) -> None:
    """They are in the store's file, and take none of its codes."""
    with closing(DeliveryFile.open(tmp_path, "CAR1", 5)) as store:
        store.tokens.note("seen")
    with closing(DeliveryFile.open(tmp_path, "CAR1", 5)) as store:
        assert "seen" in store.tokens
        assert store.next_code == 5
        store.put([Item(5, Alert("A", "text"), 1.0)])
    with closing(DeliveryFile.open(tmp_path, "CAR1", 5)) as store:
        assert "seen" in store.tokens
        assert [item.code for item in store.load()] == [5]


def test_a_file_of_an_earlier_version(tmp_path: Path) -> None:
    """A store that has no tokens yet is used on, and takes them."""
    with closing(DeliveryFile.open(tmp_path, "CAR1", 5)) as store:
        store.put([Item(5, Alert("A", "text"), 1.0)])
        store._database.execute("DROP TABLE tokens")
    with closing(DeliveryFile.open(tmp_path, "CAR1", 5)) as store:
        assert [item.code for item in store.load()] == [5]
        store.tokens.note("seen")
    with closing(DeliveryFile.open(tmp_path, "CAR1", 5)) as store:
        assert "seen" in store.tokens


def test_a_disk_that_fails(tmp_path: Path) -> None:
    """It is told once, everything is known all the same, and on disk once it works again."""
    database = sqlite3.connect(tmp_path / "file")
    memory = TokenMemory(database)
    database.execute("PRAGMA query_only = ON")
    with structlog.testing.capture_logs() as logged:
        memory.note("one")
        memory.note("two")
    assert [entry["event"] for entry in logged] == ["tokens cannot be stored"]
    assert "one" in memory
    database.execute("PRAGMA query_only = OFF")
    memory.note("three")
    database.close()
    again = TokenMemory(sqlite3.connect(tmp_path / "file"))
    assert all(token in again for token in ("one", "two", "three"))
    again._database.close()


def test_a_disk_that_cannot_be_read(tmp_path: Path) -> None:
    """Nothing is known then, and the car goes on."""
    memory = TokenMemory(sqlite3.connect(tmp_path / "file"))
    memory._database.close()
    with structlog.testing.capture_logs() as logged:
        assert "one" not in memory
        memory.note("one")
        assert "one" in memory
    assert len(logged) == 1
