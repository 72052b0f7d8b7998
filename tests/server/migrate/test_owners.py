from __future__ import annotations

from typing import Any

import pytest

from ovms.server.accounts.passwords import hash_password, verify_password
from ovms.server.migrate.report import MovedKind
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from tests.server.migrate.mariadb import OtherServer
from tests.server.migrate.moves import HASHCAT, NOW, ON_BOTH, car, counts, move, owner, told
from tests.server.storage.databases import rows


def names(ours: Database) -> list[str]:
    """Return what the owners here are called."""
    return [each for (each,) in rows(ours, "SELECT name FROM owners ORDER BY id")]


def password_of(ours: Database, name: str) -> str | None:
    """Return the hash of an owner's password."""
    with ours.reading() as connection:
        return queries.get_owner(connection, name).password_hash


def put_vehicle(ours: Database, name: str, vehicle_id: str) -> None:
    """Make a vehicle of an owner here."""
    with ours.writing() as connection:
        found = queries.get_owner(connection, name)
        queries.add_vehicle(connection, vehicle_id, found, "pw", NOW)


def test_passwords(other: OtherServer, ours: Database) -> None:
    """Hashes of the CMS stay as they are, others are hashed now, and who has none has none."""
    other.put("owners", owner(1, "cms"), owner(2, "clear", **{"pass": "plain word"}),
              owner(3, "none", **{"pass": ""}), owner(4, "blocked", status=0),
              owner(5, "foreign", **{"pass": "$P$B12345678"}),
              owner(6, "marked", **{"pass": "U" + HASHCAT}),
              owner(7, "gone", deleted=1))  # fmt: skip
    report = move(other, ours)
    assert counts(report, MovedKind.OWNERS) == (6, 0, 0, 0, 1)
    assert password_of(ours, "cms") == HASHCAT
    assert verify_password(password_of(ours, "cms"), "hashcat").ok
    clear = password_of(ours, "clear")
    assert clear is not None
    assert clear.startswith("$argon2id$")
    assert verify_password(clear, "plain word").ok
    assert password_of(ours, "marked") == "U" + HASHCAT
    assert [password_of(ours, name) for name in ("none", "blocked", "foreign")] == [None] * 3
    assert [each[1:] for each in told(report)] == [
        ("4 blocked", "taken with a change", "is blocked there: has no password here"),
        ("5 foreign", "taken with a change",
         "has no password here: its hash is of a kind that is not known"),
    ]  # fmt: skip
    assert move(other, ours).is_empty


def test_names(other: OtherServer, ours: Database) -> None:
    """Names that are not allowed here are changed, never those that are; each is told."""
    long = "x" * 60
    other.put("owners", owner(1, "John Smith"), owner(2, "John_Smith"), owner(3, "\x07"),
              owner(4, "a,b"), owner(5, long), owner(6, "Jürgen"), owner(7, "\x07bell"),
              owner(8, "JOHN_SMITH"))  # fmt: skip
    report = move(other, ours)
    assert names(ours) == ["John_Smith-1", "John_Smith", "owner-3", "a_b", long, "Jürgen",
                           "bell", "JOHN_SMITH-8"]  # fmt: skip
    reasons = {note[1]: note[3] for note in told(report) if " here: " in note[3]}
    assert reasons["1 John Smith"].startswith("is John_Smith-1 here: the owner name")
    assert reasons["8 JOHN_SMITH"] == "is JOHN_SMITH-8 here: there is another owner JOHN_SMITH"
    assert {key.split()[0] for key in reasons} == {"1", "3", "4", "7", "8"}
    again = move(other, ours)
    assert again.is_empty
    assert names(ours)[0] == "John_Smith-1"


def test_nobody(other: OtherServer, ours: Database) -> None:
    """The CMS's row for those who are not logged in is no owner."""
    other.put("owners", owner(0, "", status=0), owner(1, "bob"))
    other.put("cars", car(0, "CAR1", "one"))
    report = move(other, ours)
    assert names(ours) == ["bob"]
    assert report[MovedKind.OWNERS].reasons == {"without a name: nobody logs in as that": 1}
    assert [each[3] for each in told(report)] == [
        "its owner 0 is not there: name one for such vehicles (--owner)"
    ]


