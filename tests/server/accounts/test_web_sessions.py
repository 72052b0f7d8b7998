from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ovms.server.accounts import web_sessions as module
from ovms.server.accounts.errors import LoginRefused
from ovms.server.accounts.login import Accounts
from ovms.server.accounts.passwords import fingerprint, hash_password
from ovms.server.accounts.web_sessions import PROOF_LIFE, USE_INTERVAL, WebSessions
from ovms.server.rights import VehicleRight
from ovms.server.storage import queries
from ovms.server.storage.web_sessions import IDLE_LIFE, LIFE
from tests.server.storage.databases import execute, rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from sqlalchemy import Connection

    from ovms.base.clock import ManualClock
    from ovms.server.accounts.login import Login
    from ovms.server.storage.database import Database

BOB, ALICE = 1, 2


class Holder:
    """Holds one login, as a stream of events does."""

    def __init__(self, login: Login) -> None:
        self.login: Login | None = login

    def logins(self) -> Iterable[Login]:
        """Return it."""
        return [self.login] if self.login is not None else []

    def update(self, changes: Mapping[Login, Login | None]) -> None:
        """Note what became of it."""
        if self.login is not None:
            self.login = changes.get(self.login, self.login)


@pytest.fixture
async def accounts(database: Database, clock: ManualClock) -> AsyncIterator[Accounts]:
    """Open the accounts of the fixture test's database."""
    accounts = Accounts(database, clock)
    yield accounts
    await accounts.close()


@pytest.fixture
def sessions(accounts: Accounts, clock: ManualClock) -> WebSessions:
    """Return the sessions of browsers."""
    return WebSessions(accounts, clock)


async def test_open_and_find(sessions: WebSessions, database: Database) -> None:
    """A session is found by its cookie, of which the database knows a digest only."""
    key, live = await sessions.open(BOB, address="192.0.2.1", agent="Firefox")
    assert await sessions.find(key) is live
    assert (live.login.owner, live.login.vehicles) == ("Bob", ("CAR1", "CAR2"))
    assert key.encode() not in rows(database, "SELECT digest FROM web_sessions")[0][0]
    for wrong in ("", "x", key[:-1], key + "A", "é" * 43, "A" * 43):
        assert await sessions.find(wrong) is None
    assert len(sessions) == 1


async def test_restart(sessions: WebSessions, accounts: Accounts, clock: ManualClock) -> None:
    """A session outlives the server."""
    key, live = await sessions.open(BOB)
    again = WebSessions(accounts, clock)
    found = await again.find(key)
    assert found is not None
    assert (found.row, found.login) == (live.row, live.login)


async def test_instead_of(sessions: WebSessions) -> None:
    """A log-in begins a new session, and the one ends whose cookie came along."""
    old, _ = await sessions.open(BOB)
    new, _ = await sessions.open(BOB, instead_of=old)
    assert await sessions.find(old) is None
    assert await sessions.find(new) is not None


async def test_times(sessions: WebSessions, clock: ManualClock) -> None:
    """It ends when no call comes for long, and some day in any case."""
    idle, _ = await sessions.open(BOB)
    used, _ = await sessions.open(BOB)
    clock.advance(IDLE_LIFE - 1)
    assert await sessions.find(used) is not None
    clock.advance(1)
    assert await sessions.find(idle) is None
    while clock.time() < 1000.0 + LIFE - IDLE_LIFE:
        clock.advance(IDLE_LIFE - 2)
        assert await sessions.find(used) is not None
    clock.advance(1000.0 + LIFE - clock.time())
    assert await sessions.find(used) is None


