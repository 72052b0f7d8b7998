from __future__ import annotations

import pytest

from ovms.car.reports import ORDER, CarIdentity, Units, make_message
from ovms.car.state import CarState, Topic
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message
from ovms.protocol.codes import CODES, parse_content
from ovms.protocol.records import Environment, Record
from ovms.protocol.records.environment import Doors1, Doors2
from ovms.protocol.records.field_types import TextField
from ovms.protocol.records.status import KM_PER_MILE

IDENTITY = CarIdentity("TR", frozenset({1, 3, 10, 11, 12}), write_enabled=False)


def report(code: str, state: CarState, units: Units = Units.MILES, now: float = 0.0) -> list[str]:
    """Return the fields of one message."""
    message = make_message(code, state, IDENTITY, units, now)
    return message.data.decode().split(",")


def test_messages_come_in_the_order_apps_need() -> None:
    """F comes first, and each code has its message."""
    codes = [make_message(code, CarState(), IDENTITY, Units.MILES, 0).code for code in ORDER]
    assert "".join(codes) == "".join(ORDER) == "FSDLWV"


@pytest.mark.parametrize("code", "SDLW")
def test_nothing_is_claimed_of_what_was_never_read(code: str) -> None:
    """There is no reading in the record of a car that knows nothing."""
    fields = report(code, CarState())
    table = CODES.records[code]
    assert issubclass(table, Record)
    read = table.parse(",".join(fields).encode())
    told = {name: value for name, value in read.as_json().items() if value is not None}
    assert (
        told
        == {
            "S": {"units": "M", "charge_timer_stale": -1},
            "D": {"temperatures_stale": -1, "ambient_stale": -1},
            "L": {"gps_lock": False, "gps_stale": -1},
            "W": {"stale": -1},
        }[code]
    )


def test_numbers_that_can_say_unknown_are_never_empty() -> None:
    """They are 0 with a stale indicator of -1, or -1: the Android app can read them."""
    status, environment = report("S", CarState()), report("D", CarState())
    assert status[15:18] == ["0", "0", "-1"]
    assert [status[at] for at in (19, 20, 26, 27, 28, 41)] == ["-1"] * 6
    assert (environment[3:6], environment[10]) == (["0", "0", "0"], "0")
    assert environment[12:14] == ["-1", "-1"]
    assert report("L", CarState())[:6] == ["0.000000", "0.000000", "0", "0", "0", "-1"]
    assert report("W", CarState()) == ["0.0", "0"] * 4 + ["-1"]


def test_one_reading_of_several_makes_the_others_empty() -> None:
    """A stale indicator that is true of one temperature says nothing of those never read."""
    state = CarState(temperature_battery=21, latitude=47.5, longitude=9.25)
    state.tyres["fl"].temperature = 30
    state.updated = {Topic.TEMPERATURES: 0.0, Topic.TYRES: 0.0}
    assert report("D", state)[3:6] == ["", "", "21"]
    assert report("D", state)[12] == "1"
    assert report("L", state)[:6] == ["47.500000", "9.250000", "", "", "", "0"]
    assert report("W", state) == ["", "", "", "", "", "30", "", "", "1"]


def test_a_simulated_car_leaves_no_number_empty() -> None:
    """It knows all of itself, so an app that reads up to the first empty number reads all."""
    state = SimCar(start=0, seed=1).state
    for code in "SDLW":
        table = CODES.records[code]
        assert issubclass(table, Record)
        for field, text in zip(table.TABLE, report(code, state), strict=True):
            if not isinstance(field.kind, TextField):
                assert field.kind.parse(text) is not None, (code, field.name)


def test_bits_that_were_never_read_are_told_behind() -> None:
    """A car of which only the ignition and the valet mode were read tells no doors and no lock."""
    state = CarState()
    state.put_bit(Doors1.CAR_ON, True)
    state.put_bit(Doors2.VALET, False)
    fields = report("D", state)
    assert (fields[:3], fields[11], fields[21:]) == (["128", "0", ""], "", ["~000000E87F"])
    named = Environment.parse(",".join(fields).encode()).as_json()
    bits = ("car_on", "valet", "left_door", "charging", "locked", "trunk", "awake")
    assert [named[name] for name in bits] == [True, False, None, None, None, None, None]


