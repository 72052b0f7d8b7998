"""What a car leaves in the journal over a whole life: no secret, no position, no content."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.programs.conftest import Program, Server, Start, run_ovms
from tests.programs.test_service import Manager
from tests.waiting import wait_until

VIN, ICCID, PIN, WRONG_PIN = "5YJRE1A12B3001234", "8985200011112222333", "739164", "550187"
NETWORK_PASSWORD, PARANOID, REGISTRATION = "wordOfTheNetwork", "wordThatSeals", "wordOfThePhone"
NEW_NETWORK, NEW_PARANOID = "newWordOfTheNetwork", "newWordThatSeals"
GROUP, SHELL_TEXT, PLAIN_TEXT = "friendsOfTheTests", "textForTheShell", "textInPlain"

HIDDEN = (
    *(VIN, ICCID, PIN, WRONG_PIN, NETWORK_PASSWORD, PARANOID, REGISTRATION),
    *(NEW_NETWORK, NEW_PARANOID, GROUP, SHELL_TEXT, PLAIN_TEXT),
)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """Yield a service manager, which shows to everybody what it is told."""
    with closing(Manager(tmp_path)) as made:
        yield made


class Life:
    """A car that is provisioned, seals, and is given orders."""

    def __init__(self, server: Server, start: Start, folder: Path, manager: Manager) -> None:
        self.server = server
        self._start = start
        self._folder = folder
        self._manager = manager
        self._secure = f"127.0.0.1:{server.tls_port}"
        words = ["-", REGISTRATION, "K", "-", self._secure, "-", "-", "-", "CAR1",
                 NETWORK_PASSWORD, PARANOID]  # fmt: skip
        where = ("--data", str(server.data))
        self._run("provision", "add", "--vin", VIN, "--iccid", ICCID, *where, *words)
        self._run("vehicle", "secret", "CAR1", "--new", "--secret", NETWORK_PASSWORD, *where)
        (folder / "iccid").write_text(ICCID)
        self.program = self.begin()

    def begin(self) -> Program:
        """Start the car."""
        return self._start(
            "car", "--provision", self._secure, "--tls", "--ca",
            str(self.server.data / "tls" / "cert.pem"), "--vin", VIN, "--iccid-file",
            str(self._folder / "iccid"), "--run", "--group", GROUP, "--pin", PIN,
            "--state", str(self._folder / "state"), "--speed", "60", "--scenario", "commute",
            env={"NOTIFY_SOCKET": self._manager.address}, to_journal=True,
        )  # fmt: skip

    @property
    def link(self) -> list[str]:
        """What an app calls it with."""
        where = ["--server", self.server.address, "--vehicle", "CAR1"]
        return [*where, "--secret", NETWORK_PASSWORD]

    def order(self, *words: str, code: int = 0, paranoid: str | None = PARANOID) -> str:
        """Send a command, sealed unless told otherwise; what is printed."""
        sealed = ["--paranoid", paranoid] if paranoid else []
        done = run_ovms("app", "command", *self.link, *sealed, *words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def status(self) -> str:
        """Return all that is told to whoever asks at the machine."""
        options = ("car", "status", "--state", str(self._folder / "state"))
        return self._run(*options) + self._run(*options, "--json")

    def _run(self, *words: str) -> str:
        done = run_ovms(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout


def test_a_whole_life_leaves_nothing_in_the_journal(
    server: Server, start: Start, tmp_path: Path, manager: Manager
) -> None:
    """Provisioning, a drive, orders, a lost link, a refusal: who reads the log learns no secret."""
    life = Life(server, start, tmp_path, manager)
    car = life.program
    car.wait_for("connected")
    places = drive(life)
    life.order("lock", PIN)
    life.order("unlock", WRONG_PIN, code=1)
    life.order("shell", f"config set 20 {SHELL_TEXT}")
    assert "4" in life.order("shell", "location")
    life.order("shell", SHELL_TEXT, code=1)
    life.order("unlock", PIN, paranoid=None)
    life.order("set-parameter", "9", PLAIN_TEXT, code=1, paranoid=None)
    life.order("charge-alert")
    shown = life.status()
    life.order("set-parameter", "10", NEW_PARANOID)
    life.order("set-parameter", "9", NEW_NETWORK)
    server.program.kill()
    car.wait_for("no connection")
    server.run()
    car.wait_for("no welcome")
    manager.wait_for("^STATUS=refused")
    shown += life.status()
    assert car.stop() == 0
    text = car.output() + shown
    assert "9\tnetwork password\t*" in text  # its record was shown, without them
    for word in [*HIDDEN, *places]:
        assert word not in text
    assert "Traceback" not in text


def drive(life: Life) -> list[str]:
    """Wait until the car has been at two places; the beginnings of their coordinates."""
    places: set[str] = set()

    def has_moved() -> bool:
        shown = run_ovms("app", "status", "--json", *life.link, "--paranoid", PARANOID)
        position = json.loads(shown.stdout)["messages"]["L"]["fields"]
        places.update(f"{position[name]:.3f}" for name in ("latitude", "longitude"))
        return len(places) >= 4

    wait_until(has_moved)
    return sorted(places)


@pytest.mark.parametrize("kind", ["name", "port", "trust", "secret", "stranger"])
def test_trouble_with_the_link_tells_no_secret(
    server: Server, start: Start, tmp_path: Path, kind: str
) -> None:
    """No such host, nobody there, no trust, a wrong secret, some other server: each is one line."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        address, tls, event = {
            "name": ("no-such-host.invalid", [], "no connection"),
            "port": ("127.0.0.1:1", [], "no connection"),
            "trust": (f"127.0.0.1:{server.tls_port}", ["--tls"], "no trust in the server"),
            "secret": (server.address, [], "refused by the server"),
            "stranger": (f"127.0.0.1:{port}", [], "no welcome|no connection|refused"),
        }[kind]
        secret = tmp_path / "secret"
        secret.write_text(NETWORK_PASSWORD)
        car = start("car", "--server", address, "--vehicle", "CAR1", *tls, "--paranoid", PARANOID,
                    "--secret-file", str(secret), to_journal=True)  # fmt: skip
        if kind == "stranger":
            caller, _ = other.accept()
            with caller:
                assert caller.recv(4096)
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        car.wait_for(event)
        assert car.stop() == 0
    text = car.output()
    assert "Traceback" not in text
    for word in (NETWORK_PASSWORD, PARANOID):
        assert word not in text
