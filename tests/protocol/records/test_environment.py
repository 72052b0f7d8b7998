from __future__ import annotations

from ovms.protocol.records.environment import (
    LOCKED,
    UNLOCKED,
    Doors1,
    Doors2,
    Doors3,
    Doors4,
    Doors5,
    Environment,
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
