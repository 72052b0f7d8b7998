"""Logins of callers that send name and password with every call.

A right login is remembered for a while, so that it costs no hash each time. It is found by a keyed
hash of name and password under a key that only this process has ever had. A wrong password is never
remembered, and what is remembered is looked at only while the account may be tried: whoever guesses
gains nothing by it. Equal logins at the same moment are checked once.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from ovms.protocol.spelling import owner_key
from ovms.server.accounts.errors import Busy
from ovms.server.accounts.tokens import allows

if TYPE_CHECKING:
    from ovms.base.clock import Clock
    from ovms.server.accounts.login import Accounts, Login

PASSWORD_LIFE: Final = 600.0
"""Seconds that a right password is remembered since it was checked; each check takes 20 ms."""

TOKEN_LIFE: Final = 60.0
"""Seconds that a right token is: its last use is stored to the minute."""

REMEMBERED_LIMIT: Final = 10_000
"""Right logins that are remembered, some 300 bytes each; the oldest give way."""

BUSY_WAITS: Final = (0.1, 0.2, 0.4, 0.8, 1.5)
"""Seconds after which a login is tried again that found too many others: what is behind a proxy
logs in for many accounts at once. Whoever guesses gets no more tries by it."""

Key = bytes
"""A keyed hash of name and password."""


@dataclass(frozen=True, slots=True)
class RightLogin:
    """A login that was right; ``until`` on the monotonic clock."""

    login: Login
    until: float


class CallLogins:
    """Logs callers in, and remembers those who were right. Belongs to one event loop.

    It is a holder of logins (:class:`ovms.server.accounts.login.LoginHolder`), so what it remembers
    ends with the credential.
    """

    def __init__(
        self,
        accounts: Accounts,
        clock: Clock,
        random: Callable[[int], bytes] = os.urandom,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._sleep = sleep
        self._key = random(32)
        self._right: dict[Key, RightLogin] = {}
        self._under_way: dict[tuple[Key, str, str, bool], asyncio.Task[Login]] = {}
        accounts.add_holder(self)

    async def log_in(
        self, user: str, password: str, right: str, address: str, *, by_broker: bool = False
    ) -> Login:
        """Log in an owner, as :meth:`Accounts.log_in` does, which tells the errors."""
        key = self._hash(user, password)
        found = self._find(key, right)
        if found is not None:
            if found.credential.token_id is None:  # nobody guesses a token
                self._accounts.check_try(user, address)
            self._accounts.trust(user, address)
            return found
        place = key, right, address, by_broker
        task = self._under_way.get(place)
        if task is None:
            checked = self._check(key, user, password, right, address, by_broker=by_broker)
            task = asyncio.create_task(checked, name="login of a call")
            self._under_way[place] = task
            task.add_done_callback(lambda done: self._done(place, done))
        return await asyncio.shield(task)

    async def log_in_by_token(self, token: str, address: str) -> Login:
        """Log in an owner, as :meth:`Accounts.log_in_by_token` does, which tells the errors."""
        key = self._hash("", token)  # nobody's name is empty
        found = self._find(key, "")
        if found is not None:
            return found
        login = await self._accounts.log_in_by_token(token, address)
        self._remember(key, login)
        return login

    def logins(self) -> Iterable[Login]:
        """Return the logins that are remembered, without those whose time is over."""
        now = self._clock.monotonic()
        self._right = {key: each for key, each in self._right.items() if now < each.until}
        return [each.login for each in self._right.values()]

    def update(self, changes: Mapping[Login, Login | None]) -> None:
        """Replace logins that changed, and forget those that no longer hold."""
        for key, each in list(self._right.items()):
            login = changes.get(each.login, each.login)
            if login is None:
                del self._right[key]
            else:
                self._right[key] = replace(each, login=login)

    def __len__(self) -> int:
        """Return how many logins are remembered."""
        return len(self._right)

    async def _check(
        self, key: Key, user: str, password: str, right: str, address: str, *, by_broker: bool
    ) -> Login:
        login = await self._log_in(user, password, right, address, by_broker=by_broker)
        self._remember(key, login)
        return login

    def _remember(self, key: Key, login: Login) -> None:
        by_token = login.credential.token_id is not None
        life = TOKEN_LIFE if by_token else PASSWORD_LIFE
        self._right.pop(key, None)
        if len(self._right) >= REMEMBERED_LIMIT:
            del self._right[next(iter(self._right))]
        self._right[key] = RightLogin(_for_right(login, ""), self._clock.monotonic() + life)

    async def _log_in(
        self, user: str, password: str, right: str, address: str, *, by_broker: bool
    ) -> Login:
        for wait in BUSY_WAITS:
            with suppress(Busy):
                return await self._accounts.log_in(
                    user, password, right, address, by_broker=by_broker
                )
            await self._sleep(wait)
        return await self._accounts.log_in(user, password, right, address, by_broker=by_broker)

    def _find(self, key: Key, right: str) -> Login | None:
        """Return a login that was right a while ago and has a right."""
        found = self._right.get(key)
        if found is None or self._clock.monotonic() >= found.until:
            return None
        return _for_right(found.login, right) if allows(found.login.permit, right) else None

    def _hash(self, user: str, password: str) -> Key:
        name = owner_key(user)
        text = f"{len(name)} {name}{password}"
        # A third of the time of HMAC, and made to be keyed.
        return blake2b(text.encode(errors="surrogatepass"), key=self._key, digest_size=32).digest()

    def _done(self, place: tuple[Key, str, str, bool], task: asyncio.Task[Login]) -> None:
        del self._under_way[place]
        if not task.cancelled():
            task.exception()  # whoever waits for it is told


def _for_right(login: Login, right: str) -> Login:
    if login.credential.right == right:
        return login
    return replace(login, credential=replace(login.credential, right=right))
