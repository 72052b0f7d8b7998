from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import administration, queries
from ovms.server.storage.errors import LastAdministrator
from ovms.server.storage.limits import OwnerQuotas
from tests.server.storage.databases import make_database

if TYPE_CHECKING:
    from pathlib import Path


def test_owners_in_pages(tmp_path: Path) -> None:
    """Each page begins behind the last owner of the one before, whoever came or went."""
    with make_database(tmp_path).writing() as connection:
        for name in ("Carl", "alice"):
            queries.add_owner(connection, name, 1.0)
        first = administration.list_owner_details(connection, 2)
        queries.remove_owner(connection, "bob", 2.0, with_vehicles=True)
        second = administration.list_owner_details(connection, 2, first[-1].key)
    assert [[each.name for each in page] for page in (first, second)] == [
        ["alice", "bob"], ["Carl"]
    ]  # fmt: skip


def test_counts(tmp_path: Path) -> None:
    """Vehicles that were removed do not count."""
    with make_database(tmp_path).writing() as connection:
        queries.remove_vehicle(connection, "CAR1", 2.0)
        found = administration.find_owner_details(connection, "BOB")
        listed = administration.list_vehicle_details(connection, 9)
    assert found is not None
    assert (found.vehicles, found.bytes) == (1, 0)
    assert not found.is_over(OwnerQuotas())
    assert [each.id for each in listed] == ["CAR2"]


def test_the_last_administrator(tmp_path: Path) -> None:
    """Only who is one, and alone, must stay."""
    with make_database(tmp_path).writing() as connection:
        root = queries.add_owner(connection, "root", 1.0, admin=True)
        administration.check_not_last(connection, queries.get_owner(connection, "bob"))
        with pytest.raises(LastAdministrator):
            administration.check_not_last(connection, root)
        queries.set_owner(connection, "bob", 1.0, admin=True)
        administration.check_not_last(connection, root)
