"""A new car that knows its VIN and its SIM card, against the real server."""

from __future__ import annotations

import json

import pytest

from tests.programs.conftest import SECRET, Server, Start, run_ovms, status_of

VIN, ICCID = "5YJRE1A12B3001234", "8985200011112222333"
NETWORK_PASSWORD = "wordOfTheNetwork"


def add(server: Server, address: str, *more: str) -> None:
    """Make the record of a car that is CAR1, and give CAR1 a secret of one word."""
    where = ["--data", str(server.data)]
    words = ["-", "-", "K", "-", address, "-", "-", "-", "car1", NETWORK_PASSWORD, *more]
    made = run_ovms("provision", "add", "--vin", VIN, "--iccid", ICCID, *where, *words)
    assert made.returncode == 0, made.stderr
    changed = run_ovms("vehicle", "secret", "CAR1", "--new", "--secret", NETWORK_PASSWORD, *where)
    assert changed.returncode == 0, changed.stderr


def way(server: Server, kind: str) -> tuple[str, list[str]]:
    """Return where the server is for a kind of call, and the options for it."""
    trust = ["--tls", "--ca", str(server.data / "tls" / "cert.pem")]
    options = {"plain": [], "tls": trust, "ws": ["--websocket"], "wss": [*trust, "--websocket"]}
    port = server.tls_port if "--tls" in options[kind] else server.port
    return f"127.0.0.1:{port}", options[kind]


@pytest.mark.parametrize("kind", ["plain", "tls", "ws", "wss"])
def test_a_new_car_gets_its_parameters_once_it_may(server: Server, kind: str) -> None:
    """Before the record is made, with the right and a wrong ICCID, and after it is removed."""
    address, options = way(server, kind)
    ask = ["car", "--provision", address, "--vin", VIN.lower(), *options]
    before = run_ovms(*ask, "--iccid", ICCID)
    assert (before.returncode, before.stdout) == (1, "")
    assert "no provisioning record" in before.stderr
    add(server, address)
    shown = run_ovms(*ask, env={"OVMS_ICCID": ICCID})
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[9:] == [
        "8\tvehicle ID\tcar1", f"9\tnetwork password\t{NETWORK_PASSWORD}",
    ]  # fmt: skip
    listed = run_ovms(*ask, "--iccid", ICCID, "--json")
    assert json.loads(listed.stdout)[4] == {"number": 4, "name": "server IP", "value": address}
    wrong = run_ovms(*ask, "--iccid", f"{ICCID}4", "--run")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "is the ICCID the one" in wrong.stderr
    removed = run_ovms("provision", "remove", "--vin", VIN, "--yes", "--data", str(server.data))
    assert removed.returncode == 0, removed.stderr
    after = run_ovms(*ask, "--iccid", ICCID)
    assert (after.returncode, after.stderr) == (1, before.stderr)
    for done in (before, wrong, after):
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["plain", "tls", "wss"])
def test_it_goes_on_as_that_car(server: Server, start: Start, kind: str) -> None:
    """With --run it is online, in its record's units, and no password is in any log."""
    address, options = way(server, kind)
    add(server, address)
    car = start("car", "--provision", address, "--vin", VIN, "--iccid", ICCID, "--run",
                "--log-level", "debug", *options)  # fmt: skip
    car.wait_for(f"^9\tnetwork password\t{NETWORK_PASSWORD}")
    car.wait_for("connected .*vehicle=car1")
    link = ["--server", server.address, "--vehicle", "CAR1", "--secret", NETWORK_PASSWORD]
    watcher = start("app", "log", *link)
    watcher.wait_for(" S soc=.*K")
    shown = run_ovms("app", "status", "--json", *link)
    status = json.loads(shown.stdout)
    assert (status["connected"], status["messages"]["S"]["fields"]["units"]) == (True, "K")
    assert status["messages"]["F"]["fields"]["vin"] == VIN
    assert car.stop() == 0
    assert car.output().count(NETWORK_PASSWORD) == 1
    for program in (car, server.program):
        assert "Traceback" not in program.output()
        assert ICCID not in program.output()
    assert NETWORK_PASSWORD not in server.program.output()


def test_options_count_more_and_a_sealed_car_seals(server: Server, start: Start) -> None:
    """A record for elsewhere is led here by options; its paranoid password is used."""
    add(server, "192.0.2.1:1", "paranoidword")
    options = ["--server", server.address, "--vehicle", "CAR2", "--secret-file", "-"]
    words = ["--provision", server.address, "--vin", VIN, "--iccid", ICCID, "--run"]
    told = run_ovms("car", *words, *options)  # standard input is empty
    assert (told.returncode, told.stderr) == (1, "ovms: - is empty\n")
    options[-2:] = ["--secret", SECRET]
    car = start("car", *words, *options)
    car.wait_for("connected .*vehicle=CAR2")
    start("app", "log", *server.link("CAR2"), "--paranoid", "paranoidword").wait_for(" S soc=")
    assert status_of(server, "CAR2")["paranoid"] is True
    assert car.stop() == 0


def test_a_restart_of_the_server_changes_nothing(server: Server) -> None:
    """The record is kept; while nobody is there it is one line."""
    add(server, server.address)
    ask = ["car", "--provision", server.address, "--vin", VIN, "--iccid", ICCID]
    assert server.program.stop() == 0
    away = run_ovms(*ask)
    assert (away.returncode, away.stderr.count("\n")) == (1, 1)
    assert "no connection" in away.stderr
    server.run()
    assert run_ovms(*ask).returncode == 0
