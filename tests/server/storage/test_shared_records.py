from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from ovms.protocol.records.sync import OwnerRecord, VehicleRecord
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.opening import open_database
from ovms.server.storage.schema import owners, vehicles
from ovms.server.storage.shared_records import (
    SharedRecord,
    Taken,
    changed_owners,
    changed_vehicles,
    take_records,
)
from ovms.server.storage.vehicles import decrypt_secret
from tests.server.storage.databases import with_schema

PEER = "MASTER"
NOW = 1000.0


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Open a transaction on a database where bob has CAR1 and CAR2."""
    with database.writing() as connection:
        yield connection


def car(
    vehicle_id: str = "NEW", owner: int = 7, changed: int = 100, *, secret: str = "pw",  # noqa: S107
    server: str = "*", deleted: bool = False,
) -> VehicleRecord:  # fmt: skip
    """Make a vehicle's record."""
    return VehicleRecord(vehicle_id, owner, "" if deleted else secret, server, deleted, changed)


def owner(
    number: int = 7, name: str = "alice", changed: int = 100, *, password: str = "hash",  # noqa: S107
    status: int = 1, deleted: bool = False,
) -> OwnerRecord:  # fmt: skip
    """Make an owner's record."""
    return OwnerRecord(number, name, "", password, status, deleted, changed)


def take(connection: Connection, *records: SharedRecord) -> Taken:
    """Take records of the other server."""
    return take_records(connection, PEER, records, NOW)


def in_turn(turn: int, *records: SharedRecord) -> list[SharedRecord]:
    """Return records in their order, or the other way round."""
    return list(records)[::turn]


# -- telling --------------------------------------------------------------------------------


def test_vehicles_are_told_oldest_first(connection: Connection) -> None:
    """Those of any server and of the asking one, removed ones too, from a place on."""
    bob = queries.get_owner(connection, "bob")
    for at, (vehicle_id, server) in enumerate([("A", "*"), ("B", "ME"), ("C", "OTHER")], 10):
        queries.add_vehicle(connection, vehicle_id, bob, "x,y", at + 0.5)
        queries.set_server(connection, vehicle_id, server, at + 0.5)
    queries.add_vehicle(connection, "PEER", bob, "p", 11.0, type="server")
    queries.remove_vehicle(connection, "CAR2", 20.0)
    told = changed_vehicles(connection, "ME", (0.0, ""), 100.0, 10)
    assert [record for _, record in told] == [
        VehicleRecord("CAR1", bob.id, "secret", "*", False, 1),
        VehicleRecord("A", bob.id, "x,y", "*", False, 10),
        VehicleRecord("B", bob.id, "x,y", "ME", False, 11),
        VehicleRecord("CAR2", 0, "", "*", True, 20),
    ]
    assert changed_vehicles(connection, "ME", told[1][0], 100.0, 10) == told[2:]
    assert changed_vehicles(connection, "ME", (0.0, ""), 20.0, 10) == told[:3]
    assert changed_vehicles(connection, "ME", (0.0, ""), 100.0, 2) == told[:2]


def test_vehicles_of_one_moment_are_all_told(connection: Connection) -> None:
    """A page that ends among changes of the same time goes on behind its last one."""
    told = changed_vehicles(connection, "ME", (0.0, ""), 100.0, 1)
    more = changed_vehicles(connection, "ME", told[0][0], 100.0, 1)
    assert [record.vehicle_id for _, record in told + more] == ["CAR1", "CAR2"]


def test_owners_are_told_oldest_first(connection: Connection) -> None:
    """With their hashes, and without those that are gone."""
    bob = queries.get_owner(connection, "bob")
    alice = queries.add_owner(connection, "alice", 5.0, password_hash="a,b", email="a@x")
    gone = queries.add_owner(connection, "gone", 6.0)
    queries.remove_owner(connection, "gone", 7.0)
    told = changed_owners(connection, (0.0, 0), 100.0, 10)
    assert [record for _, record in told] == [
        OwnerRecord(bob.id, "bob", "", "", 1, False, 1),
        OwnerRecord(alice.id, "alice", "a@x", "a,b", 1, False, 5),
        OwnerRecord(gone.id, "gone", "", "", 0, True, 7),
    ]
    assert changed_owners(connection, told[0][0], 100.0, 1) == told[1:2]
    assert changed_owners(connection, (0.0, 0), 5.0, 10) == told[:1]


