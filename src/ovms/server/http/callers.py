"""Who calls: an owner, by a session's cookie or by name and password in the URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ovms.protocol.spelling import vehicle_key
from ovms.server.accounts.errors import Busy, LoginRefused, Throttled
from ovms.server.accounts.tokens import allows
from ovms.server.http.errors import CallFailed

if TYPE_CHECKING:
    from starlette.requests import Request

    from ovms.server.accounts.login import Accounts, Login

BUSY_WAIT: Final = 1.0
"""Seconds after which a call may be repeated that came while too many logins waited."""


@dataclass(frozen=True, slots=True)
class HttpCaller:
    """An owner who calls."""

    login: Login
    address: str
    """Where the caller is, without a port."""
    session: str = field(default="", repr=False)
    """The id of the session; empty for credentials in the URL."""

    def check_right(self, right: str) -> None:
        """Raise :class:`CallFailed` (403) if the caller's rights do not hold ``right``."""
        if not allows(self.login.permit, right):
            raise CallFailed(403, "Forbidden")

    def check_vehicle(self, vehicle_id: str) -> str:
        """Return a vehicle's id as it is stored; raise :class:`CallFailed` (403) if not theirs."""
        key = vehicle_key(vehicle_id)
        if key not in self.login.vehicles:
            raise CallFailed(403, "Forbidden")
        return key


class Callers:
    """Finds out who calls."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def identify(self, request: Request) -> HttpCaller:
        """Return who calls. Raises :class:`CallFailed` (401, 404, 429 or 503)."""
        user = request.query_params.get("username", "")
        password = request.query_params.get("password", "")
        address = request.client.host if request.client is not None else ""
        try:
            login = await self._accounts.log_in(user, password, "", address)
        except Throttled as error:
            raise CallFailed(429, "Too many tries", wait=error.wait) from None
        except LoginRefused:
            raise CallFailed(401, "Authentication failed") from None
        except Busy:
            raise CallFailed(503, "Too many logins at once", wait=BUSY_WAIT) from None
        return HttpCaller(login, address)
