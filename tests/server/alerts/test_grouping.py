from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol.records.alert import Alert
from ovms.server.alerts import grouping
from ovms.server.alerts.grouping import News, first_event


@dataclass(frozen=True)
class Raised:
    """An alert of some time."""

    created: float


@pytest.mark.parametrize(
    ("times", "count"),
    [([0, 1, 3], 3), ([0, 3.1], 1), ([0, 2, 4], 2), ([5, 1, 2], 3), ([7], 1), ([], 0)],
)
def test_event(times: list[float], count: int) -> None:
    """What was raised within three seconds of the first belongs to its event."""
    assert first_event([Raised(time) for time in times], 3.0) == [
        Raised(time) for time in times[:count]
    ]


@given(st.lists(st.floats(0, 100)), st.floats(0, 10))
def test_events_take_all_in_order(times: list[float], window: float) -> None:
    """Cutting event after event off, nothing is lost, doubled or moved."""
    waiting = [Raised(time) for time in sorted(times)]
    seen: list[Raised] = []
    while rest := waiting[len(seen) :]:
        event = first_event(rest, window)
        assert event[-1].created - event[0].created <= window
        seen += event
    assert seen == waiting


def test_repetition_is_no_news() -> None:
    """The same alert of the same vehicle is new again only after the time of repetition."""
    news, alert = News(60.0), Alert("A", "alarm")
    assert news.is_news("CAR1", alert, 0.0)
    assert not news.is_news("CAR1", alert, 59.9)
    assert news.is_news("CAR1", alert, 60.0)
    assert not news.is_news("CAR1", alert, 60.1)


def test_others_are_news() -> None:
    """Another vehicle, kind or text is another alert."""
    news = News(60.0)
    told = [("CAR1", Alert("A", "x")), ("CAR2", Alert("A", "x"))]
    told += [("CAR1", Alert("I", "x")), ("CAR1", Alert("A", "y"))]
    assert all(news.is_news(vehicle, alert, 0.0) for vehicle, alert in told)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit the oldest is forgotten."""
    monkeypatch.setattr(grouping, "REMEMBERED_LIMIT", 2)
    news = News(60.0)
    for text in "ab":
        assert news.is_news("CAR1", Alert("A", text), 0.0)
    assert not news.is_news("CAR1", Alert("A", "b"), 0.0)
    assert news.is_news("CAR1", Alert("A", "a"), 0.0)
