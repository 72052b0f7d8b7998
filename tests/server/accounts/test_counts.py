from __future__ import annotations

from contextlib import nullcontext

import pytest

from ovms.server.accounts.counts import OUTCOMES, LoginCounts
from ovms.server.accounts.errors import Busy, LoginRefused, Throttled
from ovms.server.storage.errors import DatabaseError


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "accepted"),
        (LoginRefused(), "refused"),
        (Throttled(3.0), "throttled"),
        (Busy(), "busy"),
        (DatabaseError("away"), "failed"),
    ],
)
@pytest.mark.parametrize(("right", "scheme"), [("v2", "0x31"), ("", "http"), ("admin", "http")])
def test_outcomes(error: Exception | None, outcome: str, right: str, scheme: str) -> None:
    """A login counts by how it ends, and waits until then; its error goes on."""
    counts = LoginCounts()
    with nullcontext() if error is None else pytest.raises(type(error)), counts.one(right):
        assert counts.waiting == 1
        if error is not None:
            raise error
    assert counts.waiting == 0
    assert dict(counts.done) == {(scheme, outcome): 1}
    assert outcome in OUTCOMES


def test_brokers_count_by_themselves() -> None:
    """What a broker asks about is no call of an owner, whatever right it needs."""
    counts = LoginCounts()
    with counts.one("v2", by_broker=True):
        pass
    assert dict(counts.done) == {("broker", "accepted"): 1}
