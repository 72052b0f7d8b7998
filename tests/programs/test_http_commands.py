"""Every command by HTTP to a simulated car, through the real server, with the standard library."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from ovms.base.clock import SystemClock
from ovms.car.calling import call_server
from ovms.car.drivers import ClockDriver
from ovms.car.link import Link
from ovms.car.module import Module
from ovms.car.tokens import TokenMemory
from ovms.car.vehicles.sim import SimCar
from tests.programs.conftest import SECRET, Program, Server, Start, run_ovms
from tests.waiting import PATIENCE, wait_until

PASSWORD = "a-password-of-the-tests"
PIN, WRONG_PIN = "1234", "98765432"

Answered = tuple[int, str]


class Commander:
    """An owner's script, with one connection for each call."""

    def __init__(self, server: Server) -> None:
        data = ["--data", str(server.data)]
        done = run_ovms("owner", "passwd", "tester", "--password", PASSWORD, *data)
        assert done.returncode == 0, done.stderr
        self.server = server

    def call(self, call: str, body: str | None = None, **query: str) -> Answered:
        """Make a call (``PUT lock``) of CAR1; return its status code and text."""
        method, _, name = call.partition(" ")
        login = urlencode({"username": "tester", "password": PASSWORD} | query)
        connection = HTTPConnection("127.0.0.1", self.server.http_port, timeout=PATIENCE)
        try:
            connection.request(method, f"/api/{name}/CAR1?{login}", body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode().removesuffix("\n")
        finally:
            connection.close()

    def does(self, call: str, body: str | None = None) -> str:
        """Make a call that succeeds; return its text."""
        status, text = self.call(call, body)
        assert status == 200, text
        return text

    def facts(self, call: str) -> dict[str, Any]:
        """Return what a data call answers."""
        found: dict[str, Any] = json.loads(self.does(f"GET {call}"))
        return found

    def shows(self, call: str, name: str, value: object) -> None:
        """Wait until a data call tells a value: the car reports what has changed at once."""
        wait_until(lambda: self.facts(call).get(name) == value)

    def sees(self, car: Program) -> Program:
        """Wait until a car that was started has proven itself; return it."""
        car.wait_for("connected .*vehicle=")
        wait_until(lambda: self.call("PUT wakeup") == (200, "OK"))
        return car


@pytest.fixture
def owner(server: Server) -> Commander:
    """Return an owner with a password."""
    return Commander(server)


@pytest.fixture
def car(owner: Commander, start: Start, tmp_path: Path) -> Program:
    """Return a running car that keeps what is set."""
    program = start(
        "car", *owner.server.link(), "--seed", "1", "--units", "M", "--type", "sim",
        env={"OVMS_CAR_STATE": str(tmp_path / "state")},
    )  # fmt: skip
    return owner.sees(program)


def test_calls_change_what_the_car_reports(owner: Commander, car: Program) -> None:
    """Each command that is obeyed shows in the data calls; a refused one changes nothing."""
    for call, undo, name, bit in (
        ("DELETE lock", "PUT lock", "carlocked", 0),
        ("PUT valet", "DELETE valet", "valetmode", 16),
    ):
        place = call.split()[1]
        before = {"carlocked": 8, "valetmode": 0}[name]
        owner.shows(place, name, before)
        assert owner.call(call, f"pin={WRONG_PIN}") == (400, "wrong PIN")
        assert owner.call(call, "pin=12a4") == (422, "PIN must be 1 to 8 digits")
        status, text = owner.call(call, pin=PIN)
        assert (status, text.split()[1]) == (422, "pin")
        owner.shows("status", name, before)
        assert owner.does(call, json.dumps({"pin": PIN})) == "OK"
        owner.shows("status", name, bit)
        owner.shows(place, name, bit)
        owner.does(undo, f"pin={PIN}")
        owner.shows(place, name, before)
    owner.does("PUT wakeup")
    owner.does("PUT homelink", "button=2")
    owner.does("PUT chargemode", "mode=range")
    owner.shows("charge", "mode", "range")
    owner.does("PUT chargecurrent", "amps=10")
    owner.shows("charge", "chargelimit", "10")
    owner.does("PUT chargemodecurrent", '{"mode":0,"amps":16}')
    owner.shows("charge", "mode", "standard")
    owner.shows("charge", "chargelimit", "16")
    owner.does("PUT chargetimer", "time=01:30")
    owner.shows("charge", "chargetimermode", "1")
    owner.shows("charge", "chargestarttime", str(90 * 60))
    owner.does("DELETE chargetimer")
    owner.shows("charge", "chargetimermode", "0")
    owner.does("PUT climate")
    owner.shows("status", "hvac", 128)
    owner.does("DELETE climate")
    owner.shows("status", "hvac", 0)
    assert owner.call("PUT charge") == (400, "the car is not plugged in")
    assert owner.call("DELETE charge") == (400, "the car is not charging")
    status, text = owner.call("PUT chargecurrent", "amps=33")
    assert (status, text) == (400, "current must be a number from 6 to 32")
    assert owner.call("PUT chargecurrent", "amps=0")[0] == 422
    output = owner.server.program.output() + car.output()
    assert not any(secret in output for secret in (PIN, WRONG_PIN, PASSWORD))


def test_features_and_parameters(owner: Commander, car: Program) -> None:
    """What is set stands in the lists and in the reports; of passwords only that there is one."""
    owner.does("PUT feature", "feature=minimum SOC&value=20%")
    owner.does("PUT features", "number=1&value=7")
    features = {row["number"]: row for row in json.loads(owner.does("GET features"))}
    assert len(features) >= 16
    assert features[9] == {"number": 9, "name": "minimum SOC", "value": "20"}
    assert features[1] == {"number": 1, "name": None, "value": "7"}
    owner.does("PUT parameter", "parameter=2&value=K")
    owner.shows("status", "units", "K")
    owner.does("PUT parameters", json.dumps({"name": "group 2", "value": "FRIENDS"}))
    parameters = {row["number"]: row["value"] for row in json.loads(owner.does("GET parameter"))}
    assert [parameters[number] for number in (2, 8, 9, 10, 12)] == [
        "K",
        "CAR1",
        "*",
        None,
        "FRIENDS",
    ]
    assert owner.call("PUT parameter", "parameter=9&value=*")[0] == 422
    status, text = owner.call("PUT parameter", "parameter=2", value="K")
    assert (status, text.split()[1]) == (422, "value")
    owner.does("PUT feature", "feature=15&value=off")
    assert owner.call("PUT lock", f"pin={PIN}") == (
        400,
        "writing to the car is off: set feature 15",
    )
    output = owner.server.program.output() + car.output()
    assert not any(secret in output for secret in (SECRET, PIN, PASSWORD, "FRIENDS"))


def test_reset_and_absence(owner: Commander, car: Program) -> None:
    """The module restarts when it has answered; a car that is away answers nothing."""
    assert owner.does("PUT reset") == "OK"
    car.wait_for("restarting on command")
    owner.sees(car)
    car.stop()
    wait_until(lambda: owner.call("PUT wakeup") == (409, "The car is not connected"))
    assert "carlocked" in owner.facts("lock")


def test_a_paranoid_car(owner: Commander, start: Start) -> None:
    """The server cannot command it and says why; its lock cannot be seen either."""
    car = start("car", *owner.server.link(), "--paranoid", "a paranoid password", "--seed", "1")
    car.wait_for("connected .*vehicle=")
    wait_until(lambda: owner.call("GET status")[0] == 502)
    status, text = owner.call("PUT climate")
    assert (status, "paranoid mode" in text) == (502, True)
    assert owner.call("GET valet")[0] == 502


def test_a_car_that_hangs(start: Start, tmp_path: Path) -> None:
    """A call waits as long as the setting says; once the car goes on, calls are answered."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "ovms.toml").write_text("http_answer_timeout = 0.5\n")
    owner = Commander(Server(start, data, ("CAR1",)))
    car = owner.sees(start("car", *owner.server.link(), "--seed", "1"))
    car.process.send_signal(signal.SIGSTOP)
    assert owner.call("PUT wakeup") == (504, "The car did not answer in time")
    car.process.send_signal(signal.SIGCONT)
    wait_until(lambda: owner.call("PUT homelink", "button=1") == (200, "OK"))


async def test_charge_and_cooldown(owner: Commander) -> None:
    """Charging stops and starts, and a warm battery is cooled, on command."""
    made = SimCar(start=time.time() - 10, seed=1)
    made._leaves_at = made.time + 1e6
    made.thermal.battery = 30
    made.charging.plug()
    made.advance(made.time + 10)
    tokens, port = TokenMemory(), owner.server.port
    link = Link(
        Module(made), ClockDriver(clock=SystemClock()),
        lambda: call_server("127.0.0.1", port, "CAR1", SECRET.encode(), tokens),
        random=Random(1),  # noqa: S311 (jitter)
    )  # fmt: skip
    task = asyncio.create_task(link.run())

    async def does(work: Callable[..., object], *given: object) -> object:
        return await asyncio.to_thread(work, *given)

    try:
        async with asyncio.timeout(PATIENCE):
            await link.wait_until_up()
        await does(owner.shows, "status", "charging", 16)
        for call, name, after in (
            ("DELETE charge", "chargestate", "stopped"),
            ("PUT charge", "chargestate", "prepare"),
            ("PUT cooldown", "cooldown_active", "0"),
        ):
            assert await does(owner.does, call) == "OK"
            await does(owner.shows, "charge", name, after)
        answered = await does(owner.call, "PUT reset")
        assert answered == (501, "The car does not support this")  # nobody would restart it
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
