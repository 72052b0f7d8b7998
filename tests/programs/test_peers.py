"""Servers as master and slave: real programs, the slave killed and brought back."""

from __future__ import annotations

import json
import socket
import sqlite3
from pathlib import Path

import pytest

from ovms.protocol import Message, Party, Role, Session, State
from ovms.protocol.session import Event
from ovms.server.storage.encrypted import Encrypted
from ovms.server.storage.keyfile import KeyFile
from ovms.server.storage.vehicles import secret_place
from tests.programs.conftest import SECRET, Program, Server, Start, run_ovms, status_of
from tests.programs.test_http_commands import Commander
from tests.waiting import PATIENCE, wait_until

QUERIES = {
    "vehicles": "SELECT v.secret, v.id, o.name, v.deleted IS NOT NULL, CAST(v.changed AS INTEGER)"
    " FROM vehicles v LEFT JOIN owners o ON o.id = v.owner_id WHERE v.type = 'car' ORDER BY v.id",
    "owners": "SELECT name, email, coalesce(password_hash, ''), CAST(changed AS INTEGER)"
    " FROM owners ORDER BY name_key",
    "messages": "SELECT vehicle_id, code, data FROM messages ORDER BY vehicle_id, code",
}
"""What both servers must have the same; the numbers of owners and exact fractions are their own."""


class Slave:
    """A server that calls another one for its vehicles."""

    def __init__(self, start: Start, data: Path, master: Server) -> None:
        self.data = data
        self._start = start
        data.mkdir()
        facts = json.loads((master.data / "ready.json").read_text())
        (data / "ovms.toml").write_text(
            f'[[peers]]\nserver = "127.0.0.1:{facts["mp_tls"]}"\nid = "slave"\n'
            f'secret = "between us"\nca = "{master.data}/tls/cert.pem"\n'
        )
        self.port = 0
        self.program = self.run()

    def run(self) -> Program:
        """Start it, on the same port as before."""
        ports = ("--port", str(self.port), "--tls-port", "0")
        self.program = self._start("serve", "--data", str(self.data), "--host", "127.0.0.1", *ports)
        self.program.wait_for("^ovms ready:")
        self.port = json.loads((self.data / "ready.json").read_text())["mp"]
        self.program.wait_for("linked to a server")
        return self.program

    def link(self, vehicle: str, secret: str = SECRET) -> list[str]:
        """Return the options of whoever calls it."""
        return ["--server", f"127.0.0.1:{self.port}", "--vehicle", vehicle, "--secret", secret]


def rows(data: Path, what: str) -> list[tuple[object, ...]]:
    """Return what a server has on disk."""
    connection = sqlite3.connect(f"file:{data}/ovms.db?mode=ro", uri=True)
    try:
        found = connection.execute(QUERIES[what]).fetchall()
    finally:
        connection.close()
    return [(_secret(data, *row[:2]), *row[1:]) for row in found] if what == "vehicles" else found


def _secret(data: Path, secret: str, vehicle_id: str) -> str:
    """Return what is encrypted, under a key that each server has for itself."""
    keys = KeyFile(data / "secrets.key").read()
    return keys[0].decrypt(secret_place(vehicle_id), Encrypted(secret)) if secret else ""


def report(server: Server, vehicle: str, *messages: Message) -> None:
    """Be a car that says something and goes, once the server has it all."""
    session = Session(Party.CALLER, "AbCdEfGhIjKlMnOpQrStUv")
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as car:
        car.sendall(session.send_welcome(Role.CAR, vehicle, SECRET.encode()))
        heard: list[Event] = []
        while session.state is not State.OPEN:
            heard += session.receive_data(car.recv(4096))
        for message in (*messages, Message("A")):
            car.sendall(session.send(message))
        while Message("a") not in heard:
            heard += session.receive_data(car.recv(4096))


