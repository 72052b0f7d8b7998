from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator

import pytest

from ovms.base import logs
from ovms.base.failures import PLACES_LIMIT, FailureLog


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Log into a text, as JSON."""
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    yield stream
    logs.configure("warning", "text")


def failures() -> FailureLog:
    """Return an empty log of failures."""
    return FailureLog(logs.get_logger("ovms.test"), "it goes on")


def fail(log: FailureLog, place: str) -> None:
    """Fail in a place."""
    with log.catch(place):
        raise KeyError("soc")


def test_each_place_is_logged_once(lines: io.StringIO) -> None:
    """The second failure of a place is silent; another place has its own line."""
    log = failures()
    for place in ("a", "a", "b", "a"):
        fail(log, place)
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [(line["event"], line["place"]) for line in told] == [
        ("it goes on", "a"), ("it goes on", "b"),
    ]  # fmt: skip
    assert told[0]["reason"] == "'soc'"
    assert "KeyError" in told[0]["exception"]


def test_fields_and_empty_reasons(lines: io.StringIO) -> None:
    """Further fields stand in the line, and an exception without a text has its name."""
    failures().failed("a", ValueError(), vehicle="V1")
    told = json.loads(lines.getvalue())
    assert (told["vehicle"], told["reason"]) == ("V1", "ValueError")


def test_places_are_bounded(lines: io.StringIO) -> None:
    """At the bound a place is logged, one past it none."""
    log = failures()
    for place in range(PLACES_LIMIT + 1):
        fail(log, str(place))
    assert len(lines.getvalue().splitlines()) == PLACES_LIMIT


def test_cancellation_is_not_caught(lines: io.StringIO) -> None:
    """A task that is cancelled, or a program that is told to end, does so."""
    for kind in (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
        with pytest.raises(kind), failures().catch("a"):
            raise kind
    assert lines.getvalue() == ""
