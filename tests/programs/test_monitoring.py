"""What an operator sees of the server program: health, metrics, and `ovms serve status`."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import httpx
import pytest

from tests.programs.conftest import SECRET, Start, run_ovms, run_program
from tests.server.http.monitor.scrapes import OPEN_METRICS, Scraped

TOKEN = "a-token-of-the-tests"
BEARER = {"authorization": f"Bearer {TOKEN}"}
ANY_PORTS = ("--host", "127.0.0.1", "--port", "0", "--http-port", "0", "--https-port", "0")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make a data folder with a vehicle, whose settings open the metrics."""
    data = tmp_path / "data"
    assert run_ovms("owner", "add", "tester", "--data", str(data)).returncode == 0
    added = run_ovms(
        "vehicle", "add", "CAR1", "--owner", "tester", "--secret", SECRET, "--data", str(data)
    )
    assert added.returncode == 0, added.stderr
    (data / "ovms.toml").write_text(f'metrics_port = 0\nmetrics_token = "{TOKEN}"\n')
    return data


def get(port: int, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """Call the server."""
    return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, trust_env=False)


def test_health_and_metrics(start: Start, data: Path) -> None:
    """A car that calls is a number; health is open, the rest needs the token, at both ports."""
    server = start("serve", "--data", str(data), *ANY_PORTS)
    server.wait_for("^ovms ready:.* metrics on port")
    ports = json.loads((data / "ready.json").read_text())
    car = start(
        "car", "--server", f"127.0.0.1:{ports['mp']}", "--vehicle", "CAR1", "--secret", SECRET
    )
    car.wait_for("connected")
    for port in (ports["metrics"], ports["http"]):
        assert (get(port, "/healthz").status_code, get(port, "/healthz").text) == (200, "ok\n")
        assert get(port, "/metrics").status_code == 401
        assert get(port, "/readyz", BEARER).text == "ready\n"
        answer = get(port, "/metrics", BEARER | {"accept": OPEN_METRICS})
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        found = Scraped(answer.text, is_open_metrics=True)
        assert found.value("ovms_connections", kind="car", transport="plain") == 1
        assert found.value("ovms_vehicles") == 1
        assert found.value("process_open_fds") > 0
    assert server.stop() == 0
    assert TOKEN not in server.output()


def test_the_status(start: Start, data: Path) -> None:
    """It tells of the server that runs, and from one that does not, was killed, or is left out."""
    nothing = run_ovms("serve", "status", "--data", str(data))
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert nothing.stderr == f"ovms: {data}: no server runs there\n"
    server = start("serve", "--data", str(data), *ANY_PORTS)
    server.wait_for("^ovms ready:")
    assert stat.S_IMODE((data / "server.sock").stat().st_mode) == 0o600
    told = run_program("serve", "status", "--data", str(data), "--healthy")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("well         nothing is wrong\nserver       running for ")
    assert "\ncars         0 of 1 vehicles online\n" in told.stdout
    shown = run_ovms("serve", "status", "--data", str(data), "--json")
    status = json.loads(shown.stdout)
    ready = json.loads((data / "ready.json").read_text())
    assert {"pid": status["pid"], **status["ports"]} == ready
    assert (status["state"], status["troubles"], status["vehicles"]) == ("running", [], 1)
    server.kill()
    dead = run_ovms("serve", "status", "--data", str(data))
    assert dead.returncode == 1
    assert dead.stderr == (
        f"ovms: {data}: no server runs there any more: it did not end in order\n"
    )
    again = start("serve", "--data", str(data), *ANY_PORTS)
    again.wait_for("^ovms ready:")
    assert run_ovms("serve", "status", "--data", str(data)).returncode == 0
    assert again.stop() == 0
    assert run_ovms("serve", "status", "--data", str(data)).returncode == 1
    assert not (data / "server.sock").exists()
