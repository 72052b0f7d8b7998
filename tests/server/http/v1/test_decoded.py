from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ovms.protocol.messages import LatestMessage
from ovms.server.http.v1.decoded import (
    KEPT_LENGTH,
    STALE_AGE,
    WHEELS_LIMIT,
    VehicleState,
    distance_unit,
    iso,
)
from ovms.server.hub.latest import LatestMessages

NOW = 1_700_000_000.0

STATUS = "80,{unit},230,16,charging,range,100,90,32,3600,0,123,3,1,3,1,3600,1,160,60,-1"
DOORS = "9,8,4,20,30,40,100,2000,50,0,25,3,1,1,12.5,2,12.6,129"

CORPUS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "corpus" / "state.json").read_text("utf-8")
)[1:]
"""The cases that the app in the browser is tested with, too."""

USUAL = {"age": 0, "is_stale": False, "old": []}


def read(*texts: str, age: float = 0.0, is_online: bool = True, **more: Any) -> dict[str, Any]:
    """Return the state of a car that said so, each text a code and data."""
    latest = LatestMessages()
    for text in texts:
        latest.put(LatestMessage(text[0], text[1:].encode("latin-1"), NOW - age))
    state = VehicleState.of("CAR1", latest, is_online=is_online)
    return state.as_json(NOW, sees_location=True, **more)


def group(name: str, *texts: str, age: float = 0.0, is_online: bool = True) -> dict[str, Any]:
    """Return one group of it."""
    found: dict[str, Any] = read(*texts, age=age, is_online=is_online)["groups"][name]
    return found


def pick(facts: dict[str, Any], *names: str) -> list[Any]:
    """Return some facts of a group."""
    return [facts[name] for name in names]


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case["comment"])
def test_case(case: dict[str, Any]) -> None:
    """Messages say what the corpus has: what is not in it is unknown."""
    latest = LatestMessages()
    for each in case["messages"]:
        data, token = each["data"].encode("latin-1"), "TOKEN" if each.get("sealed") else ""
        latest.put(LatestMessage(each["code"], data, NOW - each.get("age", 0), token))
    state = VehicleState.of("CAR1", latest, is_online=case.get("online", True))
    told = state.as_json(NOW, sees_location=True)
    assert told["distance_unit"] == case["unit"]
    found = {name: facts for name, facts in told["groups"].items() if facts is not None}
    assert found.keys() == case["groups"].keys()
    for name, expected in case["groups"].items():
        known = {fact: value for fact, value in found[name].items() if value is not None}
        assert known == {"time": known["time"], **USUAL, **expected}


def test_a_car_that_never_spoke() -> None:
    """All its groups are there, and unknown."""
    state = read()
    assert set(state["groups"].values()) == {None}
    assert (state["heard"], state["distance_unit"], state["is_paranoid"]) == (None, None, False)


@pytest.mark.parametrize(
    ("unit", "ideal", "odometer", "told"),
    [("K", 100, 200, "km"), ("M", 160.934, 321.869, "mi"), ("", None, None, None),
     ("X", None, None, None)],
)  # fmt: skip
def test_distances(unit: str, ideal: float, odometer: float, told: str) -> None:
    """They are in km whatever the car is set to, and unknown if it has not said the unit."""
    state = read("S" + STATUS.format(unit=unit), "D" + DOORS)
    assert state["groups"]["battery"]["ideal_range"] == ideal
    assert state["groups"]["driving"]["odometer"] == odometer
    assert state["distance_unit"] == told


def test_charge() -> None:
    """Numbers are words where they stand for something, minutes are seconds, -1 is unknown."""
    charge = group("charge", "S" + STATUS.format(unit="K"))
    assert pick(charge, "state", "is_charging", "substate", "mode") == [
        "charging", True, "onrequest", "range",
    ]  # fmt: skip
    assert pick(charge, "time_to_full", "time_to_limit", "energy") == [3600, None, 12.3]
    assert pick(charge, "is_timed", "timer_start", "is_cooling") == [True, 3600, None]
    unknown = group("charge", "S80,K,,,,,,,,,,,99")
    assert pick(unknown, "state", "is_charging", "substate", "mode") == [None, None, "99", None]


def test_doors() -> None:
    """Bits are yes or no; the alarm stands in the bit that the firmware has it in."""
    doors = group("doors", "D" + DOORS)
    assert pick(doors, "is_front_left_open", "is_plugged_in", "is_locked") == [True, True, True]
    assert pick(doors, "is_rear_left_open", "is_alarm_on") == [True, True]
    sounds = "D0,0,5,0,0,0,0,0,0,0,0,0,1,1,12,4"
    assert group("doors", sounds)["is_alarm_on"]
    assert not group("doors", "F3.3.004,VIN", sounds)["is_alarm_on"]
    assert group("doors", "D")["is_locked"] is None


def test_stale_marks() -> None:
    """What the module marks as old is named and makes its group stale, and what is none is null."""
    old = group("temperatures", "D0,0,4,20,30,40,0,0,0,0,25,0,0,-1")
    assert pick(old, "is_stale", "old") == [True, ["battery", "motor", "power_electronics"]]
    assert pick(old, "battery", "ambient") == [40, None]
    place = group("location", "L51.5,-0.12,90,100,1,0,30")
    assert pick(place, "is_stale", "latitude", "longitude") == [True, 51.5, -0.12]
    assert not group("driving", "D0,0,4,20,30,40,0,0,0,0,25,0,0,0")["is_stale"]


