"""A backup that is taken while many cars report, and the server that is made of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ovms.base.clock import iso_time
from ovms.server.backup.naming import find_backups
from ovms.server.journeys.values import Position
from ovms.server.storage import queries, schema
from ovms.server.storage.opening import open_database
from ovms.server.storage.places import make_place
from tests.attacks.conftest import Aim, Target, Tell
from tests.attacks.reporters import KIND, Record, Reporters
from tests.postgres import postgres_server
from tests.programs.conftest import SECRET, Start, run_ovms
from tests.server.journeys.made import NOON, charge, put_journeys, trip

PASSWORD = "a-password-of-the-tests"

CALLS = (
    "vehicles", "vehicles/CAR0", "vehicles/CAR0/journeys", "vehicles/CAR0/sums?by=month",
    "vehicles/CAR0/history", f"vehicles/CAR0/history/records?type={KIND}&limit=500",
    "vehicles/CAR1/state", "vehicles/CAR0/journey-edits", "places", "account", "account/tokens",
    "shares", "admin/owners", "alerts",
)  # fmt: skip
"""What is asked of both servers by HTTP."""

PASSING = {"last_used", "last_login", "age", "seconds", "online", "is_online", "presence",
           "connections"}  # fmt: skip
"""What follows from who calls when."""


class Restored(Target):
    """A server that runs on a folder as it is."""

    def __init__(self, start: Start, data: Path, database: str | None) -> None:
        self.data = data
        self.database = database
        self._start = start
        self._wires = []
        self.port = self.tls_port = self.http_port = self.https_port = 0
        self.program = self.run()


def lasting(value: Any) -> Any:
    """Return an answer without what follows from who calls when."""
    if isinstance(value, dict):
        return {name: lasting(each) for name, each in value.items() if name not in PASSING}
    return [lasting(each) for each in value] if isinstance(value, list) else value


def call(server: Target, path: str, token: str) -> Any:
    """Return what the API answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.http_port}/api/v1/{path}",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 (ours)
        found = lasting(json.loads(answer.read()))
    if path.endswith("/state"):
        del found["time"]  # of the answer
    return found


def command(server: Target, vehicle: str, words: bytes) -> list[bytes]:
    """Return the rows of a command's answer."""
    app = server.call("A", vehicle)
    app.say(b"C" + words)
    found: list[bytes] = []
    while not found or int(found[-1].split(b",")[2]) < int(found[-1].split(b",")[3]):
        found.append(app.hear_code(b"c"))
    return found


def status(server: Target, *options: str) -> tuple[int, Any]:
    """Return what an app shows of a vehicle."""
    done = run_ovms("app", "status", "--json", *options)
    if done.returncode != 0:
        return done.returncode, None
    found = lasting(json.loads(done.stdout))
    for message in found["messages"].values():
        del message["time"]  # reckoned of ages, which are whole seconds
    return 0, found


def answers(server: Target, token: str, certificate: Path, until: str) -> dict[str, Any]:
    """Return what a server tells cars' apps and owners."""
    tls = ("--server", f"127.0.0.1:{server.tls_port}", "--tls", "--ca", str(certificate))
    login = ("--vehicle", "CAR1", *tls, "--user", "tester", "--password")
    return {
        "31": command(server, "CAR0", b"31"),
        "32": command(server, "CAR0", b"32," + KIND.encode()),
        "status": status(server, *tls, "--vehicle", "CAR1", "--secret", SECRET),
        "login": status(server, *login, PASSWORD),
        "wrong password": status(server, *login, "another")[0],
        "wrong secret": status(server, *tls, "--vehicle", "CAR1", "--secret", "another")[0],
        **{path: call(server, path, token) for path in (*CALLS, f"account/audit?until={until}")},
    }


@pytest.fixture
def restored(start: Start) -> Iterator[list[Restored]]:
    """Return a list of servers that are stopped at the end."""
    servers: list[Restored] = []
    yield servers
    for each in servers:
        each.hang_up()
        assert each.program.stop() == 0


