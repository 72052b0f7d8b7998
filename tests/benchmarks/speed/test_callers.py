from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.speed import wire
from benchmarks.speed.callers import (
    Countdown,
    LineCounter,
    Transcript,
    WrongAnswer,
    call_all,
    close_all,
)

if TYPE_CHECKING:
    from benchmarks.speed.processes import Target


async def test_answers_are_counted_and_read_afterwards(floor: Target) -> None:
    """A load counts the lines that come, and notices a server that says something else."""
    cars = await call_all(floor, "C", ["CAR1", "CAR2"])
    ended = Countdown(2)
    counters = [LineCounter(car, 3, ended) for car in cars]
    transcript = Transcript(cars[0], counters[0])
    for car in cars:
        car.say(wire.record(0), wire.record(1), wire.PING)
    await ended.wait()
    with pytest.raises(WrongAnswer, match="3 lines came"):
        transcript.check([b"MP-0 h100000", b"MP-0 h100000", wire.PONG])
    close_all(cars)


async def test_a_transcript_leaves_lines_out(floor: Target) -> None:
    """What belongs to no question can be left out of what is compared."""
    (car,) = await call_all(floor, "C", ["CAR1"])
    ended = Countdown(1)
    transcript = Transcript(car, LineCounter(car, 2, ended))
    car.say(wire.record(7), wire.PING)
    await ended.wait()
    transcript.check([b"MP-0 h100007"], without=wire.PONG)
    close_all([car])


async def test_a_lost_connection_ends_the_wait(floor: Target) -> None:
    """Whoever waits for a line of a caller that was closed is told so."""
    (app,) = await call_all(floor, "A", ["CAR1"])
    app.transport.abort()
    with pytest.raises(ConnectionError, match="CAR1 was closed"):
        await app.until(wire.PONG)
