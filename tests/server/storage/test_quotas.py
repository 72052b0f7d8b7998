from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from ovms.server.storage import queries
from ovms.server.storage.errors import InvalidValue, QuotaReached
from ovms.server.storage.limits import OwnerQuotas
from ovms.server.storage.quotas import MOST, own_limits
from ovms.server.storage.schema import history_counts
from tests.server.storage.databases import make_database

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from ovms.server.values import Owner

NONE = OwnerQuotas(0, 0)


def _bob(connection: Connection, **limits: int | None) -> Owner:
    bob = queries.get_owner(connection, "bob")
    queries.set_limits(connection, bob.id, limits, 2.0)
    return bob


def _fill(connection: Connection, size: int, vehicle_id: str = "CAR1") -> None:
    row = {"vehicle_id": vehicle_id, "type": "D", "number": 0, "records": 1, "bytes": size}
    connection.execute(insert(history_counts).values(row))


@pytest.mark.parametrize(
    ("default", "own", "is_full"),
    [(0, None, False), (3, None, False), (2, None, True), (2, 3, False), (2, 0, False),
     (0, 2, True), (3, 1, True)],
)  # fmt: skip
def test_vehicles(tmp_path: Path, default: int, own: int | None, is_full: bool) -> None:
    """An owner's own limit goes before the server's, and 0 is none."""
    with make_database(tmp_path).writing() as connection:
        bob = _bob(connection, vehicle_limit=own)
        if is_full:
            with pytest.raises(QuotaReached, match=f"{default if own is None else own} vehicles"):
                queries.check_vehicle_quota(connection, bob, OwnerQuotas(default, 0))
        else:
            queries.check_vehicle_quota(connection, bob, OwnerQuotas(default, 0))


def test_removed_vehicles_do_not_count(tmp_path: Path) -> None:
    """Who removes a vehicle may make another one."""
    with make_database(tmp_path).writing() as connection:
        queries.remove_vehicle(connection, "CAR1", 2.0)
        queries.check_vehicle_quota(connection, _bob(connection), OwnerQuotas(2, 0))


@pytest.mark.parametrize(
    ("default", "own", "is_over"),
    [(0, None, False), (301, None, False), (300, None, True), (300, 301, False), (300, 0, False),
     (0, 300, True)],
)  # fmt: skip
def test_bytes(tmp_path: Path, default: int, own: int | None, is_over: bool) -> None:
    """The bytes of all vehicles of an owner count, and all of them are full or none is."""
    quotas = OwnerQuotas(0, default)
    with make_database(tmp_path).writing() as connection:
        _fill(connection, 100)
        _fill(connection, 200, "CAR2")
        bob = _bob(connection, byte_limit=own)
        use = queries.owner_use(connection, bob.id, quotas)
        assert (use.vehicles, use.bytes, use.is_over) == (2, 300, is_over)
        full = {"CAR1": (bob.id, "bob"), "CAR2": (bob.id, "bob")} if is_over else {}
        assert queries.full_vehicles(connection, quotas) == full


def test_only_who_has_too_much(tmp_path: Path) -> None:
    """Another owner's vehicles are not full."""
    with make_database(tmp_path).writing() as connection:
        alice = queries.add_owner(connection, "alice", 1.0)
        queries.add_vehicle(connection, "CAR3", alice, "secret", 1.0)
        _fill(connection, 100)
        _fill(connection, 99, "CAR3")
        assert queries.full_vehicles(connection, OwnerQuotas(0, 100)).keys() == {"CAR1", "CAR2"}


@pytest.mark.parametrize("value", [-1, MOST + 1])
def test_limits_that_are_none(tmp_path: Path, value: int) -> None:
    """A limit is a number that every program can read."""
    with make_database(tmp_path).writing() as connection, pytest.raises(InvalidValue):
        _bob(connection, byte_limit=value)


def test_one_limit_leaves_the_other(tmp_path: Path) -> None:
    """What is not given stays."""
    with make_database(tmp_path).writing() as connection:
        bob = _bob(connection, vehicle_limit=5, byte_limit=6)
        _bob(connection, byte_limit=None)
        assert own_limits(connection, bob.id) == (5, None)
        assert own_limits(connection, bob.id + 1) == (None, None)