# -- taking ---------------------------------------------------------------------------------


def test_tls_only_stays_as_it_is_here(connection: Connection) -> None:
    """Records have no field for it: a change from elsewhere leaves it, a new one is without."""
    (made,) = take(connection, owner(), car()).changes
    assert not made.tls_only
    queries.set_tls_only(connection, "NEW", True, 150.0)
    (changed,) = take(connection, car(changed=200, secret="other")).changes
    assert (changed.tls_only, changed.secret) == (True, "other")
    assert queries.get_vehicle(connection, "NEW").change == changed
    take(connection, car(changed=300, deleted=True))
    (again,) = take(connection, car(changed=400)).changes
    assert queries.get_vehicle(connection, "NEW").change == again
    assert not again.tls_only


@pytest.mark.parametrize("turn", [1, -1], ids=["owner first", "vehicle first"])
def test_a_vehicle_and_its_owner(connection: Connection, turn: int) -> None:
    """Both are made, in whichever order they come; the owner's number there is none of ours."""
    taken = take(connection, *in_turn(turn, owner(), car(secret="s,ecret")))
    made = queries.get_vehicle(connection, "NEW")
    assert (made.owner, made.secret, made.changed, made.created) == ("alice", "s,ecret", 100, NOW)
    names = connection.scalars(select(owners.c.name).order_by(owners.c.id))
    assert list(names) == ["bob", "alice"]
    alice = queries.get_owner(connection, "alice")
    assert (alice.password_hash, alice.admin, taken.refused) == ("hash", False, [])
    assert taken.owners == {alice.id}
    assert [(change.id, change.secret, change.deleted) for change in taken.changes] == [
        ("NEW", "s,ecret", False)
    ]


def test_an_owner_of_a_known_name_is_the_same(connection: Connection) -> None:
    """The other server's bob is ours, and may change his cars here."""
    bob = queries.get_owner(connection, "bob")
    take(connection, owner(name="BOB", password=""), car("CAR1", secret="changed"))
    assert queries.get_vehicle(connection, "CAR1").secret == "changed"
    assert queries.get_owner(connection, "bob").id == bob.id


@pytest.mark.parametrize("turn", [1, -1], ids=["owner first", "vehicle first"])
def test_a_stand_in_turns_out_to_be_known(connection: Connection, turn: int) -> None:
    """A vehicle that came before its owner's name moves to the owner of that name."""
    take(connection, *in_turn(turn, owner(name="bob"), car()))
    assert queries.get_vehicle(connection, "NEW").owner == "bob"
    assert len(connection.scalars(select(owners.c.id)).all()) == 1


def test_what_was_made_here_is_not_touched(connection: Connection) -> None:
    """A vehicle of an owner whom the other server does not know stays as it is."""
    taken = take(connection, owner(), car("CAR1"), car("CAR2", deleted=True))
    assert queries.get_vehicle(connection, "CAR1").secret == "secret"
    assert queries.get_vehicle(connection, "CAR2").secret == "secret"
    assert len(taken.refused) == 2
    assert taken.changes == []


def test_changes_never_go_back(connection: Connection) -> None:
    """What is older than what is known says nothing any more."""
    take(connection, owner(), car(changed=200, secret="new"))
    taken = take(connection, car(changed=199, secret="old"), car(changed=150, deleted=True))
    assert queries.get_vehicle(connection, "NEW").secret == "new"
    assert taken.changes == []
    take(connection, owner(changed=300, password="new"))
    taken = take(connection, owner(changed=299, password="old"), owner(changed=250, deleted=True))
    assert queries.get_owner(connection, "alice").password_hash == "new"
    assert taken.owners <= {queries.get_owner(connection, "alice").id}


