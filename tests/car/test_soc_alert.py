from __future__ import annotations

import pytest

from ovms.car.alert_limits import ChargeLevelLimits
from ovms.car.soc_alert import SocWatch

MARGIN = 2


@pytest.mark.parametrize(
    ("readings", "alerts"),
    [
        ([80, 21, 20, 19, 18, 17], [3]),
        ([19], [0]),
        ([80, 19, 20, 19, 20 + MARGIN, 19], [1]),
        ([80, 19, 20 + MARGIN + 1, 20, 19, 18], [1, 4]),
        ([None, 19, None, 18], [1]),
    ],
)
def test_one_alert_each_time_it_falls_below(
    readings: list[float | None], alerts: list[int]
) -> None:
    """Once below the minimum; again only after the charge was above it by more than the margin."""
    watch = SocWatch(ChargeLevelLimits(lasting=0))
    assert [at for at, soc in enumerate(readings) if watch.look(soc, 20, at)] == alerts


def told(watch: SocWatch, *readings: tuple[float, float]) -> int:
    """Return how many alerts come of a charge and the seconds that it is so, each read once."""
    count, now = 0, 0.0
    for soc, seconds in readings:
        read = now
        for _ in range(round(seconds)):
            count += watch.look(soc, 20, now, read)
            now += 1
    return count


def test_one_reading_is_no_low_battery() -> None:
    """A zero among good readings does not alert, nor does one that stays while the bus sleeps."""
    assert told(SocWatch(), (80, 10), (0, 1), (80, 10), (0, 20), (80, 10), (0, 600)) == 0
    assert told(SocWatch(), (80, 10), (19, 20), (18, 20)) == 1


def test_one_good_reading_does_not_end_it() -> None:
    """A charge that is high for one reading does not make the next low one an alert."""
    low = [(19.0, 10.0)] * 9
    assert told(SocWatch(), *low, (90, 1), *low, (90, 100), *low) == 1
    assert told(SocWatch(), *low, (90, 60), (90, 60), *low) == 2


def test_another_minimum_begins_anew() -> None:
    """A minimum that is set above the charge alerts at once; without one there is none."""
    watch = SocWatch(ChargeLevelLimits(lasting=0))
    looks = [(50, None, False), (50, 60, True), (50, 60, False), (50, 70, True), (50, None, False),
             (50, 70, True)]  # fmt: skip
    for now, (soc, minimum, expected) in enumerate(looks):
        assert watch.look(soc, minimum, now) is expected
