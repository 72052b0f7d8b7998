from __future__ import annotations

from typing import Any

import pytest

from ovms.server.migrate.report import MovedKind
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.errors import NotFound
from ovms.server.storage.vehicles import last_heard
from ovms.server.values import Vehicle
from tests.server.migrate.mariadb import OLDER, MariaDb, OtherServer
from tests.server.migrate.moves import (
    NOW,
    ON_BOTH,
    at,
    car,
    counts,
    message,
    move,
    owner,
    record,
    told,
)
from tests.server.storage.databases import rows


def vehicle(ours: Database, vehicle_id: str) -> Vehicle:
    """Return a vehicle here."""
    with ours.reading() as connection:
        return queries.get_vehicle(connection, vehicle_id)


def ids(ours: Database) -> list[str]:
    """Return the ids of the vehicles here."""
    found = rows(ours, "SELECT id FROM vehicles WHERE deleted IS NULL ORDER BY id")
    return [each for (each,) in found]


@ON_BOTH
def test_taken(other: OtherServer, ours: Database) -> None:
    """A vehicle has its owner, name, secret, type, server and paranoid token here."""
    other.put("owners", owner(5, "bob"))
    other.put(
        "cars",
        car(5, "car1", "p,ä ss", vehiclename="Bob's Zoë", v_ptoken="ptoken",
            v_lastupdate="2026-11-27 10:00:00"),
        car(5, "PEER", "two", v_type="SERVER", v_server="other"),
        car(5, "GONE", "three", deleted=1),
    )  # fmt: skip
    assert counts(move(other, ours), MovedKind.VEHICLES) == (2, 0, 0, 0, 1)
    one, peer = vehicle(ours, "CAR1"), vehicle(ours, "PEER")
    assert (one.owner, one.name, one.secret, one.type) == ("bob", "Bob's Zoë", "p,ä ss", "car")
    assert (one.paranoid_token, one.server, one.created) == ("ptoken", "*", NOW)
    assert (peer.type, peer.server, peer.name) == ("server", "OTHER", "")
    with ours.reading() as connection:
        assert last_heard(connection, "CAR1") == at("2026-11-27 10:00:00")
        assert last_heard(connection, "PEER") is None
    assert move(other, ours).is_empty


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"vehicleid": "A B"}, "the vehicle id 'A B' may not hold ' '"),
        ({"vehicleid": "A,B"}, "the vehicle id 'A,B' may not hold ','"),
        ({"vehicleid": ""}, "the vehicle id is empty"),
        ({"carpass": ""}, "the secret is empty"),
        ({"carpass": "pa\x07ss"}, "the secret holds a character that cannot be printed"),
        ({"v_type": "BOAT"}, "the vehicle type 'boat' is neither car nor server"),
        ({"owner": 7}, "its owner 7 is not there: name one for such vehicles (--owner)"),
        ({"owner": 8}, "its owner 8 is not there: name one for such vehicles (--owner)"),
    ],
)
def test_left(other: OtherServer, ours: Database, row: dict[str, Any], reason: str) -> None:
    """What is not allowed here is left, and told with its reason; secrets are not repeated."""
    other.put("owners", owner(1, "bob"), owner(8, "gone", deleted=1))
    other.put("cars", {**car(1, "BAD", "pass"), **row}, car(1, "GOOD", "one"))
    report = move(other, ours)
    assert ids(ours) == ["GOOD"]
    [note] = told(report)
    assert (note[0], note[2], note[3]) == ("vehicles", "left", reason)
    assert "pa\x07ss" not in note[3]


