"""Who calls: an owner, by name and password or by a session's cookie.

Name and password of the URL or a form count first: who gives them says who is meant, and a client
that logs in anew sends its old cookie along. Then comes the cookie of a live session, then
``Authorization: Basic``, which may be meant for a proxy on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from ovms.protocol.spelling import vehicle_key
from ovms.server.accounts.calls import CallLogins
from ovms.server.accounts.errors import Busy, LoginRefused, Throttled
from ovms.server.accounts.tokens import allows, field_rights
from ovms.server.accounts.web_sessions import WebSessions
from ovms.server.http.credentials import basic, named_in, session_ids
from ovms.server.http.errors import CallFailed
from ovms.server.http.limits import CallLimits, CallRate
from ovms.server.http.sessions import HttpSession, HttpSessions
from ovms.server.hub.permissions import may_read
from ovms.server.rights import ALL_RIGHTS, NO_RIGHT, VehicleRight, format_rights
from ovms.server.storage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.requests import Request

    from ovms.base.clock import Clock
    from ovms.server.accounts.login import Accounts, Login

BUSY_WAIT: Final = 1.0
"""Seconds after which a call may be repeated that came while too many logins waited."""

AWAY_WAIT: Final = 10.0
"""Seconds after which a call may be repeated that came while the database was away."""

SESSION_RIGHT: Final = "session"
"""What a token must permit for a session."""


@dataclass(frozen=True, slots=True)
class HttpCaller:
    """An owner who calls."""

    login: Login
    address: str
    """Where the caller is, without a port."""
    session: str = field(default="", repr=False)
    """The id of the session; empty without one."""
    is_secure: bool = True
    """Others on the way cannot read the call, by what the server sees or a trusted proxy says."""

    def check_right(self, right: str) -> None:
        """Raise :class:`CallFailed` (403) if the caller's rights do not hold ``right``."""
        if not allows(self.login.permit, right):
            raise CallFailed(403, "Forbidden")

    @property
    def vehicles(self) -> list[str]:
        """The ids of the vehicles that the caller may see, sorted."""
        return [each for each in self.login.vehicles if self._held(each)]

    def rights_on(self, vehicle_id: str) -> VehicleRight | None:
        """Return the rights on a vehicle; ``None`` for all that its owner has."""
        held = self._held(vehicle_id)
        return None if held == ALL_RIGHTS and vehicle_id not in self.login.shared else held

    def _held(self, vehicle_id: str) -> VehicleRight:
        return field_held(self.login, vehicle_id)

    def check_vehicle(self, vehicle_id: str, right: VehicleRight = VehicleRight.VIEW) -> str:
        """Return a vehicle's id as it is stored.

        Raises :class:`CallFailed` (403) if it is neither theirs nor shared with them with that
        right, or takes TLS only and this is none.
        """
        key = vehicle_key(vehicle_id)
        rights = self._held(key)
        if not rights:
            raise CallFailed(403, "Forbidden")
        if right not in rights:
            whose = "The vehicle is shared" if key in self.login.shared else "The token is"
            raise CallFailed(403, f"{whose} without the right {format_rights(right)}")
        if key in self.login.tls_only and not self.is_secure:
            raise CallFailed(403, "The vehicle takes calls over TLS only")
        return key


def field_held(login: Login, vehicle_id: str) -> VehicleRight:
    """Return what a login may do with a vehicle in the field's API."""
    rights = login.rights_on(vehicle_id) & field_rights(login.permit)
    return rights if VehicleRight.VIEW in rights else NO_RIGHT