async def test_uses(
    sessions: WebSessions, accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    """Calls are known at once, and written at most once a minute."""
    key, _ = await sessions.open(BOB)
    for _ in range(3):
        clock.advance(USE_INTERVAL / 2)
        await sessions.find(key)
    assert (await sessions.list_of(BOB))[0].used == clock.time()
    await accounts.close()
    assert rows(database, "SELECT used FROM web_sessions") == [(1000.0 + USE_INTERVAL,)]


@pytest.mark.parametrize(
    "change",
    [
        lambda c, now: queries.set_password(c, "bob", hash_password("new"), now),
        lambda c, now: queries.set_password(c, "bob", None, now),
        lambda c, now: queries.remove_owner(c, "bob", now, with_vehicles=True),
    ],
)
async def test_changes_that_end_it(
    sessions: WebSessions,
    accounts: Accounts,
    database: Database,
    clock: ManualClock,
    change: Callable[[Connection, float], object],
) -> None:
    """It ends with its password and its owner, for all who hold its login."""
    key, live = await sessions.open(BOB)
    holder = Holder(live.login)
    accounts.add_holder(holder)
    with database.writing() as connection:
        change(connection, clock.time())
    await accounts.check_logins()
    assert holder.login is None
    assert await sessions.find(key) is None
    assert await sessions.list_of(BOB) == []


async def test_changes_that_do_not(
    sessions: WebSessions, accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    """It goes on with what is shared with its owner, and with a newer hash of the password."""
    key, _ = await sessions.open(BOB)
    with database.writing() as connection:
        alice = queries.get_owner(connection, "alice")
        bob = queries.get_owner(connection, "bob")
        car = queries.add_vehicle(connection, "CAR9", alice, "pw", clock.time())
        queries.put_share(connection, car, bob, VehicleRight.VIEW, clock.time())
    await accounts.check_logins()
    found = await sessions.find(key)
    assert found is not None
    assert found.login.rights_on("CAR9") == VehicleRight.VIEW
    newer = hash_password("right")
    assert bob.password_hash is not None
    accounts._afterwards.renew(BOB, bob.password_hash, newer)
    await accounts._afterwards.idle()
    again = await WebSessions(accounts, clock).find(key)
    assert again is not None
    assert again.row.fingerprint == fingerprint(newer)


async def test_another_servers_password(sessions: WebSessions, database: Database) -> None:
    """A session whose password was changed behind its back is none, and goes."""
    key, _ = await sessions.open(BOB)
    sessions.update(dict.fromkeys(sessions.logins()))
    execute(database, "UPDATE owners SET password_hash = 'other'")
    assert await sessions.list_of(BOB) == []
    assert await sessions.find(key) is None
    assert rows(database, "SELECT * FROM web_sessions") == []


async def test_end(sessions: WebSessions, accounts: Accounts) -> None:
    """One session ends, or all but one, at once for all who hold their logins."""
    one, first = await sessions.open(BOB)
    two, second = await sessions.open(BOB)
    three, third = await sessions.open(BOB)
    holders = [Holder(each.login) for each in (first, second, third)]
    for holder in holders:
        accounts.add_holder(holder)
    assert not await sessions.end(ALICE, first.row.id)
    assert await sessions.end(BOB, first.row.id)
    assert not await sessions.end(BOB, first.row.id)
    assert await sessions.find(one) is None
    assert await sessions.end_all(BOB, but=third.row.id) == 1
    assert [await sessions.find(two), await sessions.find(three)] == [None, third]
    assert [holder.login is None for holder in holders] == [True, True, False]
    assert await sessions.end_all(BOB) == 1
    assert await sessions.find(three) is None


async def test_ends_while_it_is_read(
    sessions: WebSessions, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ends while a call reads it is found by nobody afterwards."""
    key, live = await sessions.open(BOB)
    sessions.update({live.login: None})  # it is in the database only
    admit = accounts.admit_session

    async def slowly(row: object) -> Login:
        login = await admit(live.row)
        await sessions.end(BOB, live.row.id)
        return login

    monkeypatch.setattr(accounts, "admit_session", slowly)
    assert await sessions.find(key) is None
    assert len(sessions) == 0


async def test_found_twice_at_once(sessions: WebSessions, accounts: Accounts) -> None:
    """Two calls at one moment read it into memory once."""
    key, live = await sessions.open(BOB)
    sessions.update({live.login: None})
    one, two = await asyncio.gather(sessions.find(key), sessions.find(key))
    assert one is two is not None


async def test_memory(sessions: WebSessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was not called for long leaves memory, and is found again."""
    monkeypatch.setattr(module, "LIVE_LIMIT", 2)
    keys = [(await sessions.open(BOB))[0] for _ in range(3)]
    assert len(sessions) == 2
    assert all([await sessions.find(key) for key in keys])
    monkeypatch.setattr(module, "ENDED_LIMIT", 1)
    assert await sessions.end_all(BOB) == 3
    assert len(sessions) == len(sessions._ended) - 1 == 0


async def test_proof(sessions: WebSessions, clock: ManualClock) -> None:
    """A proof is fresh for ten minutes, that of the log-in too."""
    key, live = await sessions.open(BOB)
    clock.advance(PROOF_LIFE - 1)
    assert sessions.is_fresh(live.row)
    clock.advance(1)
    assert not sessions.is_fresh(live.row)
    await sessions.prove(live.row)
    found = await sessions.find(key)
    assert found is not None
    assert sessions.is_fresh(found.row)
    # A clock that was put back proves nothing.
    assert not sessions.is_fresh(replace(found.row, proved=clock.time() + 1))


async def test_new_password(sessions: WebSessions, database: Database) -> None:
    """All sessions end with the old password, and the one goes on under another cookie."""
    key, live = await sessions.open(BOB, agent="Firefox")
    other, _ = await sessions.open(BOB)
    with pytest.raises(LoginRefused):
        await sessions.set_password(live.row, b"another", hash_password("new"))
    new, _ = await sessions.set_password(live.row, live.row.fingerprint, hash_password("new"))
    assert [await sessions.find(each) for each in (key, other)] == [None, None]
    found = await sessions.find(new)
    assert found is not None
    assert found.row.agent == "Firefox"
    assert [each.id for each in await sessions.list_of(BOB)] == [found.row.id]


async def test_who_may_open(sessions: WebSessions, database: Database, clock: ManualClock) -> None:
    """No session begins with a password that was changed meanwhile, or for an owner who is gone."""
    with pytest.raises(LoginRefused):
        await sessions.open(BOB, fingerprint=b"before")
    with pytest.raises(LoginRefused):
        await sessions.open(99)
    with pytest.raises(LoginRefused):
        await sessions.open(ALICE)  # who has no password
    with pytest.raises(LoginRefused):
        await sessions.open(BOB, passkey_id=7)  # nor this key
    assert rows(database, "SELECT * FROM web_sessions") == []


async def test_passkey(
    sessions: WebSessions, accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    """A session that began with a passkey needs no password, and ends with the passkey."""
    execute(
        database,
        "INSERT INTO passkeys (id, owner_id, credential, public_key, sign_count, name, created)"
        " VALUES (7, 2, x'01', x'02', 0, 'phone', 1)",
    )
    key, live = await sessions.open(ALICE, passkey_id=7)
    assert live.login.owner == "Alice"
    execute(database, "DELETE FROM passkeys")
    accounts.suspect([ALICE], [])
    await accounts.check_logins()
    assert await sessions.find(key) is None
