"""A car as a service: asked for its status, stopped, killed, and watched by a service manager."""

from __future__ import annotations

import json
import re
import select
import signal
import socket
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ovms.car.delivery_store import DeliveryFile
from tests.programs.conftest import SECRET, Program, Server, Start, run_ovms
from tests.waiting import PATIENCE


class Manager:
    """A service manager: listens to what its service says."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(PATIENCE)

    def wait_for(self, pattern: str) -> str:
        """Wait for a message that a pattern is found in."""
        while True:
            message = self._socket.recv(4096).decode()
            if re.search(pattern, message):
                return message

    def hear_what_was_said(self) -> None:
        """Take what is there already."""
        while self.is_told(0):
            self._socket.recv(4096)

    def is_told(self, seconds: float) -> bool:
        """Return whether something is said within that time."""
        return bool(select.select([self._socket], [], [], seconds)[0])

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """Yield a service manager."""
    with closing(Manager(tmp_path)) as made:
        yield made


class Service:
    """A car that is told its options as a service is: by variables, its secret by a file."""

    def __init__(self, start: Start, folder: Path, server: str, **variables: str) -> None:
        self._start = start
        self.state = folder / "state"
        (folder / "secret").write_text(f"{SECRET}\n")
        self._variables = {
            "OVMS_CAR_SERVER": server, "OVMS_CAR_VEHICLE": "CAR1", "OVMS_CAR_TYPE": "sim",
            "OVMS_SECRET_FILE": str(folder / "secret"), "OVMS_CAR_STATE": str(self.state),
            **variables,
        }  # fmt: skip

    def start(self) -> Program:
        """Start it."""
        return self._start("car", env=self._variables)

    def ask(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Ask for its status."""
        return run_ovms("car", "status", "--state", str(self.state), *options)

    def status(self) -> dict[str, Any]:
        """Return its status."""
        asked = self.ask("--json")
        assert asked.returncode == 0, asked.stderr
        found: dict[str, Any] = json.loads(asked.stdout)
        return found


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_it_runs_while_nobody_can_be_called(start: Start, tmp_path: Path, manager: Manager) -> None:
    """It is ready, tells why there is no link, and ends in order when it is asked to."""
    place = f"127.0.0.1:{free_port()}"
    service = Service(start, tmp_path, place, NOTIFY_SOCKET=manager.address)
    car = service.start()
    manager.wait_for("^READY=1")
    manager.wait_for("^STATUS=calling: no connection to .*: Connection refused")
    found = service.status()
    assert found["pid"] == car.process.pid
    assert (found["vehicle"], found["server"]) == ("CAR1", place)
    assert (found["link"]["state"], found["heard"]) == ("calling", None)
    assert "Connection refused" in found["link"]["reason"]
    assert service.ask().returncode == 0
    lacking = service.ask("--connected")
    assert lacking.returncode == 1
    assert lacking.stderr.startswith("ovms: not connected: no connection")
    assert car.stop() == 0
    manager.wait_for("^STOPPING=1")
    assert service.ask().returncode == 1
    assert not (service.state / "car.sock").exists()


def test_its_status_follows_the_link(server: Server, start: Start, tmp_path: Path) -> None:
    """Connected it says so; when the server was killed it says that, and then it is back."""
    service = Service(start, tmp_path, server.address)
    car = service.start()
    car.wait_for("connected")
    assert stat.S_IMODE((service.state / "car.sock").stat().st_mode) == 0o600
    found = service.status()
    assert (found["link"]["state"], found["link"]["reason"]) == ("connected", None)
    assert found["heard"]["seconds"] < PATIENCE
    assert (found["type"], found["driver"], found["paranoid"]) == ("sim", "simulation", False)
    assert service.ask("--connected").returncode == 0
    server.program.kill()
    car.wait_for("no connection")
    assert service.status()["link"]["state"] == "calling"
    assert service.ask("--connected").returncode == 1
    server.run()
    car.wait_for("connected")
    assert service.ask("--connected").returncode == 0
    assert car.stop() == 0


