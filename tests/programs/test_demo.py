"""The demo: what `make run` starts."""

from __future__ import annotations

import json
import re
import shlex
import socket
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest

from ovms.cli.demo import command as demo_command
from ovms.server.listener import bind
from tests.programs.conftest import Program, Start, run_ovms
from tests.waiting import PATIENCE

FREE_PORTS = ("--port", "0", "--tls-port", "0", "--http-port", "0")
"""The usual ones are for who tries a demo on this machine."""


def started(start: Start, data: Path, *options: str) -> tuple[Program, int]:
    """Start a demo on free ports, and give its port."""
    demo = start("demo", "--data", str(data), *FREE_PORTS, *options)
    line = demo.wait_for("^ovms demo ready:")
    port = re.search(r":(\d+)", line.removeprefix("ovms demo ready:"))
    assert port
    demo.wait_for("Stop the demo")
    return demo, int(port[1])


def test_what_the_demo_prints_works(start: Start, tmp_path: Path) -> None:
    """Each command that the demo tells to try does what it says."""
    demo, _ = started(start, tmp_path / "my demo")
    commands = [line.strip() for line in demo.lines if line.startswith("  ")]
    assert len(commands) == 9
    assert any("--tls --ca" in command for command in commands)
    for command in commands:
        words = shlex.split(command)
        if words[0] == "curl":
            with urlopen(words[1], timeout=PATIENCE) as answer:  # noqa: S310 (the demo's own)
                assert json.load(answer)["units"] == "K"
            continue
        names = ("app", "history", "journeys", "vehicle")
        arguments = words[next(i for i, word in enumerate(words) if word in names) :]
        if arguments[1] == "watch":
            watcher = start(*arguments)
            watcher.wait_for("soc=")
            continue
        done = run_ovms(*arguments)
        assert done.returncode == 0, done.stderr
    assert demo.stop() == 0
    assert "Traceback" not in demo.output()


def test_the_demo_is_on_loopback_only_alone_and_starts_again(start: Start, tmp_path: Path) -> None:
    """No other address listens; a second demo on the folder is refused; a later one starts."""
    for _ in range(2):
        demo, port = started(start, tmp_path / "demo")
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
            pass
        listening = Path(f"/proc/{demo.process.pid}/net/tcp").read_text()
        assert f"0100007F:{port:04X}" in listening
        assert f"00000000:{port:04X}" not in listening
        second = start("demo", "--data", str(tmp_path / "demo"), *FREE_PORTS)
        assert second.end() == 1
        assert second.output().count("\n") == 0
        assert "another ovms server is running" in second.output()
        assert demo.stop() == 0


def test_two_demos_share_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its ports before it makes anything; one that is named goes before the usual ones."""
    (free,) = bind(["127.0.0.1"], 0)
    usual = free.getsockname()[1]
    free.close()
    monkeypatch.setitem(demo_command.USUAL_PORTS, "port", usual)
    first = demo_command.reserve_ports({"port": None, "http_port": usual, "tls_port": 0})
    second = demo_command.reserve_ports({"port": None, "http_port": 0, "tls_port": 0})
    with first as mine, second as theirs:
        taken = [
            each.getsockname()[1] for sockets in (mine, theirs) for (each,) in sockets.values()
        ]
        assert len({*taken}) == 6
        assert mine["http_port"][0].getsockname()[1] == usual


def shown(port: int, vehicle: str) -> dict[str, dict[str, object]]:
    """Return the fields that an app has of a vehicle, by code."""
    done = run_ovms(
        "app", "status", "--server", f"127.0.0.1:{port}", "--secret", "demo", "--vehicle", vehicle,
        "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {code: each["fields"] for code, each in json.loads(done.stdout)["messages"].items()}


def history(data: Path, kind: str, vehicle: str = "DEMO3") -> list[str]:
    """Return the times of a car's records of a type, unless another is named the sleeping one's."""
    done = run_ovms("history", vehicle, "--type", kind, "--json", "--data", str(data))
    return [each["time"] for each in json.loads(done.stdout)]


def test_a_killed_demo_goes_on_where_the_server_last_saw_it(start: Start, tmp_path: Path) -> None:
    """Odometer, charge and place of before; the three weeks are there once; its terminal tells."""
    data = tmp_path / "demo"
    demo, port = started(start, data, "--speed", "30")
    demo.wait_for("DEMO2 +charges fast, ")
    demo.wait_for("DEMO3 +is asleep, ")
    demo.wait_for("DEMO +[0-9.]+ km on the way, ")
    before = {vehicle: shown(port, vehicle) for vehicle in ("DEMO", "DEMO2", "DEMO3")}
    demo.process.kill()
    demo.process.wait(PATIENCE)
    trips = history(data, "*-LOG-Trip")
    assert len(trips) > 40
    demo, port = started(start, data)
    demo.wait_for("DEMO3 +is asleep, ")
    assert "lives three weeks" not in demo.output()
    for vehicle, old in before.items():
        new = shown(port, vehicle)
        odometer, driven = old["D"]["odometer"], new["D"]["odometer"]
        assert isinstance(odometer, float | int)
        assert isinstance(driven, float | int)
        assert -0.1 <= driven - odometer < 10
        soc, left = old["S"]["soc"], new["S"]["soc"]
        assert isinstance(soc, int)
        assert isinstance(left, int)
        assert abs(left - soc) < 15
    assert history(data, "*-LOG-Trip")[: len(trips)] == trips
    assert demo.stop() == 0


def test_what_fast_cars_tell_happened_when_they_told_it(start: Start, tmp_path: Path) -> None:
    """A fast car's trip is over when its terminal says so, and not before the demo began."""
    began = datetime.now(UTC).isoformat()[:19]
    data = tmp_path / "demo"
    demo, _ = started(start, data, "--speed", "120")
    demo.wait_for("DEMO +falls asleep")
    assert demo.stop() == 0
    assert min(history(data, "trips", "DEMO")) >= began


def test_a_speed_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    """One line, and nothing is made."""
    for speed in ("0", "-1", "nan", "1e9"):
        done = run_ovms("demo", "--data", str(tmp_path / "demo"), "--speed", speed)
        assert done.returncode == 2
        assert "--speed" in done.stderr
    assert not (tmp_path / "demo").exists()
