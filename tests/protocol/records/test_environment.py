from __future__ import annotations

import pytest

from ovms.protocol.records.environment import (
    LOCKED,
    UNLOCKED,
    Doors1,
    Doors2,
    Doors3,
    Doors4,
    Doors5,
    Environment,
    unread_field,
)


def test_units() -> None:
    """The fields have the guide's units, degrees and volts above all, in the order of the wire."""
    assert [field.unit for field in Environment.TABLE] == [
        *("", "", "", "°C", "°C", "°C", "distance", "distance", "distance/h", "s", "°C"),
        *("", "", "", "V", "", "V", "", "°C", "A", "°C"),
    ]


def test_doors() -> None:
    """The five bytes of doors stand at 1, 2, 12, 16 and 18, each with its own names."""
    read = Environment.parse(b"129,136,4,,,,,,,,,1,,,,2,,128")
    assert read == Environment(
        doors_1=Doors1.LEFT_DOOR | Doors1.CAR_ON,
        doors_2=Doors2.LOCKED | Doors2.TRUNK,
        lock_state=LOCKED,
        doors_3=Doors3.AWAKE,
        doors_4=Doors4.ALARM_SENT,
        doors_5=Doors5.HVAC,
    )


def test_lock_states() -> None:
    """Locked and unlocked are the car's own numbers."""
    assert (LOCKED, UNLOCKED) == (4, 5)


def test_alarm_both_ways() -> None:
    """An alarm is read from either bit, and sent in the one that modules send."""
    for value in (b"2", b"4", b"6"):
        read = Environment.parse(b"," * 15 + value)
        assert read.as_json()["alarm"] is True
    assert Environment(doors_4=Doors4.ALARM_SENT).encode() == b"," * 15 + b"2"


def test_a_lock_that_is_not_told_is_unknown() -> None:
    """Without a lock state a car whose door bits do not say locked may be locked or not."""
    read = Environment.parse(b"128,0,")
    assert read.is_set(Doors2.LOCKED) is None
    assert (read.is_set(Doors2.TRUNK), read.is_set(Doors1.CAR_ON)) == (False, True)
    assert Environment.parse(b"128,8").is_set(Doors2.LOCKED) is True
    assert Environment.parse(b"128,0,5").as_json()["locked"] is False
    assert Environment().is_set(Doors1.CAR_ON) is None


def test_bits_that_were_never_read_are_unknown() -> None:
    """A field behind the last one tells which bits of each door state a car has never read."""
    extra = unread_field({"doors_1": 0x7F, "doors_5": 0x80})
    assert extra == ("~800000007F",)
    read = Environment.parse(
        Environment(doors_1=Doors1.CAR_ON, doors_5=Doors5(0), extra=extra).encode()
    )
    named = read.as_json()
    assert (named["car_on"], named["left_door"], named["hvac"], named["frunk"]) == (
        True, None, None, False,
    )  # fmt: skip
    assert named["doors_1"] == 0x80
    assert unread_field({"doors_1": 0}) == ()


@pytest.mark.parametrize("extra", ["7", "~7F", "~8000000ff", ""])
def test_other_fields_behind_tell_nothing_of_bits(extra: str) -> None:
    """A field of later firmware in that place is not taken for unread bits."""
    assert Environment(doors_1=Doors1(0), extra=(extra,)).is_set(Doors1.CAR_ON) is False
