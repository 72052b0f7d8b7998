from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ovms.server.accounts import calls as module
from ovms.server.accounts import login as login_module
from ovms.server.accounts.calls import BUSY_WAITS, PASSWORD_LIFE, TOKEN_LIFE, CallLogins
from ovms.server.accounts.errors import Busy, LoginRefused, Throttled
from ovms.server.accounts.login import Accounts, Login, Pool
from ovms.server.accounts.passwords import Verification, hash_password, verify_password
from ovms.server.accounts.places import Places
from ovms.server.accounts.throttle import BURST, FRESH_BURST, REFILL
from ovms.server.storage import queries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ovms.base.clock import ManualClock
    from ovms.server.storage.database import Database

PASSWORD = "right"
TOKEN = "1234abcd" * 8


@pytest.fixture
async def accounts(database: Database, clock: ManualClock) -> AsyncIterator[Accounts]:
    """Open the accounts of the test's database."""
    accounts = Accounts(database, clock)
    yield accounts
    await accounts.close()


@pytest.fixture
def logins(accounts: Accounts, clock: ManualClock) -> CallLogins:
    """Remember logins to those accounts."""
    return CallLogins(accounts, clock)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the passwords that are hashed from now on."""
    found: list[str] = []

    def verify(password_hash: str | None, password: str) -> Verification:
        found.append(password)
        return verify_password(password_hash, password)

    monkeypatch.setattr(login_module, "verify_password", verify)
    return found


async def _log_in(
    logins: CallLogins, password: str = PASSWORD, right: str = "", address: str = "home"
) -> Login:
    return await logins.log_in("bob", password, right, address)


def _add_token(database: Database, permit: str = "auth") -> None:
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        queries.add_token(connection, bob, TOKEN, 2.0, "app", "", permit)


async def test_a_right_password_is_remembered(
    logins: CallLogins, clock: ManualClock, hashed: list[str]
) -> None:
    """A password is hashed once in a while, whatever case the name has and whoever calls."""
    hashed.clear()
    login = await _log_in(logins)
    clock.advance(PASSWORD_LIFE - 0.1)
    assert await logins.log_in("BOB", "right", "", "elsewhere") == login
    assert hashed == ["right"]
    clock.advance(0.1)
    assert await _log_in(logins) == login
    assert hashed == ["right"] * 2


async def test_a_wrong_password_is_never_remembered(logins: CallLogins, hashed: list[str]) -> None:
    """Each wrong password is hashed, however often it comes, and none is taken for a right one."""
    await _log_in(logins)
    hashed.clear()
    wrong = ["wrong", "wrong", "Right", "right ", ""]
    for password in wrong:
        with pytest.raises(LoginRefused):
            await _log_in(logins, password)
    for user, password in (("bobr", "ight"), ("", "bobright")):
        with pytest.raises(LoginRefused):
            await logins.log_in(user, password, "", "home")
    assert hashed == [*wrong, "ight", "bobright"]
    assert len(logins) == 1


async def test_guessing_gains_nothing(logins: CallLogins, clock: ManualClock) -> None:
    """Whoever has no try left is not told that a remembered password is right; others are."""
    await _log_in(logins)
    for _ in range(BURST + FRESH_BURST):
        with pytest.raises(LoginRefused):
            await _log_in(logins, "wrong", address="attacker")
    with pytest.raises(Throttled):
        await _log_in(logins, address="attacker")
    await _log_in(logins)
    clock.advance(REFILL)
    await _log_in(logins, address="attacker")


async def test_a_remembered_login_makes_its_address_known(logins: CallLogins) -> None:
    """An address whose login was found has tries of its own, as after any right login."""
    await _log_in(logins)
    await _log_in(logins, address="new")
    for _ in range(BURST + FRESH_BURST):
        with pytest.raises(LoginRefused):
            await _log_in(logins, "wrong", address="attacker")
    assert (await _log_in(logins, address="new")).owner == "Bob"


async def test_a_token(logins: CallLogins, database: Database, clock: ManualClock) -> None:
    """A token is remembered as long as its uses count as one, and found while others guess."""
    _add_token(database, "session")
    login = await _log_in(logins, TOKEN)
    assert (login.permit, login.credential.right) == ("session", "")
    for _ in range(BURST + FRESH_BURST + 1):
        with pytest.raises(LoginRefused):
            await _log_in(logins, "wrong", address="attacker")
    assert await _log_in(logins, TOKEN, address="attacker") == login
    with database.writing() as connection:
        queries.remove_token(connection, TOKEN, 1.0)  # so long ago that no change is noticed
    clock.advance(TOKEN_LIFE - 0.1)
    assert await _log_in(logins, TOKEN) == login
    clock.advance(0.1)
    with pytest.raises(LoginRefused):
        await _log_in(logins, TOKEN)


async def test_rights(logins: CallLogins, database: Database) -> None:
    """What is remembered for one right is good for those that the token has, and no others."""
    _add_token(database, "session,mqtt")
    await _log_in(logins, TOKEN)
    login = await _log_in(logins, TOKEN, "v3")
    assert login.credential.right == "v3"
    with pytest.raises(LoginRefused):
        await _log_in(logins, TOKEN, "token.admin")
    assert (await _log_in(logins, TOKEN)).credential.right == ""


async def test_equal_logins_at_once(logins: CallLogins, hashed: list[str]) -> None:
    """Fifty calls at the same moment cost one check and one try, right or wrong."""
    hashed.clear()
    found = await asyncio.gather(*(_log_in(logins) for _ in range(50)))
    assert len(set(found)) == 1
    wrong = (_log_in(logins, "wrong") for _ in range(50))
    refused = await asyncio.gather(*wrong, return_exceptions=True)
    assert {type(each) for each in refused} == {LoginRefused}
    assert hashed == ["right", "wrong"]


async def test_a_caller_who_leaves(logins: CallLogins) -> None:
    """Who hangs up while the login is checked takes it from nobody else who waits for it."""
    leaving, staying = (asyncio.create_task(_log_in(logins)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).owner == "Bob"
    leaving = asyncio.create_task(_log_in(logins, "wrong"))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(LoginRefused):
        await _log_in(logins, "wrong")


async def test_changes(
    logins: CallLogins, accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    """What is remembered changes with the account: other vehicles, then another password."""
    login = await _log_in(logins)
    with database.writing() as connection:
        queries.remove_vehicle(connection, "CAR1", 1000.0)
    assert await _log_in(logins) == login
    await accounts.check_logins()
    assert await _log_in(logins) == replace(login, vehicles=("CAR2",))
    with database.writing() as connection:
        queries.set_password(connection, "bob", hash_password("other"), 1000.0)
    await accounts.check_logins()
    with pytest.raises(LoginRefused):
        await _log_in(logins)
    assert (await _log_in(logins, "other")).vehicles == ("CAR2",)


async def test_no_more_than_so_many(
    logins: CallLogins, clock: ManualClock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest gives way, and those whose time is over are forgotten."""
    monkeypatch.setattr(module, "REMEMBERED_LIMIT", 2)
    _add_token(database)
    await _log_in(logins)
    await _log_in(logins, TOKEN)
    with database.writing() as connection:
        queries.set_password(connection, "alice", hash_password("right"), 1.0)
    await logins.log_in("alice", "right", "", "home")
    assert len(logins) == 2
    assert {login.owner for login in logins.logins()} == {"Bob", "Alice"}
    clock.advance(TOKEN_LIFE)
    assert {login.owner for login in logins.logins()} == {"Alice"}
    assert len(logins) == 1


async def test_too_many_at_once(accounts: Accounts, clock: ManualClock) -> None:
    """A login that finds too many others waits for its turn, and gives up in the end."""
    waited: list[float] = []
    free = Places(1)
    accounts._hash_places[Pool.STRANGERS] = Places(0)

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2 * len(BUSY_WAITS):
            accounts._hash_places[Pool.STRANGERS] = free

    logins = CallLogins(accounts, clock, sleep=sleep)
    with pytest.raises(Busy):
        await _log_in(logins)
    assert (await _log_in(logins)).owner == "Bob"
    assert waited == [*BUSY_WAITS, *BUSY_WAITS]
    for _ in range(BURST + FRESH_BURST):  # no try is used up by it
        with pytest.raises(LoginRefused):
            await _log_in(logins, "wrong", address="elsewhere")


async def test_each_process_has_its_key(accounts: Accounts, clock: ManualClock) -> None:
    """Nothing that is remembered tells a password to who does not have the process's key."""
    keys: list[bytes] = []
    for random in (lambda n: b"a" * n, lambda n: b"b" * n):
        logins = CallLogins(accounts, clock, random)
        await _log_in(logins)
        keys += logins._right
    assert len(set(keys)) == 2
    assert {len(key) for key in keys} == {32}