def test_a_server_tells_it_too(start: Start, tmp_path: Path, manager: Manager) -> None:
    """It is ready when callers are accepted, gives signs of life, and says that it ends."""
    server = start(
        "serve", "--data", str(tmp_path / "data"), "--host", "127.0.0.1", "--port", "0",
        "--no-tls", env={"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "300000"},
        to_journal=True,
    )  # fmt: skip
    assert manager.wait_for("^READY=1").endswith(f"data in {tmp_path / 'data'}")
    assert (tmp_path / "data" / "ready.json").exists()
    manager.wait_for("^WATCHDOG=1")
    assert server.stop() == 0
    manager.wait_for("^STOPPING=1")
    assert server.output().startswith("[info")  # the journal has the time


def test_a_refusal_is_told(server: Server, start: Start, tmp_path: Path, manager: Manager) -> None:
    """A vehicle that the server does not know is refused, which is another thing than no link."""
    service = Service(start, tmp_path, server.address, OVMS_CAR_VEHICLE="NOBODY",
                      NOTIFY_SOCKET=manager.address)  # fmt: skip
    service.start()
    manager.wait_for("^STATUS=refused: .*wrong vehicle id or secret")
    assert service.status()["link"]["state"] == "refused"


def test_sigterm_ends_it_in_order(server: Server, start: Start, tmp_path: Path) -> None:
    """Exit 0; the socket is gone, and the delivery store is closed and whole."""
    service = Service(start, tmp_path, server.address)
    car = service.start()
    car.wait_for("connected")
    assert car.stop() == 0
    assert {file.name for file in service.state.iterdir()} == {"delivery.db"}  # no log of SQLite's
    with closing(sqlite3.connect(service.state / "delivery.db")) as database:
        assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
    assert "Traceback" not in car.output()


def test_kill_9_is_told_and_the_next_one_begins(
    server: Server, start: Start, tmp_path: Path
) -> None:
    """What was killed leaves a socket at which nobody answers, and which keeps nobody away."""
    service = Service(start, tmp_path, server.address)
    first = service.start()
    first.wait_for("connected")
    first.kill()
    assert (service.state / "car.sock").is_socket()
    dead = service.ask()
    assert (dead.returncode, dead.stdout) == (1, "")
    assert "did not end in order" in dead.stderr
    second = service.start()
    second.wait_for("connected")
    assert service.status()["pid"] == second.process.pid
    assert second.stop() == 0
    with closing(DeliveryFile.open(service.state, "CAR1", 1)):
        pass


def test_a_second_one_takes_nothing_from_the_first(
    server: Server, start: Start, tmp_path: Path
) -> None:
    """A program that may not have the folder ends, and the first still tells its status."""
    service = Service(start, tmp_path, server.address)
    first = service.start()
    first.wait_for("connected")
    assert service.start().end() == 1
    assert service.status()["pid"] == first.process.pid


def test_command_5_keeps_process_and_service(
    server: Server, start: Start, tmp_path: Path, manager: Manager
) -> None:
    """It starts anew in place: the same process, ready again, alive, its status asked as before."""
    service = Service(start, tmp_path, server.address, NOTIFY_SOCKET=manager.address,
                      WATCHDOG_USEC="600000")  # fmt: skip
    car = service.start()
    manager.wait_for("^STATUS=connected")
    manager.wait_for("^WATCHDOG=1")
    done = run_ovms("app", "command", *server.link(), "5")
    assert done.returncode == 0, done.stderr
    manager.wait_for("^READY=1")
    manager.wait_for("^WATCHDOG=1")
    manager.wait_for("^STATUS=connected")
    manager.wait_for("^WATCHDOG=1")
    assert service.status()["pid"] == car.process.pid
    assert car.stop() == 0


def test_a_program_that_hangs_gives_no_sign_of_life(
    server: Server, start: Start, tmp_path: Path, manager: Manager
) -> None:
    """Stopped it is silent for longer than it is granted, and does not answer who asks."""
    service = Service(start, tmp_path, server.address, NOTIFY_SOCKET=manager.address,
                      WATCHDOG_USEC="300000")  # fmt: skip
    car = service.start()
    for _ in range(3):
        manager.wait_for("^WATCHDOG=1")
    car.process.send_signal(signal.SIGSTOP)
    manager.hear_what_was_said()
    assert not manager.is_told(0.4)
    asked = service.ask()
    assert (asked.returncode, asked.stdout) == (1, "")
    assert "does not answer" in asked.stderr


def test_the_journal_gets_no_time(server: Server, start: Start) -> None:
    """A line for the journal, which has the time, begins with its level; JSON is another choice."""
    told = start("car", *server.link(), to_journal=True)
    assert re.match(r"\[info +\] connected", told.wait_for("connected"))
    told = start("car", *server.link("CAR2"), env={"OVMS_CAR_LOG_FORMAT": "json"})
    assert json.loads(told.wait_for("connected"))["event"] == "connected"
