"""What whoever knows a right secret can pile up: clients, groups, records, subscriptions."""

from __future__ import annotations

import json
import socket
import time

import pytest

from tests.attacks.conftest import Target
from tests.conformance.client import Caller, SocketWire
from tests.programs.conftest import SECRET
from tests.waiting import PATIENCE

APPS = 50
"""Apps of one vehicle, as docs/settings.md has it."""

GROUP_MESSAGES = 2000
"""Positions that all groups send in a second, as docs/settings.md has it."""

RECORDS, TYPES, BYTES = 200, 20, 1_000_000
"""Records, their types and bytes of one vehicle, set low for these tests."""


@pytest.fixture
def small_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the server keep little of each vehicle. Must come before the server."""
    monkeypatch.setenv("OVMS_LIMIT_HISTORY_RECORDS", str(RECORDS))
    monkeypatch.setenv("OVMS_LIMIT_HISTORY_TYPES", str(TYPES))
    monkeypatch.setenv("OVMS_LIMIT_HISTORY_BYTES", str(BYTES))


def add_owner(target: Target, name: str, vehicle: str) -> None:
    """Add an owner with a vehicle, while the server runs."""
    target.ovms("owner", "add", name)
    target.ovms("vehicle", "add", vehicle, "--owner", name, "--secret", SECRET)


def ask(app: Caller, command: bytes) -> list[list[str]]:
    """Return the rows of an answer of the server, without their numbers."""
    app.say(b"C" + command)
    while True:
        answer = app.hear_code(b"c").decode().split(",")
        if answer[1] != "0":
            return []
        rows = [answer]
        while int(answer[2]) < int(answer[3]):
            answer = app.hear_code(b"c").decode().split(",")
            rows.append(answer)
        return [row[4:] for row in rows]


def keep(car: Caller, *records: bytes) -> None:
    """Have records kept, and wait until the server has acknowledged each."""
    for code, record in enumerate(records):
        car.say(b"h%d,0," % code + record)
    for code in range(len(records)):
        assert car.hear_code(b"h") == b"h%d" % code


def call_from(target: Target, address: str, role: str, vehicle: str = "CAR1") -> Caller:
    """Call from another address of this machine."""
    connection = socket.create_connection(
        ("127.0.0.1", target.port), timeout=PATIENCE, source_address=(address, 0)
    )
    caller = Caller(SocketWire(connection), SECRET)
    target.keep(caller.wire)
    caller.send_welcome(role, vehicle)
    caller.be_welcomed()
    return caller


def test_apps_without_end(target: Target) -> None:
    """A machine that calls again and again closes its own connections, and no one else's."""
    mine = target.call("A")
    mine.settle()
    theirs = [call_from(target, "127.0.0.2", "A") for _ in range(APPS + 10)]
    for first in theirs[:11]:
        while not first.is_closed():
            pass
    assert all(caller.settle() is not None for caller in (mine, *theirs[11:]))
    newest = target.call("A")
    newest.settle()
    mine.settle()


def test_a_car_that_stirs_a_group(target: Target) -> None:
    """However often a car moves, who watches is told once a second, and of the newest."""
    car, app = target.call("C"), target.call("A")
    car.settle()
    app.say(b"Gclub")
    app.settle()
    began = time.monotonic()
    for number in range(2000):
        car.say(b"gclub,%d" % number)
    car.settle()
    heard = 0
    while not app.hear_code(b"g").endswith(b",1999"):
        heard += 1
    assert heard <= time.monotonic() - began + 1


@pytest.mark.usefixtures("small_history")
def test_record_types_without_end(target: Target) -> None:
    """What a car invents beyond its types is acknowledged, not kept, and told once in the log."""
    car, app = target.call("C"), target.call("A")
    keep(car, *(b"INVENTED-%d,1,86400,x" % number for number in range(10 * TYPES)))
    car.say(b"PAan alert")
    app.hear_code(b"P")
    types = [row[0] for row in ask(app, b"31")]
    assert len(types) == TYPES + 1
    assert "*-Log-Notification" in types
    assert target.program.output().count("too many types") == 1


