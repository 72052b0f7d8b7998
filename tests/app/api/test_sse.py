from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.app.api.sse import EVENT_LIMIT, EventParser, ServerEvent
from ovms.app.errors import ConnectionLost

STREAM = (
    b": hello\n\nretry: 1500\nid: 1\nevent: state\ndata: {\ndata: }\n\n"
    b"data:x\r\n\r\nid: 2\rdata: y \xe2\x80\xa8 z\r\revent: lost\n\ndata: never ended"
)
EVENTS = [
    ServerEvent("state", "{\n}", "1"),
    ServerEvent("message", "x", "1"),
    ServerEvent("message", "y \u2028 z", "2"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_however_it_is_split(cuts: list[int]) -> None:
    """The events of a stream are the same in whatever parts it comes."""
    places = [0, *sorted(cuts), len(STREAM)]
    parser = EventParser()
    events: list[ServerEvent] = []
    for begin, end in pairwise(places):
        events += parser.feed(STREAM[begin:end])
    assert events == EVENTS
    assert (parser.retry, parser.last_id) == (1.5, "2")


def test_an_event_at_the_limit() -> None:
    """It is taken, and one byte more ends the connection."""
    [event] = EventParser().feed(b"data:" + b"x" * (EVENT_LIMIT - 1) + b"\n\n")
    assert len(event.data) == EVENT_LIMIT - 1
    for more in (b"data:" + b"x" * EVENT_LIMIT, b"data:" + b"x" * EVENT_LIMIT + b"\n\n"):
        with pytest.raises(ConnectionLost):
            list(EventParser().feed(more))


@pytest.mark.parametrize(
    ("digits", "seconds"),
    [("0", 0), ("999999999", 999999.999), ("1000000000", None), ("9" * 5000, None), ("", None),
     ("-1", None), ("1.5", None), ("\u0663", None), ("\u00b2", None)],
)  # fmt: skip
def test_retry(digits: str, seconds: float | None) -> None:
    """A wait that is no number of milliseconds, or has too many digits, is as good as none."""
    parser = EventParser()
    assert list(parser.feed(f"retry: {digits}\ndata: x\n\n".encode())) != []
    assert parser.retry == seconds