def run(*arguments: str) -> str:
    """Run a command that must succeed."""
    done = run_ovms(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def master(server: Server) -> Server:
    """Run a server that another one may call."""
    run("vehicle", "add", "SLAVE", "--owner", "tester", "--type", "server",
        "--secret", "between us", "--data", str(server.data))  # fmt: skip
    return server


def test_a_slave_is_killed_and_brought_back(master: Server, start: Start, tmp_path: Path) -> None:
    """Whatever changed meanwhile, and whatever its cars said: both end with the same records."""
    slave = Slave(start, tmp_path / "slave", master)
    known = ("--data", str(master.data))
    run("owner", "add", "alice", "--password", "pw", "--email", "a@example.org", *known)
    run("vehicle", "add", "CAR3", "--owner", "alice", "--secret", "with a blank", *known)

    def same() -> bool:
        return all(rows(master.data, what) == rows(slave.data, what) for what in QUERIES)

    wait_until(lambda: len(rows(slave.data, "vehicles")) == 3 and same())

    # A car at the slave, an app and a script at the master: state, commands and answers cross.
    car = start("car", *slave.link("CAR1"))
    wait_until(lambda: bool(rows(master.data, "messages")))
    assert status_of(master, "CAR1")["connected"] is True
    answer = run_ovms("app", "command", *master.link("CAR1"), "lock", "1234")
    assert (answer.returncode, answer.stdout) == (0, "ok\n")
    wrong = run_ovms("app", "command", *master.link("CAR1"), "lock", "9")
    assert (wrong.returncode, wrong.stdout) == (1, "failed wrong PIN\n")
    owner = Commander(master)
    assert owner.call("DELETE lock", "pin=1234") == (200, "OK")
    owner.shows("lock", "carlocked", 0)
    assert owner.call("PUT lock", "pin=9") == (400, "wrong PIN")

    slave.program.kill()
    wait_until(lambda: status_of(master, "CAR1")["connected"] is False)
    run("vehicle", "remove", "CAR2", "--yes", *known)
    run("vehicle", "secret", "CAR3", "--new", "--secret", "another", *known)
    run("vehicle", "add", "CAR4", "--owner", "tester", "--secret", SECRET, *known)
    run("owner", "passwd", "alice", "--password", "new", *known)
    assert rows(master.data, "vehicles") != rows(slave.data, "vehicles")

    report(master, "CAR4", Message("S", b"77,K"), Message("D", b"1,2"))

    slave.run()
    wait_until(lambda: rows(master.data, "vehicles") == rows(slave.data, "vehicles"))
    wait_until(lambda: rows(master.data, "owners") == rows(slave.data, "owners"))
    wait_until(lambda: status_of(master, "CAR1")["connected"] is True)
    assert [row[3] for row in rows(slave.data, "vehicles")] == [0, 1, 0, 0]
    assert run_ovms("app", "status", *slave.link("CAR2")).returncode == 1
    run("app", "status", *slave.link("CAR3", "another"))
    car.stop()
    wait_until(same)

    (status,) = json.loads(run("peer", "status", "--json", "--data", str(slave.data)))
    assert (status["id"], status["direction"], status["connected"]) == ("SLAVE", "calls", True)
    (status,) = json.loads(run("peer", "status", "--json", *known))
    assert (status["id"], status["direction"], status["connected"]) == ("SLAVE", "called", True)
    assert slave.program.stop() == 0
    assert master.program.stop() == 0
    for program in (slave.program, master.program):
        assert "Traceback" not in program.output()
        assert SECRET not in program.output()


def test_a_slave_of_a_master_that_is_away(master: Server, start: Start, tmp_path: Path) -> None:
    """It serves on with what it has, and says how things stand."""
    slave = Slave(start, tmp_path / "slave", master)
    wait_until(lambda: len(rows(slave.data, "vehicles")) == 2)
    assert master.program.stop() == 0
    slave.program.wait_for("no link to a server")
    run("app", "status", *slave.link("CAR1"))
    wait_until(
        lambda: "no" in run("peer", "status", "--data", str(slave.data)).split("\n")[1].split()
    )


@pytest.mark.parametrize("vehicle", ["CAR1", "NOSUCH"])
def test_who_is_no_server_is_refused(master: Server, start: Start, vehicle: str) -> None:
    """A car's record, or none, lets no server in; the log says why."""
    data = master.data.parent / "other"
    data.mkdir()
    (data / "ovms.toml").write_text(
        f'[[peers]]\nserver = "{master.address}"\nid = "{vehicle}"\n'
        f'secret = "{SECRET}"\ntls = false\n'
    )
    other = start("serve", "--data", str(data), "--host", "127.0.0.1", "--port", "0",
                  "--tls-port", "0")  # fmt: skip
    assert "unknown server" in master.program.wait_for("refused")
    assert "closed the connection before its welcome" in other.wait_for("no link to a server")
