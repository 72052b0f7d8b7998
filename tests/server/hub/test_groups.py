from __future__ import annotations

import pytest

from ovms.protocol import Role
from ovms.server.hub.groups import GROUPS_A_CAR, GROUPS_A_CLIENT, LONGEST_NAME
from tests.server.hub.fakes import Place


def test_a_watcher_gets_positions_now_and_live() -> None:
    """Current positions come at once, changes as they come, with the vehicle's id in front."""
    place = Place()
    car = place.car()
    car.says("gfriends,80,0,90,12,1,1,22.1,114.2")
    app = place.app()
    app.says("Gfriends")
    assert app.hears() == ["gCAR1,FRIENDS,80,0,90,12,1,1,22.1,114.2"]
    car.says("gfriends,79", "gothers,1")
    assert app.hears() == ["gCAR1,FRIENDS,79"]


def test_what_follows_the_name_counts_for_nothing() -> None:
    """The name ends with the first comma, however many follow."""
    place = Place()
    app = place.app()
    app.says("Gfriends,1,2")
    place.car().says("gfriends,80,50")
    assert app.hears()[-1] == "gCAR1,FRIENDS,80,50"


def test_a_position_goes_with_its_car() -> None:
    """Who watches after the car has gone is shown nothing of it."""
    place = Place()
    car = place.car()
    car.says("gfriends,80")
    car.leaves()
    app = place.app()
    app.says("Gfriends")
    assert app.hears() == []


def test_a_watcher_that_has_gone_is_forgotten() -> None:
    """No group keeps anybody who is not there."""
    place = Place()
    app = place.app(Role.BATCH)
    app.says("Gfriends")
    app.leaves()
    place.car().says("gfriends,80")
    assert place.groups._watchers == {}


def test_a_power_export_of_old_firmware_is_no_subscription() -> None:
    """`G` from a car is a report like others."""
    place = Place()
    car, app = place.car(), place.app()
    car.says("G1,0,230,10")
    assert app.hears() == ["G1,0,230,10", "T0"]
    assert "G" in place.stored


def test_bounds() -> None:
    """A car is in so many groups, a client watches so many, and names have a length."""
    place = Place()
    car, app = place.car(), place.app()
    app.says(*(f"Ggroup{n}" for n in range(GROUPS_A_CLIENT + 1)), "G", "G,", "Gx" + "x" * 64)
    assert len(place.groups._watchers) == GROUPS_A_CLIENT
    car.says(*(f"ggroup{n},1" for n in range(GROUPS_A_CAR + 1)), "g", "g,1")
    assert len(app.hears()) == GROUPS_A_CAR
    car.says(f"g{'x' * LONGEST_NAME},1", "ggroup0,2")
    assert app.hears() == ["gCAR1,GROUP0,2"]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("", False), ("x", True), ("x" * LONGEST_NAME, True), ("x" * (LONGEST_NAME + 1), False)],
)
def test_the_length_of_a_name(name: str, is_one: bool) -> None:
    """A group is neither watched nor entered under an empty name or one that is too long."""
    place = Place()
    car, app = place.car(), place.app()
    app.says(f"G{name}")
    assert (len(place.groups._watchers) == 1) == is_one
    car.says(f"g{name},1")
    assert (len(place.groups._positions) == 1) == is_one


def test_names_have_no_case() -> None:
    """A group is one under any spelling, and goes out in upper case."""
    place = Place()
    car, app = place.car(), place.app()
    car.says("gFriends,80,x")
    app.says("GfRIENDS")
    assert app.hears() == ["gCAR1,FRIENDS,80,x"]
    car.says("gfriends", "gFRIENDS,79,x")
    assert app.hears() == ["gCAR1,FRIENDS", "gCAR1,FRIENDS,79,x"]
    assert set(place.groups._positions) == {b"FRIENDS"}
