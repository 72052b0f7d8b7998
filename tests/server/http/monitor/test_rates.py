from __future__ import annotations

from ovms.server.http.monitor.rates import NOTE_INTERVAL, NOTES, Rates


def test_nothing_is_known_at_first() -> None:
    """Before the first note nothing has grown."""
    assert Rates().grown(5.0, {"sent": 7}) == (0.0, {"sent": 0.0})


def test_since_the_start() -> None:
    """In the first minute it is what has grown since the first note."""
    rates = Rates()
    rates.note(10.0, {"sent": 5})
    rates.note(15.0, {"sent": 8})
    assert rates.grown(20.0, {"sent": 25, "new": 1}) == (10.0, {"sent": 20, "new": 1})


def test_the_last_minute() -> None:
    """What was noted more than a minute ago counts no longer."""
    rates = Rates()
    for number in range(100):
        rates.note(number * NOTE_INTERVAL, {"sent": number})
    seconds, grown = rates.grown(99 * NOTE_INTERVAL, {"sent": 99})
    assert (seconds, grown["sent"]) == ((NOTES - 1) * NOTE_INTERVAL, NOTES - 1)
    assert seconds == 60.0
