from __future__ import annotations

import pytest

from ovms.car.reports import ORDER, CarIdentity, Units, make_message
from ovms.car.state import KM_PER_MILE, CarState, Topic
from ovms.protocol import Message
from ovms.protocol.codes import CODES, parse_content
from ovms.protocol.records import Record
from ovms.protocol.records.field_types import TextField

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
def test_every_number_is_filled_when_nothing_is_known(code: str) -> None:
    """A car that knows nothing sends full-length records, every number in them filled."""
    table = CODES.records[code]
    assert issubclass(table, Record)
    fields = report(code, CarState())
    assert len(fields) == len(table.TABLE)
    for field, text in zip(table.TABLE, fields, strict=True):
        if not isinstance(field.kind, TextField):
            assert field.kind.parse(text) is not None, field.name
    assert all(" " not in text for text in fields)


def test_nothing_is_claimed_of_what_is_not_known() -> None:
    """Unknown readings have stale indicators of -1, and no timer, cooldown or lock is claimed."""
    assert report("S", CarState())[17] == "-1"
    assert report("S", CarState())[23] == "-1"
    assert report("D", CarState())[2] == "5"
    assert report("D", CarState())[12:14] == ["-1", "-1"]
    assert report("L", CarState())[:6] == ["0.000000", "0.000000", "0", "0", "0", "-1"]
    assert report("W", CarState())[8] == "-1"


def test_without_a_position_no_gps_lock_is_claimed() -> None:
    """A receiver that says it has a lock, but never gave a position, claims none to the server."""
    state = CarState(gps_lock=True, direction=329, altitude=103)
    assert report("L", state)[:6] == ["0.000000", "0.000000", "329", "103", "0", "-1"]


def test_a_position_is_told_with_its_lock_and_age() -> None:
    """With a position the lock is the receiver's, and the age that of the position."""
    state = CarState(gps_lock=True, latitude=-47.5, longitude=9.25)
    state.updated[Topic.POSITION] = 0.0
    assert report("L", state)[:6] == ["-47.500000", "9.250000", "0", "0", "1", "1"]
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
