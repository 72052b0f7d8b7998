"""Places: which of them a position is in."""

from __future__ import annotations

from ovms.server.journeys.places import Place, place_at
from ovms.server.journeys.values import Position

HOME = Place(
    id=1, owner_id=1, name="Home", position=Position(latitude=52.5, longitude=13.4), radius=100.0
)
TOWN = Place(id=2, owner_id=1, name="Town", position=HOME.position, radius=5000.0)


def test_the_smallest_place_counts() -> None:
    """A house in a town is the house, whichever was made first."""
    assert place_at([TOWN, HOME], HOME.position) is HOME
    beside = Position(latitude=52.501, longitude=13.4)
    assert 100 < HOME.position.metres_to(beside) < 120
    assert place_at([TOWN, HOME], beside) is TOWN


def test_nowhere_is_no_place() -> None:
    """Neither an unknown position nor one outside of all is at a place."""
    assert place_at([HOME], None) is None
    assert place_at([HOME], Position(latitude=0.0, longitude=0.0)) is None
    assert place_at([], HOME.position) is None


def test_a_place_on_the_date_line_has_two_sides() -> None:
    """180° east and 180° west are one line."""
    position = Position(latitude=-16.8, longitude=179.9999)
    taveuni = Place(id=3, owner_id=1, name="Taveuni", position=position)
    assert place_at([taveuni], Position(latitude=-16.8, longitude=-179.9999)) is taveuni
