"""Owners log in: by their password, or by one of their API tokens.

Nothing here blocks the event loop. Queries run in the database's lane for logins, hashes in two
threads. No login waits for what is written (when a token was used, a hash of newer costs).
A wrong name takes as long as a wrong password, and no answer says which of them it was.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from ovms.server.accounts.counts import LoginCounts
from ovms.server.accounts.deferred import DeferredWrites
from ovms.server.accounts.errors import Busy, CodeNeeded, LoginRefused, WrongCode
from ovms.server.accounts.one_time_codes import OneTimeCodes
from ovms.server.accounts.passwords import (
    fingerprint,
    hash_password,
    rehash_password,
    verify_password,
)
from ovms.server.accounts.places import Places
from ovms.server.accounts.throttle import Throttle
from ovms.server.accounts.tickets import Tickets, is_ticket
from ovms.server.accounts.tokens import EVERYTHING, allows
from ovms.server.audit import Audit
from ovms.server.rights import ALL_RIGHTS, NO_RIGHT
from ovms.server.storage import names, queries
from ovms.server.storage.database import Lane
from ovms.server.storage.errors import StoreClosed, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.base.clock import Clock
    from ovms.server.rights import VehicleRight
    from ovms.server.storage.database import Database
    from ovms.server.values import AccountState, Owner, Token, WebSession

HASHERS: Final = 2
"""Threads that check passwords: each takes 19 MiB and some 20 ms of a processor."""

NICENESS: Final = 10
"""How much nicer they are than the thread that passes on what cars say, which so never waits for
them: beside fifty who guess, messages take half as long as at the same priority."""

WAITING_LIMIT: Final = 100
"""Passwords that wait to be checked: one or two seconds, ten on a very small machine. As many more
of those who come from where their account was logged in before."""

LOGIN_LIMIT: Final = 1000
"""Logins at once, those by token included, which take some milliseconds each; as many again from
known addresses."""

WAITING_SHARE: Final = 20
"""Of the passwords that wait, those of one network: its flood leaves places to others."""

LOGIN_SHARE: Final = 200
"""Of the logins at once, those of one network."""

BROKER_WAITING: Final = 300
"""Passwords that wait to be checked for MQTT brokers, each of which asks for all its clients from
one address: three seconds, and brokers wait for five."""

BROKER_SHARE: Final = 200
"""Of those, passwords that one broker asks for: who floods its call leaves places to others."""

NEW_WAITING: Final = 20
"""New passwords that wait to be hashed, besides those that are checked."""

NEW_SHARE: Final = 10
"""Of those, new passwords from one network."""

CHANGE_OVERLAP: Final = 30.0
"""Seconds that :meth:`Accounts.changes` looks further back: changes commit after their time, and a
login may have been read before one and be among the live ones only after it."""

APP_RIGHT: Final = "v2"
"""The right that apps need (scheme 0x31)."""

HOW: Final = {APP_RIGHT: "by an app"}
"""How somebody logs in who needs a right; any other right is for HTTP."""

FAILED: Final = "login.failed"
"""What the audit trail calls a wrong name or password."""

IN_BROWSER: Final = "in a browser"
"""How the audit trail says that somebody logs in for a session with a cookie."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What somebody logged in by, a token or a hash of the password, and for which right."""

    right: str
    token_id: int | None = None
    fingerprint: bytes = b""
    session_id: int | None = None
    """The session with a cookie, which began with the password or a passkey."""
    passkey_id: int | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """An owner who is logged in; ``vehicles`` are the ids of all cars that the owner may see.

    Two of the same owner by the same means are equal.
    """

    owner_id: int
    owner: str
    vehicles: tuple[str, ...]
    credential: Credential = field(repr=False)
    permit: str = EVERYTHING
    """The rights of the token; a password has all."""

    def __hash__(self) -> int:
        """Return what equal logins share, and takes a tenth of the time of all fields."""
        return hash((self.owner_id, self.credential.token_id))

    tls_only: frozenset[str] = frozenset()
    """The ids of those cars that take logins over TLS only."""
    shared: Mapping[str, VehicleRight] = field(default_factory=dict)
    """Those of the cars that are somebody else's, with what the owner may do."""
    admin: bool = False
    """The owner may do everything with the server."""

    def owns(self, vehicle_id: str) -> bool:
        """Return whether a vehicle is the owner's own."""
        return vehicle_id in self.vehicles and vehicle_id not in self.shared

    def rights_on(self, vehicle_id: str) -> VehicleRight:
        """Return what the owner may do with a car, its id as stored; the token's rights apart."""
        if vehicle_id in self.shared:
            return self.shared[vehicle_id]
        return ALL_RIGHTS if vehicle_id in self.vehicles else NO_RIGHT

    @property
    def listed(self) -> tuple[str, ...]:
        """The cars with the owner's own first: an app that names none means one of those."""
        return tuple(sorted(self.vehicles, key=lambda each: (each in self.shared, each)))


