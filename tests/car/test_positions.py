from __future__ import annotations

import pytest

from ovms.car.alert_limits import DEFAULTS
from ovms.car.positions import Place, PositionCheck, Verdict, distance

HERE = (47.66, 9.17)
GOOD, REFUSED, ELSEWHERE = Verdict.GOOD, Verdict.REFUSED, Verdict.ELSEWHERE


def judged(*readings: tuple[Place, float]) -> list[Verdict]:
    """Return what readings are worth, each with its time."""
    check = PositionCheck(DEFAULTS.position)
    return [check.judge(place, now) for place, now in readings]


@pytest.mark.parametrize(
    ("place", "verdict"),
    [
        (HERE, GOOD),
        ((-33.9, 18.4), GOOD),
        ((89.9, 180.0), GOOD),
        ((0.0, 0.0), REFUSED),
        ((-0.0, 0.0), REFUSED),
        ((-0.000001, -0.000001), REFUSED),
        ((90.0, 180.0), REFUSED),
        ((0.0, 9.17), REFUSED),
        ((47.66, 0.0), REFUSED),
        ((90.1, 9.17), REFUSED),
        ((47.66, 180.1), REFUSED),
        ((float("nan"), 9.17), REFUSED),
        ((float("inf"), 9.17), REFUSED),
    ],
)
def test_the_first_reading(place: Place, verdict: Verdict) -> None:
    """A place on earth is believed; what is exactly 0 only if more readings say so."""
    assert judged((place, 0)) == [verdict]


def test_jumps() -> None:
    """How far a car can have come depends on the time since the last reading."""
    far = (HERE[0] + 1, HERE[1])  # 111 km
    assert judged((HERE, 0), (far, 60), (HERE, 61)) == [GOOD, REFUSED, GOOD]
    assert judged((HERE, 0), (far, 1400)) == [GOOD, GOOD]
    assert judged((HERE, 0), ((HERE[0] + 0.008, HERE[1]), 0)) == [GOOD, GOOD]


def test_a_place_that_several_readings_tell_of() -> None:
    """A car that was carried elsewhere while the module was off is there after half a minute."""
    far = (60.0, 20.0)
    readings = [(far, now) for now in range(1, 41)]
    verdicts = judged((HERE, 0), *readings)
    assert verdicts[1:31] == [REFUSED] * 30
    assert verdicts[31] is ELSEWHERE
    assert set(verdicts[32:]) == {GOOD}
    assert judged((HERE, 0), (far, 1), (far, 60), (far, 120)) == [GOOD, REFUSED, REFUSED, ELSEWHERE]
    zeros = [((0.0, 9.17), now) for now in range(1, 999)]
    assert set(judged((HERE, 0), *zeros)[1:]) == {REFUSED}
    mixed = [((60.0, 20.0) if now % 2 else (0.0, 9.17), now) for now in range(1, 200)]
    assert set(judged((HERE, 0), *mixed)[1:]) == {REFUSED}


def test_on_the_meridian_and_on_the_equator() -> None:
    """A car that drives across 0 is believed on it; one that starts there after some readings."""
    way = [((51.5, -0.01 + now / 10000), now) for now in range(200)]
    assert set(judged(*way)) == {GOOD}
    assert judged(*[((51.5, 0.0), now) for now in range(40)])[-1] is GOOD


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        (HERE, HERE, 0),
        ((0.0, 10.0), (1.0, 10.0), 111.2),
        ((60.0, 10.0), (60.0, 11.0), 55.6),
        ((0.0, 179.5), (0.0, -179.5), 111.2),
        ((90.0, 0.0), (-90.0, 0.0), 180 * 111.2),
    ],
)
def test_distance(a: Place, b: Place, km: float) -> None:
    """Along the shortest way, also across the line where the date changes."""
    assert distance(a, b) == pytest.approx(km, rel=1e-3)
