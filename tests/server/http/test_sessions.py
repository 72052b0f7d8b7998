from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from ovms.base.clock import ManualClock
from ovms.server.accounts.login import Credential, Login
from ovms.server.http import sessions as module
from ovms.server.http.sessions import SESSION_LIFE, HttpSessions

BOB = Login(1, "Bob", ("CAR1",), Credential("session"))
ALICE = Login(2, "Alice", ("CAR2",), Credential("session"))


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands at 1000."""
    return ManualClock(1000.0)


@pytest.fixture
def sessions(clock: ManualClock) -> HttpSessions:
    """Return sessions of nobody yet."""
    return HttpSessions(clock)


def test_ids(sessions: HttpSessions) -> None:
    """An id is random, and another one each time."""
    ids = {sessions.open(BOB).id for _ in range(50)}
    assert len(ids) == 50
    assert {UUID(each).version for each in ids} == {4}


def test_life(sessions: HttpSessions, clock: ManualClock) -> None:
    """A session lives three minutes after its last call, and looking for it is no call."""
    session = sessions.open(BOB)
    clock.advance(SESSION_LIFE - 1)
    assert sessions.find(session.id) is session
    sessions.use(session)
    clock.advance(SESSION_LIFE - 0.1)
    assert sessions.find(session.id) is session
    clock.advance(0.1)
    assert sessions.find(session.id) is None
    assert sessions.find("another") is None


def test_what_ends_is_told(sessions: HttpSessions, clock: ManualClock) -> None:
    """Whoever wants to know hears of each end once, whatever ended it."""
    ended: list[str] = []
    sessions.on_end(ended.append)
    by_call, by_change, by_time = (sessions.open(BOB) for _ in range(3))
    by_change.login = replace(BOB, vehicles=())
    sessions.end(by_call.id)
    sessions.end(by_call.id)
    sessions.end("")
    sessions.update({by_change.login: None})
    assert ended == [by_call.id, by_change.id]
    clock.advance(SESSION_LIFE)
    sessions.expire()
    sessions.expire()
    assert ended == [by_call.id, by_change.id, by_time.id]
    assert len(sessions) == 0
    assert not sessions._of_owner


def test_an_account_has_so_many(sessions: HttpSessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more ends the account's session that was used longest ago, and no other account's."""
    monkeypatch.setattr(module, "SESSIONS_AN_ACCOUNT", 2)
    other, first, second = sessions.open(ALICE), sessions.open(BOB), sessions.open(BOB)
    sessions.use(first)
    third = sessions.open(BOB)
    live = [each for each in (other, first, second, third) if sessions.find(each.id)]
    assert live == [other, first, third]


def test_all_have_so_many(sessions: HttpSessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more ends the session of all that was used longest ago."""
    monkeypatch.setattr(module, "SESSIONS_LIMIT", 2)
    first, second = sessions.open(ALICE), sessions.open(BOB)
    sessions.use(first)
    third = sessions.open(ALICE)
    assert [bool(sessions.find(each.id)) for each in (first, second, third)] == [True, False, True]


def test_changes(sessions: HttpSessions) -> None:
    """A session goes on with other vehicles, and ends with what it came by."""
    bob, alice = sessions.open(BOB), sessions.open(ALICE)
    assert set(sessions.logins()) == {BOB, ALICE}
    more = replace(BOB, vehicles=("CAR1", "CAR3"))
    sessions.update({BOB: more, ALICE: None})
    assert bob.login == more
    assert sessions.find(bob.id) is bob
    assert sessions.find(alice.id) is None
    assert set(sessions.logins()) == {more}
