"""``ovms car status``, asking a socket that tells what the test wants."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ovms.car.status import SOCKET, CarStatus, DeliveryBacklog, LinkStatus, ModemStatus
from ovms.cli.main import cli

FOUND: dict[str, Any] = {
    "pid": 12, "version": "0.1.0", "vehicle": "CAR1", "type": "sim", "car_type": "SIM",
    "driver": "simulation", "running": {"since": "2023-11-14T22:13:20Z", "seconds": 7200},
    "server": "host:6867",
    "link": {"since": "2023-11-14T22:13:20Z", "seconds": 90, "state": "connected", "reason": None,
             "again_in": None},
    "heard": {"since": "2023-11-14T22:13:20Z", "seconds": 3}, "watchers": 1,
    "waiting": {"records": 2, "alerts": 1},
    "features": {"location_stream": 0, "can_write_enabled": 1}, "paranoid": True,
    "modem": {"signal": 17, "network": "Te\x1ble"},
    "bus": {"trust": "ask", "problem": "no such device"},
    "data_use": [{"condition": "parked", "seconds": 7000, "sent": 4000, "received": 1600,
                  "bytes_per_hour": 2880},
                 {"condition": "watched", "seconds": 20, "sent": 900, "received": 100,
                  "bytes_per_hour": None}],
}  # fmt: skip

CALLING = {
    **FOUND, "heard": None, "modem": {"signal": None, "network": None},
    "link": {**FOUND["link"], "state": "refused", "reason": "wrong secret?", "again_in": 130},
}  # fmt: skip


@contextmanager
def telling(folder: Path, answer: bytes) -> Iterator[None]:
    """Be a car that tells this to one who asks."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen()

        def tell() -> None:
            caller, _ = listener.accept()
            with caller, suppress(OSError):  # who asks may have left
                caller.sendall(answer)

        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        yield
        thread.join(10)


def ask(folder: Path, found: object, *options: str) -> tuple[int, str, str]:
    """Ask a car that answers so: exit code, output, errors."""
    answer = found if isinstance(found, bytes) else json.dumps(found).encode()
    with telling(folder, answer):
        result = CliRunner().invoke(cli, ["car", "status", "--state", str(folder), *options])
    return result.exit_code, result.stdout, result.stderr


def test_a_person_reads_lines(tmp_path: Path) -> None:
    """What is, a line each, aligned, without control characters."""
    code, output, errors = ask(tmp_path, FOUND, "--connected")
    assert (code, errors) == (0, "")
    assert output.splitlines() == [
        "vehicle   CAR1, type sim (SIM)",
        "driver    simulation, trust ask; away: no such device",
        "running   for 2 h, pid 12, ovms 0.1.0",
        "server    host:6867",
        "link      connected for 90 s",
        "heard     3 s ago",
        "watchers  1",
        "waiting   2 records, 1 alerts",
        "features  location stream 0, can write enabled 1",
        "paranoid  yes",
        "modem     signal 17 of 31, network Te\\x1ble",
        "data      parked for 117 min: sent 4.0 kB, received 1.6 kB, 2.9 kB an hour",
        "data      watched for 20 s: sent 0.9 kB, received 0.1 kB",
    ]


def test_not_connected_is_a_failure_only_if_asked(tmp_path: Path) -> None:
    """A car in a garage runs, and that is well; a script may want more."""
    code, output, errors = ask(tmp_path, CALLING)
    assert (code, errors) == (0, "")
    assert "link      refused for 90 s: wrong secret?; again in 2 min\n" in output
    assert "heard     never\n" in output
    assert "modem     signal unknown, network none\n" in output
    (tmp_path / SOCKET).unlink()
    assert ask(tmp_path, CALLING, "--connected") == (
        1, output, "ovms: not connected: wrong secret?\n",
    )  # fmt: skip


def test_a_script_reads_json(tmp_path: Path) -> None:
    """The whole object as the car tells it, also what this version does not know yet."""
    code, output, _ = ask(tmp_path, {**CALLING, "later": 1}, "--json")
    assert (code, json.loads(output)) == (0, {**CALLING, "later": 1})


@pytest.mark.parametrize(
    "answer", [b"{", b"[]", b"\xff", b"null", json.dumps({"pid": 1}).encode(), b"x" * 100_000]
)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_makes_no_sense_is_one_line(
    tmp_path: Path, answer: bytes, options: tuple[str, ...]
) -> None:
    """Another program, or another version, is told."""
    code, output, errors = ask(tmp_path, answer, *options)
    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert "understands" in errors


def test_a_busy_car_is_told(tmp_path: Path) -> None:
    """Whoever is one too many hears nothing, and may try again."""
    assert "is busy" in ask(tmp_path, b"")[2]


def test_nobody_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder told is wrong usage; where none runs is one line and exit 1."""
    monkeypatch.delenv("OVMS_CAR_STATE", raising=False)
    result = CliRunner().invoke(cli, ["car", "status"])
    assert (result.exit_code, "--state" in result.stderr) == (2, True)
    monkeypatch.setenv("OVMS_CAR_STATE", str(tmp_path))
    result = CliRunner().invoke(cli, ["car", "status"])
    assert (result.exit_code, result.stderr) == (1, f"ovms: {tmp_path}: no car runs there\n")
    (tmp_path / SOCKET).touch()
    result = CliRunner().invoke(cli, ["car", "status"])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "any more" in result.stderr


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (PermissionError(13, "Permission denied"), "this user may not ask it"),
        (TimeoutError("timed out"), "does not answer"),
        (ConnectionResetError(104, "reset"), "has just ended"),
        (OSError(5, "Input/output error"), "Input/output error"),
    ],
)
def test_trouble_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, part: str
) -> None:
    """Whatever keeps us from asking is told."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("ovms.base.statussocket._read", fail)
    code, output, errors = ask(tmp_path, FOUND)
    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert part in errors


def test_options_of_the_car_do_not_go_before_it(tmp_path: Path) -> None:
    """They would be of no effect, so they are refused; variables may stay."""
    before = ["car", "--state", str(tmp_path), "status"]
    result = CliRunner().invoke(cli, before)
    assert result.exit_code == 2
    assert "behind ovms car status" in result.stderr
    variables = {**os.environ, "OVMS_CAR_SERVER": "host", "OVMS_CAR_STATE": str(tmp_path)}
    result = CliRunner().invoke(cli, ["car", "status"], env=variables)
    assert result.exit_code == 1


def test_the_page_of_the_service_names_what_it_tells() -> None:
    """Every name of the object is on the page."""
    page = (Path(__file__).parents[3] / "docs" / "service.md").read_text("utf-8")
    for kind in (CarStatus, LinkStatus, ModemStatus, DeliveryBacklog):
        for each in fields(kind):
            assert f"`{each.name}`" in page, each.name
