from __future__ import annotations

from ovms.car.fleet.tally import Tally


def test_the_line_tells_what_happened_since() -> None:
    """Rates are by the second since the last line; counts are those since then."""
    before = Tally(sent=10, bytes_sent=1000, refused=3)
    now = before.copy()
    assert now == before
    now.sent, now.bytes_sent, now.received, now.refused, now.lost = 40, 4000, 6, 5, 1
    line = now.line(before, 60.0)
    assert line["messages_a_second"] == 0.5
    assert line["bytes_a_second"] == 50
    assert line["heard_a_second"] == 0.1
    assert (line["refused"], line["lost"], line["failed"]) == (2, 1, 0)
    assert now.line(before, 0.0)["messages_a_second"] == 0
