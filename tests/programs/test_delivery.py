"""What a car must not lose: the server away, the power gone."""

from __future__ import annotations

import csv
import io
import re
import stat
from contextlib import closing
from pathlib import Path

import pytest

from ovms.car.delivery_store import DeliveryFile
from tests.programs.conftest import SECRET, Program, Server, Start, run_ovms

SPEED = "900"
"""A trip every three seconds or so, and its charges."""


def made(*cars: Program, kind: str) -> list[str]:
    """Return the codes of what cars have made."""
    text = "\n".join(car.output() for car in cars)
    return re.findall(rf"waits until it is delivered .*code=(\d+) .*kind='?{kind}", text)


def history(server: Server, record_type: str) -> list[str]:
    """Return the records of a type that the server has."""
    shown = run_ovms("history", "CAR1", "--type", record_type, "--csv", "--data", str(server.data))
    assert shown.returncode == 0, shown.stderr
    return [",".join(row) for row in csv.reader(io.StringIO(shown.stdout))][1:]


def test_nothing_is_lost_when_the_power_goes_and_the_server_is_away(
    server: Server, start: Start, tmp_path: Path
) -> None:
    """What was made while the server is away and before kill -9 is in its history, each once."""
    state = tmp_path / "state"
    options = ["car", "--speed", SPEED, "--seed", "3", "--log-level", "debug", *server.link()]
    trip = r"waits until it is delivered .*kind='?h"
    first = start(*options, "--state", str(state))
    first.wait_for("received .*code='?h")  # one has been acknowledged
    server.program.kill()
    for _ in range(2):
        first.wait_for(trip)
    first.kill()
    second = start(*options, env={"OVMS_CAR_STATE": str(state)})
    assert "count=" in second.wait_for("records wait from before")
    second.wait_for(trip)
    second.kill()
    server.run()
    third = start(*options, "--state", str(state))
    third.wait_for("records wait from before")
    third.wait_for(trip)
    expected = len(made(first, second, third, kind="h"))
    for _ in range(expected - 1):
        third.wait_for("received .*code='?h")
    third.stop()
    codes = made(first, second, third, kind="h")
    with closing(DeliveryFile.open(state, "CAR1", 1)) as store:  # made in the last moment
        waiting = [item.kind for item in store.load()]
    kept = [*history(server, "*-LOG-Trip"), *history(server, "*-LOG-Grid")]
    unlogged = len(kept) - (len(codes) - waiting.count("h"))
    assert 0 <= unlogged <= 2  # on disk when the power went, and not in the log yet
    assert len(set(kept)) == len(kept)
    told = history(server, "*-Log-Notification")
    assert len(told) >= len(made(first, second, third, kind="P")) - waiting.count("P")
    assert len(set(codes)) == len(codes) >= 5
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["locked", "other", "file"])
def test_a_folder_of_no_use_is_told(
    server: Server, start: Start, tmp_path: Path, what: str
) -> None:
    """A folder that another car uses, or another vehicle's, or none, ends the command at once."""
    state = tmp_path / "state"
    if what == "file":
        state.touch()
    else:
        car = start("car", *server.link(), "--state", str(state))
        car.wait_for("connected")
        if what == "other":
            car.stop()
    failed = run_ovms("car", *server.link("CAR2"), "--state", str(state))
    reasons = {"locked": "another program uses it", "other": "to vehicle CAR1", "file": "state"}
    assert failed.returncode == 1
    assert reasons[what] in failed.stderr
    assert SECRET not in failed.stderr
