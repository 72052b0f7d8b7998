"""Programs that call over TLS."""

from __future__ import annotations

import json

import pytest

from tests.programs.conftest import SECRET, Server, Start, run_ovms


def test_a_car_and_an_app_over_tls(server: Server, start: Start) -> None:
    """A simulated car is there, is shown and obeys, all over TLS with the server's certificate."""
    car = start("car", *server.secure(), "--log-level", "debug")
    server.program.wait_for("connected .*role=car")
    watcher = start("app", "log", "--json", *server.secure())
    watcher.wait_for('"code":"S"')
    shown = run_ovms("app", "status", "--json", *server.secure())
    assert shown.returncode == 0, shown.stderr
    status = json.loads(shown.stdout)
    assert (status["connected"], status["messages"]["V"]["fields"] is not None) == (True, True)
    locked = run_ovms("app", "command", *server.secure(), "lock", "1234")
    assert locked.returncode == 0, locked.stderr
    assert run_ovms("app", "utilisation", *server.secure()).returncode == 0
    assert car.stop() == 0
    for program in (car, watcher, server.program):
        assert SECRET not in program.output()
        assert "Traceback" not in program.output()


def test_anybody_is_trusted_only_when_told(server: Server) -> None:
    """--insecure needs no certificate; without it a stranger is refused with what to do."""
    link = server.link(address=f"127.0.0.1:{server.tls_port}")
    assert run_ovms("app", "status", *link, "--tls", "--insecure").returncode == 0
    for command in ("status", "watch", "log", "history"):
        refused = run_ovms("app", command, *link, "--tls")
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
        assert "does not verify: self-signed certificate; trust it with --ca FILE" in refused.stderr
        assert "DIR/tls/cert.pem" in refused.stderr
        assert "--insecure" in refused.stderr


def test_a_car_that_does_not_trust_the_server(server: Server, start: Start) -> None:
    """It says so, and what to do, and tries again."""
    link = server.link(address=f"127.0.0.1:{server.tls_port}")
    car = start("car", *link, "--tls")
    line = car.wait_for("no trust in the server")
    assert "--ca" in line
    car.wait_for("no connection .*again_in")
    assert car.stop() == 0


@pytest.mark.parametrize("options", [["--tls", "--insecure"], []], ids=["tls", "plain"])
def test_the_wrong_port(server: Server, options: list[str]) -> None:
    """TLS on the plain port and plain on the TLS port end with one line, not with silence."""
    port = server.port if options else server.tls_port
    done = run_ovms("app", "status", *server.link(address=f"127.0.0.1:{port}"), *options)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