@dataclass(frozen=True, slots=True)
class RightPassword:
    """An owner whose password was right."""

    owner: Owner
    fingerprint: bytes = field(repr=False)
    """That of the password's hash."""


class LoginHolder(Protocol):
    """Holds logins for longer than a moment.

    It must hold a login before its next await: a change is told only once.
    """

    def logins(self) -> Iterable[Login]:
        """Return the logins that it holds now."""
        ...

    def update(self, changes: Mapping[Login, Login | None]) -> None:
        """Replace logins by what became of them; ``None`` is the end of one."""


class Pool(Enum):
    """Who shares places with whom while logins are under way."""

    STRANGERS = "strangers"
    KNOWN = "known"
    """Callers from an address where their account was logged in before."""
    BROKERS = "brokers"
    NEW = "new"
    """Callers who set a password, and have shown that they may."""


class Accounts:
    """Who may log in, to a database that exists. Belongs to the event loop that made it."""

    def __init__(self, database: Database, clock: Clock, audit: Audit | None = None) -> None:
        self.database = database
        self._clock = clock
        self._audit = audit or Audit(database, clock)
        self.counts = LoginCounts()
        self._throttle = Throttle(clock.monotonic)
        self._hashers = ThreadPoolExecutor(
            HASHERS, thread_name_prefix="ovms-passwords", initializer=_give_way
        )
        self._hashers.submit(verify_password, None, "")  # the first of all would take longer
        # Callers from an address where the account was logged in before have places of their own,
        # which no flood of strangers takes. So have brokers, whose addresses say nothing.
        # Among strangers no network takes more than its share.
        waiting = HASHERS + WAITING_LIMIT
        self._places = {
            Pool.STRANGERS: Places(LOGIN_LIMIT, LOGIN_SHARE),
            Pool.KNOWN: Places(LOGIN_LIMIT),
            Pool.BROKERS: Places(LOGIN_LIMIT),
        }
        self._hash_places = {
            Pool.STRANGERS: Places(waiting, WAITING_SHARE),
            Pool.KNOWN: Places(waiting),
            Pool.BROKERS: Places(HASHERS + BROKER_WAITING, BROKER_SHARE),
            Pool.NEW: Places(HASHERS + NEW_WAITING, NEW_SHARE),
        }
        self.tickets = Tickets(clock)
        """What pages of a browser log in by when they open a WebSocket."""
        self._holders: list[LoginHolder] = [self.tickets]
        self._afterwards = DeferredWrites(database)
        self.codes = OneTimeCodes(database, clock)
        self._checked = clock.time()
        self._suspects: tuple[set[int], set[str]] = set(), set()
        self._closed = False

    async def log_in(
        self, user: str, password: str, right: str, address: str, *, by_broker: bool = False
    ) -> Login:
        """Log in an owner, by password or by a token that has ``right`` (``""``: any token).

        An app may show a ticket, too. ``address`` is where the caller is, without a port;
        ``by_broker`` if that is a broker that asks for one of its clients. Raises
        :class:`LoginRefused`, :class:`Throttled`, :class:`Busy`, or
        :class:`ovms.server.storage.errors.StoreError`.
        """
        self._check_open()
        user = user.encode(errors="replace").decode()  # what is no text cannot be looked up
        if is_ticket(password):
            with self.counts.one(right, by_broker=by_broker):
                return self._log_in_by_ticket(user, password, right)
        pool = Pool.KNOWN if self._throttle.is_known(user, address) else Pool.STRANGERS
        if by_broker:
            pool = Pool.BROKERS
        with self.counts.one(right, by_broker=by_broker), self._places[pool].one(address):
            login = await self._log_in_by_token(user, password, right)
            if login is None:
                return await self._log_in_by_password(user, password, right, address, pool)
        self._throttle.trust(user, address)
        self._note(login, address)
        return login

    async def log_in_by_token(self, token: str, address: str) -> Login:
        """Log in an owner by an API token alone.

        Raises :class:`LoginRefused`, :class:`Busy`, or
        :class:`ovms.server.storage.errors.StoreError`.
        """
        self._check_open()
        if len(token) != names.TOKEN_DIGITS or not token.isascii():
            raise LoginRefused
        with self.counts.one("", by_broker=False), self._places[Pool.STRANGERS].one(address):
            find = partial(queries.find_token, token=token)
            found = await self.database.read(find, Lane.LOGINS)
            if found is None:
                raise LoginRefused
            login = await self._admit(found.owner_id, Credential("", token_id=found.id))
            self._afterwards.touch(found, self._clock.time())
        self._note(login, address)
        return login

    async def check_password(self, user: str, password: str, address: str) -> RightPassword:
        """Return the owner of a right password. A token is none; a one-time code is not asked for.

        Raises :class:`LoginRefused`, :class:`Throttled`, :class:`Busy`, or
        :class:`ovms.server.storage.errors.StoreError`.
        """
        return await self._check_with_code(user, password, address, None, asks=False)

    async def check_password_and_code(
        self, user: str, password: str, address: str, code: str | None
    ) -> RightPassword:
        """Return the owner of a right password, and of a right one-time code if they are on.

        Raises the same as :meth:`check_password`, and :class:`CodeNeeded` or :class:`WrongCode`.
        """
        return await self._check_with_code(user, password, address, code, asks=True)

    async def hash_password(self, password: str, address: str | None) -> str:
        """Return the hash to store of a new password that somebody at an address sets.

        ``None`` is for work that comes one at a time: it takes no place. Raises
        :class:`ovms.server.accounts.passwords.PasswordError` or :class:`Busy`.
        """
        self._check_open()
        place = nullcontext() if address is None else self._hash_places[Pool.NEW].one(address)
        with place:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._hashers, hash_password, password)

    async def admit_session(self, session: WebSession) -> Login:
        """Return the login of a session. Raises :class:`LoginRefused` if it no longer holds."""
        credential = Credential(
            "",
            fingerprint=session.fingerprint,
            session_id=session.id,
            passkey_id=session.passkey_id,
        )
        return await self._admit(session.owner_id, credential)

    def is_same_password(self, then: bytes, now: bytes) -> bool:
        """Return whether a hash's fingerprint is of the same password's. From any thread."""
        return then in (now, self._afterwards.older(now))

    def end_sessions(self, session_ids: Collection[int]) -> None:
        """Tell all who hold logins that sessions have ended."""
        over = {
            login
            for holder in self._holders
            for login in holder.logins()
            if login.credential.session_id in session_ids
        }
        if over:
            for holder in self._holders:
                holder.update(dict.fromkeys(over))

    def touch_session(self, session_id: int, now: float) -> None:
        """Store that a session was used, without waiting for it."""
        self._afterwards.touch_session(session_id, now)

    def check_try(self, user: str, address: str) -> None:
        """Raise :class:`Throttled` if the account must not be tried from there now."""
        self._throttle.check(user, address)

    def trust(self, user: str, address: str) -> None:
        """Note that the account was logged in from there."""
        self._throttle.trust(user, address)

    def add_holder(self, holder: LoginHolder) -> None:
        """Have :meth:`check_logins` tell somebody of changes."""
        self._holders.append(holder)

    async def check_logins(self) -> None:
        """Tell all who hold logins what became of those that changed.

        Costs three small queries while nothing changes: call it every few seconds.
        Raises :class:`ovms.server.storage.errors.StoreError`; the next call then looks as far back.
        """
        # A list: looking at thousands of logins must take the event loop no time.
        held = [login for holder in self._holders for login in holder.logins()]
        changes = await self.changes(held) if held else {}
        if changes:
            for holder in self._holders:
                holder.update(changes)

    async def changes(self, logins: Collection[Login]) -> dict[Login, Login | None]:
        """Return those of the live ``logins`` that changed, and what became of each.

        That is ``None`` if it no longer holds, else a login with other vehicles or rights. Raises
        the same as :meth:`check_logins`.
        """
        self._check_open()
        now, suspects = self._clock.time(), self._suspects
        self._suspects = set(), set()
        since = self._checked - CHANGE_OVERLAP
        query = partial(self._changes, since=since, also=suspects, logins=tuple(logins))
        try:
            found = await self.database.read(query, Lane.LOGINS)
        except BaseException:
            self.suspect(*suspects)
            raise
        self._checked = now
        return found

    def suspect(self, owner_ids: Iterable[int], vehicle_ids: Iterable[str]) -> None:
        """Make :meth:`check_logins` look at these too: what another server told has older times."""
        self._suspects[0].update(owner_ids)
        self._suspects[1].update(vehicle_ids)

    async def close(self) -> None:
        """End the threads once their work is done. Calling it again does nothing."""
        self._closed = True
        await self._afterwards.close()
        self._hashers.shutdown(wait=False)

    def _log_in_by_ticket(self, user: str, ticket: str, right: str) -> Login:
        """Log in by a ticket. A wrong one is no try at the password, and costs nothing."""
        login = self.tickets.take(user, ticket) if right == APP_RIGHT else None
        if login is None:
            raise LoginRefused
        return login

    async def _log_in_by_token(self, user: str, password: str, right: str) -> Login | None:
        """Log in by a right token, ``None`` if it is none. Costs no try: nobody guesses one."""
        if len(password) != names.TOKEN_DIGITS or not password.isascii():
            return None
        look = partial(_look, user=user, password=password)
        owner, token = await self.database.read(look, Lane.LOGINS)
        if not (owner and token and token.owner_id == owner.id and allows(token.permit, right)):
            return None
        login = await self._admit(owner.id, Credential(right, token_id=token.id))
        self._afterwards.touch(token, self._clock.time())
        return login

    async def _log_in_by_password(
        self, user: str, password: str, right: str, address: str, pool: Pool
    ) -> Login:
        taken = self._throttle.take(user, address)
        try:
            login = await self._check_password(user, password, right, address, pool)
        except (Busy, StoreError):  # not so when cancelled: the work was done
            self._throttle.give_back(taken)
            raise
        self._throttle.succeed(taken)
        self._note(login, address)
        return login

    def _note(self, login: Login, address: str) -> None:
        """Note a log-in in the audit trail, once a day by the same means from the same place."""
        credential = login.credential
        is_token = credential.token_id is not None
        how = f"token {credential.token_id}" if is_token else HOW.get(credential.right, "by HTTP")
        self._audit.put_daily(
            "login.token" if is_token else "login.password",
            actor=login.owner,
            owner_id=login.owner_id,
            detail=how,
            address=address,
        )

    async def _check_password(
        self, user: str, password: str, right: str, address: str, pool: Pool
    ) -> Login:
        how = HOW.get(right, "by HTTP")
        found = await self._right_password(user, password, address, pool, how)
        try:
            return await self._admit(found.owner.id, Credential(right, None, found.fingerprint))
        except LoginRefused:  # one-time codes are on, which nobody can say here
            detail = f"{how}, by the password alone"
            self._audit.put_failure(FAILED, owner_id=found.owner.id, detail=detail, address=address)
            raise

    async def _check_with_code(
        self, user: str, password: str, address: str, code: str | None, *, asks: bool
    ) -> RightPassword:
        self._check_open()
        user = user.encode(errors="replace").decode()
        is_known = self._throttle.is_known(user, address)
        pool = Pool.KNOWN if is_known else Pool.STRANGERS
        with self.counts.one(""), self._places[pool].one(address):
            taken = self._throttle.take(user, address)
            try:
                found = await self._right_password(user, password, address, pool, IN_BROWSER)
                if asks:
                    await self._check_code(found, code, address, is_known=is_known)
            except (Busy, StoreError, CodeNeeded):
                self._throttle.give_back(taken)
                raise
            self._throttle.succeed(taken)
            return found

    async def _check_code(
        self, found: RightPassword, code: str | None, address: str, *, is_known: bool
    ) -> None:
        try:
            await self.codes.check(found.owner.id, code, address if is_known else "")
        except WrongCode:
            how = f"{IN_BROWSER}, wrong one-time code"
            self._audit.put_failure(FAILED, owner_id=found.owner.id, detail=how, address=address)
            raise

    async def _right_password(
        self, user: str, password: str, address: str, pool: Pool, how: str
    ) -> RightPassword:
        find = partial(queries.find_owner, name=user)
        owner = await self.database.read(find, Lane.LOGINS)
        password_hash = owner.password_hash if owner else None
        with self._hash_places[pool].one(address):
            is_right, newer = await self._verify(password_hash, password)
        if not (is_right and owner and password_hash):
            owner_id = owner.id if owner else None
            self._audit.put_failure(FAILED, owner_id=owner_id, detail=how, address=address)
            raise LoginRefused
        if newer is not None:
            self._afterwards.renew(owner.id, password_hash, newer)
        return RightPassword(owner, fingerprint(password_hash))

    async def _verify(self, password_hash: str | None, password: str) -> tuple[bool, str | None]:
        """Check a password; return also its hash of newer costs when it is due for one."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._hashers, _check, password_hash, password)

    async def _admit(self, owner_id: int, credential: Credential) -> Login:
        """Return the login, if its credential still holds."""
        login = await self.find_login(owner_id, credential)
        if login is None:
            raise LoginRefused
        return login

    async def find_login(self, owner_id: int, credential: Credential) -> Login | None:
        """Return the login that a credential gives now, ``None`` if it no longer holds.

        Raises :class:`ovms.server.storage.errors.StoreError`.
        """
        self._check_open()
        query = partial(queries.account_states, owner_ids=(owner_id,), now=self._clock.time())
        states = await self.database.read(query, Lane.LOGINS)
        return self._login(owner_id, credential, states.get(owner_id))

    def _login(
        self, owner_id: int, credential: Credential, state: AccountState | None
    ) -> Login | None:
        """Return the login that a credential gives now, ``None`` if it no longer holds."""
        if state is None or not self._holds(credential, state):
            return None
        permit = EVERYTHING
        if credential.token_id is not None:
            permit = state.permits[credential.token_id]
        return Login(
            owner_id,
            state.name,
            state.vehicles,
            credential,
            permit,
            state.tls_only,
            state.shared,
            state.admin,
        )

    def _holds(self, credential: Credential, state: AccountState) -> bool:
        if credential.token_id is not None:
            permit = state.permits.get(credential.token_id)
            return permit is not None and allows(permit, credential.right)
        if credential.passkey_id is not None and credential.passkey_id not in state.passkeys:
            return False
        if state.has_totp and credential.session_id is None:
            return False  # by a call or a connection nobody can say a one-time code
        if state.password_hash is None:
            return credential.passkey_id is not None and not credential.fingerprint
        return self.is_same_password(credential.fingerprint, fingerprint(state.password_hash))

    def _changes(
        self,
        connection: Connection,
        since: float,
        also: tuple[set[int], set[str]],
        logins: tuple[Login, ...],
    ) -> dict[Login, Login | None]:
        """Do the work of :meth:`changes`, in the lane's thread."""
        now = self._clock.time()
        owner_ids, vehicle_ids = queries.accounts_changed_since(connection, since, now)
        owner_ids |= also[0]
        vehicle_ids |= also[1]
        if not (owner_ids or vehicle_ids):
            return {}
        suspects = [
            login
            for login in logins
            if login.owner_id in owner_ids or not vehicle_ids.isdisjoint(login.vehicles)
        ]
        wanted = {login.owner_id for login in suspects}
        states = queries.account_states(connection, wanted, now)
        found = {
            login: self._login(login.owner_id, login.credential, states.get(login.owner_id))
            for login in suspects
        }
        return {login: then for login, then in found.items() if then != login}

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed("the accounts were closed")


def _give_way() -> None:
    """Have the system run this thread after those that hash nothing."""
    if sys.platform == "linux":  # elsewhere all threads of a process have one priority
        thread = threading.get_native_id()
        nice = os.getpriority(os.PRIO_PROCESS, thread) + NICENESS
        with suppress(OSError):  # some sandboxes forbid it
            os.setpriority(os.PRIO_PROCESS, thread, nice)


def _look(connection: Connection, user: str, password: str) -> tuple[Owner | None, Token | None]:
    return queries.find_owner(connection, user), queries.find_token(connection, password)


def _check(password_hash: str | None, password: str) -> tuple[bool, str | None]:
    found = verify_password(password_hash, password)
    is_due = found.ok and found.rehash and bool(password)
    return found.ok, rehash_password(password) if is_due else None
