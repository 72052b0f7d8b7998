from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select

from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound, OwnerHasVehicles
from ovms.server.storage.schema import messages, peer_owners, presence, removed_owners, server
from ovms.server.storage.vehicles import last_heard
from ovms.server.values import ImportRow, VehicleChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Open a transaction on the database of the test's database."""
    with database.writing() as connection:
        yield connection


def test_owner(connection: Connection) -> None:
    """An owner is found by name without case, with all that was said."""
    made = queries.add_owner(
        connection, "Alice", 5.0, password_hash="hash", email="a@x", admin=True
    )
    assert queries.get_owner(connection, "ALICE") == made
    assert (made.name, made.email, made.admin, made.created) == ("Alice", "a@x", True, 5.0)
    assert "hash" not in repr(made)


def test_owner_exists(connection: Connection) -> None:
    """Names that differ in case only are the same."""
    with pytest.raises(AlreadyExists, match="owner BOB exists already"):
        queries.add_owner(connection, "BOB", 5.0)


def test_owner_invalid(connection: Connection) -> None:
    """A name with a blank is refused."""
    with pytest.raises(InvalidValue):
        queries.add_owner(connection, "a b", 5.0)


def test_list_owners(connection: Connection) -> None:
    """Owners come by name, with the number of their vehicles, removed ones not counted."""
    queries.add_owner(connection, "Alice", 5.0)
    queries.remove_vehicle(connection, "car1", 6.0)
    found = [(owner.name, count) for owner, count in queries.list_owners(connection)]
    assert found == [("Alice", 0), ("bob", 1)]


def test_set_password(connection: Connection) -> None:
    """A new password is a change; it can be taken away."""
    owner = queries.set_password(connection, "BOB", "new", 7.0)
    assert (owner.password_hash, owner.changed) == ("new", 7.0)
    assert queries.set_password(connection, "bob", None, 8.0).password_hash is None


def test_unknown_owner(connection: Connection) -> None:
    """Who does not exist cannot be changed."""
    with pytest.raises(NotFound, match="no owner eve"):
        queries.set_password(connection, "eve", None, 8.0)


def test_remove_owner_refused(connection: Connection) -> None:
    """An owner with vehicles stays unless told otherwise."""
    with pytest.raises(OwnerHasVehicles, match="2 vehicles"):
        queries.remove_owner(connection, "bob", 8.0)


def test_remove_owner_and_vehicles(connection: Connection) -> None:
    """Told so, the vehicles go first; the owner's id is never given again."""
    bob = queries.remove_owner(connection, "bob", 8.0, with_vehicles=True)
    assert queries.find_vehicle(connection, "CAR1") is None
    assert [change.deleted for change in queries.changed_since(connection, 8.0)] == [True, True]
    assert queries.add_owner(connection, "bob", 9.0).id != bob.id


def test_removed_owner_leaves_a_tombstone(connection: Connection) -> None:
    """Peers hear of each removal, also of a name that is used again; what peers call them goes."""
    bob = queries.get_owner(connection, "bob")
    connection.execute(insert(peer_owners).values(peer="P", remote_id=7, owner_id=bob.id))
    queries.remove_owner(connection, "bob", 8.0, with_vehicles=True)
    again = queries.add_owner(connection, "bob", 9.0)
    queries.remove_owner(connection, "bob", 10.0)
    found = connection.execute(select(removed_owners).order_by(removed_owners.c.id))
    assert list(found) == [(bob.id, "bob", 8.0), (again.id, "bob", 10.0)]
    assert connection.execute(select(peer_owners)).all() == []


def test_renew_hash(connection: Connection) -> None:
    """A hash is replaced only while it is the one that was meant, and the owner does not change."""
    bob = queries.set_password(connection, "bob", "old", 7.0)
    assert queries.renew_hash(connection, bob.id, "old", "new")
    assert not queries.renew_hash(connection, bob.id, "old", "other")
    found = queries.get_owner(connection, "bob")
    assert (found.password_hash, found.changed) == ("new", 7.0)


def test_vehicle(connection: Connection) -> None:
    """A vehicle is found in any case, with all that was said."""
    bob = queries.get_owner(connection, "bob")
    made = queries.add_vehicle(connection, "new", bob, "pw", 5.0, name="New", type="server")
    assert queries.get_vehicle(connection, "nEw") == made
    assert (made.id, made.owner, made.name, made.secret) == ("NEW", "bob", "New", "pw")
    assert (made.type, made.paranoid_token, made.changed) == ("server", "", 5.0)
    assert "pw" not in repr(made)


def test_vehicle_exists(connection: Connection) -> None:
    """Ids that differ in case only are the same."""
    bob = queries.get_owner(connection, "bob")
    with pytest.raises(AlreadyExists, match="vehicle CAR1 exists already"):
        queries.add_vehicle(connection, "car1", bob, "pw", 5.0)


