from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import typer
from typer.testing import CliRunner

from ovms.cli.car.command import car
from ovms.cli.car.provision import show
from ovms.protocol.framing import LINE_END
from ovms.protocol.welcome import ProvisionRecord, ProvisionRefused

app = typer.Typer()
app.command()(car)

VIN, ICCID, TOKEN = "5YJRE1A12B3001234", "8985200011112222333", "AbCdEfGhIjKlMnOpQrStUv"


def sealed(parameters: str) -> bytes:
    """Return a server's answer."""
    return ProvisionRecord.seal(ICCID, TOKEN, parameters).encode() + LINE_END


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Be a server for one call: its place, and what it is asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            caller, _ = listener.accept()
            with caller:
                asked.append(caller.recv(4096))
                caller.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", asked
        thread.join(10)


def provision(answer: bytes, *options: str) -> tuple[int, str, str]:
    """Ask a server that gives this answer: exit code, output, errors."""
    with answering(answer) as (place, asked):
        words = ["--provision", place, "--vin", VIN, "--iccid", ICCID, *options]
        result = CliRunner().invoke(app, words)
    assert asked == [f"AP-C 0 {VIN}\r\n".encode()]
    return result.exit_code, result.stdout, result.stderr


def test_parameters_are_printed() -> None:
    """A line each, or a JSON list; a terminal gets no control characters."""
    record = "- pin M " + " ".join(["x"] * 10) + " more\x1b[2J"
    code, output, _ = provision(sealed(record))
    header, *lines = output.splitlines()
    assert (code, header, len(lines)) == (0, "number\tname\tvalue", 14)
    assert lines[:2] == ["0\tregistered telephone number\t-", "1\tregistration password\tpin"]
    assert lines[13] == "13\t\tmore\\x1b[2J"
    code, output, _ = provision(sealed(record), "--json")
    assert json.loads(output)[13] == {"number": 13, "name": None, "value": "more\x1b[2J"}
    assert json.loads(output)[2] == {"number": 2, "name": "miles / kilometer flag", "value": "M"}


def test_the_iccid_may_come_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the variable, blanks around it left out."""
    monkeypatch.setenv("OVMS_ICCID", f" {ICCID}\n")
    with answering(sealed("a b")) as (place, _):
        result = CliRunner().invoke(app, ["--provision", place, "--vin", VIN])
    assert (result.exit_code, result.stdout.count("\n")) == (0, 3)


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (ProvisionRefused().encode() + LINE_END, f"no provisioning record for VIN {VIN}"),
        (ProvisionRecord.seal("other", TOKEN, "a").encode() + LINE_END, "is the ICCID the one"),
        (sealed("a")[:-6] + b"!" + LINE_END, "is damaged"),
        (sealed(""), "lost"),  # a record of no bytes is no AP-S line
        (sealed("  "), "is empty"),
        (b"", "lost"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "lost"),
        (b"x" * 2000, "lost"),
    ],
)
def test_without_a_record_it_is_one_line_and_exit_1(answer: bytes, part: str) -> None:
    """Nothing is printed that did not come right, and neither is the ICCID."""
    code, output, errors = provision(answer)
    assert (code, output) == (1, "")
    assert part in errors
    assert errors.count("\n") == 1
    assert ICCID not in errors


def test_nobody_there_is_one_line() -> None:
    """A server that cannot be reached."""
    words = ["--provision", "127.0.0.1:1", "--vin", VIN, "--iccid", ICCID]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert result.stderr == "ovms: no connection to 127.0.0.1:1: Connection refused\n"


def test_a_record_that_cannot_run_is_shown_and_refused() -> None:
    """What came is printed; what lacks is the one line."""
    code, output, errors = provision(sealed("- - M - host"), "--run")
    assert (code, output.count("\n")) == (1, 6)
    assert errors.startswith("ovms: the provisioning record lacks parameter 8 (vehicle ID)")


def test_the_output_does_not_wait_for_the_car(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty list is a list, too."""
    show([], json=True)
    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize("json_too", [False, True])
def test_a_journal_is_shown_no_password(json_too: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Where others may read it later the passwords of a record are stars, all else is there."""
    values = ["phone", "REGPW", "M", "", "host", "", "", "GPRSPW", "CAR", "NETPW", "SEALPW"]
    show(values, json_too, is_hidden=True)
    printed = capsys.readouterr().out
    assert "PW" not in printed
    assert printed.count("*") == 4
    assert "phone" in printed
    show(values, json_too)
    assert capsys.readouterr().out.count("PW") == 4
