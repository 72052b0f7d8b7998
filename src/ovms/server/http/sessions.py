"""Sessions with a cookie, in memory: a restart ends them, and clients log in again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

if TYPE_CHECKING:
    from ovms.base.clock import Clock
    from ovms.server.accounts.login import Login

SESSION_LIFE: Final = 180.0
"""Seconds that a session lives after its last call."""

SESSIONS_AN_ACCOUNT: Final = 100
"""Sessions of one account; then the one that was used longest ago ends."""

SESSIONS_LIMIT: Final = 10_000
"""Sessions of all accounts, some 500 bytes each; the same."""


@dataclass(slots=True)
class HttpSession:
    """Somebody who logged in for more than one call; ``used`` on the monotonic clock."""

    id: str
    login: Login
    used: float


class HttpSessions:
    """The sessions of all callers; a holder of logins. Belongs to one event loop."""

    def __init__(self, clock: Clock, make_id: Callable[[], str] = lambda: str(uuid4())) -> None:
        self._clock = clock
        self._make_id = make_id
        self._sessions: dict[str, HttpSession] = {}
        """Those used last are the last ones."""
        self._of_owner: dict[int, dict[str, None]] = {}
        self._on_end: list[Callable[[str], None]] = []

    def on_end(self, callback: Callable[[str], None]) -> None:
        """Have the id of each session that ends told, whatever ends it."""
        self._on_end.append(callback)

    def open(self, login: Login) -> HttpSession:
        """Begin a session. The oldest of the account, or of all, ends if there are too many."""
        self.expire()
        own = self._of_owner.setdefault(login.owner_id, {})
        if len(own) >= SESSIONS_AN_ACCOUNT:
            self.end(next(iter(own)))
        elif len(self._sessions) >= SESSIONS_LIMIT:
            self.end(next(iter(self._sessions)))
        session = HttpSession(self._make_id(), login, self._clock.monotonic())
        self._put(session)
        return session

    def find(self, session_id: str) -> HttpSession | None:
        """Return a live session, ``None`` if there is none. Does not count as a call."""
        session = self._sessions.get(session_id)
        return None if session is None or self._is_over(session) else session

    def use(self, session: HttpSession) -> None:
        """Note a call of a live session."""
        session.used = self._clock.monotonic()
        del self._sessions[session.id], self._of_owner[session.login.owner_id][session.id]
        self._put(session)

    def end(self, session_id: str) -> None:
        """End a session. Does nothing if there is none."""
        session = self._sessions.pop(session_id, None)
        if session is None:
            return
        own = self._of_owner[session.login.owner_id]
        del own[session_id]
        if not own:
            del self._of_owner[session.login.owner_id]
        for callback in self._on_end:
            callback(session_id)

    def expire(self) -> None:
        """End those whose time is over. Call it every few seconds."""
        while self._sessions:
            oldest = next(iter(self._sessions.values()))
            if not self._is_over(oldest):
                break
            self.end(oldest.id)

    def logins(self) -> Iterable[Login]:
        """Return the logins of all live sessions."""
        self.expire()
        return [session.login for session in self._sessions.values()]

    def update(self, changes: Mapping[Login, Login | None]) -> None:
        """Replace logins that changed, and end the sessions of those that no longer hold."""
        for session in list(self._sessions.values()):
            login = changes.get(session.login, session.login)
            if login is None:
                self.end(session.id)
            else:
                session.login = login

    def __len__(self) -> int:
        """Return how many sessions there are."""
        return len(self._sessions)

    def _put(self, session: HttpSession) -> None:
        self._sessions[session.id] = session
        self._of_owner.setdefault(session.login.owner_id, {})[session.id] = None

    def _is_over(self, session: HttpSession) -> bool:
        return self._clock.monotonic() - session.used >= SESSION_LIFE
