from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from ovms.protocol.records import (
    CarFirmware,
    Environment,
    Freshness,
    Location,
    Peers,
    Status,
    legible,
)
from ovms.protocol.records.environment import Doors1
from ovms.protocol.records.record import Record, bits, record


def test_missing_fields() -> None:
    """Missing fields are empty between others, and left out at the end."""
    assert Status(soc=80, charge_current=70).encode() == b"80,,,70"
    assert Status().encode() == b""


def test_extra_fields() -> None:
    """Fields behind the last known one stand in their place, whatever is missing before."""
    assert Peers(extra=("a", "b")).encode() == b",a,b"
    assert Peers.parse(b",a,b") == Peers(extra=("a", "b"))


def test_text_that_came() -> None:
    """A record leaves as it came, in another's spelling, down to its empty fields."""
    data = b"+22.5,nan,0x10,,yes,,"
    assert Location.parse(data).encode() == data


def test_change_one_field() -> None:
    """A field that was changed is written anew, and its neighbours stay as they came."""
    read = Location.parse(b"+22.5,nan,0090")
    assert replace(read, longitude=1).encode() == b"+22.5,1.000000,0090"
    assert replace(read, latitude=None).encode() == b",nan,0090"
    assert replace(read, gps_lock=True).encode() == b"+22.5,nan,0090,,1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("abc", "abc"), ("äö", "äö"), ("\udce4", "ä"), ("ä\udcff", "Ã¤ÿ"), ("\udcc3\udca4", "ä")],
)
def test_legible(text: str, expected: str) -> None:
    """Text whose bytes are not UTF-8 is read as Latin-1 as a whole."""
    assert legible(text) == expected


def test_records_are_frozen() -> None:
    """A record cannot be changed in place, and its text is no part of what it is."""
    read = Peers.parse(b"01")
    assert read == Peers(count=1)
    assert hash(read) == hash(Peers(count=1))
    with pytest.raises(AttributeError):
        read.extra = ("x",)  # type: ignore[misc]


NO_POSITION = Location.parse(b"0.000000,0.000000,0,0,0,-1,55")


def test_a_stale_indicator_below_0_is_unknown() -> None:
    """A number whose indicator is -1 was never read: it is null in JSON, and leaves as it came."""
    known = NO_POSITION.known()
    assert (known.latitude, known.longitude, known.direction, known.altitude) == (None,) * 4
    assert (known.gps_lock, known.speed) == (False, 55)
    assert known.as_json() == NO_POSITION.as_json()
    assert NO_POSITION.as_json()["latitude"] is None
    assert known.encode() == NO_POSITION.encode() == b"0.000000,0.000000,0,0,0,-1,55"


def test_what_a_receiver_reads_without_a_position_counts() -> None:
    """A direction and an altitude other than 0 are known, though there is no position."""
    named = Location.parse(b"0,0,329,103,0,-1").as_json()
    assert (named["latitude"], named["direction"], named["altitude"]) == (None, 329, 103)


@pytest.mark.parametrize(
    ("data", "freshness"),
    [
        (b"1.5,2.5,0,0,1,-1", Freshness.UNKNOWN),
        (b"1.5,2.5,0,0,1,0", Freshness.OLD),
        (b"1.5,2.5,0,0,1,1", Freshness.FRESH),
        (b"1.5,2.5", Freshness.FRESH),
        (b",,0,0,1,1", Freshness.UNKNOWN),
    ],
)
def test_freshness_follows_the_stale_indicator(data: bytes, freshness: Freshness) -> None:
    """A reading is unknown below 0, old at 0 and fresh above; without an indicator it is fresh."""
    assert Location.parse(data).freshness("latitude") is freshness


def test_numbers_that_stand_for_unknown_are_null() -> None:
    """Numbers that mean unknown by themselves are no reading; the same number elsewhere is one."""
    status = Status(minutes_to_full=-1, charge_end_time=-1, cooldown_active=-1)
    assert (status.known().minutes_to_full, status.known().charge_end_time) == (None, None)
    assert status.as_json()["cooldown_active"] == -1
    assert CarFirmware(gsm_signal=99).as_json()["gsm_signal"] is None
    assert CarFirmware(gsm_signal=0).as_json()["gsm_signal"] == 0


def test_a_changed_record_keeps_what_came_of_the_unknown() -> None:
    """A field that is unknown leaves as it came, whatever else is changed; a new value counts."""
    changed = replace(NO_POSITION.known(), speed=60)
    assert changed.encode() == b"0.000000,0.000000,0,0,0,-1,60"
    assert replace(changed, latitude=1.5).encode() == b"1.500000,0.000000,0,0,0,-1,60"
    assert Environment.parse(b"0,0,5").known().encode() == b"0,0,5"


@record("?")
@dataclass(frozen=True, slots=True, kw_only=True)
class Lamps(Record):
    """A record with bits, all of which its senders read."""

    doors: Doors1 | None = bits(Doors1, "doors")  # noqa: RUF009 (a field)


def test_bits_of_a_record() -> None:
    """A bit is set or not, and unknown where its field is missing."""
    assert Lamps.parse(b"4").is_set(Doors1.CHARGE_PORT) is True
    assert Lamps.parse(b"0").is_set(Doors1.CHARGE_PORT) is False
    assert Lamps.parse(b"").is_set(Doors1.CHARGE_PORT) is None
