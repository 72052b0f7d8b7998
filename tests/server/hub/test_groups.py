from __future__ import annotations

import pytest

from ovms.protocol import Role
from ovms.server.hub import groups
from ovms.server.hub.groups import (
    GROUPS_A_CAR,
    LONGEST_NAME,
    LONGEST_POSITION,
    WATCHERS_A_VEHICLE,
    Groups,
)
from ovms.server.hub.limits import GROUPS_A_CLIENT, HubLimits
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
    assert place.groups._groups.keys() == {b"FRIENDS"}
    assert not place.groups._groups[b"FRIENDS"].watchers
    assert not place.groups._clients


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
    assert len(place.groups._groups) == GROUPS_A_CLIENT
    car.says(*(f"ggroup{n},1" for n in range(GROUPS_A_CAR + 1)), "g", "g,1")
    assert len(app.hears()) == GROUPS_A_CAR
    car.says(f"g{'x' * LONGEST_NAME},1", "ggroup0,2")
    place.passes(1)
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
    assert (len(place.groups._groups) == 1) == is_one
    app.leaves()
    car.says(f"g{name},1")
    assert (len(place.groups._groups) == 1) == is_one


def test_names_have_no_case() -> None:
    """A group is one under any spelling, and goes out in upper case."""
    place = Place()
    car, app = place.car(), place.app()
    car.says("gFriends,80,x")
    app.says("GfRIENDS")
    assert app.hears() == ["gCAR1,FRIENDS,80,x"]
    car.says("gfriends")
    assert app.hears() == ["gCAR1,FRIENDS"]
    car.says("gFRIENDS,79,x")
    place.passes(1)
    assert app.hears() == ["gCAR1,FRIENDS,79,x"]
    assert set(place.groups._groups) == {b"FRIENDS"}


# -- floods ---------------------------------------------------------------------------------------


def test_a_position_goes_out_once_a_second() -> None:
    """What a car says more often waits, and only its newest is sent."""
    place = Place()
    car, app = place.car(), place.app()
    app.says("Gfriends")
    car.says(*(f"gfriends,{n}" for n in range(1000)))
    assert app.hears() == ["gCAR1,FRIENDS,0"]
    place.passes(1)
    assert app.hears() == ["gCAR1,FRIENDS,999"]
    place.passes(5)
    assert app.hears() == []


def test_what_is_too_much_waits_in_turn() -> None:
    """A turn has its share of messages; what was sent beyond it is missing from the next."""
    place = Place(limits=HubLimits(group_messages=20))
    car, apps = place.car(), [place.app() for _ in range(5)]
    for app in apps:
        app.says("Ga", "Gb", "Gc")
    car.says("ga,1", "gb,1", "gc,1")
    assert [app.hears() for app in apps] == [["gCAR1,A,1"]] * 5  # two, and three too many
    heard = []
    for _ in range(6):
        place.groups.pump()
        heard.append([app.hears() for app in apps])
    none: list[list[str]] = [[]] * 5
    assert heard == [none, [["gCAR1,B,1"]] * 5, none, none, [["gCAR1,C,1"]] * 5, none]


def test_a_group_that_is_asked_for_again_and_again() -> None:
    """A client that repeats itself gets the positions once a turn at most."""
    place = Place(limits=HubLimits(group_messages=10))
    car, app = place.car(), place.app()
    car.says("ga,1")
    app.says(*["Ga"] * 1000)
    assert app.hears() == ["gCAR1,A,1"]
    place.groups.pump()
    assert app.hears() == ["gCAR1,A,1"]
    place.passes(1)
    assert app.hears() == []


def test_a_vehicles_clients_in_one_group() -> None:
    """One more than a family's gets a place, and the first gives its own up."""
    place = Place()
    car = place.car()
    apps = [place.app() for _ in range(WATCHERS_A_VEHICLE + 1)]
    for app in apps:
        app.says("Ga")
    car.says("ga,1")
    assert [len(app.hears()) for app in apps] == [0] + [1] * WATCHERS_A_VEHICLE
    apps[0].says("Gb")
    assert len(place.groups._clients) == WATCHERS_A_VEHICLE + 1


def test_a_group_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cars and clients beyond the bounds of a group find no place in it, others stay."""
    monkeypatch.setattr(groups, "CARS_A_GROUP", 2)
    monkeypatch.setattr(groups, "WATCHERS_A_GROUP", 2)
    place, told = Place(), []
    every = Groups()
    members = [place.app().member for _ in range(3)]
    for number, member in enumerate(members):
        every.watch(member, f"CAR{number}", b"a", lambda who, _: told.append(who))
    for number in range(3):
        every.move(f"CAR{number}", b"a,1")
    assert told == members[:2] * 2
    every.client_gone(members[0])
    every.car_gone("CAR1")
    every.watch(members[2], "CAR2", b"a", lambda who, _: told.append(who))
    every.move("CAR2", b"a,1")
    assert told[4:] == [members[2], members[1], members[2]]


@pytest.mark.parametrize(("length", "is_sent"), [(LONGEST_POSITION, 1), (LONGEST_POSITION + 1, 0)])
def test_the_length_of_a_position(length: int, is_sent: int) -> None:
    """A position that is far too long is not shown to many."""
    place = Place()
    car, app = place.car(), place.app()
    app.says("Ga")
    car.says("ga," + "1" * (length - 2))
    assert len(app.hears()) == is_sent


def test_who_goes_while_something_waits() -> None:
    """Cars and clients that have gone leave nothing behind."""
    place = Place(limits=HubLimits(group_messages=10))
    car, app, other = place.car(), place.app(), place.app()
    for each in (app, other):
        each.says("Ga", "Gb")
    car.says("ga,1", "gb,1", "ga,2")
    app.leaves()
    car.leaves()
    other.leaves()
    place.passes(1)
    every = place.groups
    left = every._groups, every._due, every._later, every._clients, every._vehicles, every._cars
    assert not any(left)