def test_name_that_is_not_allowed(other: OtherServer, ours: Database) -> None:
    """A vehicle is not left for what it is called."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one", vehiclename="My\tcar"))
    report = move(other, ours)
    assert vehicle(ours, "CAR1").name == "My car"
    assert "is called 'My car' here" in told(report)[0][3]
    assert move(other, ours).is_empty


def test_one_id_of_several_owners(other: OtherServer, ours: Database) -> None:
    """Whose car reported last has the id; the others are told. It may be another one later."""
    other.put("owners", owner(1, "bob"), owner(2, "eve"), owner(3, "joe"))
    other.put("cars", car(1, "CAR", "one", v_lastupdate="2026-11-01 00:00:00"),
              car(2, "CAR", "two", v_lastupdate="2026-11-03 00:00:00"),
              car(3, "CAR", "three"))  # fmt: skip
    other.put("carmessages", *(message(number, "CAR", "S", str(number)) for number in (1, 2, 3)))
    report = move(other, ours)
    assert (vehicle(ours, "CAR").owner, vehicle(ours, "CAR").secret) == ("eve", "two")
    assert rows(ours, "SELECT CAST(data AS TEXT) FROM messages") == [("2",)]
    reason = "the car of owner 2, which has the same id, reported last"
    assert [each[1:] for each in told(report)] == [
        ("CAR of owner 1", "left", reason),
        ("CAR of owner 3", "left", reason),
    ]
    other.put("cars", car(1, "CAR", "one", v_lastupdate="2026-11-04 00:00:00"))
    report = move(other, ours, NOW + 1)
    assert counts(report, MovedKind.VEHICLES)[:3] == (0, 1, 0)
    assert (vehicle(ours, "CAR").owner, vehicle(ours, "CAR").secret) == ("bob", "one")
    assert move(other, ours, NOW + 2).is_empty


@ON_BOTH
def test_what_one_told_is_not_for_the_other(other: OtherServer, ours: Database) -> None:
    """Where an id becomes another owner's car, nothing is left of the one before."""
    other.put("owners", owner(1, "bob"), owner(2, "eve"))
    other.put("cars", car(1, "CAR", "same", v_lastupdate="2026-11-01 00:00:00"),
              car(2, "CAR", "same", v_lastupdate="2026-11-03 00:00:00"))  # fmt: skip
    for number in (1, 2):
        other.put("carmessages", message(number, "CAR", "S", str(number)))
        trip = record(number, "CAR", "*-LOG-Trip", "2026-11-26 08:00:00", str(number))
        day = record(number, "CAR", "*-OVM-Utilisation", "2026-11-27 00:00:00", "5")
        other.put("historicalmessages", trip, day)
    move(other, ours)
    other.put("cars", car(1, "CAR", "same", v_lastupdate="2026-11-04 00:00:00"))
    report = move(other, ours, NOW + 1)
    assert "is the car of another owner now: what was of the one before went" in [
        each[3] for each in told(report)
    ]
    assert vehicle(ours, "CAR").owner == "bob"
    assert [bytes(data) for (data,) in rows(ours, "SELECT data FROM messages")] == [b"1"]
    with ours.reading() as connection:
        page, _ = queries.read_records(connection, "CAR", "*-LOG-Trip", limit=9)
        [used] = queries.utilisation(connection, "CAR", 9)
    assert [each.data for each in page] == [b"1"]
    assert used.car_received == 5
    assert move(other, ours, NOW + 2).is_empty


def test_back_again_there(other: OtherServer, ours: Database) -> None:
    """What was deleted there and comes back there comes back here, with its history."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    other.put("carmessages", message(1, "CAR1", "S", "80"))
    other.put("historicalmessages", record(1, "CAR1", "*-LOG-Trip", "2026-11-26 08:00:00", "x"))
    move(other, ours)
    other.run("UPDATE ovms_cars SET deleted = 1")
    move(other, ours, NOW + 1)
    assert ids(ours) == []
    other.run("UPDATE ovms_cars SET deleted = 0")
    report = move(other, ours, NOW + 2)
    assert counts(report, MovedKind.MESSAGES)[0] == counts(report, MovedKind.RECORDS)[0] == 1
    with ours.reading() as connection:
        page, _ = queries.read_records(connection, "CAR1", "*-LOG-Trip", limit=9)
    assert [each.data for each in page] == [b"x"]


def test_none_of_several_reported(other: OtherServer, ours: Database) -> None:
    """Of cars that never reported the first owner's has the id."""
    other.put("owners", owner(1, "bob"), owner(2, "eve"))
    other.put("cars", car(1, "CAR", "one"), car(2, "CAR", "two"))
    move(other, ours)
    assert vehicle(ours, "CAR").owner == "bob"


