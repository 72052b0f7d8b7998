"""The demo: what `make run` starts."""

from __future__ import annotations

import re
import shlex
import socket
from pathlib import Path

from tests.programs.conftest import Program, Start, run_program
from tests.waiting import PATIENCE


def started(start: Start, data: Path, *options: str) -> tuple[Program, int]:
    """Start a demo, and give its port."""
    demo = start("demo", "--data", str(data), *options)
    line = demo.wait_for("^ovms demo ready:")
    port = re.search(r":(\d+)", line.removeprefix("ovms demo ready:"))
    assert port
    demo.wait_for("Stop the demo")
    return demo, int(port[1])


def test_what_the_demo_prints_works(start: Start, tmp_path: Path) -> None:
    """Each command that the demo tells to try does what it says."""
    demo, _ = started(start, tmp_path / "my demo", "--port", "0", "--tls-port", "0")
    commands = [line.strip() for line in demo.lines if line.startswith("  ")]
    assert len(commands) == 5
    assert any("--tls --ca" in command for command in commands)
    for command in commands:
        words = shlex.split(command)
        arguments = words[next(i for i, word in enumerate(words) if word in ("app", "vehicle")) :]
        if arguments[1] == "watch":
            watcher = start(*arguments)
            watcher.wait_for("soc=")
            continue
        done = run_program(*arguments)
        assert done.returncode == 0, done.stderr
    assert demo.stop() == 0
    assert "Traceback" not in demo.output()


def test_the_demo_is_on_loopback_only_and_starts_again(start: Start, tmp_path: Path) -> None:
    """A demo on known data starts as well, and listens on no other address."""
    for _ in range(2):
        demo, port = started(start, tmp_path / "demo", "--port", "0", "--tls-port", "0")
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
            pass
        listening = Path(f"/proc/{demo.process.pid}/net/tcp").read_text()
        assert f"0100007F:{port:04X}" in listening
        assert f"00000000:{port:04X}" not in listening
        assert demo.stop() == 0


def test_a_second_demo_says_that_one_is_running(start: Start, tmp_path: Path) -> None:
    """Two demos on the same folder would disturb each other; the second one says so."""
    started(start, tmp_path / "demo", "--port", "0", "--tls-port", "0")
    second = run_program("demo", "--data", str(tmp_path / "demo"), "--port", "0", "--tls-port", "0")
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "another ovms server is running" in second.stderr