@pytest.mark.parametrize(
    ("vehicle_id", "secret", "kind"), [("a,b", "pw", "car"), ("NEW", "", "car"), ("NEW", "pw", "x")]
)
def test_vehicle_invalid(connection: Connection, vehicle_id: str, secret: str, kind: str) -> None:
    """A bad id, secret or type is refused."""
    bob = queries.get_owner(connection, "bob")
    with pytest.raises(InvalidValue):
        queries.add_vehicle(connection, vehicle_id, bob, secret, 5.0, type=kind)


def test_change_vehicle(connection: Connection) -> None:
    """Name, secret and owner change, each at its time."""
    alice = queries.add_owner(connection, "alice", 2.0)
    assert queries.rename_vehicle(connection, "car1", "Red", 3.0).name == "Red"
    assert queries.set_secret(connection, "car1", "other", 4.0).secret == "other"
    vehicle = queries.transfer_vehicle(connection, "car1", alice, 5.0)
    assert (vehicle.owner, vehicle.changed, vehicle.created) == ("alice", 5.0, 1.0)


def test_server_of_vehicle(connection: Connection) -> None:
    """Any server serves a vehicle unless told; which one can change, and stays when it is gone."""
    assert queries.get_vehicle(connection, "car1").server == "*"
    bob = queries.get_owner(connection, "bob")
    made = queries.add_vehicle(connection, "new", bob, "pw", 5.0, server="other")
    assert (made.server, made.changed) == ("OTHER", 5.0)
    moved = queries.set_server(connection, "new", "*", 6.0)
    assert (moved.server, moved.changed) == ("*", 6.0)
    queries.set_server(connection, "new", "third", 7.0)
    queries.remove_vehicle(connection, "new", 8.0)
    row = connection.exec_driver_sql("SELECT server, deleted FROM vehicles WHERE id = 'NEW'")
    assert row.one() == ("THIRD", 8.0)
    assert queries.add_vehicle(connection, "new", bob, "pw", 9.0).server == "*"
    with pytest.raises(InvalidValue):
        queries.set_server(connection, "car1", "a b", 9.0)
    assert [row.vehicle.server for row in queries.list_vehicles(connection, 9.0)] == ["*"] * 3


def test_unknown_vehicle(connection: Connection) -> None:
    """What does not exist cannot be changed or removed."""
    with pytest.raises(NotFound, match="no vehicle NONE"):
        queries.rename_vehicle(connection, "none", "x", 3.0)
    with pytest.raises(NotFound):
        queries.remove_vehicle(connection, "none", 3.0)
    assert queries.load_vehicle(connection, "none") is None


def test_load_vehicle(connection: Connection) -> None:
    """A vehicle is loaded with its latest messages by code, as the bytes that came."""
    _message(connection, "CAR1", "S", b"\xff\x00")
    _message(connection, "CAR1", "D", b"1")
    _message(connection, "CAR2", "L", b"2")
    loaded = queries.load_vehicle(connection, "car1")
    assert loaded is not None
    assert loaded[0].id == "CAR1"
    assert [(message.code, message.data) for message in loaded[1]] == [
        ("D", b"1"),
        ("S", b"\xff\0"),
    ]


def test_load_vehicles(connection: Connection) -> None:
    """Each of several has its own messages; what does not exist is left out."""
    _message(connection, "CAR1", "S", b"1")
    _message(connection, "CAR2", "L", b"2")
    found = queries.load_vehicles(connection, ["CAR2", "NONE", "CAR1"])
    said = {
        vehicle_id: (loaded[0].id, [each.data for each in loaded[1]])
        for vehicle_id, loaded in found.items()
        if not isinstance(loaded, Exception)
    }
    assert said == {"CAR1": ("CAR1", [b"1"]), "CAR2": ("CAR2", [b"2"])}


def test_what_nobody_asked_for_is_not_loaded(connection: Connection) -> None:
    """An id with a NUL, which PostgreSQL reads as another character, keeps no others back."""
    alice = queries.add_owner(connection, "alice", 5.0)
    queries.add_vehicle(connection, "X\N{SYMBOL FOR NULL}", alice, "pw", 6.0)
    _message(connection, "X\N{SYMBOL FOR NULL}", "S", b"1")
    assert set(queries.load_vehicles(connection, ["X\0", "CAR1"])) == {"CAR1"}


def test_remove_and_add_again(connection: Connection) -> None:
    """A removed id comes back empty: nothing of before is left to its new owner."""
    _message(connection, "CAR1", "S", b"1")
    connection.execute(insert(presence).values(vehicle_id="CAR1", car=True, apps=1, batch=0))
    queries.remove_vehicle(connection, "car1", 4.0)
    alice = queries.add_owner(connection, "alice", 5.0)
    queries.add_vehicle(connection, "car1", alice, "pw2", 6.0)
    loaded = queries.load_vehicle(connection, "car1")
    assert loaded is not None
    assert (loaded[0].owner, loaded[1]) == ("alice", [])
    (status,) = queries.list_vehicles(connection, 6.0, alice)
    assert (status.online, status.heard) == (False, None)


def test_changed_since(connection: Connection) -> None:
    """Changes come from a time on, a removal without the secret."""
    queries.set_secret(connection, "car1", "new", 4.0)
    queries.remove_vehicle(connection, "car2", 5.0)
    bob = queries.get_owner(connection, "bob")
    assert queries.changed_since(connection, 4.0) == [
        VehicleChange("CAR1", bob.id, "new", deleted=False),
        VehicleChange("CAR2", None, "", deleted=True),
    ]
    assert queries.changed_since(connection, 5.1) == []


