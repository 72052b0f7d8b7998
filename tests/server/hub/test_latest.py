from __future__ import annotations

import pytest

from ovms.protocol.messages import LatestMessage
from ovms.server.hub.latest import STORED_LIMIT, LatestMessages


@pytest.mark.parametrize(
    ("time", "is_older"), [(90.0, True), (100.0, True), (101.0, True), (101.1, False)]
)
def test_which_of_two_is_the_older_one(time: float, is_older: bool) -> None:
    """A message of another server counts as newer when it came more than a second later."""
    latest = LatestMessages()
    latest.restore([LatestMessage("S", b"80", 100.0)])
    assert latest.is_older(LatestMessage("S", b"79", time)) == is_older


def test_a_code_that_never_came() -> None:
    """Nothing is older than the first message of its code."""
    latest = LatestMessages()
    latest.restore([LatestMessage("S", b"80", 100.0)])
    assert not latest.is_older(LatestMessage("D", b"1", 1.0))


def test_which_car_seals() -> None:
    """Its newest message tells while it is away; its token while it is there."""
    latest = LatestMessages()
    assert not latest.is_sealed
    latest.change_token("token")
    assert latest.is_sealed
    latest.is_token_live = False
    assert not latest.is_sealed
    latest.put(LatestMessage("X", b"sealed", 100.0, "token"))
    latest.put(LatestMessage("S", b"80", 100.0))
    assert latest.is_sealed
    latest.put(LatestMessage("D", b"1", 100.1))
    assert not latest.is_sealed


def test_forget() -> None:
    """What is over is forgotten, and makes room for others."""
    latest = LatestMessages()
    for code in "LS":
        assert latest.put(LatestMessage(code, b"x" * (STORED_LIMIT // 2), 5.0))
    assert not latest.put(LatestMessage("D", b"x", 5.0))
    latest.forget(lambda each: each.code == "L")
    assert [*latest.by_code] == ["S"]
    assert latest.put(LatestMessage("D", b"x", 5.0))
