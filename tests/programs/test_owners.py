"""Owners who log in by name, under scheme 0x31, and apps that stay connected."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.programs.conftest import SECRET, Server, Start, run_ovms
from tests.waiting import wait_until

PASSWORD = "a-password-of-the-tests"


@pytest.fixture
def owned(start: Start, tmp_path: Path) -> Server:
    """Run a server whose owner has a password, and CAR2 and CAR1 in this order."""
    server = Server(start, tmp_path / "data", ("CAR2", "CAR1"))
    done = run_ovms("owner", "passwd", "tester", "--password", PASSWORD, *data_of(server))
    assert done.returncode == 0, done.stderr
    return server


def data_of(server: Server) -> list[str]:
    """Return the options of the commands that work on its data."""
    return ["--data", str(server.data)]


def owner(server: Server, password: str = PASSWORD, *, secure: bool = False) -> list[str]:
    """Return the options of an owner."""
    place = f"127.0.0.1:{server.tls_port if secure else server.port}"
    trust = ["--tls", "--ca", str(server.data / "tls" / "cert.pem")] if secure else []
    return ["--server", place, "--user", "tester", "--password", password, *trust]


def token(server: Server, permit: str) -> str:
    """Make an API token."""
    made = run_ovms("token", "add", "--owner", "tester", "--permit", permit, *data_of(server))
    return made.stdout.splitlines()[-1].removeprefix("token: ")


def status(*options: str) -> dict[str, object]:
    """Return what `ovms app status --json` prints."""
    shown = run_ovms("app", "status", "--json", *options)
    assert (shown.returncode, shown.stderr) == (0, "")
    found: dict[str, object] = json.loads(shown.stdout)
    return found


@pytest.mark.parametrize(
    ("secure", "websocket"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_an_owner_has_all_commands(
    owned: Server, start: Start, secure: bool, websocket: bool
) -> None:
    """Status, command, history, utilisation, alert, watch, log and group, by name and password."""
    ws = ["--websocket"] if websocket else []
    options = [*owner(owned, secure=secure), *ws]
    car_link = owned.secure() if secure else owned.link()
    car = start("car", *car_link, *ws)
    owned.program.wait_for("connected .*role=car")
    log = start("app", "log", *options)
    log.wait_for(" S soc=")
    assert status(*options)["vehicle"] == "CAR1"  # the first by id
    assert status(*options)["connected"] is True
    assert status(*options, "--vehicle", "car2")["vehicle"] == "CAR2"
    locked = run_ovms("app", "command", *options, "lock", "1234")
    assert (locked.returncode, locked.stdout) == (0, "ok\n")
    for command in (["history"], ["utilisation"], ["alert", "hello"]):
        done = run_ovms("app", *command, *options)
        assert (done.returncode, done.stderr) == (0, ""), command
    log.wait_for("hello")
    start("app", "watch", "--json", *options).wait_for('"vehicle":"CAR1"')
    assert car.stop() == 0
    log.wait_for(" Z count=0")
    for program in (log, car, owned.program):
        assert PASSWORD not in program.output()
        assert "Traceback" not in program.output()


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_who_is_refused(owned: Server, secure: bool) -> None:
    """Wrong password, user, vehicle and token end every command with one line."""
    other = run_ovms("owner", "add", "other", "--password", PASSWORD, *data_of(owned))
    added = run_ovms("vehicle", "add", "CAR9", "--owner", "other", *data_of(owned))
    assert (other.returncode, added.returncode) == (0, 0)
    right = owner(owned, secure=secure)
    nobody = ["nobody" if word == "tester" else word for word in right]
    cases = [
        owner(owned, "wrong", secure=secure),
        nobody,
        [*right, "--vehicle", "CAR9"],
        [*right, "--vehicle", "NOSUCH"],
        owner(owned, token(owned, "auth"), secure=secure),
        owner(owned, "0" * 64, secure=secure),
    ]
    for options in cases:
        for command in ("status", "log") if options is cases[0] else ("status",):
            done = run_ovms("app", command, *options)
            assert (done.returncode, done.stdout) == (1, "")
            assert "wrong user, password or vehicle id" in done.stderr
            assert done.stderr.count("\n") == 1
    empty = run_ovms("vehicle", "remove", "CAR9", "--yes", *data_of(owned))
    assert empty.returncode == 0
    bare = ["other" if word == "tester" else word for word in right]
    assert run_ovms("app", "status", *bare).returncode == 1  # an owner without a vehicle


@pytest.mark.parametrize("permit", ["v2", "*", "auth,v2"])
def test_a_token_stands_in_for_the_password(owned: Server, permit: str) -> None:
    """With the right v2, by option, file or variable."""
    made = token(owned, permit)
    assert status(*owner(owned, made))["vehicle"] == "CAR1"
    file = owned.data.parent / "token"
    file.write_text(made + "\n")
    options = ["app", "status", "--json", "--server", owned.address]
    for more, env in (
        (["--user", "tester", "--password-file", str(file)], {}),
        ([], {"OVMS_USER": "tester", "OVMS_PASSWORD": made}),
    ):
        assert run_ovms(*options, *more, env=env).returncode == 0


def test_a_removed_token_ends_what_it_logged_in(owned: Server, start: Start) -> None:
    """Within 5 s; the app asks again and is told why. Others stay."""
    made = token(owned, "v2")
    log = start("app", "log", *owner(owned, made))
    log.wait_for(" Z count=0")
    stays = start("app", "log", *owner(owned))
    stays.wait_for(" Z count=0")
    done = run_ovms("token", "remove", made, "--yes", *data_of(owned))
    assert done.returncode == 0, done.stderr
    removed = time.monotonic()
    log.wait_for("the connection to the server is lost; trying again")
    assert time.monotonic() - removed < 5
    assert log.end() == 1
    assert "wrong user, password or vehicle id" in log.output().splitlines()[-1]
    assert stays.process.poll() is None
    assert "trying again" not in stays.output()


def test_the_first_vehicle_stays_the_same(owned: Server, start: Start) -> None:
    """When the owner gets another that comes before it, an open log comes back to its own."""
    log = start("app", "watch", "--json", *owner(owned))
    log.wait_for('"vehicle":"CAR1"')
    added = run_ovms(
        "vehicle", "add", "A1", "--owner", "tester", "--secret", SECRET, *data_of(owned)
    )
    assert added.returncode == 0
    log.wait_for("trying again")
    assert '"vehicle":"CAR1"' in log.wait_for('"vehicle":')
    assert status(*owner(owned))["vehicle"] == "A1"


@pytest.mark.parametrize("way", ["secret", "owner", "websocket", "tls"])
def test_a_log_outlives_restarts_of_the_server(owned: Server, start: Start, way: str) -> None:
    """Stopped in order or killed, and called in between: the app comes back by itself."""
    options = {
        "secret": owned.link(),
        "owner": owner(owned),
        "websocket": [*owner(owned), "--websocket"],
        "tls": owned.secure(),
    }[way]
    log = start("app", "log", *options)
    log.wait_for(" Z count=0")
    for end in ("stop", "kill"):
        getattr(owned.program, end)()
        log.wait_for("lost.*trying again")
        log.wait_for("no connection .*trying again")
        owned.run()
        log.wait_for(" Z count=0")
    assert log.process.poll() is None


def test_a_password_in_clear_is_told_of(owned: Server) -> None:
    """Except on loopback, and over TLS; the line does not tell it."""
    options = owner(owned)
    options[1] = "0.0.0.0:1"  # this machine, too, but nobody there
    told = run_ovms("app", "status", *options)
    assert told.returncode == 1
    assert told.stderr.splitlines()[0] == (
        "ovms: without --tls everybody on the way can read the password"
    )
    assert told.stderr.count("\n") == 2
    assert run_ovms("app", "status", *options, "--tls").stderr.count("\n") == 1


def test_an_owner_who_is_erased(owned: Server, start: Start) -> None:
    """What a car reports while its owner is removed is in no file, when the server has stopped."""
    car = start("car", *owned.link())
    owned.program.wait_for("connected .*role=car")
    positions: list[bytes] = []

    def is_stored() -> bool:
        with closing(sqlite3.connect(owned.data / "ovms.db")) as connection:
            rows = connection.execute("SELECT data FROM history WHERE type = 'L'").fetchall()
        positions[:] = [data.split(b",0,")[0] for (data,) in rows]
        return bool(positions)

    wait_until(is_stored)
    words = {*positions, b"CAR1"}
    assert found_in(owned.data, words) == words
    removed = run_ovms("owner", "remove", "tester", "--with-vehicles", "--yes", *data_of(owned))
    assert removed.returncode == 0, removed.stderr
    owned.program.wait_for("disconnected .*the vehicle was removed")
    assert car.stop() == 0
    assert owned.program.stop() == 0
    assert found_in(owned.data, words) == {b"CAR1"}  # the tombstone's
    assert "Traceback" not in owned.program.output()


def found_in(folder: Path, words: set[bytes]) -> set[bytes]:
    """Return which of the words stand in any file of a folder."""
    files = [each.read_bytes() for each in folder.rglob("*") if each.is_file()]
    return {word for word in words if any(word in data for data in files)}
