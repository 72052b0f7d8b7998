from __future__ import annotations

import asyncio
import os
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import argon2
import pytest

from ovms.server.accounts import login as module
from ovms.server.accounts.errors import Busy, CodeNeeded, LoginRefused, Throttled
from ovms.server.accounts.login import CHANGE_OVERLAP, Accounts, Credential, Login
from ovms.server.accounts.passwords import Verification, hash_password, verify_password
from ovms.server.accounts.throttle import BURST, FRESH_BURST, REFILL
from ovms.server.rights import ALL_RIGHTS, VehicleRight
from ovms.server.storage import queries
from ovms.server.storage.database import Database, Lane
from ovms.server.storage.errors import DatabaseError, StoreClosed, StoreError
from ovms.server.storage.store import Store
from ovms.server.storage.totp import clear_totp, set_totp
from ovms.server.values import LatestMessage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from sqlalchemy import Connection

    from ovms.base.clock import ManualClock

PASSWORD = "right"
TOKEN = "1234abcd" * 8


@pytest.fixture
async def accounts(database: Database, clock: ManualClock) -> AsyncIterator[Accounts]:
    """Open the accounts of the test's database."""
    accounts = Accounts(database, clock)
    yield accounts
    await accounts.close()


def _add_token(database: Database, permit: str, token: str = TOKEN, owner: str = "bob") -> int:
    with database.writing() as connection:
        whose = queries.get_owner(connection, owner)
        return queries.add_token(connection, whose, token, 2.0, "app", "", permit).id


def _change(database: Database, change: Callable[[Connection], object]) -> None:
    with database.writing() as connection:
        change(connection)


async def _log_in(
    accounts: Accounts,
    user: str = "bob",
    password: str = PASSWORD,
    right: str = "v2",
    address: str = "home",
) -> Login:
    return await accounts.log_in(user, password, right, address)


async def test_password(accounts: Accounts, database: Database) -> None:
    """An owner logs in by password for any right, to all cars, the name in any case."""
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        queries.add_vehicle(connection, "PEER", bob, "secret", 2.0, type="server")
    login = await _log_in(accounts, "bOB")
    assert (login.owner_id, login.owner, login.vehicles) == (bob.id, "Bob", ("CAR1", "CAR2"))
    assert await _log_in(accounts, "bob") == login
    assert (await _log_in(accounts, right="admin")).vehicles == login.vehicles
    assert "argon2" not in repr(login)
    assert len({login}) == 1


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("bob", "wrong"),
        ("bob", ""),
        ("bob", "Right"),
        ("bob", "x" * 100_000),
        ("bob", "right\udc80"),
        ("bob", "ä" * 64),
        ("bob", "f" * 63 + "\udc80"),
        ("bob", "f" * 64),
        ("", "right"),
        ("eve", "right"),
        ("eve", "nobody's password"),
        ("Alice", ""),
        ("Alice", "nobody's password"),
        ("bob\udc80", "right"),
        ("bob\x00", "right"),
        ("b" * 100_000, "right"),
        ("%", "right"),
    ],
)
async def test_refused(accounts: Accounts, user: str, password: str) -> None:
    """Whatever is wrong, it is refused in the same words."""
    with pytest.raises(LoginRefused) as caught:
        await _log_in(accounts, user, password)
    assert str(caught.value) == "wrong name or password"
    assert type(caught.value) is LoginRefused


