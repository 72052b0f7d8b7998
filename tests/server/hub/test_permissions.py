from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import pytest

from ovms.protocol import Message, Role
from ovms.protocol.codes import CODES
from ovms.protocol.commands import BY_NAME, COMMANDS, Command
from ovms.protocol.messages import LatestMessage
from ovms.protocol.positions import says_position
from ovms.server.hub.permissions import (
    NEEDED,
    ONLY_OWNER,
    may_hear,
    may_read,
    may_say,
    refusal_of,
)
from ovms.server.rights import ALL_RIGHTS, RIGHT_WORDS, parse_rights, right_words
from tests.server.hub.fakes import START, Place, message

HERE = b"51.5074,-0.1278"
WITHOUT_LOCATION = [
    ",".join(words)
    for size in range(4)
    for words in combinations([word for word in RIGHT_WORDS if word != "location"], size + 1)
]
"""Every set of rights that a share may have without this one."""


def shared(*texts: str, rights: str = "view") -> list[str]:
    """Return what an app with rights hears at its login, of messages that the car has said."""
    place = Place()
    place.car().says(*texts)
    return place.shared_app(rights).hears()


# -- what is heard --------------------------------------------------------------------------


@pytest.mark.parametrize("rights", WITHOUT_LOCATION)
def test_no_position_reaches_those_without_the_right(rights: str) -> None:
    """Whatever a car says, in whatever order and sealed or not, no line of it tells a place."""
    place = Place()
    place.groups.move("CAR9", b"CLUB,80,0,0,0,1,1," + HERE)
    early = place.shared_app(rights)
    car = place.car()
    early.says("GCLUB")
    codes = [*map(chr, range(33, 256)), *CODES]
    said = [Message(code, HERE) for code in codes if code != "E"]
    said += [Message("E", b"M" + code.encode("latin-1") + HERE) for code in codes]
    said += [Message("P", b"A At " + HERE)] * 10
    random.Random(rights).shuffle(said)  # noqa: S311
    for each in said:
        place.room.receive(car.member, each)
        place.passes(0.1)
    late = place.shared_app(rights, Role.BATCH)
    heard = [*early.line.messages, *late.line.messages]
    assert {each.code for each in heard} >= {"S", "D", "F", "Z", "T"}
    hidden = [each for each in heard if HERE in each.data and code_of(each) not in HARMLESS]
    assert hidden == []
    assert not [each for each in heard if code_of(each) in ("L", "g", "P")]


def code_of(said: Message) -> str:
    """Return the code of a message, or of what it seals."""
    is_sealed = said.code == "E" and said.data[:1] == b"M"
    return said.data[1:2].decode("latin-1") if is_sealed else said.code


HARMLESS = {code for code in CODES if not CODES[code].tells_place}
"""Codes that hold no position, whatever a fuzzer puts there."""


def test_what_is_kept_from_those_without_location() -> None:
    """They hear all that is known to be no place, and nothing that nobody knows."""
    assert set("AaCcDFfSTVWXYZ") == HARMLESS
    assert "L" not in HARMLESS


def test_with_location() -> None:
    """Whoever may see where the car is hears everything."""
    said = ["S80", "L51.5,-0.1", "?new", "EMLsealed"]
    assert {each[0] for each in shared(*said, rights="location")} == {*"ZSL?T"}
    assert "L51.5,-0.1" not in shared(*said)
    assert "S80" in shared(*said)


def test_an_age_follows_only_what_is_heard() -> None:
    """Of a position that somebody may not see, the age is not sent either."""
    place = Place()
    car, app = place.car(), place.shared_app("view")
    app.hears()
    car.says("L51.5,-0.1", "S80")
    assert app.hears() == ["S80", "T0"]


def test_answers_that_nobody_asked_for() -> None:
    """They may say anything, so they reach only those who have all rights."""
    place = Place()
    car, own, other = place.car(), place.app(), place.shared_app("view,location,command")
    other.hears()
    car.says("c7,0,51.5,-0.1")
    assert (own.hears(), other.hears()) == (["c7,0,51.5,-0.1"], [])


@pytest.mark.parametrize(
    "text",
    ["Moved to 51.5074,-0.1278", "Moved to 51,5074 -0,1278", "at 51.5/-0.1", "51° 30′ N",
     "https://maps.example/?q=1", "see geo:51.5,-0.1", "GPS lost", "Parked near Main St",
     "Arrived: home", "entered Work", "The car has left Home", "Location: x", "lat 51 lon 0"],
)  # fmt: skip
def test_alerts_that_say_where(text: str) -> None:
    """An alert with coordinates, a link or words for a place goes to those who may see places."""
    assert says_position(text)
    alert = Message("P", b"A" + text.encode())
    assert not may_hear(parse_rights("view"), alert)
    assert may_hear(parse_rights("location"), alert)


