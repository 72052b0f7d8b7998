"""What the server keeps and passes on: history, sealed messages, groups, alerts, traffic."""

from __future__ import annotations

import random
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ovms.protocol import Message, Party, Role, Session
from ovms.protocol.records.history import AckedRecord, HistoryRecord
from tests.programs.conftest import SECRET, Server, Start, run_ovms
from tests.waiting import PATIENCE


class Caller:
    """A plain socket that speaks the protocol. A car proves itself at once."""

    def __init__(self, server: Server, role: Role, vehicle: str = "CAR1") -> None:
        self._session = Session(Party.CALLER, f"{random.getrandbits(128):022x}"[-22:])
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        self._heard: list[Message] = []
        self._socket.sendall(self._session.send_welcome(role, vehicle, SECRET.encode()))
        self._read()
        if role is Role.CAR:
            self.say(Message("a"), Message("a"))
            self.hear("Z")

    def _read(self) -> None:
        data = self._socket.recv(65536)
        assert data, "the server closed the connection"
        events = self._session.receive_data(data)
        self._heard += [event for event in events if isinstance(event, Message)]

    def say(self, *messages: Message) -> None:
        """Send messages."""
        self._socket.sendall(b"".join(map(self._session.send, messages)))

    def hear(self, code: str) -> Message:
        """Wait for the next message of a code; others before it are dropped, pings answered."""
        while True:
            while self._heard:
                message = self._heard.pop(0)
                if message.code == code:
                    return message
                if message.code == "A":
                    self.say(Message("a"))
            self._read()

    def leave(self) -> None:
        """Hang up, without a word."""
        self._socket.close()


Call = Callable[..., Caller]


@pytest.fixture
def call(server: Server) -> Iterator[Call]:
    """Connect callers, which hang up at the end."""
    callers: list[Caller] = []

    def connect(role: Role, vehicle: str = "CAR1") -> Caller:
        callers.append(Caller(server, role, vehicle))
        return callers[-1]

    yield connect
    for caller in callers:
        caller.leave()


def record(ack: int, data: bytes, timediff: int = 0) -> Message:
    """Make an `h`."""
    return AckedRecord(ack, timediff, HistoryRecord("*-LOG-Trip", 1, 86400, data)).message


def test_an_acknowledgement_does_not_wait_long(server: Server, call: Call) -> None:
    """A single record is acknowledged in a moment, not when a batch is full or its time is over."""
    car = call(Role.CAR)
    waits = []
    for ack in range(50):
        began = time.monotonic()
        car.say(record(ack, b"x"))
        assert car.hear("h").data == b"%d" % ack
        waits.append(time.monotonic() - began)
    assert sorted(waits)[25] < 1


