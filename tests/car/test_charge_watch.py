from __future__ import annotations

import pytest

from ovms.car.alert_limits import DEFAULTS
from ovms.car.charge_watch import ChargeWatch
from ovms.car.state import CarState

Change = tuple[int, str, float, bool]


def changes(*states: tuple[str | None, int]) -> list[Change]:
    """Return the changes that count: when, the word, since when, and whether a charge was over."""
    watch, now, found = ChargeWatch(DEFAULTS.charge), 0, list[Change]()
    for word, seconds in states:
        for _ in range(seconds):
            phase = watch.look(CarState(charge_state=word), now)
            if phase is not None:
                found.append((now, phase.word, phase.since, watch.was_charge))
            now += 1
    return found


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([("stopped", 9), ("charging", 99), ("done", 99)],
         [(11, "charging", 9, False), (138, "done", 108, True)]),
        ([("charging", 17), ("stopped", 2)] * 9, []),
        ([("charging", 5), ("stopped", 25)] * 9, []),
        ([("stopped", 60), *[("charging", 17), ("stopped", 2)] * 9],
         [(62, "charging", 60, False)]),
        ([("stopped", 60), *[("charging", 2), ("stopped", 2)] * 9], []),
        ([("charging", 60), ("done", 6), ("stopped", 60)],
         [(90, "done", 60, True), (121, "stopped", 91, False)]),
        ([("charging", 60), ("stopped", 1), ("done", 60)], [(90, "done", 60, True)]),
        ([("charging", 60), ("done", 1), ("stopped", 60)], [(90, "stopped", 60, True)]),
        ([("charging", 60), ("topoff", 10)] * 3, []),
        ([("charging", 60), ("topoff", 40)], [(90, "topoff", 60, True)]),
        ([("stopped", 9), ("prepare", 2), ("charging", 9)], [(11, "charging", 9, False)]),
        ([("stopped", 9), ("prepare", 9), ("charging", 9)],
         [(11, "prepare", 9, False), (20, "charging", 18, True)]),
        ([("charging", 60), ("stopped", 1), (None, 60)], [(90, "stopped", 60, True)]),
        ([("charging", 60), (None, 600), ("charging", 60)], []),
        ([("charging", 1), ("stopped", 60)], [(31, "stopped", 1, False)]),
        ([(None, 9), ("charging", 9)], []),
    ],
)  # fmt: skip
def test_what_lasts_counts(states: list[tuple[str | None, int]], expected: list[Change]) -> None:
    """A beginning after two seconds, an end after thirty, each with the time when it was."""
    assert changes(*states) == expected


def test_the_end_of_a_recording() -> None:
    """When nothing more is to come, an end counts after five seconds."""
    watch, state = ChargeWatch(DEFAULTS.charge), CarState(charge_state="charging")
    watch.look(state, 0)
    state.charge_state = "done"
    assert watch.look(state, 60) is None
    watch.finish()
    assert watch.look(state, 64) is None
    phase = watch.look(state, 65)
    assert phase is not None
    assert phase.word == "done"
