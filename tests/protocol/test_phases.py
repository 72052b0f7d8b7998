"""What a car is doing: on, plugged in, charging, connected."""

from __future__ import annotations

import pytest

from ovms.protocol.phases import PHASED, phase_of


@pytest.mark.parametrize(
    ("record_type", "first", "second", "is_same"),
    [
        ("D", "0,1,5", "64,8,4", True),
        ("D", "0,1,5", "128,1,5", False),
        ("D", "8,1", "16,1", False),
        ("D", "x,1", "", True),
        ("D", "1234,1", "-8,1", True),
        ("S", "80,K,0,0,done,a", "79,M,1,2,done,b", True),
        ("S", "80,K,0,0,done,a", "80,K,0,0,charging,a", False),
        ("S", "80,K", "79", True),
        ("*-OVMS-Connection", "1", "0", False),
        ("L", "52.1,13.1", "52.2,13.1", True),
    ],
)
def test_phases(record_type: str, first: str, second: str, is_same: bool) -> None:
    """They differ where a journey may begin or end, and nowhere else; nothing malformed fails."""
    phases = [phase_of(record_type, each.encode()) for each in (first, second)]
    assert (phases[0] == phases[1]) == is_same


def test_what_has_none() -> None:
    """A type that is not named has no phase, whatever its records say."""
    assert {"D", "S", "*-OVMS-Connection"} == PHASED
    assert phase_of("X", b"1,2,3,4,5") is phase_of("L", b"") is None
