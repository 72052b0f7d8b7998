from __future__ import annotations

from ovms.base.buckets import Buckets


def test_at_the_bound() -> None:
    """So many tries at once, then one more each few seconds; a try that goes back was none."""
    buckets: Buckets[str] = Buckets(2, 5.0, 10)
    assert [buckets.take("a", 0.0) for _ in range(3)] == [0, 0, 5]
    assert [buckets.take("b", 0.0) for _ in range(2)] == [0, 0]
    assert [buckets.take("a", now) for now in (4.0, 5.0, 5.0)] == [1, 0, 5]
    assert (buckets.wait("a", 6.0), buckets.wait("c", 6.0)) == (4, 0)
    buckets.give_back("a", 5.0)
    assert [buckets.take("a", 5.0) for _ in range(2)] == [0, 5]
    buckets.give_back("never taken", 5.0)
    assert len(buckets) == 2


def test_the_fullest_are_forgotten() -> None:
    """At the limit those that are full again go, and a tenth at least: never an empty one."""
    buckets: Buckets[int] = Buckets(3, 5.0, 10)
    for _ in range(3):
        buckets.take(0, 0.0)
    for key in range(1, 1000):
        buckets.take(key, 0.0)
        assert len(buckets) <= 10
    assert buckets.take(0, 0.0) == 5
    buckets.take(1000, 100.0)
    assert len(buckets) < 10
