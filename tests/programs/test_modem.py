"""A car with a modem: the programs as they are, and a scripted modem on a pty."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.car.modem.fake import FakeModem
from tests.programs.conftest import Program, Server, Start, run_ovms, status_of


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeModem]:
    """Yield a modem that is plugged in."""
    modem = FakeModem(tmp_path / "ttyMODEM")
    modem.plug_in()
    yield modem
    modem.unplug()


def drive(start: Start, server: Server, *options: str) -> Program:
    """Start a car and wait until it is connected."""
    car = start("car", *server.link(), *options)
    car.wait_for("connected")
    return car


def command(
    server: Server, *words: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Return the car a command, from the terminal."""
    return run_ovms("app", "command", *server.link(), "--timeout", "30", *options, *words)


def network_of(server: Server) -> tuple[object, object]:
    """Return signal and network as an app shows them."""
    messages = status_of(server)["messages"]
    assert isinstance(messages, dict)
    fields = messages["F"]["fields"]
    return fields["gsm_signal"], fields["network"]


def test_commands_of_the_modem(server: Server, start: Start, fake: FakeModem) -> None:
    """SMS, USSD and AT go through server and car to the modem, and their answers come back."""
    car = drive(start, server, "--modem", str(fake.path), "--log-level", "debug")
    car.wait_for("modem ready")
    log = start("app", "log", *server.link())
    log.wait_for(" F .*network=Tele;com")

    sms = command(server, "sms", "+4912345", "text, with comma")
    assert (sms.returncode, sms.stdout) == (0, "ok\n"), sms.stderr
    assert fake.texts == [b"text, with comma"]
    ussd = command(server, "ussd", "*100#")
    assert (ussd.returncode, ussd.stdout) == (0, "ok\n"), ussd.stderr
    log.wait_for("c .*Balance:.*5;20 EUR")
    at = command(server, "at", "AT+CSQ")
    assert (at.returncode, at.stdout) == (0, "+CSQ: 17,99\n"), at.stderr
    wrong = command(server, "sms", "nobody", "text")
    assert wrong.returncode == 1
    assert wrong.stdout.startswith("failed the number")

    assert network_of(server) == (17, "Tele;com")
    fake.unplug()
    car.wait_for("no modem")
    assert command(server, "at", "AT").stdout == "failed the modem is not ready\n"
    fake.plug_in()
    car.wait_for("modem ready")
    assert command(server, "at", "AT").stdout == "ok\n"
    assert car.stop() == 0
    assert "12345" not in car.output()


def test_sealed_commands_of_the_modem(server: Server, start: Start, fake: FakeModem) -> None:
    """In paranoid mode they come and go sealed, in step with others."""
    sealed = ("--paranoid", "MODPASS")
    car = drive(start, server, "--modem", str(fake.path), *sealed)
    car.wait_for("modem ready")
    assert command(server, "sms", "112", "привет", options=sealed).stdout == "ok\n"
    assert command(server, "at", "AT+CSQ", options=sealed).stdout == "+CSQ: 17,99\n"
    assert command(server, "lock", "1234", options=sealed).stdout == "ok\n"
    assert fake.texts == [b"043F04400438043204350442"]


def test_a_car_without_a_modem(server: Server, start: Start) -> None:
    """Its commands are unsupported, and the signal is unknown."""
    drive(start, server)
    for words in (("sms", "1", "x"), ("ussd", "*100#"), ("at", "AT")):
        answer = command(server, *words)
        assert (answer.returncode, answer.stdout) == (1, "unsupported\n")
    assert network_of(server) == (None, None)
