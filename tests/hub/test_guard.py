from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

from ovms.base import logs
from ovms.hub.guard import PLACES_LIMIT, Guard


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Log into a text, as JSON."""
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    yield stream
    logs.configure("warning", "text")


def test_a_place_is_told_once(lines: io.StringIO) -> None:
    """The first failure of a place is logged with its trace, the others are not."""
    guard = Guard()
    for place in ("tick", "tick", "send"):
        try:
            raise ValueError("broken")
        except ValueError as error:
            guard.failed(place, error, "CAR1")
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [(line["place"], line["vehicle"], line["reason"]) for line in told] == [
        ("tick", "CAR1", "broken"), ("send", "CAR1", "broken"),
    ]  # fmt: skip
    assert "test_guard.py" in told[0]["exception"]
    assert told[0]["level"] == "error"


def test_places_at_the_bound(lines: io.StringIO) -> None:
    """So many places are told, and no more."""
    guard = Guard()
    for number in range(PLACES_LIMIT + 1):
        guard.failed(f"place {number}", ValueError())
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert len(told) == PLACES_LIMIT
    assert told[-1]["place"] == f"place {PLACES_LIMIT - 1}"
    assert told[-1]["reason"] == "ValueError"