def test_addresses(other: OtherServer, ours: Database) -> None:
    """An address that is none is left out, and told."""
    other.put("owners", owner(1, "bob", mail="bob at home"), owner(2, "eve", mail=""))
    report = move(other, ours)
    assert rows(ours, "SELECT email FROM owners") == [("",), ("",)]
    [note] = told(report)
    assert note[:3] == ("owners", "1 bob", "taken with a change")
    assert "has no mail" in note[3]


def test_charsets(other: OtherServer, ours: Database) -> None:
    """A name is the same whether its bytes were taken for Latin-1 or not."""
    other.put("owners", owner(1, "Jürgen"), owner(2, "J\u00c3\u00bcrgen2"))
    move(other, ours)
    assert names(ours) == ["Jürgen", "Jürgen2"]


@ON_BOTH
def test_changed_there(other: OtherServer, ours: Database) -> None:
    """A name, an address and a password that change there change here."""
    other.put("owners", owner(1, "bob"), owner(2, "eve", **{"pass": "first"}))
    move(other, ours)
    other.put("owners", owner(1, "bobby", mail="new@example.org", **{"pass": "U" + HASHCAT}),
              owner(2, "eve", **{"pass": "second"}))  # fmt: skip
    report = move(other, ours, NOW + 1)
    assert counts(report, MovedKind.OWNERS) == (0, 2, 0, 0, 0)
    assert rows(ours, "SELECT name, name_key, email FROM owners WHERE id = 1") == [
        ("bobby", "bobby", "new@example.org")
    ]
    assert password_of(ours, "bobby") == "U" + HASHCAT
    assert verify_password(password_of(ours, "eve"), "second").ok
    other.put("owners", owner(2, "eve", status=0, **{"pass": "second"}))
    move(other, ours, NOW + 2)
    assert password_of(ours, "eve") is None
    other.put("owners", owner(2, "eve", **{"pass": "third"}))
    move(other, ours, NOW + 3)
    assert verify_password(password_of(ours, "eve"), "third").ok


def test_new_password_here(other: OtherServer, ours: Database) -> None:
    """A password that was set here stays, also when it changes there; then it is told."""
    other.put("owners", owner(1, "bob"))
    move(other, ours)
    hashed = hash_password("mine")
    with ours.writing() as connection:
        queries.set_password(connection, "bob", hashed, NOW + 1)
    assert move(other, ours, NOW + 2).is_empty
    other.put("owners", owner(1, "bob", **{"pass": "U" + HASHCAT}))
    report = move(other, ours, NOW + 3)
    assert told(report) == [
        ("owners", "1 bob", "kept as it is here", "its password changed there and here")
    ]
    assert password_of(ours, "bob") == hashed
    assert told(move(other, ours, NOW + 4)) == []


def test_hash_made_anew(other: OtherServer, ours: Database) -> None:
    """That a log-in made a hash anew is no change here: a new password there is taken."""
    other.put("owners", owner(1, "bob"))
    move(other, ours)
    with ours.writing() as connection:
        assert queries.renew_hash(connection, 1, HASHCAT, hash_password("hashcat"))
    assert move(other, ours, NOW + 1).is_empty
    other.put("owners", owner(1, "bob", **{"pass": "second"}))
    report = move(other, ours, NOW + 2)
    assert told(report) == []
    assert verify_password(password_of(ours, "bob"), "second").ok


def test_sessions_end_with_the_password(other: OtherServer, ours: Database) -> None:
    """Who is logged in here by a password that changed there has to log in again."""
    other.put("owners", owner(1, "bob"))
    move(other, ours)
    with ours.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO web_sessions (digest, owner_id, fingerprint, address, agent, created,"
            " used, proved) VALUES (x'01', 1, x'02', '', '', 1, 1, 1)"
        )
    other.put("owners", owner(1, "bob", **{"pass": "second"}))
    move(other, ours, NOW + 1)
    assert rows(ours, "SELECT count(*) FROM web_sessions") == [(0,)]


def test_one_who_is_here(other: OtherServer, ours: Database) -> None:
    """An owner of the same name here is nobody's before that is said; then both are one."""
    with ours.writing() as connection:
        queries.add_owner(connection, "Bob", NOW, password_hash="ours", admin=True)
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    report = move(other, ours)
    assert told(report) == [
        ("owners", "1 bob", "left", "there is another one of this name here"),
        ("vehicles", "CAR1 of owner 1", "left", "its owner 1 is left"),
    ]
    assert password_of(ours, "bob") == "ours"
    report = move(other, ours, adopts_owners=True)
    assert told(report) == []
    assert counts(report, MovedKind.VEHICLES)[0] == 1
    assert rows(ours, "SELECT name, password_hash, admin FROM owners") == [("Bob", "ours", 1)]
    assert move(other, ours).is_empty