@pytest.mark.usefixtures("small_history")
def test_records_without_end(target: Target) -> None:
    """A flood makes room at its own expense: what was there under another type stays."""
    car, app = target.call("C"), target.call("A")
    keep(car, b"*-LOG-Trip,1,86400,a drive")
    car.say(*(b"HFLOOD,%d,315360000,x" % number for number in range(10 * RECORDS)))
    keep(car, b"FLOOD,%d,315360000,x" % (10 * RECORDS))
    counts = {row[0]: int(row[2]) for row in ask(app, b"31")}
    assert RECORDS * 0.9 < counts["FLOOD"] <= RECORDS
    assert [row[-1] for row in ask(app, b"32,*-LOG-Trip")] == ["a drive"]
    numbers = [int(row[2]) for row in ask(app, b"32,FLOOD")]
    assert numbers[-1] == 10 * RECORDS
    assert target.program.output().count("history is full") == 1


@pytest.mark.usefixtures("small_history")
def test_bytes_without_end(target: Target) -> None:
    """Few large records are no way around: their bytes count, and the disk is used again."""
    car, app = target.call("C"), target.call("A")
    for first in range(0, 150, 10):
        car.say(*(b"HLARGE,%d,315360000,%b" % (first + n, b"x" * 40_000) for n in range(10)))
        keep(car, b"SMALL,1,86400,x")
    sizes = {row[0]: int(row[3]) for row in ask(app, b"31")}
    assert BYTES * 0.9 < sizes["LARGE"] <= BYTES
    assert (target.data / "ovms.db").stat().st_size < 5 * BYTES


def test_histories_that_are_read_in_a_loop(target: Target) -> None:
    """Beside an owner who reads everything with many apps, another's answer comes, and the stop."""
    add_owner(target, "another", "CAR9")
    car = target.call("C")
    car.say(*(b"HFLOOD,%d,86400,x" % number for number in range(4000)))
    keep(car, b"FLOOD,1,86400,x")
    readers = [target.call("A") for _ in range(20)]
    for reader in readers:
        reader.say(*[b"C32,FLOOD"] * 40)
    other, his = target.call("A", "CAR9"), target.call("C", "CAR9")
    keep(his, b"*-LOG-Trip,1,86400,a drive")
    assert [row[0] for row in ask(other, b"31")] == ["*-LOG-Trip"]
    assert [row[-1] for row in ask(other, b"32,*-LOG-Trip")] == ["a drive"]
    assert all(reader.hear_code(b"c")[:5] == b"c32,0" for reader in readers)
    assert target.program.stop() == 0


def test_mail_to_anybody(target: Target) -> None:
    """An app can have the server write to few people, and to no others when it gives them up."""
    app = target.call("A")
    app.say(*(b"pAPP%d,mail,simple,friend%d@example.com" % (n, n) for n in range(10)))
    app.say(*(b"pAPP0,mail,simple,other%d@example.com" % n for n in range(9)))
    app.say(b"pLAST,expo,simple,ExponentPushToken[abc]")
    listed: list[dict[str, str]] = []
    deadline = time.monotonic() + PATIENCE
    while not any(each["app"] == "LAST" for each in listed):
        assert time.monotonic() < deadline
        listed = json.loads(target.ovms("notify", "list", "--json"))
    assert [each["app"] for each in listed] == ["APP0", "APP1", "APP2", "LAST"]
    assert target.program.output().count("too many new addresses") == 1


@pytest.mark.soak
def test_a_crowd_that_stirs_many_groups(target: Target) -> None:
    """With 150 clients and 32 groups each, what groups send stays within its allowance."""
    vehicles = ("CAR1", "CAR2", "CAR3")
    cars = [target.call("C", vehicle) for vehicle in vehicles]
    apps = [target.call("A", vehicle) for vehicle in vehicles for _ in range(APPS)]
    for app in apps:
        app.say(*(b"Gclub%d" % number for number in range(32)))
        app.settle()
    began, heard = time.monotonic(), 0
    for turn in range(300):
        for car in cars:
            car.say(*(b"gclub%d,%d" % (number, turn) for number in range(8)))
            car.settle()
    for app in apps:
        heard += sum(said[:1] == b"g" for said in app.settle())
    assert heard <= GROUP_MESSAGES * (time.monotonic() - began + 1)