def test_there_is_one_here(other: OtherServer, ours: Database) -> None:
    """A vehicle of that id here is not touched, nor are its messages; it is told."""
    with ours.writing() as connection:
        mine = queries.add_owner(connection, "mine", NOW)
        queries.add_vehicle(connection, "CAR1", mine, "ours", NOW)
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    other.put("carmessages", message(1, "CAR1", "S", "80"))
    report = move(other, ours)
    assert told(report) == [("vehicles", "CAR1", "left", "there is another one of this name here")]
    assert (vehicle(ours, "CAR1").owner, vehicle(ours, "CAR1").secret) == ("mine", "ours")
    assert counts(report, MovedKind.MESSAGES) == (0, 0, 0, 0, 1)


def test_the_same_is_here(other: OtherServer, ours: Database) -> None:
    """One of the same owner and secret is the same, as one that a link of servers has brought."""
    with ours.writing() as connection:
        bob = queries.add_owner(connection, "bob", NOW)
        queries.add_vehicle(connection, "CAR1", bob, "one", NOW)
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one", vehiclename="Bob's"))
    report = move(other, ours, adopts_owners=True)
    assert told(report) == []
    assert counts(report, MovedKind.VEHICLES) == (0, 1, 0, 0, 0)
    assert vehicle(ours, "CAR1").name == "Bob's"


def test_tombstone_is_no_obstacle(other: OtherServer, ours: Database) -> None:
    """An id that was removed here before the first import can come again."""
    with ours.writing() as connection:
        mine = queries.add_owner(connection, "mine", NOW)
        queries.add_vehicle(connection, "CAR1", mine, "ours", NOW)
        queries.remove_vehicle(connection, "CAR1", NOW)
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    assert counts(move(other, ours), MovedKind.VEHICLES)[0] == 1
    assert vehicle(ours, "CAR1").owner == "bob"


@ON_BOTH
def test_changed_there(other: OtherServer, ours: Database) -> None:
    """Name, secret, server and owner that change there change here."""
    other.put("owners", owner(1, "bob"), owner(2, "eve"))
    other.put("cars", car(1, "CAR1", "one"), car(1, "CAR2", "two", vehiclename="Two"))
    move(other, ours)
    other.put("cars", car(1, "CAR1", "new", vehiclename="One", v_server="other"))
    other.run("UPDATE ovms_cars SET owner = 2 WHERE vehicleid = 'CAR2'")
    report = move(other, ours, NOW + 1)
    assert counts(report, MovedKind.VEHICLES) == (0, 2, 0, 0, 0)
    one = vehicle(ours, "CAR1")
    assert (one.secret, one.name, one.server, one.changed) == ("new", "One", "OTHER", NOW + 1)
    assert (vehicle(ours, "CAR2").owner, vehicle(ours, "CAR2").secret) == ("eve", "two")
    assert move(other, ours, NOW + 2).is_empty


