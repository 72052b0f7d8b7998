"""A fleet of cars as one program, against the real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.programs.conftest import SECRET, Server, Start, run_ovms
from tests.waiting import wait_until

CARS = 20


def online(server: Server) -> set[str]:
    """Return the vehicles that are online, as ``ovms vehicle list`` tells."""
    shown = run_ovms("vehicle", "list", "--json", "--data", str(server.data))
    assert shown.returncode == 0, shown.stderr
    return {row["id"] for row in json.loads(shown.stdout) if row["online"]}


def until_online(server: Server, vehicles: set[str]) -> None:
    """Wait until these are online, and no others."""
    wait_until(lambda: online(server) == vehicles)


@pytest.fixture
def vehicles(server: Server, tmp_path: Path) -> set[str]:
    """Import the fleet's vehicles, and one that the fleet's file has with a wrong secret."""
    names = [f"FLEET{at}" for at in range(CARS)]
    rows = "".join(f"tester,{name},{SECRET},Car\n" for name in names)
    (tmp_path / "cars.csv").write_text(f"owner,id,secret,name\n{rows}")
    done = run_ovms("vehicle", "import", str(tmp_path / "cars.csv"), "--data", str(server.data))
    assert done.returncode == 0, done.stderr
    return set(names)


@pytest.mark.parametrize("is_secure", [False, True], ids=["plain", "tls"])
def test_a_fleet_comes_and_comes_back(
    server: Server, start: Start, tmp_path: Path, vehicles: set[str], is_secure: bool
) -> None:
    """All cars of the file come online; after the server was killed, all come back; then leave."""
    ways = ["--server", server.address]
    if is_secure:
        certificate = str(server.data / "tls" / "cert.pem")
        ways = ["--server", f"127.0.0.1:{server.tls_port}", "--tls", "--ca", certificate]
    fleet = start("car", "--fleet", str(tmp_path / "cars.csv"), "--ramp", "1", *ways)
    fleet.wait_for("all cars are connected.*cars=20")
    until_online(server, vehicles)
    server.program.kill()
    server.run()
    fleet.wait_for("all cars are connected")
    until_online(server, vehicles)
    assert fleet.stop() == 0
    output = fleet.output()
    assert SECRET not in output
    assert "FLEET1" not in output
    assert "Traceback" not in output
    until_online(server, set())


def test_a_refused_car_is_told_in_the_sum(server: Server, start: Start, tmp_path: Path) -> None:
    """The last line tells how many the server refused; the others are not held up."""
    (tmp_path / "cars.csv").write_text(f"vehicle,secret\nCAR1,{SECRET}\nCAR2,wrong\n")
    fleet = start("car", "--fleet", str(tmp_path / "cars.csv"), "--ramp", "0", "--server",
                  server.address, "--scenario", "parked")  # fmt: skip
    server.program.wait_for("CAR2")  # before or after the other is there, as it happens
    until_online(server, {"CAR1"})
    assert fleet.stop() == 0
    assert "refused=1" in fleet.output()
    assert "connected=1" in fleet.output()


def test_a_fleet_by_number_needs_no_file(server: Server, start: Start) -> None:
    """The vehicles are made for their owner, the server is found, and the charge is as wanted."""
    options = ("--owner", "somebody", "--data", str(server.data), "--ramp", "0", "--soc", "42")
    fleet = start("car", "--fleet", "3", *options, "--scenario", "parked")
    fleet.wait_for("all cars are connected.*cars=3")
    until_online(server, {"SIM-1", "SIM-2", "SIM-3"})

    def charges() -> list[float]:
        shown = run_ovms("history", "SIM-2", "--type", "S", "--json", "--data", str(server.data))
        return [row["fields"]["soc"] for row in json.loads(shown.stdout)]

    wait_until(charges)
    assert charges()[0] == 42
    assert fleet.stop() == 0
