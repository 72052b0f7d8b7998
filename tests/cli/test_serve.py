from __future__ import annotations

import gc
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ovms.cli import serve as serve_module
from ovms.cli.main import cli
from ovms.server.listener import Ports
from tests.certs import make_pair, pair_in
from tests.programs.conftest import Server, Start, run_ovms, server, start
from tests.waiting import PATIENCE

__all__ = ["server", "start"]


def test_ready_json_is_there_while_the_server_answers(server: Server) -> None:
    """ready.json has the promised shape, is readable, and goes when the server stops."""
    ready = server.data / "ready.json"
    facts = json.loads(ready.read_text())
    http, https = facts.pop("http"), facts.pop("https")
    assert facts == {
        "pid": server.program.process.pid,
        "mp": server.port,
        "mp_tls": server.tls_port,
    }
    assert len({http, https, server.port, server.tls_port}) == 4
    assert server.data.stat().st_mode & 0o777 == 0o700
    assert server.program.stop() == 0
    assert not ready.exists()
    assert "stopped" in server.program.output()


def test_code_is_no_garbage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The collector passes over the modules, and once the server is ready over what there is."""
    calls: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda: calls.append("collect"))
    monkeypatch.setattr(gc, "freeze", lambda: calls.append("freeze"))
    monkeypatch.setattr(gc, "set_threshold", lambda new: calls.append(f"after {new}"))

    async def serve(*_: object, on_ready: Callable[[Ports], None], **__: object) -> None:
        on_ready(Ports(1, None))

    monkeypatch.setattr(serve_module, "serve", serve)
    assert run_ovms("serve", "--data", str(tmp_path)).stdout.startswith("ovms ready:")
    assert calls == ["freeze", "collect", "freeze", "after 10000"]


BOTH = Ports(1, 2, 3, 4)
SECURE = Ports(1, 2, None, 4)
PLAIN = Ports(1, None, 3)
HERE = "http://localhost:3/first-run#token=abc on this machine"


@pytest.mark.parametrize(
    ("ports", "settings", "told"),
    [
        (BOTH, {}, f"{HERE}, at https://HOST:4/first-run#token=abc on another,"),
        (PLAIN, {}, f"{HERE}, at http://HOST:3/first-run#token=abc on another,"),
        (SECURE, {"PUBLIC_HOST": "[2001:db8::1]:9"}, "https://[2001:db8::1]:4/first-run#"),
        (BOTH, {"PUBLIC_HOST": "cars.example"}, "https://cars.example:4/first-run#"),
        (BOTH, {"PUBLIC_URL": "https://cars.example"}, "https://cars.example/first-run#"),
        (BOTH, {"WEB": "false"}, "POST /api/v1/setup on HTTPS port 4 with token abc,"),
        (PLAIN, {"WEB": "false"}, "POST /api/v1/setup on HTTP port 3 with token abc,"),
    ],
)
def test_the_way_to_set_up(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ports: Ports,
    settings: dict[str, str],
    told: str,
) -> None:
    """It is printed behind the line of readiness: an address to open, or the call to make."""

    async def serve(
        *_: object, on_ready: Callable[[Ports], None], on_setup: Callable[[Ports, str], None]
    ) -> None:
        on_ready(ports)
        on_setup(ports, "abc")

    monkeypatch.setattr(serve_module, "serve", serve)
    for name, value in settings.items():
        monkeypatch.setenv(f"OVMS_{name}", value)
    ready, set_up = run_ovms("serve", "--data", str(tmp_path)).stdout.splitlines()
    assert ready.startswith("ovms ready:")
    assert set_up.startswith("ovms set-up: there is no owner yet.")
    assert told in set_up


def test_a_second_server_on_the_same_data_says_so(server: Server) -> None:
    """Two servers would overwrite each other's data: the second one ends with one line."""
    second = run_ovms("serve", "--data", str(server.data), "--port", "0")
    assert second.returncode == 1
    assert second.stderr == f"ovms: another ovms server is running on {server.data}\n"
    assert (server.data / "ready.json").exists()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """A port that another program uses is an error of one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        tried = run_ovms(
            "serve", "--data", str(tmp_path), "--host", "127.0.0.1", "--port", str(port)
        )
    assert tried.returncode == 1
    assert (
        tried.stderr == f"ovms: cannot listen on port {port} of 127.0.0.1: Address already in use\n"
    )


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--port", "70000"], "port"),
        (["--log-level", "loud"], "--log-level"),
        (["--config", "none.toml"], "none.toml"),
        (["--database", "mysql://x/y"], "are not supported"),
        (["--host", "no such host"], "cannot listen"),
    ],
)
def test_wrong_settings_are_one_line(tmp_path: Path, options: list[str], part: str) -> None:
    """A setting that makes no sense ends the server before it starts."""
    tried = run_ovms("serve", "--data", str(tmp_path / "data"), "--port", "0", *options)
    assert tried.returncode == 1
    assert part in tried.stderr
    assert tried.stderr.count("\n") == 1


def test_settings_from_a_file_and_the_environment(tmp_path: Path, start: Start) -> None:
    """ovms.toml in the data folder counts, a variable over it, an option over both."""
    tmp_path.joinpath("ovms.toml").write_text('host = ["127.0.0.1"]\nport = 1\nlog_level = "debug"')
    program = start(
        "serve", "--data", str(tmp_path), "--log-format", "json", env={"OVMS_PORT": "0"}
    )
    program.wait_for("^ovms ready:")
    lines = [json.loads(line) for line in program.lines if line.startswith("{")]
    assert lines[0]["event"] == "ready"
    assert json.loads((tmp_path / "ready.json").read_text())["mp"] > 1


def test_check_tries_everything_and_leaves_nothing(tmp_path: Path, server: Server) -> None:
    """--check says whether a start would do, makes no files, and sees a running server."""
    data = tmp_path / "new"
    checked = run_ovms("serve", "--check", "--data", str(data), "--port", "0")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert not data.exists()
    ports = ("--port", str(server.port), "--tls-port", str(server.tls_port))
    where = ("--data", str(server.data), "--host", "127.0.0.1")
    running = run_ovms("serve", "--check", *where, *ports)
    assert (running.returncode, running.stderr) == (0, "")
    assert f"a server runs on {server.data} as process {server.program.process.pid}" in (
        running.stdout
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        other = run_ovms("serve", "--check", *where, "--port", port)
    assert (
        other.stderr == f"ovms: cannot listen on port {port} of 127.0.0.1: Address already in use\n"
    )
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "ovms.db").write_bytes(b"no database" * 1000)
    broken = run_ovms("serve", "--check", "--data", str(damaged), "--port", "0")
    assert broken.returncode == 1
    assert "is not a database" in broken.stderr


@pytest.mark.parametrize(
    ("file", "problem"),
    [(None, "cannot be read: No such file"), ("no PEM", "holds no certificate")],
)
@pytest.mark.parametrize("check", [("--check",), ()])
def test_a_certificate_to_trust_that_is_none(
    tmp_path: Path, check: tuple[str, ...], file: str | None, problem: str
) -> None:
    """What a server that is called shall be known by is looked at first; one line names it."""
    settings = '[[peers]]\nserver = "m"\nid = "S"\nsecret = "hidden"\nca = "master.pem"\n'
    (tmp_path / "ovms.toml").write_text(settings)
    if file is not None:
        (tmp_path / "master.pem").write_text(file)
    done = run_ovms("serve", "--data", str(tmp_path), "--port", "0", *check)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert problem in line
    assert f"{tmp_path}/master.pem" in line


def test_promised_options_are_taken(tmp_path: Path, start: Start) -> None:
    """Options of listeners that come later do no harm."""
    program = start(
        "serve", "--data", str(tmp_path), "--host", "127.0.0.1", "--port", "0",
        "--tls-port", "0", "--http-port", "0", "--https-port", "0",
    )  # fmt: skip
    program.wait_for("^ovms ready:")
    assert program.stop() == 0


def test_the_ready_line_names_the_ports(tmp_path: Path, start: Start, server: Server) -> None:
    """It says where TLS is spoken, or that it is not, or nothing else; what is off stays closed."""
    line = next(line for line in server.program.lines if line.startswith("ovms ready:"))
    facts = json.loads((server.data / "ready.json").read_text())
    assert line == (f"ovms ready: modules and apps on port {server.port}, TLS on port "
                    f"{server.tls_port}, HTTP on port {facts['http']}, HTTPS on port "
                    f"{facts['https']}, data in {server.data}")  # fmt: skip
    plain = start("serve", "--data", str(tmp_path / "2"), "--host", "127.0.0.1", "--port", "0",
                  "--no-tls")  # fmt: skip
    line = plain.wait_for("^ovms ready:")
    facts = json.loads((tmp_path / "2" / "ready.json").read_text())
    assert f", no TLS, HTTP on port {facts['http']}, data in" in line
    assert facts["mp_tls"] is facts["https"] is None
    secure = start("serve", "--data", str(tmp_path / "3"), "--host", "127.0.0.1", "--port",
                   str(server.port), "--tls-port", "0", "--no-plain", "--no-http")  # fmt: skip
    line = secure.wait_for("^ovms ready:")
    facts = json.loads((tmp_path / "3" / "ready.json").read_text())
    assert facts["mp"] is facts["http"] is facts["https"] is None
    assert f"modules and apps on port {facts['mp_tls']}, TLS only, data in" in line


def test_check_looks_at_the_certificate_and_its_port(tmp_path: Path) -> None:
    """A bad certificate is one line; without TLS it is not read."""

    def check(*options: str, env: dict[str, str] | None = None) -> str:
        words = ["serve", "--check", "--data", str(tmp_path), "--host", "127.0.0.1", "--port", "0"]
        done = CliRunner().invoke(cli, [*words, *options], env=env)
        assert done.exit_code == (1 if done.stderr else 0)
        return f"{done.output.splitlines()[-1]}\n"

    assert check("--https-port", "6869") == (
        "ovms: settings, database, certificate, and ports 0, 0, 0 and 6869 are in order\n"
    )
    assert check("--no-tls") == "ovms: settings, database, and ports 0 and 0 are in order\n"
    strict = "ovms: settings, database, certificate, and port 0 are in order\n"
    assert check("--no-plain", "--no-http", "--tls-port", "0") == strict
    assert check("--no-tls", "--no-plain") == (
        "ovms: settings: tls and plain are both off: no port is left\n"
    )
    pair = make_pair(pair_in(tmp_path / "live" / "x"), ends=datetime(2025, 1, 2, tzinfo=UTC),
                     begins=datetime(2025, 1, 1, tzinfo=UTC))  # fmt: skip
    env = {"OVMS_TLS_CERT": str(pair.certificate), "OVMS_TLS_KEY": "live/x/privkey.pem"}
    assert check(env=env) == f"ovms: certificate {pair.certificate} expired on 2025-01-02\n"
    assert "live/nobody: No such file" in check(env={"OVMS_TLS_NAMES": "live/nobody"})
    assert "are given together" in check(env={"OVMS_TLS_KEY": "live/x/privkey.pem"})
    pair.key.write_bytes(make_pair(pair_in(tmp_path / "y")).key.read_bytes())
    assert check(env=env) == f"ovms: {pair.key} is not the key of {pair.certificate}\n"
    pair.key.unlink()
    assert check(env=env) == f"ovms: {pair.key}: No such file or directory\n"
    assert "ports 0 and 0 are in order" in check("--no-tls", env=env)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"cannot listen on port {port} " in check("--tls-port", str(port))
        assert "in order" in check("--tls-port", str(port), "--no-tls")
        assert f"cannot listen on port {port} " in check("--http-port", str(port))
        assert "in order" in check("--http-port", str(port), "--no-plain")
        assert "in order" in check("--http-port", str(port), "--no-http")


def test_check_looks_at_the_tables_of_channels(tmp_path: Path) -> None:
    """What a channel does not accept is one line."""
    (tmp_path / "ovms.toml").write_text('[channels.gcm]\nteam = "x"\n')
    tried = run_ovms("serve", "--check", "--data", str(tmp_path), "--port", "0", "--no-tls")
    assert (tried.returncode, tried.stdout) == (1, "")
    assert tried.stderr == "ovms: channels.gcm: unknown key 'team'\n"


def test_both_listeners_on_one_port(tmp_path: Path) -> None:
    """One port for both is refused before anything is opened."""
    tried = run_ovms("serve", "--data", str(tmp_path), "--port", "7000", "--tls-port", "7000")
    assert (tried.returncode, tried.stderr) == (
        1,
        "ovms: settings: port and tls_port must differ\n",
    )


def test_a_certificate_of_ones_own_that_is_bad(tmp_path: Path) -> None:
    """The server does not start with another one in its place."""
    (tmp_path / "cert.pem").write_text("no certificate")
    env = {"OVMS_TLS_CERT": "cert.pem", "OVMS_TLS_KEY": "cert.pem"}
    tried = run_ovms("serve", "--data", str(tmp_path), "--port", "0", env=env)
    assert tried.returncode == 1
    assert tried.stderr == f"ovms: {tmp_path / 'cert.pem'} is not a certificate in PEM\n"


def test_a_second_signal_stops_at_once(server: Server) -> None:
    """A caller without a welcome delays the stop; a second signal does not wait for it."""
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        server.program.process.terminate()
        server.program.wait_for("stopping")
        server.program.process.terminate()
        assert server.program.end() == 1
        assert silent.recv(1) == b""


def test_the_data_folder_is_not_named_in_its_own_file(tmp_path: Path) -> None:
    """A file in the data folder cannot move it somewhere else."""
    (tmp_path / "ovms.toml").write_text('data = "/elsewhere"')
    tried = run_ovms("serve", "--check", "--port", "0", env={"OVMS_DATA": str(tmp_path)})
    assert tried.returncode == 1
    assert "only --data or OVMS_DATA" in tried.stderr
    assert tried.stderr.count("\n") == 1


def test_all_the_files_that_the_system_grants_are_taken(server: Server) -> None:
    """A server that ran out of open files would take no more cars: it raises its own limit."""
    limits = Path(f"/proc/{server.program.process.pid}/limits").read_text()
    line = next(line for line in limits.splitlines() if line.startswith("Max open files"))
    soft, hard = line.split()[3:5]
    assert soft == hard


def test_check_tells_of_the_certificate(tmp_path: Path) -> None:
    """Chain, anchor, size and days left, and what modules trust; without TLS nothing of it."""

    def check(*options: str) -> str:
        done = run_ovms("serve", "--check", "--data", str(tmp_path), "--host", "127.0.0.1",
                        "--port", "0", "--tls-port", "0", *options)  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert "certificate none yet: the first start makes a self-signed one" in check()
    assert run_ovms("tls", "make", "a.example.com", "--data", str(tmp_path)).returncode == 0
    told = check()
    for line in (r"^certificate .*/tls/cert\.pem$", r"^  chain   a\.example\.com < ovms CA a\.ex",
                 r"^  anchor  .*: your own CA", r"^  size    [0-9]+ bytes$",
                 r"^  ends    20..-..-.., 8[0-9]{2} days left$",
                 r"^modules \(ESP32\) bring the roots .*ISRG Root X1"):  # fmt: skip
        assert re.search(line, told, re.MULTILINE), line
    assert check("--no-tls").count("\n") == 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_terminal_that_closes_ends_it_in_order(server: Server, times: int) -> None:
    """SIGHUP ends it as SIGTERM does, also when the shell sends another."""
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        server.program.process.send_signal(signal.SIGHUP)
        server.program.wait_for("stopping")
        if times == 2:
            server.program.process.send_signal(signal.SIGHUP)
        silent.shutdown(socket.SHUT_RDWR)
    assert server.program.end() == 0
    assert "stopped" in server.program.output()
    assert not (server.data / "ready.json").exists()


def test_nohup_is_obeyed(tmp_path: Path) -> None:
    """A server that was started to outlive its terminal goes on at SIGHUP."""
    script = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "os.execv(sys.executable, [sys.executable, '-m', 'ovms', *sys.argv[1:]])"
    )
    words = ["serve", "--data", str(tmp_path), "--host", "127.0.0.1", "--port", "0", "--no-tls"]
    with subprocess.Popen(
        [sys.executable, "-c", script, *words], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert any(line.startswith("ovms ready:") for line in process.stdout)
        process.send_signal(signal.SIGHUP)
        ignored = Path(f"/proc/{process.pid}/status").read_text()
        assert int(re.search("SigIgn:\t([0-9a-f]+)", ignored)[1], 16) & 1  # type: ignore[index]
        process.terminate()
        assert process.wait(PATIENCE) == 0