@pytest.mark.parametrize("was_deleted", [False, True])
@pytest.mark.parametrize("is_deleted", [False, True])
def test_two_changes_of_one_second(
    connection: Connection, was_deleted: bool, is_deleted: bool
) -> None:
    """The later one to come counts, but what was removed in that second stays removed."""
    take(connection, owner(), car(changed=100, deleted=was_deleted))
    taken = take(connection, car(changed=100, secret="later", deleted=is_deleted))
    assert bool(taken.changes) == (is_deleted or not was_deleted)
    vehicle = queries.find_vehicle(connection, "NEW")
    assert (vehicle is None) == (was_deleted or is_deleted)
    assert vehicle is None or vehicle.secret == "later"


@pytest.mark.parametrize(("changed", "is_taken"), [(99, False), (100, True), (101, True)])
def test_seconds_are_whole(connection: Connection, changed: int, is_taken: bool) -> None:
    """A change here in the middle of a second is of that second, as it is told to others."""
    take(connection, owner(), car(changed=50))
    queries.set_secret(connection, "NEW", "here", 100.9)
    taken = take(connection, car(changed=changed, secret="there"))
    assert bool(taken.changes) == is_taken


def test_a_deleted_vehicle_stays_deleted(connection: Connection) -> None:
    """A tombstone yields to nothing of its own second or before, also if it came first."""
    take(connection, owner(), car(changed=100), car(changed=200, deleted=True))
    for changed in (100, 199, 200):
        assert take(connection, car(changed=changed)).changes == []
        assert queries.find_vehicle(connection, "NEW") is None
    take(connection, car("NEVER", changed=200, deleted=True))
    assert take(connection, car("NEVER", changed=150)).changes == []
    assert queries.find_vehicle(connection, "NEVER") is None
    take(connection, car(changed=201, secret="again"))
    assert queries.get_vehicle(connection, "NEW").secret == "again"


def test_a_removed_vehicle_loses_what_it_had(connection: Connection) -> None:
    """It is buried as by hand; the running server hears of it."""
    take(connection, owner(), car())
    [change] = take(connection, car(changed=150, deleted=True)).changes
    assert (change.id, change.secret, change.deleted, change.owner_id) == ("NEW", "", True, None)
    row = connection.execute(select(vehicles).where(vehicles.c.id == "NEW")).one()
    assert (row.deleted, row.changed, row.owner_id, row.secret) == (150, 150, None, "")


def test_an_owner_who_may_not_log_in(connection: Connection) -> None:
    """An inactive owner, and one without a password, has no hash here."""
    take(connection, owner(), owner(8, "carol", password=""))
    assert queries.get_owner(connection, "carol").password_hash is None
    take(connection, owner(changed=101, status=0))
    assert queries.get_owner(connection, "alice").password_hash is None


def test_an_owner_is_renamed(connection: Connection) -> None:
    """The name follows, and a taken one makes two into one."""
    take(connection, owner(), car())
    take(connection, owner(name="Alicia", changed=101))
    assert queries.get_vehicle(connection, "NEW").owner == "Alicia"
    take(connection, owner(name="bob", changed=102))
    assert queries.get_vehicle(connection, "NEW").owner == "bob"
    assert queries.find_owner(connection, "Alicia") is None


def test_an_owner_is_removed(connection: Connection) -> None:
    """One without vehicles goes and leaves a tombstone; one who still has some stays."""
    take(connection, owner(), car(), owner(8, "carol"))
    take(connection, owner(changed=150, deleted=True), owner(8, "carol", 150, deleted=True))
    assert queries.find_owner(connection, "alice") is not None
    assert queries.find_owner(connection, "carol") is None
    assert [record.deleted for _, record in changed_owners(connection, (149.0, 0), 999.0, 9)] == [
        True
    ]
    assert take(connection, owner(9, "nobody", deleted=True)).owners == set()


def test_an_owner_who_was_made_again(connection: Connection) -> None:
    """A namesake with another number is the same owner; the old number's end is not his."""
    take(connection, owner(7), owner(8, changed=120), owner(7, changed=110, deleted=True))
    assert queries.get_owner(connection, "alice").changed == 120