def test_changed_here(other: OtherServer, ours: Database) -> None:
    """What was renamed here stays so; a new secret there is taken all the same."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    move(other, ours)
    with ours.writing() as connection:
        queries.rename_vehicle(connection, "CAR1", "Mine", NOW)
    other.put("cars", car(1, "CAR1", "two"))
    report = move(other, ours, NOW + 1)
    assert told(report) == []
    assert (vehicle(ours, "CAR1").name, vehicle(ours, "CAR1").secret) == ("Mine", "two")
    other.put("cars", car(1, "CAR1", "two", vehiclename="Theirs"))
    report = move(other, ours, NOW + 2)
    assert [each[3] for each in told(report)] == ["its name changed there and here"]
    assert vehicle(ours, "CAR1").name == "Mine"


@ON_BOTH
def test_removed_there(other: OtherServer, ours: Database) -> None:
    """What is deleted there is removed here, unless it changed here."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", *(car(1, f"CAR{number}", "one") for number in range(4)))
    other.put("carmessages", message(1, "CAR0", "S", "80"))
    move(other, ours)
    with ours.writing() as connection:
        queries.set_secret(connection, "CAR2", "ours", NOW)
    other.run("UPDATE ovms_cars SET deleted = 1 WHERE vehicleid IN ('CAR0', 'CAR2')")
    other.run("DELETE FROM ovms_cars WHERE vehicleid = 'CAR1'")
    report = move(other, ours, NOW + 1)
    assert ids(ours) == ["CAR2", "CAR3"]
    assert counts(report, MovedKind.VEHICLES)[2] == 2
    assert [each[1:] for each in told(report)] == [
        ("CAR2", "kept as it is here", "it was removed there, and its secret changed here")
    ]
    assert rows(ours, "SELECT count(*) FROM messages") == [(0,)]


def test_removed_here(other: OtherServer, ours: Database) -> None:
    """What was removed here does not come back, nor do its messages."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    move(other, ours)
    with ours.writing() as connection:
        queries.remove_vehicle(connection, "CAR1", NOW)
    other.put("carmessages", message(1, "CAR1", "S", "80"))
    report = move(other, ours, NOW + 1)
    assert (ids(ours), told(report)) == ([], [])
    assert report[MovedKind.VEHICLES].reasons == {"removed here": 1}
    other.put("cars", car(1, "CAR1", "two"))
    report = move(other, ours, NOW + 2)
    assert [each[3] for each in told(report)] == ["it changed there, and was removed here"]


def test_owner_of_those_without(other: OtherServer, ours: Database) -> None:
    """Somebody here can have the vehicles of those who are not there any more."""
    with ours.writing() as connection:
        queries.add_owner(connection, "me", NOW)
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"), car(9, "CAR9", "nine"))
    other.put("carmessages", message(9, "CAR9", "S", "80"))
    report = move(other, ours, owner="me")
    assert told(report) == []
    assert (vehicle(ours, "CAR1").owner, vehicle(ours, "CAR9").owner) == ("bob", "me")
    assert counts(report, MovedKind.MESSAGES)[0] == 1
    with pytest.raises(NotFound, match="no owner nobody"):
        move(other, ours, owner="nobody")


def test_owner_who_went(other: OtherServer, ours: Database) -> None:
    """A vehicle whose owner is deleted there after an import stays, and so does the owner."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    move(other, ours)
    other.run("UPDATE ovms_owners SET deleted = 1")
    report = move(other, ours, NOW + 1)
    assert ids(ours) == ["CAR1"]
    assert [each[3] for each in told(report)] == ["was removed there, and has vehicles here"]


def test_older(mariadb: MariaDb, ours: Database) -> None:
    """Where vehicles have no owner at all, somebody is named for them."""
    tables = {**OLDER, "ovms_cars": OLDER["ovms_cars"].replace("owner INT UNSIGNED NOT NULL"
                                                               " DEFAULT 0,", "")}  # fmt: skip
    with ours.writing() as connection:
        queries.add_owner(connection, "me", NOW)
    with mariadb.database(tables) as older:
        older.put("owners", owner(1, "bob"))
        older.put("cars", {"vehicleid": "CAR1", "carpass": "one"})
        older.put("carmessages", {"vehicleid": "car1", "m_code": "S", "m_msg": "80",
                                  "m_msgtime": "2026-11-27 10:00:00"})  # fmt: skip
        assert [each[3] for each in told(move(older, ours))] == [
            "has no owner there: name one for such vehicles (--owner)"
        ]
        report = move(older, ours, owner="me")
    assert vehicle(ours, "CAR1").owner == "me"
    assert counts(report, MovedKind.MESSAGES)[0] == 1