class Callers:
    """Finds out who calls."""

    def __init__(self, accounts: Accounts, clock: Clock, rate: CallRate | None = None) -> None:
        self.accounts = accounts
        self.web = WebSessions(accounts, clock)
        """The sessions of ``/api/v1``; those of the field's API are others."""
        self.sessions = HttpSessions(clock)
        accounts.add_holder(self.sessions)
        self._logins = CallLogins(accounts, clock)
        self.check_logins = accounts.check_logins
        """Has all who hold logins know at once of a change that a call has made."""
        self._find_login = accounts.find_login
        self._limits = CallLimits(clock, rate)

    async def identify(self, request: Request, form: Mapping[str, str]) -> HttpCaller:
        """Return who calls, and count the call; ``form`` has the fields of its body.

        Raises :class:`CallFailed` (401, 404, 429 or 503).
        """
        address = address_of(request)
        ids = session_ids(request.headers.getlist("cookie"))
        session = self._session(ids)
        query = request.scope["query_string"]
        given = named_in(dict(parse_qsl(query.decode("latin-1")))) if query else None
        given = given or named_in(form)
        if given is None and session is None:
            given = basic(request.headers.get("authorization", ""))
        if given is not None:
            login = await self.log_in(*given, "", address)
            session = self._session(ids, login)
        elif session is not None:
            login = session.login
        else:
            raise CallFailed(404, "No such session") if ids else _not_authenticated()
        if session is not None:
            self.sessions.use(session)
        self._limits.take(login)
        session_id = session.id if session is not None else ""
        return HttpCaller(login, address, session_id, request.scope.get("scheme") == "https")

    async def log_in(
        self, user: str, password: str, right: str, address: str, *, by_broker: bool = False
    ) -> Login:
        """Log an owner in. Raises :class:`CallFailed` (401, 429 or 503)."""
        try:
            return await self._logins.log_in(user, password, right, address, by_broker=by_broker)
        except Throttled as error:
            raise CallFailed(429, "Too many tries", wait=error.wait) from None
        except LoginRefused:
            raise _not_authenticated() from None
        except Busy:
            raise CallFailed(503, "Too many logins at once", wait=BUSY_WAIT) from None
        except StoreError:
            raise database_away() from None

    async def log_in_by_token(self, token: str, address: str) -> Login:
        """Log an owner in by a token alone. Raises :class:`CallFailed` (401 or 503)."""
        try:
            return await self._logins.log_in_by_token(token, address)
        except LoginRefused:
            raise _not_authenticated() from None
        except Busy:
            raise CallFailed(503, "Too many logins at once", wait=BUSY_WAIT) from None
        except StoreError:
            raise database_away() from None

    async def renew(self, login: Login) -> Login | None:
        """Return what became of a login since; ``None`` if it no longer holds."""
        return await self._find_login(login.owner_id, login.credential)

    async def still_reads(
        self,
        login: Login,
        vehicle_id: str,
        record_type: str,
        held: Callable[[Login, str], VehicleRight] = field_held,
    ) -> bool:
        """Return whether a long answer to somebody may go on, who holds rights as ``held`` says."""
        now = await self.renew(login)
        rights = held(now, vehicle_id) if now is not None else NO_RIGHT
        return VehicleRight.VIEW in rights and may_read(rights, record_type)

    def count(self, login: Login) -> None:
        """Count a call. Raises :class:`CallFailed` (429) if it is one too many."""
        self._limits.take(login)

    def open_session(self, caller: HttpCaller) -> HttpSession:
        """Begin a session. Raises :class:`CallFailed` (403) without the right.

        The caller's last session goes on: calls of the same client may be on their way with it.
        """
        caller.check_right(SESSION_RIGHT)
        credential = replace(caller.login.credential, right=SESSION_RIGHT)
        return self.sessions.open(replace(caller.login, credential=credential))

    def _session(self, ids: Iterable[str], login: Login | None = None) -> HttpSession | None:
        """Return the first live session of those; of ``login``'s owner, if that is given."""
        for session_id in ids:
            found = self.sessions.find(session_id)
            if found is not None and (login is None or found.login.owner_id == login.owner_id):
                return found
        return None


def address_of(request: Request) -> str:
    """Return where a caller is, without a port."""
    client = request.scope.get("client")
    return str(client[0]) if client else ""


def database_away() -> CallFailed:
    """Return the failure of a call that needs the database while it is away."""
    return CallFailed(503, "The database is away", wait=AWAY_WAIT)


def _not_authenticated() -> CallFailed:
    return CallFailed(401, "Authentication failed")
