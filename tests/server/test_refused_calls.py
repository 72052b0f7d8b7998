from __future__ import annotations

import pytest

from ovms.base.clock import ManualClock
from ovms.server.refusals import ALL_REASONS
from ovms.server.refused_calls import (
    BY_REFUSAL,
    CALL_LIFE,
    CALLS_A_NETWORK,
    NETWORKS_LIMIT,
    CallTrouble,
    RefusedCalls,
    is_near,
)


def test_calls() -> None:
    """The same call again is counted; what is an hour old is not told."""
    clock = ManualClock(1000.0)
    calls = RefusedCalls(clock.time)
    calls.note("9.9.9.9", CallTrouble.REFUSED, "DEMO1")
    clock.advance(12)
    calls.note("9.9.9.9", CallTrouble.REFUSED, "DEMO1")
    calls.note("8.8.8.8", CallTrouble.NO_TLS)
    first, second = calls.recent()
    assert (first.vehicle_id, first.first, first.time, first.count) == ("DEMO1", 1000.0, 1012.0, 2)
    assert [each.trouble for each in calls.recent("8.8.8.8")] == [CallTrouble.NO_TLS]
    assert second in calls.recent("8.8.8.8")
    clock.advance(CALL_LIFE + 1)
    assert [*calls.recent()] == []
    calls.note("9.9.9.9", CallTrouble.REFUSED, "DEMO1")
    assert [each.count for each in calls.recent()] == [1]


def test_bounds() -> None:
    """However many call, and whatever they say, little is kept; the latest stays."""
    calls = RefusedCalls(ManualClock(1000.0).time)
    for number in range(CALLS_A_NETWORK + 2):
        calls.note("9.9.9.9", CallTrouble.REFUSED, f"{number:0<50}")
    kept = [*calls.recent()]
    assert len(kept) == CALLS_A_NETWORK
    assert len(kept[0].vehicle_id) == 32
    for number in range(NETWORKS_LIMIT):
        calls.note(f"host{number}", CallTrouble.NO_TLS)
    assert len([*calls.recent()]) == NETWORKS_LIMIT
    assert [*calls.recent("9.9.9.9")] == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("10.0.0.5", "10.0.0.7", True), ("10.0.0.5", "10.0.1.7", False), ("9.9.9.9", "9.9.9.9", True),
     ("9.9.9.9", "9.9.9.8", False), ("[2620:fe::9]", "2620:fe:0:0:1::7", True),
     ("2620:fe::9", "2620:fe:1::9", False), ("::ffff:10.0.0.5", "10.0.0.7", True),
     ("fe80::1%eth0", "fe80::2", True), ("9.9.9.9", "2620:fe::9", False),
     ("10.0.0.1", "9.9.9.9", False), ("unix", "unix", True), ("unix", "9.9.9.9", False)],
)  # fmt: skip
def test_near(one: str, other: str, expected: bool) -> None:
    """Addresses of one home are near: a private network, or one of IPv6, or the same address."""
    assert is_near(one, other) is is_near(other, one) is expected


def test_sentences() -> None:
    """Each reason has its sentence, and refusals are called as they are counted."""
    assert all(each.sentence for each in CallTrouble)
    assert set(BY_REFUSAL) <= set(ALL_REASONS)