@pytest.mark.parametrize(
    "text",
    ["Charge is complete, SOC 80%, 221 km", "12V battery at 11.8 V, 0.5 A", "Alarm is sounding",
     "Left rear door is open", "Charging at 7.4 kW, 32.0 A", "The car is moved while it is off"],
)  # fmt: skip
def test_other_alerts(text: str) -> None:
    """Everybody who may see the vehicle hears them."""
    assert may_hear(parse_rights("view"), Message("P", b"I" + text.encode()))


# -- what is said ---------------------------------------------------------------------------


@pytest.mark.parametrize("rights", ["view", "location", "command", "pin", "manage"])
def test_what_an_app_may_say(rights: str) -> None:
    """Alerts need manage, groups location, and what goes to the car as it is nobody may send."""
    has = parse_rights(rights)
    for text, right in {"A": "view", "C1": "view", "PAtext": "manage", "GCLUB": "location"}.items():
        assert may_say(has, message(text)) == (right in right_words(has))
    for text in ("?new", "h1", "pid,apns", "EM?x", "EMGx", "EMPx", "ETx"):
        assert not may_say(has, message(text))
        assert may_say(None, message(text))


def test_what_the_car_is_not_told() -> None:
    """What only the car could understand does not get there, nor does an alert."""
    place = Place()
    car, app = place.car(), place.shared_app("view,location,command,pin")
    car.hears()
    app.hears()
    app.says("?new", "h17", "EMC7,sealed", "PAboo", "pid,apns,x")
    assert car.hears() == []
    assert place.alerts.raised == []
    assert place.alerts.subscriptions == []
    assert app.hears() == []


# -- commands -------------------------------------------------------------------------------


def test_needed_rights() -> None:
    """Each command needs what its page says: a PIN the right to those, a secret its owner."""
    assert {number for number, needed in NEEDED.items() if needed is None} == {3, 4, 7, 49}
    by_word: dict[str, set[int]] = {}
    for number, needed in NEEDED.items():
        if needed is not None:
            by_word.setdefault(",".join(right_words(needed)), set()).add(number)
    assert by_word == {
        "view": {30, 31, 32},
        "command": {1, 5, 6, 10, 11, 12, 15, 16, 17, 18, 19, 24, 25, 26},
        "pin": {20, 21, 22, 23},
        "command,manage": {2, 40, 41},
    }


@pytest.mark.parametrize(
    ("rights", "said", "refusal"),
    [
        ("view", "C11", "c11,1,not shared with you: this needs the right command"),
        ("command", "C20,1234", "c20,1,not shared with you: this needs the right pin"),
        ("command", "C2,1,5", "c2,1,not shared with you: this needs the right manage"),
        ("view", "C40,1,x", "c40,1,not shared with you: this needs the right command and manage"),
        ("location,pin,manage", "C7,stat", f"c7,1,{ONLY_OWNER}"),
        ("location,pin,manage", "C3", f"c3,1,{ONLY_OWNER}"),
        ("location,pin,manage", "C200", f"c200,1,{ONLY_OWNER}"),
        ("view", "C32,L", "c32,1,not shared with you: this needs the right location"),
        ("view", "C32", "c32,1,not shared with you: this needs the right location"),
        ("pin", "C32,*-LOG-Trip", "c32,1,not shared with you: this needs the right location"),
    ],
)
def test_a_command_that_is_refused(rights: str, said: str, refusal: str) -> None:
    """Its asker is told what is missing, the car hears nothing, and the next one has its turn."""
    place = Place()
    car, app = place.car(), place.shared_app(rights)
    car.hears()
    app.hears()
    app.says(said, said)
    assert app.hears() == [refusal, refusal]
    assert car.hears() == []


@pytest.mark.parametrize(
    ("rights", "said"),
    [("command", "C11"), ("command", "C24,0"), ("pin", "C22,1234"), ("command,manage", "C2,1,5")],
)
def test_a_command_that_is_sent(rights: str, said: str) -> None:
    """Whoever has the right is answered like the owner."""
    place = Place()
    car, app = place.car(), place.shared_app(rights)
    car.hears()
    app.hears()
    app.says(said)
    assert car.hears() == [said]
    number = said[1:].partition(",")[0]
    car.says(f"c{number},0")
    assert app.hears() == [f"c{number},0"]


