"""Every command to a simulated car, by `ovms app command` through the real server."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ovms.base.clock import SystemClock
from ovms.car.calling import call_server
from ovms.car.drivers import ClockDriver
from ovms.car.link import Link
from ovms.car.module import Module
from ovms.car.tokens import TokenMemory
from ovms.car.vehicles.sim import SimCar
from tests.programs.conftest import SECRET, Program, Server, Start, run_ovms, status_of

Fields = dict[str, Any]


class Car:
    """A simulated car of the server's CAR1, with a state folder, and a log of what it sends."""

    def __init__(
        self, server: Server, start: Start, folder: Path, link: list[str] | None = None
    ) -> None:
        self.server = server
        self.link = link or server.link()
        self._start = start
        self._folder = folder
        self.program = self.run()

    def run(self) -> Program:
        """Start it, always with the same arguments."""
        self.program = self._start(
            "car", *self.link, "--seed", "1", "--units", "M", "--log-level", "debug",
            env={"OVMS_CAR_STATE": str(self._folder)},
        )  # fmt: skip
        self.program.wait_for("connected .*vehicle=")
        return self.program

    def order(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Send a command."""
        return run_ovms("app", "command", *self.server.link(), *words)

    def does(self, *words: str) -> str:
        """Send a command that succeeds; what is printed."""
        done = self.order(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refuses(self, *words: str) -> str:
        """Send a command that fails; what is printed."""
        done = self.order(*words)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout + done.stderr

    def fields(self, code: str) -> Fields:
        """Return what the server last heard in a message."""
        messages: Any = status_of(self.server)["messages"]
        found: Fields = messages[code]["fields"]
        return found

    def shows(self, code: str, name: str, value: object) -> None:
        """Insist on a field of what the server heard last."""
        assert self.fields(code)[name] == value

    def rows(self, command: str) -> list[str]:
        """Return the values of a list command."""
        return [line.split("\t")[2] for line in self.does(command).splitlines()[1:]]


@pytest.fixture
def car(server: Server, start: Start, tmp_path: Path) -> Car:
    """Return a running car."""
    return Car(server, start, tmp_path / "state")


def test_commands_to_the_car_change_what_it_reports(car: Car) -> None:
    """Each obeyed command shows in the next message; a wrong PIN or value changes nothing."""
    assert car.fields("V")["commands"] == "C1-7,C10-12,C15-26"
    car.shows("D", "awake", False)
    car.does("wakeup")
    car.shows("D", "awake", True)
    car.does("wakeup-temperature")
    car.shows("D", "temperatures_stale", 1)
    car.does("homelink", "2")
    for command, undo, field, value in (
        ("unlock", "lock", "locked", False),
        ("valet", "unvalet", "valet", True),
    ):
        assert "wrong PIN" in car.refuses(command, "9999")
        assert "PIN must be 1 to 8 digits" in car.refuses(command, "12a4")
        assert "expected PIN" in car.refuses(command)
        car.shows("D", field, not value)
        car.does(command, "1234")
        car.shows("D", field, value)
        assert "wrong PIN" in car.refuses(undo, "4321")
        car.shows("D", field, value)
        car.does(undo, "1234")
        car.shows("D", field, not value)
    car.does("charge-mode", "3")
    car.shows("S", "charge_mode", "range")
    car.does("charge-current", "10")
    car.shows("S", "charge_limit", 10)
    assert "from 6 to 32" in car.refuses("16", "0", "33")
    car.does("charge-mode-current", "0", "16")
    car.shows("S", "charge_mode", "standard")
    car.shows("S", "charge_limit", 16)
    car.does("charge-timer", "1", "90")
    car.shows("S", "charge_timer_mode", 1)
    car.shows("S", "charge_timer_start", 90 * 60)
    car.does("climate", "1")
    car.shows("D", "hvac", True)
    assert "not plugged in" in car.refuses("charge-start")
    assert "is not charging" in car.refuses("charge-stop")
    assert "button must be" in car.refuses("24", "3")
    assert "unsupported" in car.refuses("41", "*100#")
    assert "unimplemented" in car.refuses("77")


def test_settings_count_at_once_and_survive_a_power_cut(car: Car, tmp_path: Path) -> None:
    """Features and parameters show in lists and messages, and after kill -9; volatile ones not."""
    car.does("set-parameter", "2", "K")
    car.shows("S", "units", "K")
    car.does("set-parameter", "3", "SMS,IP")
    car.does("set-parameter", "12", "FRIENDS")
    assert "(group 1) is no name of at most 64 bytes" in car.refuses("set-parameter", "11", "a,b")
    car.does("set-feature", "8", "5")
    car.does("set-feature", "1", "7")
    car.does("set-feature", "15", "0")
    car.shows("F", "write_enabled", False)
    assert "C20" not in car.fields("V")["commands"]
    assert "writing to the car is off" in car.refuses("lock", "1234")
    assert "neither M nor K" in car.refuses("set-parameter", "2", "X")
    assert "from 0 to 60" in car.refuses("2", "8", "61")
    features, parameters = car.rows("features"), car.rows("parameters")
    assert (features[1], features[8], features[15]) == ("7", "5", "0")
    assert parameters[:5] == ["", "", "K", "SMS,IP", car.server.address]
    assert parameters[8:13] == ["CAR1", "*", "", "", "FRIENDS"]
    assert set(parameters[24:]) == {""}
    car.program.kill()
    kept = tmp_path / "state" / "parameters.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    car.run()
    assert car.rows("parameters") == parameters
    assert car.rows("features") == [*features[:1], "0", *features[2:]]
    car.shows("S", "units", "K")
    assert SECRET not in car.program.output()


def test_it_restarts_and_goes_by_what_was_set(server: Server, start: Start, tmp_path: Path) -> None:
    """The answer to 5 comes, then the same program logs in anew, with the new password."""
    car = Car(server, start, tmp_path / "state", server.secure())
    process = car.program.process.pid
    data = ["--data", str(car.server.data)]
    car.does("set-parameter", "9", "another secret")
    changed = run_ovms("vehicle", "secret", "CAR1", "--new", "--secret", "another secret", *data)
    assert changed.returncode == 0, changed.stderr
    car.program.wait_for(r"\] connected .*vehicle=CAR1")  # the server closed the old connection
    link = ["--server", car.server.address, "--vehicle", "CAR1", "--secret", "another secret"]
    rebooted = run_ovms("app", "command", *link, "reboot")
    assert (rebooted.returncode, rebooted.stdout) == (0, "ok\n")
    car.program.wait_for("restarting on command")
    car.program.wait_for("kept parameters count over options .*network password")
    car.program.wait_for(r"\] connected .*vehicle=CAR1")
    assert car.program.process.pid == process
    assert "another secret" not in car.program.output()


def test_text_commands_and_alerts_arrive(car: Car, start: Start) -> None:
    """7 answers in one message of lines; 6 and feature 9 raise an alert with charge and ranges."""
    log = start("app", "log", *car.server.link())
    log.wait_for(" S soc=")
    assert " h; sent " in car.does("shell", "data")
    assert car.does("shell", "stat").splitlines()[:2] == ["Not charging", "SOC: 64 %"]
    assert car.does("7", "metrics list v.b.soc") == "v.b.soc: 64 %\n"
    assert car.does("7", "config set 2 K") == "2 miles / kilometer flag: K\n"
    car.shows("S", "units", "K")
    assert "Unknown command" in car.refuses("7", "rm -rf")
    car.does("charge-alert")
    log.wait_for(r"P .*Not charging.*SOC: 64 %.*Ideal range: 186 km.*Est. range: \d+ km")
    assert car.does("7", "feature 9 70").endswith(": 70\n")
    log.wait_for("P .*Low battery: below 70 %.*SOC: 64 %")


async def test_charge_and_cooldown(server: Server) -> None:
    """11, 12 and 25 to a car that is plugged in and warm change what it reports."""
    made = SimCar(start=time.time() - 10, seed=1)
    made._leaves_at = made.time + 1e6
    made.thermal.battery = 30
    made.charging.plug()
    made.advance(made.time + 10)
    host, _, port = server.address.partition(":")
    tokens = TokenMemory()
    link = Link(
        Module(made), ClockDriver(clock=SystemClock()),
        lambda: call_server(host, int(port), "CAR1", SECRET.encode(), tokens),
        random=Random(1),  # noqa: S311 (jitter)
    )  # fmt: skip
    task = asyncio.create_task(link.run())
    async with asyncio.timeout(30):
        await link.wait_until_up()
    try:
        for word, code, field, before, after in (
            ("charge-stop", "S", "charge_state", ("prepare", "charging"), "stopped"),
            ("charge-start", "S", "charge_state", ("stopped",), "prepare"),
            ("cooldown", "S", "cooldown_active", (-1,), 0),
        ):
            status: Any = await asyncio.to_thread(status_of, server)
            assert status["messages"][code]["fields"][field] in before
            done = await asyncio.to_thread(run_ovms, "app", "command", *server.link(), word)
            assert (done.returncode, done.stdout) == (0, "ok\n")
            status = await asyncio.to_thread(status_of, server)
            assert status["messages"][code]["fields"][field] == after
        assert "C5" not in status["messages"]["V"]["fields"]["commands"]  # nobody restarts it
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
