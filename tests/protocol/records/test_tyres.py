from __future__ import annotations

from dataclasses import replace

from ovms.protocol.records import Tyres
from ovms.protocol.records.tyres import Readings


def test_tyres_changed() -> None:
    """Tyres that were changed are written anew."""
    read = Tyres.parse(b"1,F,1,200,1")
    assert replace(read, names=("R",)).encode() == b"1,R,1,200.0,1"


def test_tyres_with_a_gap() -> None:
    """Sections behind one that is missing cannot be written, and are left out."""
    assert Tyres(temperature=Readings((20,), 1)).encode() == b"0"


def test_wheel_names_with_commas() -> None:
    """A comma in a wheel's name does not break the record."""
    assert Tyres(names=("front, left",)).encode() == b"1,front; left"


def test_readings_that_are_undefined_are_unknown() -> None:
    """A section whose flag is -1 has no readings; one whose flag is 0 has old ones."""
    read = Tyres.parse(b"1,F,1,200.0,-1,1,20.0,0")
    assert read.known().pressure == Readings((None,), -1)
    assert read.known().temperature == Readings((20,), 0)
    named = read.as_json()
    assert (named["pressure"], named["temperature"], named["health"]) == ([None], [20], None)
    assert read.encode() == b"1,F,1,200.0,-1,1,20.0,0"