def test_tls_only(connection: Connection) -> None:
    """It is changed alone or with the secret, and running servers hear of it."""
    assert not queries.get_vehicle(connection, "car1").tls_only
    vehicle = queries.set_tls_only(connection, "car1", True, 4.0)
    assert (vehicle.tls_only, vehicle.secret, vehicle.changed) == (True, "secret", 4.0)
    vehicle = queries.set_tls_only(connection, "car1", False, 5.0, "new")
    assert (vehicle.tls_only, vehicle.secret) == (False, "new")
    vehicle = queries.set_tls_only(connection, "car1", True, 6.0)
    assert queries.changed_since(connection, 4.0) == [vehicle.change]
    assert vehicle.change.tls_only
    with pytest.raises(InvalidValue):
        queries.set_tls_only(connection, "car1", True, 7.0, "")
    with pytest.raises(NotFound):
        queries.set_tls_only(connection, "car9", True, 7.0)


def test_list_vehicles_online(connection: Connection) -> None:
    """A vehicle is online while the server that says so lives."""
    connection.execute(insert(server).values(id=1, started=90.0, heartbeat=100.0))
    row = {"vehicle_id": "CAR1", "car": True, "apps": 2, "batch": 1, "heard": 99.0}
    connection.execute(insert(presence).values(row))
    one, two = queries.list_vehicles(connection, 129.9)
    assert (one.vehicle.id, one.online, one.apps, one.batch, one.heard) == (
        "CAR1",
        True,
        2,
        1,
        99.0,
    )
    assert (two.vehicle.id, two.online, two.apps, two.batch, two.heard) == (
        "CAR2",
        False,
        0,
        0,
        None,
    )
    stale = queries.list_vehicles(connection, 130.0)[0]
    assert (stale.online, stale.apps, stale.batch, stale.heard) == (False, 0, 0, 99.0)


def test_list_vehicles_heard(connection: Connection) -> None:
    """A stored message tells when its car was heard."""
    _message(connection, "CAR1", "S", b"1")
    assert [status.heard for status in queries.list_vehicles(connection, 5.0)] == [3.0, None]
    assert [last_heard(connection, each) for each in ("CAR1", "CAR2")] == [3.0, None]
    row = {"vehicle_id": "CAR1", "car": False, "apps": 0, "batch": 0, "heard": 4.0}
    connection.execute(insert(presence).values(row))
    assert last_heard(connection, "CAR1") == 4.0


def test_import(connection: Connection) -> None:
    """An import makes vehicles and missing owners, and takes removed ids."""
    queries.remove_vehicle(connection, "car2", 4.0)
    rows = [
        ImportRow(2, "BOB", "CAR2", "x", "Two"),
        ImportRow(3, "Eve", "E1", "y"),
        ImportRow(4, "eve", "E2", "z"),
    ]
    done: list[int] = []
    made = queries.import_vehicles(connection, rows, 5.0, done.append)
    assert (made.vehicles, made.owners, sum(done)) == (3, 1, 3)
    assert queries.get_vehicle(connection, "car2").owner == "bob"
    assert queries.get_vehicle(connection, "e2").owner == "Eve"


@pytest.mark.parametrize(
    ("ids", "reason"),
    [(["NEW", "CAR1"], "line 3: vehicle CAR1 exists"), (["N", "N"], "line 3: .* also in line 2")],
)
def test_import_refused(database: Database, ids: list[str], reason: str) -> None:
    """An id that is taken, here or in the file, undoes the whole import."""
    rows = [ImportRow(line, "eve", id_, "x") for line, id_ in enumerate(ids, 2)]
    with pytest.raises(AlreadyExists, match=reason), database.writing() as connection:
        queries.import_vehicles(connection, rows, 5.0)
    with database.reading() as connection:
        assert queries.find_owner(connection, "eve") is None
        assert len(queries.list_vehicles(connection, 5.0)) == 2


def _message(connection: Connection, vehicle_id: str, code: str, data: bytes) -> None:
    row = {"vehicle_id": vehicle_id, "code": code, "data": data, "time": 3.0}
    connection.execute(insert(messages).values(row))


def test_log_days(connection: Connection) -> None:
    """Days are changed one by one, at their time; too many are refused."""
    made = queries.get_vehicle(connection, "car1")
    assert (made.log_days, made.log_position_days) == (None, None)
    changed = queries.set_log_days(connection, "car1", {"log_days": 90}, 3.0)
    assert (changed.log_days, changed.log_position_days, changed.changed) == (90, None, 3.0)
    changed = queries.set_log_days(
        connection, "car1", {"log_days": None, "log_position_days": 0}, 4.0
    )
    assert (changed.log_days, changed.log_position_days) == (None, 0)
    for days in (-1, 36_501):
        with pytest.raises(InvalidValue, match="between 0 and 36500"):
            queries.set_log_days(connection, "car1", {"log_position_days": days}, 5.0)
