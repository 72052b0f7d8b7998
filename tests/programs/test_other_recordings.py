"""Recordings of other tools, replayed through our car, our server and our app."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.programs.conftest import Server, run_ovms, status_of

CASES = Path(__file__).parents[1] / "cases"
MOPED = CASES / "types" / "moped"


def replay(
    server: Server, name: str, *options: str, kind: Path = MOPED
) -> tuple[int, str, dict[str, Any]]:
    """Return the exit code, the log and the fields of S and D of a replay."""
    done = run_ovms(
        "car", "--type", str(kind), "--replay", str(CASES / "logs" / name), "--speed", "0",
        *options, *server.link(),
    )  # fmt: skip
    shown: Any = status_of(server)["messages"]
    fields = {**shown["S"]["fields"], **shown["D"]["fields"]}
    return done.returncode, done.stderr, fields


@pytest.mark.parametrize(
    ("name", "options", "locked"),
    [
        ("candump_tA.log", (), True),
        ("canfd_start.asc", (), True),
        ("own.crtd", (), True),
        ("semi.csv", (), None),
        ("twobus.log", ("--channel", "can0"), None),
    ],
)
def test_a_recording_of_another_tool(
    server: Server, name: str, options: tuple[str, ...], locked: bool | None
) -> None:
    """The app shows what the recording says, and nothing is complained about."""
    code, errors, fields = replay(server, name, *options)
    assert code == 0, errors
    assert (fields["soc"], fields["charge_state"]) == (45, "charging")
    if locked is not None:
        assert fields["locked"] is locked
    assert "warning" not in errors.lower()


def test_two_buses_are_told(server: Server) -> None:
    """Without a choice a warning says which there are."""
    code, errors, _ = replay(server, "twobus.log")
    assert code == 0, errors
    assert errors.count("2 buses are in it (can0, can1)") == 1


def test_a_type_that_names_its_bus_reads_only_that(server: Server, tmp_path: Path) -> None:
    """Then there is nothing to choose, and nothing to warn of."""
    folder = tmp_path / "moped"
    shutil.copytree(MOPED, folder)
    mapping = folder / "vehicle.toml"
    mapping.write_text(f'bus = "can0"\n{mapping.read_text()}')
    code, errors, fields = replay(server, "twobus.log", kind=folder)
    assert code == 0, errors
    assert (fields["soc"], fields["charge_state"]) == (45, "charging")
    assert "warning" not in errors.lower()


def test_half_a_line_comes_after_the_last_report(server: Server) -> None:
    """The server has what the whole lines say, and the error is the last line."""
    code, errors, fields = replay(server, "t2.log")
    assert code == 1
    assert fields["soc"] == 20
    assert "t2.log:4: it ends in half a line" in errors.splitlines()[-1]
    assert "Traceback" not in errors


def test_a_channel_that_is_not_there_is_one_line(server: Server) -> None:
    """It ends before anybody is called."""
    done = run_ovms(
        "car", "--type", str(MOPED), "--replay", str(CASES / "logs" / "twobus.log"),
        "--channel", "can7", *server.link(),
    )  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "no frame of channel can7 is in it: can0, can1" in done.stderr