def test_sealed_commands() -> None:
    """Nobody can see what they are, so only the owner may send one."""
    assert refusal_of(ALL_RIGHTS, None) == ONLY_OWNER
    assert refusal_of(None, None) == ""
    assert {refusal_of(None, Command(spec.number)) for spec in COMMANDS} == {""}


async def test_the_history_without_places() -> None:
    """Command 31 names no type whose records may tell a place, and numbers the others anew."""
    place = Place()
    car, app, own = place.car(), place.shared_app("view"), place.app()
    app.hears()
    car.says("L51.5,-0.1", "S80", "H*-LOG-Trip,1,86400,x", "HOTHER,1,86400,x", "PAboo")
    app.hears()
    own.hears()
    app.says("C31")
    own.says("C31")
    await place.settle()
    (row,) = app.hears()
    assert row.startswith("c31,0,1,1,S,")
    assert [each.split(",")[4] for each in own.hears()] == [
        "*-LOG-Trip", "*-Log-Notification", "L", "OTHER", "S",
    ]  # fmt: skip


@pytest.mark.parametrize("record_type", ["L", "*-LOG-Trip", "*-LOG-Grid", "*-Log-Notification",
                                         "RT-BAT-C", "", "G", "P", "d"])  # fmt: skip
def test_types_that_may_tell_a_place(record_type: str) -> None:
    """Trips, charges, alerts, and whatever the server does not know, need the right to places."""
    assert not may_read(parse_rights("view,pin,manage"), record_type)
    assert may_read(parse_rights("location"), record_type)
    assert may_read(None, record_type)


# -- changes --------------------------------------------------------------------------------


def test_more_rights() -> None:
    """A client hears at once what was kept from it so far."""
    stored = [LatestMessage("L", HERE, START - 60), LatestMessage("S", b"80", START - 60)]
    place = Place(stored)
    app = place.shared_app("view")
    assert app.hears() == ["Z0", "S80", "T60"]
    place.room.change_rights(app.member, parse_rights("location"))
    assert app.hears() == ["L" + HERE.decode()]


async def test_fewer_rights() -> None:
    """What waits is refused and never sent, the rest goes on, and no position is heard."""
    place = Place()
    car, app, own = place.car(), place.shared_app("location,command"), place.app()
    own.says("C11")
    app.says("C12", "C32,S", "C15,16")
    app.says("GCLUB")
    car.hears()
    app.hears()
    place.room.change_rights(app.member, parse_rights("view"))
    place.groups.move("CAR9", b"CLUB,80," + HERE)
    car.says("c11,0", "L51.5,-0.1")
    await place.settle()
    assert car.hears() == []
    missing = "not shared with you: this needs the right command"
    history = "c32,1,No historical data available"
    assert app.hears() == [f"c12,1,{missing}", history, f"c15,1,{missing}"]
    assert "c11,0" in own.hears()
    app.says("C12", "A")
    assert app.hears() == ["c12,1,not shared with you: this needs the right command", "a"]


def test_homelink() -> None:
    """It takes no PIN, so by the table of commands it is one without."""
    assert right_words(NEEDED[BY_NAME["homelink"].number] or parse_rights("view")) == ["command"]


def test_its_page() -> None:
    """The page on sharing names every command under what it needs."""
    page = (Path(__file__).parents[3] / "docs" / "sharing.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    told = {}
    for row in rows:
        words, names = row.strip("|").split("|")[:2]
        told[words.strip().replace("`", "")] = set(
            names.replace("`", "").replace(" ", "").split(",")
        )
    for spec in COMMANDS:
        needed = NEEDED[spec.number]
        words = " and ".join(right_words(needed)) if needed is not None else "owner"
        assert spec.name in told[words], spec.name


async def test_a_right_taken_from_what_was_sent() -> None:
    """Who has sent it is told so, its answer reaches nobody, and the rest goes on."""
    place = Place()
    car, app, own = place.car(), place.shared_app("pin"), place.app()
    app.says("C20,1234", "C11")
    own.says("C12")
    assert car.hears()[-1:] == ["C20,1234"]
    app.hears()
    place.room.change_rights(app.member, parse_rights("command"))
    assert app.hears() == ["c20,1,not shared with you: this needs the right pin"]
    car.says("c20,0")
    assert car.hears() == ["C12"]
    car.says("c12,0")
    assert car.hears() == ["C11"]
    car.says("c11,0")
    assert app.hears() == ["c11,0"]