@pytest.mark.parametrize("password", ["wrong", TOKEN, "f" * 64])
@pytest.mark.parametrize("user", ["bob", "alice", "eve"])
async def test_takes_as_long(
    accounts: Accounts,
    database: Database,
    user: str,
    password: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A refusal costs one check of a hash, whether the name, the token or the right was wrong."""
    _add_token(database, "session")
    checked: list[str] = []

    def check(password_hash: str | None, password: str) -> Verification:
        checked.append(password)
        return verify_password(password_hash, password)

    monkeypatch.setattr(module, "verify_password", check)
    with pytest.raises(LoginRefused):
        await _log_in(accounts, user, password)
    assert checked == [password]


async def test_token(accounts: Accounts, database: Database) -> None:
    """A token logs its owner in for its rights alone, and costs no check of a hash."""
    _add_token(database, "v2")
    await _log_in(accounts)  # behind the first check, which makes no login wait
    accounts._hashers.shutdown()
    login = await _log_in(accounts, "BOB", TOKEN.upper())
    assert (login.owner, login.vehicles) == ("Bob", ("CAR1", "CAR2"))
    assert await _log_in(accounts, "bob", TOKEN, "") != login  # for another right


@pytest.mark.parametrize(("permit", "right"), [("*", "admin"), ("mqtt", "v3"), ("auth", "")])
async def test_token_rights(
    accounts: Accounts, database: Database, permit: str, right: str
) -> None:
    """A right is had under either name, all by ``*``, and none is needed by what needs none."""
    _add_token(database, permit)
    assert (await _log_in(accounts, "bob", TOKEN, right)).owner == "Bob"


@pytest.mark.parametrize(("user", "right"), [("bob", "v3"), ("alice", "v2"), ("eve", "v2")])
async def test_token_refused(accounts: Accounts, database: Database, user: str, right: str) -> None:
    """A token is no use without the right, nor in another's name."""
    _add_token(database, "v2,session")
    with pytest.raises(LoginRefused):
        await _log_in(accounts, user, TOKEN, right)


async def test_password_that_looks_like_a_token(accounts: Accounts, database: Database) -> None:
    """Sixty-four hexadecimal digits may be a password too, also another's token."""
    _add_token(database, "*", owner="alice")
    _change(database, lambda c: queries.set_password(c, "bob", hash_password(TOKEN), 2.0))
    assert (await _log_in(accounts, "bob", TOKEN)).owner == "Bob"
    assert (await _log_in(accounts, "alice", TOKEN)).owner == "Alice"


def _last_used(database: Database) -> float | None:
    with database.reading() as connection:
        (token,) = queries.list_tokens(connection)
    return token.last_used


async def test_last_used(accounts: Accounts, database: Database, clock: ManualClock) -> None:
    """When a token was used is kept, at most once a minute."""
    _add_token(database, "v2")
    for passed, used in ((0.0, 1000.0), (59.0, 1000.0), (1.0, 1060.0)):
        clock.advance(passed)
        await _log_in(accounts, "bob", TOKEN)
        await accounts._afterwards.idle()
        assert _last_used(database) == used
    await accounts.close()
    assert _last_used(database) == 1060.0


async def test_locked_database(accounts: Accounts, database: Database) -> None:
    """While another process writes logins go on, and what they would write follows."""
    _add_token(database, "v2")
    with database.writing():
        await _log_in(accounts, "bob", TOKEN)
        await _log_in(accounts)
    await accounts.close()
    assert _last_used(database) == 1000.0


async def test_rehash(accounts: Accounts, database: Database) -> None:
    """A hash of older costs is made anew; who is logged in, and the password, go on."""
    old = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("right")
    _change(database, lambda c: queries.set_password(c, "bob", old, 2.0))
    logins = list(await asyncio.gather(_log_in(accounts), _log_in(accounts)))
    await accounts._afterwards.idle()
    with database.reading() as connection:
        bob = queries.get_owner(connection, "bob")
    assert bob.password_hash not in (old, None)
    assert bob.changed == 2.0
    logins.append(await _log_in(accounts))
    _change(database, lambda c: queries.add_token(c, bob, TOKEN, 1000.0, "", "", "*"))
    assert await accounts.changes(logins) == {}
    _change(database, lambda c: queries.set_password(c, "bob", hash_password("right"), 1000.0))
    assert await accounts.changes(logins) == dict.fromkeys(logins)


async def test_throttled(accounts: Accounts, database: Database, clock: ManualClock) -> None:
    """After so many wrong tries the right password waits where they came from, nowhere else."""
    assert (await _log_in(accounts, address="home")).owner == "Bob"
    for n in range(BURST + FRESH_BURST):
        with pytest.raises(LoginRefused) as caught:
            await _log_in(accounts, "BOB" if n % 2 else "bob", "wrong", address="attacker")
        assert not isinstance(caught.value, Throttled)
    with pytest.raises(Throttled) as throttled:
        await _log_in(accounts, address="attacker")
    assert throttled.value.wait == REFILL
    await _log_in(accounts, address="home")
    await _log_in(accounts, address="elsewhere")
    clock.advance(REFILL)
    await _log_in(accounts, address="attacker")


async def test_a_right_token_is_never_throttled(accounts: Accounts, database: Database) -> None:
    """It is looked up before the throttle, and makes its address known; a wrong one is a try."""
    _add_token(database, "v2")
    for n in range(BURST + FRESH_BURST):
        with pytest.raises(LoginRefused):
            await _log_in(accounts, password="wrong" if n % 2 else "0" * 64, address="carrier")
    for wrong in ("0" * 64, PASSWORD):
        with pytest.raises(Throttled):
            await _log_in(accounts, password=wrong, address="carrier")
    assert (await _log_in(accounts, password=TOKEN, address="carrier")).owner == "Bob"
    assert (await _log_in(accounts, address="carrier")).owner == "Bob"


async def test_throttled_without_a_look(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A throttled try is not looked at, so that it costs nothing and tells nothing."""
    for _ in range(BURST + FRESH_BURST):
        with pytest.raises(LoginRefused):
            await _log_in(accounts, "eve")
    monkeypatch.setattr(accounts, "_check_password", None)
    with pytest.raises(Throttled):
        await _log_in(accounts, "eve")


class Gate:
    """Keeps checks of passwords waiting until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        monkeypatch.setattr(module, "_check", self._wait)

    def _wait(self, password_hash: str | None, password: str) -> tuple[bool, None]:
        assert self.open.wait(30)
        return verify_password(password_hash, password).ok, None


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Keep checks of passwords waiting until the test opens the gate."""
    return Gate(monkeypatch)


async def _look_is_done(accounts: Accounts) -> None:
    """Wait until all that has been asked of the reader is answered, and the answers were taken."""
    await accounts.database.read(lambda connection: None, Lane.LOGINS)
    await asyncio.sleep(0)


async def test_busy(
    database: Database, clock: ManualClock, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many passwords wait to be checked; one more is turned away, and no try is lost by it."""
    monkeypatch.setattr(module, "WAITING_LIMIT", 3)
    _add_token(database, "v2")
    accounts = Accounts(database, clock)
    waiting = [
        asyncio.create_task(_log_in(accounts, address=f"{n}")) for n in range(module.HASHERS + 3)
    ]
    await asyncio.sleep(0)
    await _look_is_done(accounts)
    for _ in range(3 * BURST):
        with pytest.raises(Busy):
            await _log_in(accounts, "alice")
    assert (await _log_in(accounts, "bob", TOKEN)).owner == "Bob"  # takes no place
    gate.open.set()
    assert {login.owner for login in await asyncio.gather(*waiting)} == {"Bob"}
    with pytest.raises(LoginRefused):
        await _log_in(accounts, "alice")
    await accounts.close()


async def test_new_passwords(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """New passwords are hashed in the threads that give way, and few wait; one at a time may."""
    opened, threads = threading.Event(), set()

    def hash_slowly(password: str) -> str:
        threads.add(threading.current_thread().name.rpartition("_")[0])
        assert opened.wait(30)
        return password[::-1]

    monkeypatch.setattr(module, "hash_password", hash_slowly)
    networks = [f"192.0.2.{n}" for n in range(module.HASHERS + module.NEW_WAITING)]
    first = [networks[0]] * module.NEW_SHARE
    waiting = [asyncio.create_task(accounts.hash_password("abc", each)) for each in first]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await accounts.hash_password("abc", networks[0])
    others = networks[len(first) :]
    waiting += [asyncio.create_task(accounts.hash_password("abc", each)) for each in others]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await accounts.hash_password("abc", "198.51.100.1")
    waiting.append(asyncio.create_task(accounts.hash_password("abc", None)))
    opened.set()
    assert set(await asyncio.gather(*waiting)) == {"cba"}
    assert threads == {"ovms-passwords"}
    assert await accounts.hash_password("abc", networks[0]) == "cba"  # the places are free again


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
async def test_hashing_gives_way(accounts: Accounts) -> None:
    """The threads that hash are nicer than the one that passes messages on, and that stays."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    loop = asyncio.get_running_loop()
    look = partial(os.getpriority, os.PRIO_PROCESS, 0)
    nice = await loop.run_in_executor(accounts._hashers, look)
    assert nice == min(19, before + module.NICENESS) > before
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


@pytest.mark.parametrize("limit", ["WAITING_LIMIT", "LOGIN_LIMIT"])
async def test_busy_with_strangers(
    database: Database, clock: ManualClock, gate: Gate, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """Whoever floods the server with names turns nobody away who logged in from there before."""
    monkeypatch.setattr(module, limit, 1 if limit == "LOGIN_LIMIT" else 0)
    accounts = Accounts(database, clock)
    gate.open.set()
    await _log_in(accounts, address="home")
    gate.open.clear()
    flood = [
        asyncio.create_task(_log_in(accounts, f"name{n}", "wrong", address="away"))
        for n in range(module.HASHERS)
    ]
    await asyncio.sleep(0)
    await _look_is_done(accounts)
    with pytest.raises(Busy):
        await _log_in(accounts, address="elsewhere")
    at_home = asyncio.create_task(_log_in(accounts, address="home"))
    await _look_is_done(accounts)
    gate.open.set()
    assert (await at_home).owner == "Bob"
    await asyncio.gather(*flood, return_exceptions=True)
    await accounts.close()


@pytest.mark.parametrize("limit", ["WAITING_SHARE", "LOGIN_SHARE"])
async def test_a_network_has_a_share(
    database: Database, clock: ManualClock, gate: Gate, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """A flood of names from one network leaves places to owners at others."""
    monkeypatch.setattr(module, limit, 1)
    accounts = Accounts(database, clock)
    flood = asyncio.create_task(_log_in(accounts, "name", "wrong", address="2001:db8::1"))
    await asyncio.sleep(0)
    await _look_is_done(accounts)
    with pytest.raises(Busy):
        await _log_in(accounts, address="2001:db8::2")
    elsewhere = asyncio.create_task(_log_in(accounts, address="192.0.2.1"))
    await _look_is_done(accounts)
    gate.open.set()
    assert (await elsewhere).owner == "Bob"
    await asyncio.gather(flood, return_exceptions=True)
    assert (await _log_in(accounts, address="2001:db8::2")).owner == "Bob"
    await accounts.close()


async def test_cancelled(
    database: Database, clock: ManualClock, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who hangs up frees the place, and has spent the try."""
    monkeypatch.setattr(module, "WAITING_LIMIT", 0)
    accounts = Accounts(database, clock)
    waiting = [asyncio.create_task(_log_in(accounts)) for _ in range(module.HASHERS)]
    await asyncio.sleep(0)
    await _look_is_done(accounts)
    with pytest.raises(Busy):
        await _log_in(accounts)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    gate.open.set()
    assert (await _log_in(accounts)).owner == "Bob"
    for _ in range(BURST + FRESH_BURST - module.HASHERS):
        with pytest.raises(LoginRefused):
            await _log_in(accounts, password="wrong", address="away")
    with pytest.raises(Throttled):
        await _log_in(accounts, password="wrong", address="away")
    await accounts.close()


async def test_login_limit(
    database: Database, clock: ManualClock, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many logins are under way; one more is turned away, by token too."""
    monkeypatch.setattr(module, "LOGIN_LIMIT", 1)
    _add_token(database, "v2")
    accounts = Accounts(database, clock)
    waiting = asyncio.create_task(_log_in(accounts))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await _log_in(accounts, "bob", TOKEN)
    gate.open.set()
    await waiting
    assert (await _log_in(accounts, "bob", TOKEN)).owner == "Bob"
    await accounts.close()


async def test_trouble_with_the_database(accounts: Accounts, database: Database) -> None:
    """What the database cannot do is told as that, costs no try, and does not last."""

    def rename(old: str, new: str) -> None:
        with database.writing() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    login = await _log_in(accounts)
    rename("owners", "away")
    for _ in range(3 * BURST):
        with pytest.raises(DatabaseError):
            await _log_in(accounts, "alice")
    with pytest.raises(DatabaseError):
        await accounts.changes([login])
    rename("away", "owners")
    assert await _log_in(accounts) == login
    assert await accounts.changes([login]) == {}


BOTH = ("CAR1", "CAR2")
"""The vehicles of Bob."""

CHANGES: list[Any] = [
    pytest.param(
        lambda c: queries.set_password(c, "bob", "x", 1000.0), True, False, BOTH, id="password"
    ),
    pytest.param(
        lambda c: queries.set_password(c, "bob", None, 1000.0), True, False, BOTH, id="no"
    ),
    pytest.param(lambda c: queries.remove_token(c, TOKEN, 1000.0), False, True, BOTH, id="token"),
    pytest.param(
        lambda c: queries.remove_owner(c, "bob", 1000.0, with_vehicles=True),
        True, True, BOTH, id="owner",
    ),
    pytest.param(
        lambda c: queries.remove_vehicle(c, "car1", 1000.0),
        True, True, ("CAR2",), id="vehicle",
    ),
    pytest.param(
        lambda c: queries.transfer_vehicle(c, "car1", queries.get_owner(c, "alice"), 1000.0),
        True, True, ("CAR2",), id="moved",
    ),
    pytest.param(
        lambda c: queries.add_vehicle(c, "car3", queries.get_owner(c, "bob"), "s", 1000.0),
        True, True, (*BOTH, "CAR3"), id="more",
    ),
    pytest.param(
        lambda c: queries.rename_vehicle(c, "car1", "n", 1000.0),
        False, False, BOTH, id="name",
    ),
    pytest.param(
        lambda c: queries.add_token(
            c, queries.get_owner(c, "bob"), "0" * 64, 1000.0, "", "", "*"
        ),
        False, False, BOTH, id="other token",
    ),
    pytest.param(
        lambda c: queries.add_vehicle(
            c, "p", queries.get_owner(c, "bob"), "s", 1000.0, type="server"
        ),
        False, False, BOTH, id="server",
    ),
    pytest.param(
        lambda c: queries.set_password(c, "alice", "x", 1000.0), False, False, BOTH, id="another's"
    ),
]  # fmt: skip
"""A change, whether it is one of a login by password and of one by token, and the vehicles then."""


@pytest.mark.parametrize(("change", "by_password", "by_token", "vehicles"), CHANGES)
async def test_revoked(
    accounts: Accounts,
    database: Database,
    clock: ManualClock,
    change: Callable[[Connection], object],
    by_password: bool,
    by_token: bool,
    vehicles: tuple[str, ...],
) -> None:
    """A login ends with what it came by, and changes with its vehicles; nothing else counts."""
    _add_token(database, "v2")
    logins = [await _log_in(accounts), await _log_in(accounts, "bob", TOKEN)]
    assert await accounts.changes(logins) == {}
    _change(database, change)
    changes = await accounts.changes(logins)
    assert [login in changes for login in logins] == [by_password, by_token]
    # What changed is told once: who goes on with what became of it hears no more.
    going_on = [changes.get(login, login) for login in logins]
    clock.advance(2)
    assert await accounts.changes([login for login in going_on if login is not None]) == {}
    assert {login.vehicles for login in going_on if login is not None} <= {vehicles}


async def test_all_who_hold_logins_are_told(accounts: Accounts, database: Database) -> None:
    """Each holder is told of what changed among the logins of all; of nothing, nobody is."""

    class Holder:
        def __init__(self, *logins: Login) -> None:
            self.held = logins
            self.told: list[Mapping[Login, Login | None]] = []

        def logins(self) -> Iterable[Login]:
            return self.held

        def update(self, changes: Mapping[Login, Login | None]) -> None:
            self.told.append(changes)

    login = await _log_in(accounts)
    holders = [Holder(login), Holder()]
    await accounts.check_logins()
    for holder in holders:
        accounts.add_holder(holder)
    await accounts.check_logins()
    _change(database, lambda c: queries.set_password(c, "bob", "x", 1000.0))
    await accounts.check_logins()
    assert [holder.told for holder in holders] == [[{login: None}], [{login: None}]]


async def test_brokers_have_places_of_their_own(
    database: Database, clock: ManualClock, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker has more places than a network of strangers, and takes none of theirs."""
    monkeypatch.setattr(module, "WAITING_LIMIT", 0)
    monkeypatch.setattr(module, "BROKER_WAITING", 3)
    monkeypatch.setattr(module, "BROKER_SHARE", 4)
    accounts = Accounts(database, clock)

    def ask(n: int, address: str = "broker") -> asyncio.Task[Login]:
        logging_in = accounts.log_in(f"user{n}", "wrong", "v3", address, by_broker=True)
        return asyncio.create_task(logging_in)

    waiting = [ask(n) for n in range(4)]
    await asyncio.sleep(0)
    await _look_is_done(accounts)
    with pytest.raises(Busy):
        await ask(5)
    waiting += [ask(6, "another"), asyncio.create_task(_log_in(accounts))]
    await _look_is_done(accounts)
    gate.open.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in found] == [LoginRefused] * 5 + [Login]
    await accounts.close()


async def test_who_gets_a_vehicle(accounts: Accounts, database: Database) -> None:
    """Of a vehicle that moves, both owners' logins change."""
    _add_token(database, "*", owner="alice")
    bob, alice = await _log_in(accounts), await _log_in(accounts, "alice", TOKEN)
    assert alice.vehicles == ()
    _change(
        database,
        lambda c: queries.transfer_vehicle(c, "car1", queries.get_owner(c, "alice"), 1000.0),
    )
    assert await accounts.changes([bob, alice, bob]) == {
        bob: replace(bob, vehicles=("CAR2",)),
        alice: replace(alice, vehicles=("CAR1",)),
    }
    assert (await _log_in(accounts, "alice", TOKEN)).vehicles == ("CAR1",)


async def test_permit_that_shrank(accounts: Accounts, database: Database) -> None:
    """A token whose rights were taken away ends what it was used for."""
    _add_token(database, "v2,session")
    login = await _log_in(accounts, "bob", TOKEN)
    other = await _log_in(accounts, "bob", TOKEN, "session")
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE tokens SET permit = 'session'")
        connection.exec_driver_sql("UPDATE owners SET changed = 1000.0 WHERE name = 'Bob'")
    assert await accounts.changes([login, other]) == {
        login: None,
        other: replace(other, permit="session"),
    }


async def test_change_that_commits_late(
    accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    """A change is noticed although it says a time before the last look, up to half a minute."""
    login = await _log_in(accounts)
    clock.advance(100)
    assert await accounts.changes([login]) == {}
    _change(database, lambda c: queries.set_password(c, "bob", "x", 1100.0 - CHANGE_OVERLAP))
    clock.advance(2)
    assert await accounts.changes([login]) == {login: None}
    assert await accounts.changes([login]) == {}  # it is over, and is not looked for again


async def test_look_after_trouble(
    accounts: Accounts, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed while the database was away is noticed once it is back, however long it took."""
    login = await _log_in(accounts)
    _change(database, lambda c: queries.set_password(c, "bob", "x", 1000.0))

    def away(connection: Connection, since: float, now: float) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(queries, "accounts_changed_since", away)
        for _ in range(100):
            clock.advance(10)
            with pytest.raises(StoreError):
                await accounts.changes([login])
    assert await accounts.changes([login]) == {login: None}


async def test_many_logins(accounts: Accounts, database: Database) -> None:
    """Of ten thousand logins only those of who changed are looked at, and found."""
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE owners SET changed = 1000.0 WHERE name = 'Bob'")
    login = await _log_in(accounts)
    others = [Login(n, "x", (f"V{n}",), login.credential) for n in range(100, 10_100)]
    assert await accounts.changes([*others, login]) == {}
    _change(database, lambda c: queries.remove_vehicle(c, "car1", 1000.0))
    assert await accounts.changes([*others, login]) == {login: replace(login, vehicles=("CAR2",))}


async def test_changes_during_a_login(accounts: Accounts, database: Database, gate: Gate) -> None:
    """A password that is changed while it is being checked logs nobody in any more."""
    waiting = asyncio.create_task(_log_in(accounts))
    await asyncio.sleep(0)
    await _look_is_done(accounts)
    _change(database, lambda c: queries.set_password(c, "bob", hash_password("right"), 1000.0))
    gate.open.set()
    with pytest.raises(LoginRefused):
        await waiting
    assert (await _log_in(accounts)).owner == "Bob"


async def test_beside_a_running_server(database: Database, clock: ManualClock) -> None:
    """Logins, a server's writer and the command line work on one database at the same time."""
    _add_token(database, "v2")
    store = await Store.open(database, clock.time)
    accounts = Accounts(database, clock)

    async def serve() -> None:
        for n in range(200):
            store.put_message("CAR1", LatestMessage("S", b"%d" % n, float(n)))
            await store.writer.flush()

    async def administer() -> None:
        for n in range(20):
            token = f"{n:064x}"
            await asyncio.to_thread(_add_token, database, "v2", token)
            login = await _log_in(accounts, "bob", token)
            remove = partial(queries.remove_token, token=token, now=1000.0)
            await asyncio.to_thread(_change, database, remove)
            assert await accounts.changes([login]) == {login: None}

    async def use() -> None:
        for _ in range(20):
            await _log_in(accounts, "bob", TOKEN)
            await _log_in(accounts)

    await asyncio.gather(serve(), administer(), use())
    await accounts.close()
    assert await store.close() == 0
    assert _last_used(database) == 1000.0


async def test_close(database: Database, clock: ManualClock, gate: Gate) -> None:
    """Who waits at the end is told that it is over; closing again is harmless."""
    accounts = Accounts(database, clock)
    login = asyncio.create_task(_log_in(accounts))
    await asyncio.sleep(0)
    await _look_is_done(accounts)
    await accounts.close()
    await accounts.close()
    gate.open.set()
    with pytest.raises(StoreClosed):
        await login
    with pytest.raises(StoreClosed):
        await _log_in(accounts)
    with pytest.raises(StoreClosed):
        await accounts.changes([])


@pytest.fixture
def damaged(database: Database) -> Database:
    """Put something else in the place of the database's file."""
    path = Path(database.name)
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    path.write_bytes(b"something else\n" * 1000)
    return database


async def test_damaged_database(damaged: Database, clock: ManualClock) -> None:
    """A damaged database is the database's trouble, and refuses nobody."""
    accounts = Accounts(damaged, clock)
    with pytest.raises(StoreError):
        await _log_in(accounts)
    await accounts.close()


async def test_logins_are_counted(accounts: Accounts, database: Database) -> None:
    """A right password, a right token and a wrong password count as what they were."""
    _add_token(database, "*")
    await _log_in(accounts)
    await _log_in(accounts, password=TOKEN, right="")
    with pytest.raises(LoginRefused):
        await _log_in(accounts, password="wrong")
    assert dict(accounts.counts.done) == {
        ("0x31", "accepted"): 1,
        ("http", "accepted"): 1,
        ("0x31", "refused"): 1,
    }
    assert accounts.counts.waiting == 0


async def test_one_time_codes(accounts: Accounts, database: Database, clock: ManualClock) -> None:
    """With one-time codes on a password alone logs in nowhere, and what it began ends."""
    login = await accounts.log_in("bob", "right", "v2", "a")
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        token = queries.add_token(connection, bob, "5" * 64, 1.0, "", "", "v2")
        set_totp(connection, bob.id, "KEY", 1, clock.time())
    assert await accounts.changes([login]) == {login: None}
    with pytest.raises(LoginRefused):
        await accounts.log_in("bob", "right", "v2", "a")
    assert (await accounts.log_in("bob", token.token, "v2", "a")).owner == "Bob"
    with pytest.raises(CodeNeeded):
        await accounts.check_password_and_code("bob", "right", "a", None)
    assert (await accounts.check_password("bob", "right", "a")).owner.name == "Bob"
    with database.writing() as connection:
        clear_totp(connection, bob.id, clock.time())
    assert (await accounts.log_in("bob", "right", "v2", "a")).owner == "Bob"


def test_own_vehicles_come_first() -> None:
    """An app that names no vehicle means one of the owner's own, whatever others share."""
    shared = {"A": VehicleRight.VIEW, "C": VehicleRight.VIEW}
    login = Login(1, "bob", ("A", "B", "C", "D"), Credential(""), shared=shared)
    assert login.listed == ("B", "D", "A", "C")
    assert login.rights_on("A") == VehicleRight.VIEW
    assert login.rights_on("B") == ALL_RIGHTS
    assert not login.rights_on("E")
