"""A week of a household's car, by the time of day: to work, shopping, a trip, charging at home."""

from __future__ import annotations

from ovms.car.vehicles.sim.charging import Plug
from ovms.car.vehicles.sim.route import HOME_TO_TOWN, TO_HOME, TO_TOWN, Route, Waypoint
from ovms.car.vehicles.sim.scenario import DAY, Act, Alarm, Go, Scenario, Stay
from ovms.car.vehicles.sim.scenarios.road_trip import FAST, FIRST

TO_SHOP = Route.along(
    (
        HOME_TO_TOWN[0],
        Waypoint(48.24620, 11.64790, 480, 50),
        Waypoint(48.23890, 11.64370, 478, 60, light=True),
        Waypoint(48.23210, 11.65480, 480, 50, light=True),
        Waypoint(48.22970, 11.66620, 482, 30),
    )
)
"""4 km."""

NIGHT = DAY / 2
"""About how long the car stands at home overnight, s."""

WORK = Stay((9 * 3600, 9 * 3600), leaves=(14.8, 15.8))


def _night(*, leaves: tuple[float, float] = (5.4, 6.0), is_charged: bool = False) -> Stay:
    return Stay((NIGHT, NIGHT), plug=Plug.AC if is_charged else None, leaves=leaves)


def _workday(*, is_charged: bool = False) -> tuple[Act, ...]:
    """Return a night at home, and the way to work and back."""
    return _night(is_charged=is_charged), Go(TO_TOWN), WORK, Go(TO_HOME)


def _shopping(leaves: tuple[float, float], *, is_charged: bool = False) -> tuple[Act, ...]:
    """Return a while at home, and the way to the shops and back."""
    at_home = Stay((3600, 3600), plug=Plug.AC if is_charged else None, leaves=leaves)
    return at_home, Go(TO_SHOP), Stay((1200, 2700)), Go(TO_SHOP.reversed())


FRIDAY: tuple[Act, ...] = (
    _night(),
    Go(TO_TOWN),
    Stay((5 * 3600, 5 * 3600), leaves=(10.5, 12.5)),
    Alarm(True),
    Stay((40, 90)),
    Alarm(False),
    Stay((4 * 3600, 4 * 3600), leaves=(14.0, 15.0)),
    Go(TO_HOME),
)
"""At noon somebody leans on the car."""

SATURDAY: tuple[Act, ...] = (
    _night(leaves=(8.0, 9.0)),
    Go(TO_SHOP),
    Stay((1800, 3600)),
    Go(TO_SHOP.reversed()),
    # plugged in, and needed again before it is done
    *_shopping((10.6, 11.0), is_charged=True),
)

SUNDAY: tuple[Act, ...] = (
    _night(leaves=(7.5, 8.5), is_charged=True),
    Go(FIRST),
    FAST,
    Stay((2 * 3600, 3 * 3600)),
    Go(FIRST.reversed()),
)

DAYS: tuple[tuple[Act, ...], ...] = (
    _workday(is_charged=True),
    (*_workday(), *_shopping((17.0, 17.8))),
    _workday(is_charged=True),
    (*_workday(), *_shopping((17.0, 17.8))),
    FRIDAY,
    SATURDAY,
    SUNDAY,
)
"""The acts of each day, from Monday on; each begins with the night before."""

WEEK = Scenario(
    name="week",
    meaning="a household's car by the time of day: to work, shopping, a trip on Sunday",
    acts=tuple(act for day in DAYS for act in day),
    first=None,
)


def begin_of(weekday: int) -> int:
    """Return the number of the act with which a weekday begins; Monday is 0."""
    return sum(map(len, DAYS[:weekday]))