@pytest.mark.parametrize(
    "record",
    [car("A B"), car("A" * 33), car(secret=""), car(secret="a\nb"), car(server="x y"),
     owner(name="a b"), OwnerRecord(7, "alice", "no mail", "", 1, False, 100),
     owner(password="h\udcff"), owner(password="h" * 256)],
)  # fmt: skip
def test_what_cannot_be_is_refused(connection: Connection, record: SharedRecord) -> None:
    """An id, a secret or a name that is not allowed is passed over, the others are taken."""
    taken = take(connection, record, owner(9, "carol"), car("FINE", 9))
    assert len(taken.refused) == 1
    assert "a\nb" not in taken.refused[0]
    assert queries.get_vehicle(connection, "FINE").owner == "carol"
    assert {name for (name,) in connection.execute(select(owners.c.name))} == {"bob", "carol"}


def test_a_stand_in_whose_name_is_taken(connection: Connection) -> None:
    """A vehicle whose owner is not known yet is taken, whoever has the name for that here."""
    queries.add_owner(connection, f"{PEER.lower()}-7", 1.0)
    taken = take(connection, owner(8, f"{PEER}-7+"), car())
    assert taken.refused == []
    assert queries.get_vehicle(connection, "NEW").owner == f"{PEER}-7++"


def test_an_owner_is_removed_under_a_strange_name(connection: Connection) -> None:
    """The tombstone bears the name that was known."""
    take(connection, owner(), owner(name="x\udcff", changed=150, deleted=True))
    assert queries.find_owner(connection, "alice") is None
    [(_, told)] = changed_owners(connection, (149.0, 0), 999.0, 9)
    assert (told.name, told.deleted) == ("alice", True)


def test_a_record_for_a_server(connection: Connection) -> None:
    """The record of a server that calls ours is no vehicle for others to change."""
    bob = queries.get_owner(connection, "bob")
    queries.add_vehicle(connection, "PEER", bob, "secret", 1.0, type="server")
    take(connection, owner(name="bob"))
    assert len(take(connection, car("PEER")).refused) == 1


records = st.one_of(
    st.builds(
        car, st.sampled_from(["A", "B"]), st.integers(7, 8), st.integers(1, 6),
        secret=st.sampled_from(["x", "y"]), deleted=st.booleans(),
    ),
    st.builds(
        owner, st.integers(7, 8), st.sampled_from(["alice", "carol"]), st.integers(1, 6),
        deleted=st.just(False),
    ),
)  # fmt: skip


@settings(max_examples=60)
@given(told=st.lists(records, max_size=8), again=st.integers(0, 8))
def test_taking_again_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, told: list[SharedRecord], again: int
) -> None:
    """Whatever was told, telling a part of it once more, oldest first, leaves all as it is."""
    in_order = sorted(told, key=lambda record: record.changed)
    database = open_database(with_schema(tmp_path_factory.mktemp("db")))
    with database.writing() as connection:
        take(connection, *in_order)
        before = known(connection)
        take(connection, *[each for each in in_order[-again:] if isinstance(each, VehicleRecord)])
        assert known(connection) == before


def known(connection: Connection) -> list[tuple[str, float, bool, str]]:
    """Return what is known of vehicles."""
    v = vehicles.c
    query = select(v.id, v.changed, v.deleted.is_not(None), v.secret).order_by(v.id)
    return [
        (id_, changed, is_gone, decrypt_secret(connection, id_, secret))
        for id_, changed, is_gone, secret in connection.execute(query)
    ]


def test_bound_of_vehicles_and_owners(connection: Connection) -> None:
    """With enough of them nothing is added, no tombstone either; what is known is changed."""
    enough = ["there are as many vehicles and owners as there may be"]
    assert take_records(connection, PEER, [owner(), car()], NOW, limit=5).refused == enough
    more: list[SharedRecord] = [owner(8, "eve"), car("OTHER", 8), car("GONE", 7, deleted=True)]
    assert take_records(connection, PEER, more, NOW, limit=4).refused == enough * 3
    taken = take_records(connection, PEER, [owner(name="alicia", changed=101)], NOW, limit=0)
    assert not taken.refused
    assert taken.owners
    assert not take_records(connection, PEER, [car()], NOW, limit=5).refused
    changed = take_records(connection, PEER, [car(changed=102, secret="new")], NOW, limit=0)
    assert [change.secret for change in changed.changes] == ["new"]