@pytest.mark.parametrize(
    ("told", "doors", "expected"),
    [
        (True, None, ["8", "4"]),
        (False, None, ["0", "5"]),
        (True, Doors2(0), ["0", "4"]),
        (None, Doors2.LOCKED, ["8", "4"]),
        (None, None, ["", ""]),
    ],
)
def test_a_lock_that_is_told_is_in_the_door_bits(
    told: bool | None, doors: Doors2 | None, expected: list[str]
) -> None:
    """Apps look at the bit: it is what the car tells outright, unless the car reports it, too."""
    state = CarState(lock_told=told, doors_2=doors)
    assert report("D", state)[1:3] == expected
    assert (state.doors_2, state.unread) == (doors, {})


def test_without_a_position_no_gps_lock_is_claimed() -> None:
    """A receiver that says it has a lock, but never gave a position, claims none to the server."""
    state = CarState(gps_lock=True, direction=329, altitude=103)
    assert report("L", state)[:6] == ["0.000000", "0.000000", "329", "103", "0", "-1"]


def test_a_position_is_told_with_its_lock_and_age() -> None:
    """With a position the lock is the receiver's, and the age that of the position."""
    state = CarState(gps_lock=True, latitude=-47.5, longitude=9.25)
    state.updated[Topic.POSITION] = 0.0
    assert report("L", state)[:6] == ["-47.500000", "9.250000", "", "", "1", "1"]
    assert report("L", state, now=1000)[5] == "0"


def test_miles_come_out_as_they_went_in() -> None:
    """Whole miles, and tenths of the meters, survive the way through kilometres exactly."""
    for miles in range(0, 6000, 7):
        km = miles * KM_PER_MILE
        state = CarState(
            ideal_range=km, estimated_range=km, speed=km, odometer=km / 10, trip=km / 10
        )
        status, environment = report("S", state), report("D", state)
        assert status[6:8] == [str(miles)] * 2
        assert environment[6:9] == [str(miles)] * 3
        assert report("L", state)[6:8] == [str(miles)] * 2


def test_kilometres_are_rounded() -> None:
    """With K, ranges are whole kilometres and meters tenths."""
    state = CarState(ideal_range=180 * KM_PER_MILE, odometer=5571.6 * KM_PER_MILE)
    assert report("S", state, Units.KILOMETRES)[1:7:5] == ["K", "290"]
    assert report("D", state, Units.KILOMETRES)[7] == "89666"


def test_status_fields_stand_where_the_protocol_puts_them() -> None:
    """Words, numbers and scaled fields of S are in their places."""
    state = CarState(
        soc=93, charge_state="charging", charge_state_number=1, charge_substate=5, charge_mode=3,
        charge_energy=2.0, charge_minutes=12, charge_limit=70, line_voltage=220, charge_current=24,
        charge_timer_mode=1, charge_timer_start=1439, cac=148.5, charger_b4=100, cooldown=True,
    )  # fmt: skip
    state.updated[Topic.CHARGE_TIMER] = 0.0
    fields = report("S", state)
    assert fields[:6] == ["93", "M", "220", "24", "charging", "range"]
    assert fields[8:19] == ["70", "720", "100", "20", "5", "1", "3", "1", "86340", "1", "148.50"]
    assert fields[23] == "0"


def test_a_mode_without_a_name_has_no_word() -> None:
    """A charge mode that the protocol has no word for keeps its number."""
    fields = report("S", CarState(charge_mode=7))
    assert (fields[5], fields[14]) == ("", "7")


def test_firmware_and_capabilities() -> None:
    """F names the car, V the commands as ranges."""
    state = CarState(vin="VIN1")
    assert report("F", state)[1:8] == ["VIN1", "99", "0", "TR", "", "-1", "-1"]
    assert report("V", state) == ["C1", "C3", "C10-12"]


def test_reports_parse_back() -> None:
    """Every report is understood by the protocol's own reader."""
    for code in ORDER:
        message = make_message(code, CarState(soc=5), IDENTITY, Units.MILES, 0)
        content = parse_content(Message(message.code, message.data))
        assert content is not None
        assert not content.extra