def backup_beside(target: Target, crowd: Reporters, file: Path) -> None:
    """Take a backup while the cars go on reporting."""
    words = [sys.executable, "-m", "ovms", "backup", str(file), "--data", str(target.data)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        crowd.run(lambda: process.poll() is not None)
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("cars", "records"),
    [(6, 1000), pytest.param(60, 100_000, marks=pytest.mark.soak)],
)
def test_under_load(
    aim: Aim, start: Start, restored: list[Restored], tmp_path: Path, tell: Tell,
    cars: int, records: int,
) -> None:  # fmt: skip
    """It has all that was acknowledged before; and of a moment's rest all answers are the same.

    Also of a server that went on with PostgreSQL; and a backup of that goes back into SQLite.
    """
    vehicles = tuple(f"CAR{number}" for number in range(cars))
    target = aim(vehicles)
    token = prepare(target)
    crowd = Reporters(target, vehicles)
    crowd.call()
    crowd.gain(records)
    before: set[Record] = crowd.acknowledged
    backup_beside(target, crowd, tmp_path / "load.backup")
    tell(f"{len(crowd.acknowledged - before)} records were acknowledged during the backup")
    put_back(tmp_path / "load.backup", tmp_path / "load")
    kept = _stored(tmp_path / "load")
    assert before <= kept
    assert kept == {(car, n) for car in vehicles for n in range(sum(c == car for c, _ in kept))}

    crowd.settle()
    crowd.hang_up()
    rest(target)
    until = iso_time(time.time())
    target.ovms("backup", str(tmp_path / "rest.backup"))
    certificate = target.data / "tls/cert.pem"
    expected = answers(target, token, certificate, until)
    assert (expected["wrong password"], expected["wrong secret"]) == (1, 1)
    assert len(expected["32"]) > 100
    server = postgres_server()
    urls = {"sqlite": None, "postgres": server.url(server.create())}
    for name, url in urls.items():
        new = tmp_path / name
        put_back(tmp_path / "rest.backup", new, *(("--database", url) if url else ()))
        restored.append(Restored(start, new, url))
        found = answers(restored[-1], token, certificate, until)
        for name, answer in expected.items():
            assert found[name] == answer, name
    file = str(tmp_path / "back.backup")
    assert run_ovms("backup", file, *restored[-1].where).returncode == 0
    put_back(Path(file), tmp_path / "back")
    assert _stored(tmp_path / "back") == crowd.acknowledged


def put_back(file: Path, data: Path, *options: str) -> None:
    """Restore into a folder that is not there."""
    done = run_ovms("restore", str(file), "--data", str(data), *options)
    assert done.returncode == 0, done.stderr


def _stored(data: Path) -> set[Record]:
    """Return the records in a data folder, each of which is there once."""
    of = schema.history.c
    with open_database(data).reading() as connection:
        rows = connection.execute(select(of.vehicle_id, of.data).where(of.type == KIND)).all()
    found = {(vehicle, int(record[7:-1])) for vehicle, record in rows}
    assert len(found) == len(rows)
    return found


def rest(target: Target) -> None:
    """Have a server do nothing by itself any more, and give its owner journeys."""
    assert target.program.stop() == 0
    (target.data / "ovms.toml").write_text("journeys = false\n")
    put_journeys(
        open_database(target.data), "CAR0",
        *(trip(NOON + n * 86400) for n in range(3)), charge(NOON - 9999),
    )  # fmt: skip
    target.run()


def prepare(target: Target) -> str:
    """Give the owner a password and a place, and a car something to say; return a token."""
    target.ovms("owner", "passwd", "tester", "--password", PASSWORD)
    target.ovms("owner", "set", "tester", "--admin")
    with open_database(target.data).writing() as connection:
        owner = queries.get_owner(connection, "tester")
        spot = Position(latitude=52, longitude=13)
        make_place(connection, owner.id, "Home", spot, 1.0, is_home=True)
    car = target.call("C", "CAR1")
    car.say(b"S80,K,220,32,charging,standard,100,200", b"L22.280868,114.160598,274")
    car.settle()
    made = target.ovms("token", "add", "--owner", "tester", "--permit", "*", "--json")
    token: str = json.loads(made)["token"]
    return token


def test_by_itself(aim: Aim, tmp_path: Path) -> None:
    """A server makes its backups beside its cars, and says when it made the last."""
    target = aim(("CAR1",))
    assert target.program.stop() == 0
    assert "none is made by itself" not in target.program.output()
    (target.data / "ovms.toml").write_text("backup_every = 24\nbackup_folder = 'kept'\n")
    target.run()
    target.program.wait_for("backup made")
    ((_, file),) = find_backups(target.data / "kept")
    assert "is whole: owners 1, vehicles 1" in run_ovms("backup", "--check", str(file)).stdout
    shown = target.ovms("serve", "status")
    assert f"every 24 hours into {target.data}/kept" in shown
    assert "nothing is wrong" in shown
