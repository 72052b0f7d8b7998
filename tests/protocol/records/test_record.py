from __future__ import annotations

from dataclasses import replace

import pytest

from ovms.protocol.records import Location, Peers, Status, legible


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
