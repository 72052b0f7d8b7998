from __future__ import annotations

from dataclasses import replace

import pytest

from ovms.base.clock import ManualClock
from ovms.server.accounts.login import Credential, Login
from ovms.server.http.errors import CallFailed
from ovms.server.http.limits import ACCOUNT_FACTOR, CallLimits, CallRate

BOB = Login(1, "Bob", ("CAR1",), Credential(""))
ALICE = Login(2, "Alice", ("CAR2",), Credential(""))


def _calls(limits: CallLimits, login: Login) -> int:
    """Make calls until one is too many; return how many were not."""
    for n in range(1000):
        try:
            limits.take(login)
        except CallFailed:
            return n
    return 1000


def _by_token(login: Login, token_id: int) -> Login:
    return replace(login, credential=Credential("", token_id))


def test_a_credential_has_its_calls() -> None:
    """A token uses up its own calls and no others'; they come back with time."""
    clock = ManualClock()
    limits = CallLimits(clock, CallRate(a_second=2, burst=5))
    assert _calls(limits, _by_token(BOB, 7)) == 5
    assert _calls(limits, BOB) == 5
    assert _calls(limits, ALICE) == 5
    clock.advance(1)
    assert _calls(limits, _by_token(BOB, 7)) == 2
    assert _calls(limits, replace(BOB, vehicles=())) == 2


def test_an_account_has_its_calls() -> None:
    """However many tokens an account has, all together make so many calls."""
    clock = ManualClock()
    limits = CallLimits(clock, CallRate(a_second=2, burst=5))
    assert sum(_calls(limits, _by_token(BOB, n)) for n in range(100)) == 5 * ACCOUNT_FACTOR
    assert _calls(limits, ALICE) == 5


def test_when_to_come_again() -> None:
    """Who made too many calls is told in how many seconds the next one is allowed."""
    limits = CallLimits(ManualClock(), CallRate(a_second=0.1, burst=1))
    limits.take(BOB)
    with pytest.raises(CallFailed) as caught:
        limits.take(BOB)
    assert caught.value.status == 429
    assert caught.value.wait == pytest.approx(10)
