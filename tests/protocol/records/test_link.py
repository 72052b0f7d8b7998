from __future__ import annotations

import pytest

from ovms.protocol.records.link import Peers, Ping, PingAnswer, UpdateAge


@pytest.mark.parametrize("kind", [Ping, PingAnswer])
def test_pings_are_empty(kind: type[Ping] | type[PingAnswer]) -> None:
    """A ping carries nothing, whether written or read."""
    assert kind().encode() == b""
    assert kind.parse(b"") == kind()
    assert kind().as_json() == {}


@pytest.mark.parametrize("number", [0, 1, 86400])
def test_counts_are_plain_integers(number: int) -> None:
    """``Z`` and ``T`` are written as plain integers: Android reads nothing else."""
    assert Peers(count=number).encode() == str(number).encode()
    assert UpdateAge(age=number + 0.3).encode() == str(number).encode()
