"""Reconnecting: which wait follows which outcome, on a clock that is moved by hand."""

from __future__ import annotations

from random import Random

import pytest

from ovms.base.clock import ManualClock
from ovms.net.client import ConnectFailed, ConnectionLost, NetError, Untrusted, WelcomeRefused
from ovms.net.reconnect import Reconnector, ReconnectTiming

TIMING = ReconnectTiming(
    first_wait=1, longest_wait=4, refused_wait=100, longest_refused_wait=400, steady=10,
    passing_refusals=2,
)  # fmt: skip
NOBODY, REFUSED = ConnectFailed("nobody there"), WelcomeRefused("no such vehicle")
LOST = ConnectionLost("lost")


class Calls:
    """A reconnector, its clock, and what it was told to wait."""

    def __init__(self, timing: ReconnectTiming = TIMING) -> None:
        self.clock = ManualClock()
        self.made = Reconnector(timing, random=Random(1), clock=self.clock)  # noqa: S311 (jitter)

    def step(self, error: Exception) -> int:
        """Return the step that a wait was drawn from, in seconds."""
        seconds = self.made.pause_after(error)
        steps = [step for step in (1, 2, 4, 100, 200, 400) if step / 2 <= seconds <= step]
        return steps[0]

    def connected(self, seconds: float) -> None:
        """Be welcomed, and let the connection last."""
        self.made.welcomed()
        self.clock.advance(seconds)


@pytest.fixture
def calls() -> Calls:
    """Return a caller that was never welcomed."""
    return Calls()


def test_waits_double_while_nobody_is_there(calls: Calls) -> None:
    """The waits grow up to the longest, and nobody counts as refused."""
    assert [calls.step(NOBODY) for _ in range(4)] == [1, 2, 4, 4]
    assert not calls.made.is_refused


def test_a_stranger_that_is_refused_waits_long(calls: Calls) -> None:
    """Without a welcome before, the first refusal counts already."""
    assert [calls.step(REFUSED) for _ in range(4)] == [100, 200, 400, 400]
    assert calls.made.is_refused


def test_one_that_was_welcome_may_meet_passing_trouble(calls: Calls) -> None:
    """Only the third refusal in a row is one; a welcome makes all as it was."""
    calls.connected(60)
    assert calls.step(LOST) == 1
    assert [calls.step(REFUSED) for _ in range(2)] == [2, 4]
    assert not calls.made.is_refused
    assert [calls.step(REFUSED) for _ in range(2)] == [100, 200]
    assert calls.made.is_refused
    calls.connected(60)
    assert not calls.made.is_refused
    assert [calls.step(REFUSED) for _ in range(3)] == [1, 2, 100]


def test_a_server_away_between_refusals(calls: Calls) -> None:
    """A call that finds nobody has its own short wait, and the refusals go on counting."""
    assert [calls.step(error) for error in (REFUSED, NOBODY, REFUSED, NOBODY)] == [100, 1, 200, 2]


@pytest.mark.parametrize(("lasted", "step"), [(9.9, 4), (10, 1)])
def test_only_a_steady_connection_starts_the_waits_anew(
    calls: Calls, lasted: float, step: int
) -> None:
    """A server that welcomes and drops at once is not called each second."""
    calls.step(NOBODY)
    calls.step(NOBODY)
    calls.connected(lasted)
    assert calls.step(LOST) == step


def test_a_connection_counts_once(calls: Calls) -> None:
    """The time after a connection's end does not make it steady."""
    calls.connected(1)
    assert calls.step(LOST) == 1
    calls.clock.advance(100)
    assert calls.step(NOBODY) == 2


@pytest.mark.parametrize("error", [REFUSED, Untrusted("expired")])
def test_giving_up(error: Exception) -> None:
    """Who gives up gets the error instead of a wait, and waits for all others."""
    calls = Calls(ReconnectTiming(gives_up=True, passing_refusals=2))
    assert calls.made.pause_after(NOBODY) <= 1
    with pytest.raises(type(error)) as caught:
        calls.made.pause_after(error)
    assert caught.value is error


def test_passing_refusals_do_not_make_it_give_up() -> None:
    """It gives up with the first refusal that does not pass."""
    calls = Calls(ReconnectTiming(gives_up=True, passing_refusals=2))
    calls.connected(60)
    calls.made.pause_after(REFUSED)
    calls.made.pause_after(REFUSED)
    with pytest.raises(WelcomeRefused):
        calls.made.pause_after(REFUSED)


class Stop(Exception):
    """Ends a test's loop."""


async def run(*outcomes: Exception | None, catch: type[Exception] = NetError) -> list[str]:
    """Run a caller through outcomes, ``None`` for a connection that ends without an error.

    Returns the reasons that it was told of; after the last outcome it is stopped.
    """
    made = Reconnector(TIMING, random=Random(1), clock=ManualClock())  # noqa: S311 (jitter)
    left = [*outcomes]
    waits: list[float] = []
    slept: list[float] = []
    reasons: list[str] = []

    async def call() -> None:
        made.welcomed()
        outcome = left.pop(0)
        if outcome is not None:
            raise outcome

    async def on_pause(error: Exception, seconds: float) -> None:
        reasons.append(str(error))
        waits.append(seconds)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if not left:
            raise Stop

    with pytest.raises(Stop):
        await made.run(call, on_pause, catch=catch, sleep=sleep)
    assert slept == waits
    assert all(waits)
    return reasons


async def test_it_calls_again_after_each_end() -> None:
    """Each end is told with its wait, which is slept before the next call."""
    reasons = await run(NOBODY, None, REFUSED)
    assert reasons == ["nobody there", "the connection ended", "no such vehicle"]


async def test_other_errors_come_through() -> None:
    """What is no trouble of the network ends it, unless the caller catches that, too."""
    with pytest.raises(OSError, match="disk"):
        await run(OSError("disk"))
    assert await run(OSError("disk"), catch=Exception) == ["disk"]


async def test_a_caller_can_leave_where_it_is_told() -> None:
    """What ``on_pause`` raises ends it without a further wait."""
    made = Reconnector(TIMING, random=Random(1), clock=ManualClock())  # noqa: S311 (jitter)

    async def call() -> None:
        raise NOBODY

    async def on_pause(error: Exception, seconds: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        await made.run(call, on_pause)