def test_a_hundred_thousand_rows_do_not_hold_others_up(server: Server, call: Call) -> None:
    """A long answer streams while other clients are served, and a slow asker costs nothing."""
    server.program.stop()
    database = sqlite3.connect(server.data / "ovms.db")
    now = int(time.time())
    rows = [("CAR1", "big", n % 7, now - n, now + 86400, b"row %d" % n) for n in range(100_000)]
    database.executemany(
        "INSERT INTO history (vehicle_id, type, number, time, expires, data) "
        "VALUES (?, ?, ?, ?, ?, ?)", rows,
    )  # fmt: skip
    counts = Counter(number for _, _, number, *_ in rows)
    database.executemany(
        "INSERT INTO history_counts (vehicle_id, type, number, records, bytes) "
        "VALUES ('CAR1', 'big', ?, ?, 0)", counts.items(),
    )  # fmt: skip
    database.commit()
    database.close()
    server.run()
    slow, asker, other = (call(Role.APP) for _ in range(3))
    slow.say(Message("C", b"32,big"))
    asker.say(Message("C", b"32,big"))
    waits = []
    start = time.monotonic()
    for number in range(1, 100_001):
        row = asker.hear("c").data
        assert row.startswith(b"32,0,%d,100000,big," % number)
        if number % 5000 == 0:
            began = time.monotonic()
            other.say(Message("A"))
            other.hear("a")
            waits.append(time.monotonic() - began)
    assert sorted(waits)[len(waits) // 2] < (time.monotonic() - start) / 10
    slow.leave()


def test_telemetry_and_traffic_are_kept(server: Server, call: Call) -> None:
    """What a car reports is logged, and the day's traffic is told and survives a restart."""
    car = call(Role.CAR)
    car.say(Message("S", b"80,K"), Message("L", b"22.1,114.2,0,0,1,1"), Message("A"))
    car.hear("a")
    listed = run_ovms("app", "history", "S", "--json", *server.link())
    assert "80,K" in listed.stdout
    assert server.program.stop() == 0
    server.run()
    told = run_ovms("app", "utilisation", *server.link())
    assert told.returncode == 0
    assert time.strftime("%Y-%m-%d", time.gmtime()) in told.stdout


def test_a_paranoid_car_leaves_no_plain_text(server: Server, start: Start) -> None:
    """Neither the database nor a log holds what a paranoid car says; its app reads it."""
    car = start(
        "car", "--type", "sim", "--seed", "7", "--vin", "PARANOIDVIN000001",
        "--paranoid", "module password", *server.link(),
    )  # fmt: skip
    server.program.wait_for("connected .*role=car")
    watcher = start("app", "log", "--json", "--paranoid", "module password", *server.link())
    watcher.wait_for('"PARANOIDVIN000001"')
    done = run_ovms(
        "app", "command", "--paranoid", "module password", *server.link(), "lock", "1234"
    )
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
    wrong = run_ovms("app", "status", "--paranoid", "wrong", *server.link())
    assert wrong.returncode == 1
    assert "password" in wrong.stderr
    assert "PARANOIDVIN" not in run_ovms("app", "status", "--json", *server.link()).stdout
    car.kill()
    assert server.program.stop() == 0
    for file in filter(Path.is_file, server.data.rglob("*")):
        assert b"PARANOIDVIN" not in file.read_bytes()
    assert "PARANOIDVIN" not in server.program.output()


def test_groups_and_alerts_reach_the_connected(server: Server, start: Start, call: Call) -> None:
    """A group shows its cars live; an alert is shown, and kept in the history."""
    group = start("app", "group", "friends", "--json", *server.link("CAR2"))
    server.program.wait_for("connected .*CAR2")
    car = call(Role.CAR)
    watcher = start("app", "log", "--json", *server.link())
    watcher.wait_for('"code":"Z"')
    car.say(Message("g", b"friends,80,50,90,12,1,1,22.1,114.2"), Message("P", b"Astolen?"))
    watcher.wait_for("stolen?")
    for _ in range(50):
        car.say(Message("g", b"friends,79,50,90,12,1,1,22.1,114.2"))
        time.sleep(0.02)
    assert "CAR1" in group.wait_for('"CAR1"')
    kept = run_ovms("app", "history", "*-Log-Notification", "--json", *server.link())
    assert "stolen?" in kept.stdout


@pytest.mark.soak
def test_two_thousand_records_a_second_from_cars_that_come_and_go(
    start: Start, tmp_path: Path
) -> None:
    """50 cars, 2000 records a second for a minute, links cut at random: each record once."""
    vehicles = tuple(f"CAR{n}" for n in range(50))
    server = Server(start, tmp_path / "data", vehicles)
    chance = random.Random(50)  # noqa: S311 (the same cuts each time)
    cars = {vehicle: Caller(server, Role.CAR, vehicle) for vehicle in vehicles}
    open_acks: dict[str, list[int]] = {vehicle: [] for vehicle in vehicles}
    began = time.monotonic()
    for turn in range(60 * 4):
        for vehicle in vehicles:
            fresh = range(turn * 10, turn * 10 + 10)
            if chance.random() < 0.02:
                cars[vehicle].leave()
                cars[vehicle] = Caller(server, Role.CAR, vehicle)
                cars[vehicle].say(*(record(ack, b"%d" % ack, -1) for ack in open_acks[vehicle]))
            open_acks[vehicle] += fresh
            cars[vehicle].say(*(record(ack, b"%d" % ack) for ack in fresh))
        for vehicle in vehicles:
            waiting = set(open_acks[vehicle])
            while waiting:
                waiting.discard(int(cars[vehicle].hear("h").data))
            open_acks[vehicle] = []
        time.sleep(max(0, began + (turn + 1) * 0.25 - time.monotonic()))
    assert time.monotonic() - began < 75
    assert server.program.stop() == 0
    database = sqlite3.connect(server.data / "ovms.db")
    rows = database.execute("SELECT vehicle_id, data FROM history WHERE type = '*-LOG-Trip'")
    counts = Counter(rows)
    database.close()
    for car in cars.values():
        car.leave()
    assert len(counts) == 50 * 2400
    assert set(counts.values()) == {1}
