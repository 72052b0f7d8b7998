"""A module and a car as two programs on one bus: a serial adapter's pseudo-terminal."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from ovms.car.memory import LOOK_INTERVAL, SAVE_INTERVAL
from tests.programs.conftest import Program, Server, Start, run_ovms, status_of
from tests.waiting import wait_until


def field_of(server: Server, code: str, name: str) -> Any:
    """Return what the server last heard of CAR1; 0 if that is nothing."""
    messages: Any = status_of(server)["messages"]
    return messages[code]["fields"][name] if code in messages else 0


def speed_of(server: Server) -> float:
    """Ask the module how fast its car is, km/h."""
    shown = run_ovms("app", "command", *server.link(), "shell", "metrics list v.p.speed")
    found = re.search(r"v\.p\.speed\D*([0-9.]+)", shown.stdout)
    return float(found[1]) if found else 0


class Garage:
    """A simulated Roadster, and a module in it."""

    def __init__(self, server: Server, start: Start, link: Path) -> None:
        self.server = server
        self._start = start
        self._link = link
        self.sim = start("vehicle-type", "simulate", "roadster", "--link", str(link))
        self.sim.wait_for("roadster on slcan:")

    def enter(self, trust: str, *options: str) -> Program:
        """Start the module, and wait until all that the car tells has come."""
        module = self.start(trust, *options)
        module.wait_for("bus open")
        wait_until(lambda: self.field("D", "odometer") == 23456.7)
        return module

    def start(self, trust: str, *options: str) -> Program:
        """Start the module."""
        return self._start(
            "car", *self.server.link(), "--type", "roadster", "--can", f"slcan:{self._link}",
            "--can-trust", trust, "--can-option", "sleep_after_open=0", *options,
        )  # fmt: skip

    def told(self) -> dict[str, Any]:
        """Return what the server heard last, without the VIN and what silence changes."""
        messages: Any = status_of(self.server)["messages"]
        return {
            code: {
                name: value
                for name, value in message["fields"].items()
                if not name.endswith("stale")
                and name not in ("parking_time", "vin", "doors_3", "awake")
            }
            for code, message in messages.items()
        }

    def forgotten(self, known: dict[str, Any]) -> dict[str, Any]:
        """Return what was known and is told otherwise now; the car may have told more since."""
        told = self.told()
        return {
            f"{code} {name}": (value, told[code].get(name))
            for code, fields in known.items()
            for name, value in fields.items()
            if value is not None and told[code].get(name) != value
        }

    def asks(self, text: str) -> str:
        """Return the module's answer to a text command."""
        return self.order("shell", text).stdout.strip()

    def restarts(self, module: Program) -> None:
        """Have the module restarted by command 5, and wait until it is back."""
        self.does("reboot")
        module.wait_for("restarting on command")
        module.wait_for("what was known before is known again")
        module.wait_for("connected")

    def field(self, code: str, name: str) -> Any:
        """Return what the server last heard."""
        return field_of(self.server, code, name)

    def order(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Send a command."""
        return run_ovms("app", "command", *self.server.link(), "--timeout", "30", *words)

    def does(self, *words: str) -> None:
        """Send a command that succeeds."""
        done = self.order(*words)
        assert (done.returncode, done.stdout) == (0, "ok\n"), done.stdout + done.stderr

    def charges(self) -> list[str]:
        """Return the states of the charges in the server's history, the oldest first."""
        shown = run_ovms("history", "CAR1", "--type", "*-LOG-Grid", "--data",
                         str(self.server.data), "--csv")  # fmt: skip
        return re.findall(r",(charging|stopped|done|prepare),", shown.stdout)

    def refuses(self, *words: str) -> str:
        """Send a command that does not; what is printed."""
        done = self.order(*words)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def garage(server: Server, start: Start, tmp_path: Path) -> Garage:
    """Return a garage."""
    return Garage(server, start, tmp_path / "adapter")


def test_every_command_shows_in_what_the_car_reports(garage: Garage, tmp_path: Path) -> None:
    """By app, server, module and bus to the car, and back; a wrong PIN changes nothing."""
    alerts = tmp_path / "alerts.toml"
    alerts.write_text("[alerts]\ncharge = { begins = 0, ends = 0 }\n")
    garage.enter("write", "--units", "M", "--alerts", str(alerts))
    assert "set feature 15" in garage.refuses("unlock", "1234")
    assert garage.field("F", "write_enabled") is False
    garage.does("set-feature", "15", "1")
    assert garage.field("F", "write_enabled") is True
    assert garage.field("V", "commands") == "C1-7,C10-12,C15-24"
    for command, undo, name, before in (
        ("unlock", "lock", "locked", True),
        ("valet", "unvalet", "valet", False),
    ):
        assert garage.field("D", name) is before
        assert "no sign of it" in garage.refuses(command, "9999")
        garage.sim.wait_for("wrong PIN")
        assert garage.field("D", name) is before
        garage.does(command, "1234")
        assert garage.field("D", name) is not before
        garage.does(undo, "1234")
        assert garage.field("D", name) is before
    garage.does("charge-current", "13")
    assert garage.field("S", "charge_limit") == 13
    garage.does("charge-mode", "range")
    assert garage.field("S", "charge_mode") == "range"
    garage.does("charge-start")
    assert garage.field("S", "charge_state") == "charging"
    garage.does("charge-stop")
    assert garage.field("S", "charge_state") == "stopped"
    wait_until(lambda: garage.charges() == ["charging", "stopped"])
    garage.does("charge-mode-current", "standard", "20")
    assert garage.field("S", "charge_mode") == "standard"
    assert garage.field("S", "charge_limit") == 20
    garage.does("charge-timer", "1", "90")
    wait_until(lambda: garage.field("S", "charge_timer_mode") == 1)
    wait_until(lambda: garage.field("S", "charge_timer_start") == 90 * 60)
    garage.does("homelink", "2")
    garage.sim.wait_for("HomeLink 2 pressed")
    garage.sim.wait_for("HomeLink 2 released")
    garage.does("wakeup")
    garage.sim.wait_for("woken up")
    garage.does("wakeup-temperature")
    wait_until(lambda: garage.field("D", "temperature_motor") == 20)
    assert "unsupported" in garage.refuses("climate", "1")


def test_a_module_that_listens_writes_nothing(garage: Garage) -> None:
    """The adapter is opened to listen only: a car that is asked tells its temperatures."""
    garage.enter("listen")
    assert "unsupported" in garage.refuses("unlock", "1234")
    assert garage.field("V", "commands") == "C1-7"
    assert garage.field("D", "temperature_pem") is None
    assert "unlocked" not in garage.sim.output()


def test_a_module_that_has_read_nothing_tells_nothing(garage: Garage) -> None:
    """Without a frame it says only what it is itself, and the server keeps what it had."""
    garage.enter("listen").stop()
    garage.sim.stop()
    before = garage.told()
    module = garage.start("listen")
    module.wait_for("connected")
    assert garage.asks("metrics list v.") == "No such metric is known"
    assert garage.asks("stat") == "Charge state unknown"
    assert garage.told() == before


def test_a_restart_keeps_what_was_known(garage: Garage, tmp_path: Path) -> None:
    """After a pulled plug, and after command 5 with and without a folder, before any frame."""
    folder = ("--state", str(tmp_path / "state"))
    module = garage.enter("listen", *folder)
    kept = garage.told()
    soc = garage.asks("metrics list v.b.soc")
    assert soc.startswith("v.b.soc: ")
    known, told_at = tmp_path / "state" / "known.json", time.time()
    # It is saved again, or there has been nothing new for as long as that may take.
    at_last = told_at + SAVE_INTERVAL + 2 * LOOK_INTERVAL
    wait_until(
        lambda: known.exists() and max(known.stat().st_mtime - told_at, time.time() - at_last) > 0
    )
    garage.sim.stop()
    module.kill()
    module = garage.start("listen", *folder)
    module.wait_for("what was known before is known again")
    module.wait_for("connected")
    assert garage.asks("metrics list v.b.soc") == soc
    assert garage.forgotten(kept) == {}
    garage.restarts(module)
    assert (garage.asks("metrics list v.b.soc"), garage.forgotten(kept)) == (soc, {})
    module.stop()


def test_command_5_keeps_what_was_known_without_a_folder(garage: Garage) -> None:
    """The program hands it over to the one that replaces it, however often."""
    module = garage.enter("listen")
    kept, soc = garage.told(), garage.asks("metrics list v.b.soc")
    garage.sim.stop()
    for _ in range(2):
        garage.restarts(module)
        assert (garage.asks("metrics list v.b.soc"), garage.forgotten(kept)) == (soc, {})


def test_a_module_that_asks_commands_nothing(garage: Garage) -> None:
    """It gets what has to be asked for, and supports no command of the car, feature 15 or not."""
    garage.enter("ask")
    wait_until(lambda: garage.field("D", "temperature_pem") == 18)
    garage.does("set-feature", "15", "1")
    assert "unsupported" in garage.refuses("unlock", "1234")
    assert garage.field("F", "write_enabled") is False


def test_a_car_is_read_by_obd(server: Server, start: Start, tmp_path: Path) -> None:
    """Speed, 12 V, odometer, VIN and state of charge come by requests, and only so."""
    link, vin = tmp_path / "socket", "0VMSDEMR0ADSTER01"
    sim = start("vehicle-type", "simulate", "obd2", "--link", str(link), "--vin", vin,
                "--seed", "3")  # fmt: skip
    sim.wait_for("obd2 on slcan:")
    options = [*server.link(), "--type", "obd2", "--can", f"slcan:{link}",
               "--can-option", "sleep_after_open=0"]  # fmt: skip
    deaf = start("car", *options)
    deaf.wait_for("says little unless it is asked")
    deaf.wait_for("bus open")
    sim.wait_for("switched on")
    assert "VIN" not in deaf.output()
    assert deaf.stop() == 0
    module = start("car", *options, "--can-trust", "ask", "--units", "K")
    wait_until(lambda: field_of(server, "F", "vin") == vin)
    wait_until(lambda: speed_of(server) > 0)
    assert field_of(server, "D", "car_on") is True
    assert field_of(server, "D", "odometer") > 100
    assert 11 < field_of(server, "D", "voltage_12v") < 16
    assert 0 < field_of(server, "S", "soc") <= 100
    assert field_of(server, "F", "car_type") == "O2"
    assert (module.stop(), sim.stop()) == (0, 0)


def test_an_adapter_may_be_unplugged(garage: Garage, start: Start, tmp_path: Path) -> None:
    """The module goes on without its bus, and reads it again when it is back."""
    module = garage.enter("write")
    garage.does("set-feature", "15", "1")
    garage.sim.kill()
    (tmp_path / "adapter").unlink()
    module.wait_for("bus lost")
    assert "the bus is away" in garage.refuses("wakeup")
    sim = start(
        "vehicle-type", "simulate", "roadster", "--link", str(tmp_path / "adapter"), "--pin", "77"
    )
    module.wait_for("bus open")
    garage.does("unlock", "77")
    sim.wait_for("unlocked")
    assert (sim.stop(), module.stop()) == (0, 0)


def test_a_module_may_come_before_its_adapter(server: Server, start: Start, tmp_path: Path) -> None:
    """The server hears of the module all the same."""
    module = start(
        "car", *server.link(), "--type", "roadster", "--can", f"slcan:{tmp_path}/adapter"
    )
    module.wait_for("bus cannot be opened")
    wait_until(lambda: bool(status_of(server)["connected"]))
    assert module.stop() == 0
