"""How a link stands, as it is noted and told."""

from __future__ import annotations

from ovms.base.clock import ManualClock
from ovms.car.linkstate import LinkKind, LinkState


def test_a_day_of_a_link() -> None:
    """Each kind lasts from its beginning; reasons and the next call come and go."""
    clock = ManualClock(1e9)
    state = LinkState(clock)

    def waits() -> tuple[float | None, str | None]:
        return state.again_in, state.reason

    assert (state.kind, waits()) == (LinkKind.CALLING, (None, None))
    state.call("host:1", "CAR")
    assert state.line == "calling host:1"
    clock.advance(5)
    state.lose("no way")
    state.wait(10)
    clock.advance(4)
    assert (state.kind, state.since, state.again_in) == (LinkKind.CALLING, 0, 6)
    assert state.line == "calling: no way"
    clock.advance(7)
    assert state.again_in == 0
    state.call("host:1", "CAR")
    assert waits() == (None, "no way")
    state.refuse("wrong secret?")
    state.wait(100)
    assert (state.kind, state.since) == (LinkKind.REFUSED, 16)
    assert state.line == "refused: wrong secret?"
    clock.advance(100)
    state.call("host:2", "CAR")
    state.connect()
    assert (state.kind, state.since, state.heard) == (LinkKind.CONNECTED, 116, 116)
    assert waits() == (None, None)
    assert state.line == "connected to host:2 as CAR"
    clock.advance(3)
    state.hear()
    assert (state.since, state.heard) == (116, 119)
    state.lose("gone")
    assert (state.kind, state.since, state.heard) == (LinkKind.CALLING, 119, 119)


def test_observers_hear_changes_only() -> None:
    """What says the same again, and what the line does not tell, is no news."""
    state = LinkState(ManualClock())
    lines: list[str] = []
    state.observe(lambda: lines.append(state.line))
    for _ in range(2):
        state.call("host:1", "CAR")
    for _ in range(2):
        state.lose("no way")
        state.wait(1)
    state.call("host:1", "CAR")
    state.connect()
    state.hear()
    state.lose("no way")
    assert lines == [
        "calling host:1", "calling: no way", "connected to host:1 as CAR", "calling: no way",
    ]  # fmt: skip