def test_no_position() -> None:
    """Zeros of a receiver that never had a position are unknown, as is what is no place."""
    place = group("location", "L0,0,0,0,0,-1,0")
    assert pick(place, "latitude", "longitude", "has_fix") == [None, None, False]
    assert pick(group("location", "L91,181,0,0,1,1"), "latitude", "longitude") == [None, None]


@pytest.mark.parametrize(
    ("text", "name", "age", "is_online", "is_stale"),
    [("S80,K", "battery", STALE_AGE, True, False), ("S80,K", "battery", STALE_AGE + 1, True, True),
     ("S80,K", "battery", 0, False, False), ("F3.3", "module", 86400, True, False),
     ("F3.3", "module", 0, False, True), ("VC1", "capabilities", 86400, True, False)],
)  # fmt: skip
def test_stale_by_age(text: str, name: str, age: float, is_online: bool, is_stale: bool) -> None:
    """Telemetry is stale when the car should have said it again, the rest when the car is gone."""
    found = group(name, text, age=age, is_online=is_online)
    assert pick(found, "age", "is_stale") == [int(age), is_stale]


def test_tyres() -> None:
    """Pressures of either message are in kPa, with the wheels' names; alerts are words."""
    front = group("tyres", "W36,20,0,0,35.5,21,0,0,1")["wheels"]
    assert front[0] == {
        "name": "FL", "pressure": 244.764, "temperature": 21, "health": None, "alert": None,
    }  # fmt: skip
    assert group("tyres", "W36,20,36,20,36,20,36,20,0")["is_stale"]
    assert group("tyres", "W36,20,36,20,36,20,36,20,-1")["wheels"][0]["pressure"] is None
    any_wheels = group("tyres", "Y2,A,B,2,250,260,1,2,20,21,0,0,-1,2,0,2,1", "W36,20")
    assert any_wheels["wheels"][1] == {
        "name": "B", "pressure": 260, "temperature": 21, "health": None, "alert": "alert",
    }  # fmt: skip
    assert any_wheels["is_stale"]
    many = ",".join(["100", *"A" * 100])
    assert len(group("tyres", f"Y{many}")["wheels"]) == WHEELS_LIMIT


def test_tyres_of_an_older_module() -> None:
    """What an older module said gives way to what the present one says, of either kind."""
    latest = LatestMessages()
    latest.put(LatestMessage("Y", b"1,A,1,250,1", NOW - STALE_AGE - 1))
    latest.put(LatestMessage("W", b"36,20", NOW))
    state = VehicleState.of("CAR1", latest, is_online=True)
    found = state.as_json(NOW, sees_location=True)["groups"]["tyres"]
    assert [each["name"] for each in found["wheels"]] == ["FL", "FR", "RL", "RR"]


def test_pic() -> None:
    """A PIC module's minutes are seconds here, and its Wh are kWh."""
    firmware = "F3.1.4/TR2.0/V2/1,VIN"
    assert group("charge", firmware, "S80,K,0,0,done,range,0,0,0,5")["duration"] == 300
    assert group("energy", firmware, "L0,0,0,0,1,1,0,0,1F,2,1500,20")["used"] == 1.5


def test_other_groups() -> None:
    """Firmware, commands, power export and energy have groups of their own."""
    state = read("F3.3.004,VIN1,99,1,TR,net,-1,1700000000", "VC1,C3-6,x", "X1,0,230,10,2.3,90",
                 "L1,2,0,0,1,1,0,0,1F,2.5,1.5,0.5")["groups"]  # fmt: skip
    assert pick(state["module"], "vin", "signal", "may_write", "service_time") == [
        "VIN1", None, True, "2023-11-14T22:13:20.000Z",
    ]  # fmt: skip
    assert state["capabilities"]["commands"] == [{"first": 1, "last": 1}, {"first": 3, "last": 6}]
    assert pick(state["export"], "is_exporting", "power") == [True, 2.3]
    assert pick(state["energy"], "battery_power", "drive_mode") == [2.5, 31]


def test_sealed() -> None:
    """Of what is sealed nothing is told, only that it is."""
    latest = LatestMessages("token")
    latest.put(LatestMessage("S", b"xyz", NOW, "token"))
    state = VehicleState.of("CAR1", latest, is_online=True).as_json(NOW, sees_location=True)
    assert state["is_paranoid"]
    assert set(state["groups"].values()) == {None}


def test_rubbish() -> None:
    """Fields that are none are unknown, numbers without end too, and a long message is read."""
    battery = group("battery", "Snan,K,x,1e999,,,1e308")
    assert pick(battery, "soc", "ideal_range") == [None, 1e308]
    assert group("battery", "S80,M,,,,,1.7e308")["ideal_range"] is None
    long = "S80,K" + "," * KEPT_LENGTH
    assert group("battery", long)["soc"] == 80
    assert distance_unit(b"80") is None
    assert iso(1e20) is None


def test_only_some_groups() -> None:
    """Events tell only what has changed."""
    assert [*read("S80,K", only=["battery"])["groups"]] == ["battery"]


def test_times_below_zero() -> None:
    """A time until something that is below 0 is unknown, whichever message has it."""
    export = group("export", f"X{',' * 19}-1,-1,-1")
    assert pick(export, "time_to_empty", "time_to_range_limit", "time_to_soc_limit") == [None] * 3


def test_alert_level_between() -> None:
    """A level of a tyre's alert that has no word stays a number."""
    wheels = group("tyres", "Y1,FL,0,1,0,1,0,1,1,1.5,1")["wheels"]
    assert wheels[0]["alert"] == "1.5"
