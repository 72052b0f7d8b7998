from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.history import A_SECOND, QUEUE_LIMIT, RESEND_AFTER, HistoryQueue
from ovms.protocol.records.history import HistoryRecord


def record(number: int = 1) -> HistoryRecord:
    """Give a record."""
    return HistoryRecord("*-TST", number, 60, b"x,y")


def sent(queue: HistoryQueue, now: float) -> list[tuple[int, int, int]]:
    """Give what is due: code, time difference and number."""
    return [(due.ack, due.timediff, due.record.number) for due in queue.due(now)]


def test_a_record_is_sent_until_it_is_acknowledged() -> None:
    """At once, then every ten seconds with the difference as of then, until its code comes."""
    queue = HistoryQueue()
    queue.add(record(), 100)
    assert sent(queue, 100) == [(1, 0, 1)]
    assert sent(queue, 100 + RESEND_AFTER - 0.1) == []
    assert sent(queue, 100 + RESEND_AFTER) == [(1, -10, 1)]
    assert sent(queue, 125) == [(1, -25, 1)]
    queue.acknowledge(b"1")
    assert (sent(queue, 200), len(queue)) == ([], 0)


@pytest.mark.parametrize("data", [b"", b"2", b"-1", b"x", b"1,2", b" 1", b"1.0", b"9" * 5000])
def test_an_odd_acknowledgement_changes_nothing(data: bytes) -> None:
    """A code that is not open, or none at all, is ignored."""
    queue = HistoryQueue()
    queue.add(record(), 0)
    queue.due(0)
    queue.acknowledge(data)
    assert len(queue) == 1


def test_what_was_not_sent_cannot_be_acknowledged() -> None:
    """A code that is not out yet means nothing."""
    queue = HistoryQueue()
    queue.add(record(), 0)
    queue.acknowledge(b"1")
    assert len(queue) == 1


def test_five_a_second_at_most() -> None:
    """However many have gathered and however often one asks; the oldest come first."""
    queue = HistoryQueue()
    for number in range(12):
        queue.add(record(number), 0)
    times: list[float] = []
    numbers: list[int] = []
    for tick in range(50):
        now = 100 + tick / 10
        for _, _, number in sent(queue, now):
            times.append(now)
            numbers.append(number)
    assert numbers == list(range(12))
    assert all(sum(t <= time < t + 1 for time in times) <= A_SECOND for t in times)
    assert times[-1] == 102


def test_a_lost_link_sends_again_at_once_in_order() -> None:
    """What was under way comes first, with the same codes, before what is new."""
    queue = HistoryQueue()
    for number in range(3):
        queue.add(record(number), 0)
    assert len(queue.due(0)) == 3
    queue.acknowledge(b"2")
    queue.restart()
    queue.add(record(9), 2)
    assert sent(queue, 2) == [(1, -2, 0), (3, -2, 2), (4, 0, 9)]


def test_the_queue_is_bounded() -> None:
    """At the limit everything waits; one more, and the oldest is given up."""
    queue = HistoryQueue()
    for number in range(QUEUE_LIMIT):
        queue.add(record(number), 0)
    assert len(queue) == QUEUE_LIMIT
    assert sent(queue, 0)[0] == (1, 0, 0)
    queue.add(record(), 0)
    assert len(queue) == QUEUE_LIMIT
    queue.acknowledge(b"1")
    assert len(queue) == QUEUE_LIMIT
    small = HistoryQueue(limit=1)
    small.add(record(1), 0)
    small.add(record(2), 0)
    assert sent(small, 0) == [(2, 0, 2)]


def test_sealed_records_are_sent_once() -> None:
    """Nobody can acknowledge them."""
    queue = HistoryQueue(is_sealed=True)
    queue.add(record(), 0)
    assert sent(queue, 3) == [(1, -3, 1)]
    assert len(queue) == 0
    queue.restart()
    assert sent(queue, 100) == []


@given(
    st.lists(
        st.one_of(st.just("add"), st.just("cut"), st.integers(1, 30), st.floats(0.1, 15)),
        max_size=60,
    )
)
def test_every_record_arrives(steps: list[str | int | float]) -> None:
    """Whatever is lost, cut and acknowledged in between: in the end each was sent, and is done."""
    queue, now, made, seen = HistoryQueue(), 0.0, 0, set[int]()
    for step in steps:
        if step == "add":
            made += 1
            queue.add(record(made), now)
        elif step == "cut":
            queue.restart()
        elif isinstance(step, int):
            queue.acknowledge(b"%d" % step)
        elif isinstance(step, float):
            now += step
        due = queue.due(now)
        assert len(due) <= A_SECOND
        seen.update(ack.record.number for ack in due)
    for _ in range(made + 10):
        now += RESEND_AFTER
        for ack in queue.due(now):
            assert ack.timediff <= 0
            seen.add(ack.record.number)
            queue.acknowledge(b"%d" % ack.ack)
    assert len(queue) == 0
    assert seen == set(range(1, made + 1))