@pytest.mark.parametrize("password", [HASHCAT, "in-clear"])
def test_the_same_is_here(other: OtherServer, ours: Database, password: str) -> None:
    """An owner who is the same in all is the same, as one that a link of servers has brought."""
    hashed = hash_password(password) if password == "in-clear" else password
    with ours.writing() as connection:
        queries.add_owner(connection, "bob", NOW, password_hash=hashed, email="bob@example.org")
    other.put("owners", owner(1, "bob", **{"pass": password}))
    report = move(other, ours)
    assert told(report) == []
    assert counts(report, MovedKind.OWNERS) == (0, 0, 0, 1, 0)


def test_name_taken_here(other: OtherServer, ours: Database) -> None:
    """A new name there that is somebody else's here is not taken; the rest of the change is."""
    other.put("owners", owner(1, "bob"))
    move(other, ours)
    with ours.writing() as connection:
        queries.add_owner(connection, "eve", NOW)
    other.put("owners", owner(1, "eve", mail="new@example.org"))
    report = move(other, ours, NOW + 1)
    assert [each[3] for each in told(report)] == ["its name eve is another owner's here"]
    assert rows(ours, "SELECT name, email FROM owners WHERE id = 1") == [("bob", "new@example.org")]


@ON_BOTH
def test_removed_there(other: OtherServer, ours: Database) -> None:
    """Who is removed there goes with their vehicles; who has others here stays, and is told."""
    other.put("owners", owner(1, "bob"), owner(2, "eve"), owner(3, "joe"))
    other.put("cars", car(1, "CAR1", "one"), car(2, "CAR2", "two"))
    move(other, ours)
    put_vehicle(ours, "eve", "OWN")
    other.run("UPDATE ovms_owners SET deleted = 1 WHERE owner < 3")
    other.run("DELETE FROM ovms_owners WHERE owner = 3")
    other.run("UPDATE ovms_cars SET deleted = 1")
    report = move(other, ours, NOW + 1)
    assert names(ours) == ["eve"]
    assert counts(report, MovedKind.OWNERS)[:3] == (0, 0, 2)
    assert told(report) == [
        ("owners", "2 eve", "kept as it is here", "was removed there, and has vehicles here")
    ]
    assert rows(ours, "SELECT id FROM vehicles WHERE deleted IS NULL") == [("OWN",)]


def test_removed_here(other: OtherServer, ours: Database) -> None:
    """Who was removed here does not come back, nor do their vehicles."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    move(other, ours)
    with ours.writing() as connection:
        queries.remove_owner(connection, "bob", NOW, with_vehicles=True)
    other.put("cars", car(1, "CAR2", "two"))
    report = move(other, ours, NOW + 1)
    assert names(ours) == []
    assert counts(report, MovedKind.OWNERS) == (0, 0, 0, 0, 1)
    assert [each[1:] for each in told(report)] == [
        ("CAR1 of owner 1", "left", "its owner 1 is left"),
        ("CAR2 of owner 1", "left", "its owner 1 is left"),
    ]


def test_name_of_one_who_went(other: OtherServer, ours: Database) -> None:
    """Whoever registers under the name of one who is gone is another, and comes after."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    move(other, ours)
    other.run("DELETE FROM ovms_owners")
    other.run("DELETE FROM ovms_cars")
    other.put("owners", owner(9, "bob", mail="other@example.org"))
    report = move(other, ours, NOW + 1, adopts_owners=True)
    assert [each[:3] for each in told(report)] == [("owners", "9 bob", "left")]
    assert names(ours) == []
    move(other, ours, NOW + 2)
    assert rows(ours, "SELECT id, email FROM owners") == [(2, "other@example.org")]


def test_audit(other: OtherServer, ours: Database) -> None:
    """The audit trail says who was made, and that there was an import."""
    other.put("owners", owner(1, "bob"))
    move(other, ours)
    found: list[Any] = rows(ours, "SELECT actor, owner_id, action FROM audit ORDER BY id")
    assert found == [("operator", 1, "owner.add"), ("operator", None, "import")]
