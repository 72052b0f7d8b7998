from __future__ import annotations

import pytest

from ovms.car.soc_alert import MARGIN, SocWatch


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
    watch = SocWatch()
    assert [at for at, soc in enumerate(readings) if watch.look(soc, 20)] == alerts


def test_another_minimum_begins_anew() -> None:
    """A minimum that is set above the charge alerts at once; without one there is none."""
    watch = SocWatch()
    looks = [(50, None, False), (50, 60, True), (50, 60, False), (50, 70, True), (50, None, False),
             (50, 70, True)]  # fmt: skip
    for soc, minimum, expected in looks:
        assert watch.look(soc, minimum) is expected
