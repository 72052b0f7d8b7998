from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.rights import parse_rights
from ovms.server.storage import position_links, queries
from ovms.server.storage.errors import InvalidValue, NotFound, QuotaReached
from ovms.server.storage.opening import open_database
from tests.server.storage.databases import with_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

NOW = 1000.0


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """Yield a connection to a database in which Bob has CAR1."""
    with open_database(with_schema(tmp_path)).writing() as connection:
        bob = queries.add_owner(connection, "Bob", NOW)
        queries.add_owner(connection, "Alice", NOW)
        queries.add_vehicle(connection, "CAR1", bob, "secret", NOW, name="Red")
        yield connection


def add(connection: Connection, secret: str, owner: str = "Bob", life: float = 60.0) -> int:
    """Make a link; return its id."""
    whose = queries.get_owner(connection, owner)
    return position_links.add_link(connection, "CAR1", whose.id, secret, NOW, NOW + life).id


def leads(connection: Connection, secret: str, now: float = NOW) -> bool:
    """Return whether a link counts."""
    return position_links.find_link(connection, secret, now) is not None


def test_a_link(connection: Connection) -> None:
    """It leads to its vehicle until it expires, and nothing else does."""
    add(connection, "right")
    found = position_links.find_link(connection, "right", NOW)
    assert found is not None
    assert (found.link.vehicle_id, found.name, found.tls_only) == ("CAR1", "Red", False)
    assert not leads(connection, "wrong")
    assert leads(connection, "right", NOW + 59.9)
    assert not leads(connection, "right", NOW + 60)


@pytest.mark.parametrize(
    ("rights", "expires", "counts"),
    [("location,manage", None, True), ("location,manage", NOW + 1, False),
     ("location", None, False), ("manage", None, False)],
)  # fmt: skip
def test_of_somebody_else(
    connection: Connection, rights: str, expires: float | None, counts: bool
) -> None:
    """A link of somebody with whom the vehicle is shared counts while they have the rights."""
    add(connection, "alice's", "Alice")
    assert not leads(connection, "alice's")
    vehicle, alice = queries.get_vehicle(connection, "CAR1"), queries.get_owner(connection, "Alice")
    queries.put_share(connection, vehicle, alice, parse_rights(rights), NOW, expires)
    assert leads(connection, "alice's", NOW + 2) == counts


def test_another_owner(connection: Connection) -> None:
    """The links of a former owner count no more, and go with who made them."""
    add(connection, "bob's")
    queries.transfer_vehicle(connection, "CAR1", queries.get_owner(connection, "Alice"), NOW, "x")
    assert not leads(connection, "bob's")
    queries.remove_owner(connection, "Bob", NOW)
    assert position_links.list_links(connection, "CAR1", NOW) == []


def test_uses(connection: Connection) -> None:
    """When a link was last used is kept."""
    link_id = add(connection, "right")
    position_links.touch_link(connection, link_id, NOW + 5)
    assert [each.last_used for each in position_links.list_links(connection, "CAR1", NOW)] == [1005]


@pytest.mark.parametrize("life", [0.0, position_links.LINK_LIFE + 1])
def test_its_end(connection: Connection, life: float) -> None:
    """It must end, and not too late."""
    with pytest.raises(InvalidValue):
        add(connection, "right", life=life)
    add(connection, "right", life=position_links.LINK_LIFE)


def test_bound(connection: Connection) -> None:
    """A vehicle has so many links."""
    for at in range(position_links.LINKS_A_VEHICLE):
        last = add(connection, str(at))
    with pytest.raises(QuotaReached):
        add(connection, "one more")
    position_links.remove_link(connection, "CAR1", last)
    add(connection, "one more")
    with pytest.raises(NotFound):
        position_links.remove_link(connection, "CAR1", last)
