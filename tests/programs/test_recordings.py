"""The recordings of a real car, replayed through our car, our server and our app."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.programs.conftest import (
    CHARGE,
    DRIVE,
    Server,
    Start,
    needs_recordings,
    run_ovms,
    status_of,
)

pytestmark = needs_recordings
MILE = 1.609344


class LastFrames:
    """An independent reading of a recording: the last frame of each kind."""

    def __init__(self, path: Path) -> None:
        self.frames: dict[tuple[int, int], bytes] = {}
        for line in path.read_text("latin-1").splitlines():
            kind, _, *words = line.split(",")[:11] if line.startswith("RD11,") else ("", "")
            if kind:
                number, *data = (int(word, 16) for word in words if word)
                self.frames[number, data[0] if number in (0x100, 0x102) else 0] = bytes(data)

    def byte(self, kind: int, place: int) -> int:
        """Return byte B<place> of the last frame 0x100 of a kind."""
        return self.frames[0x100, kind][place - 1]

    def word(self, kind: int, place: int) -> int:
        """Return the two-byte value whose low byte is B<place>."""
        return self.byte(kind, place) + 256 * self.byte(kind, place + 1)


def expected(frames: LastFrames, units: str) -> dict[str, dict[str, Any]]:
    """Return what an app must show after these frames."""

    def far(miles: float, digits: int = 0) -> float:
        value = miles * (MILE if units == "K" else 1)
        return round(value, digits)

    odometer = frames.word(0x97, 5) + 65536 * frames.byte(0x97, 7)
    doors_1, doors_2 = frames.byte(0x96, 2), frames.byte(0x96, 3)
    return {
        "S": {
            "soc": frames.byte(0x80, 2),
            "units": units,
            "ideal_range": far(frames.word(0x80, 3)),
            "estimated_range": far(frames.word(0x80, 7)),
            "charge_state": "done",
            "charge_state_number": frames.byte(0x95, 2),
            "charge_substate": frames.byte(0x95, 3),
            "charge_mode": "standard",
            "charge_energy": frames.byte(0x95, 8),
            "charge_current": frames.byte(0x88, 2),
            "charge_limit": frames.byte(0x88, 7),
            "charge_duration": 60 * frames.word(0x88, 3),
        },
        "D": {
            "doors_1": doors_1,
            "doors_2": doors_2,
            "left_door": bool(doors_1 & 1),
            "charge_port": bool(doors_1 & 4),
            "handbrake": bool(doors_1 & 0x40),
            "car_on": False,
            "locked": bool(doors_2 & 8),
            "lock_state": 4 if doors_2 & 8 else 5,
            "odometer": far(odometer / 10, 1),
            "trip": far(frames.word(0x9C, 3) / 10, 1),
            "speed": far(frames.byte(0x89, 2)),
            "temperature_pem": frames.byte(0xA3, 2),
            "temperature_motor": frames.byte(0xA3, 3),
            "temperature_battery": frames.byte(0xA3, 7),
            "temperature_ambient": frames.byte(0x82, 2),
        },
        "L": {
            "direction": frames.word(0x85, 3),
            "altitude": frames.word(0x85, 5),
            "gps_lock": False,
            "latitude": None,
            "longitude": None,
        },
    }


def tyres(frames: LastFrames) -> dict[str, float]:
    """Return what an app must show of the tyres: nothing where the recording has none."""
    data = frames.frames.get((0x344, 0))
    if data is None:
        return {}
    wheels = ("fl", "fr", "rl", "rr")
    pressures = {f"{w}_pressure": round(data[2 * i] / 2.755, 1) for i, w in enumerate(wheels)}
    return pressures | {f"{w}_temperature": data[2 * i + 1] - 40 for i, w in enumerate(wheels)}


@pytest.mark.parametrize("units", ["M", "K"])
@pytest.mark.parametrize("recording", [DRIVE, CHARGE], ids=["drive", "charge"])
def test_status_agrees_with_the_last_frames(server: Server, recording: Path, units: str) -> None:
    """After a replay at full speed the app shows what the car's last frames said."""
    replay = run_ovms(
        "car", "--type", "roadster", "--replay", str(recording), "--speed", "0",
        "--units", units, *server.link(),
    )  # fmt: skip
    assert replay.returncode == 0, replay.stderr
    status = status_of(server)
    assert status["vehicle"] == "CAR1"
    assert status["connected"] is False
    shown: Any = status["messages"]
    frames = LastFrames(recording)
    for code, fields in expected(frames, units).items():
        assert {name: shown[code]["fields"][name] for name in fields} == fields
    wheels = tyres(frames)
    told = shown["W"]["fields"] if wheels else {}
    assert {name: told[name] for name in wheels} == wheels
    assert ("W" in shown) is bool(wheels)


def test_a_replay_with_logs_is_in_the_history(server: Server) -> None:
    """Each change of the charge state of the real charge is a record, three in about a second."""
    replay = run_ovms(
        "car", "--type", "roadster", "--replay", str(CHARGE), "--speed", "0", "--logs",
        *server.link(),
    )  # fmt: skip
    assert replay.returncode == 0, replay.stderr
    shown = run_ovms("app", "history", "*-LOG-Grid", "--json", *server.link())
    records = [row["value"].split(",") for row in json.loads(shown.stdout)]
    assert sorted(record[6] for record in records) == ["charging", "done", "prepare"]


def test_an_app_watches_a_drive(server: Server, start: Start) -> None:
    """At speed 60 an app sees SOC fall, speed rise, and doors open and close in order."""
    watcher = start("app", "log", "--json", *server.link())
    watcher.wait_for('"code":"Z"')
    car = start(
        "car", "--type", "roadster", "--replay", str(DRIVE), "--speed", "60", *server.link()
    )
    assert car.end() == 0, car.output()
    watcher.wait_for('"code":"Z".*"count":0')
    seen = [json.loads(line) for line in watcher.output().splitlines()]
    socs = [m["fields"]["soc"] for m in seen if m["code"] == "S"]
    assert socs == sorted(socs, reverse=True)
    assert socs[0] > socs[-1]
    environments = [m["fields"] for m in seen if m["code"] == "D"]
    assert max(each["speed"] for each in environments) > 20
    doors = [(each["left_door"], each["right_door"]) for each in environments]
    changes = [now for before, now in zip([None, *doors], doors, strict=False) if now != before]
    open_left, closed, open_right = (True, False), (False, False), (False, True)
    assert changes == [open_left, closed, open_right, closed, open_left, closed]
