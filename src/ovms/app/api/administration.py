"""Calls of administrators, about all owners and vehicles of the server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime

from msgspec import UNSET, UnsetType

from ovms.app.api.calls import ApiCalls, ApiModel, given, vehicle_path
from ovms.app.api.link import Query, segment


class ApiOwner(ApiModel, frozen=True, kw_only=True):
    """An owner."""

    name: str
    email: str | None = None
    """The mail address; null without one."""
    email_confirmed: datetime | None = None
    """When a mail to it was answered; null if an administrator has set it."""
    is_admin: bool
    has_password: bool
    has_totp: bool
    """One-time codes are asked for."""
    created: datetime
    vehicles: int
    """How many there are."""
    vehicle_limit: int | None = None
    """How many there may be; 0 is no limit, null the server's ``vehicles_per_owner``."""
    bytes: int
    """Of the history of all vehicles."""
    byte_limit: int | None = None
    """How many there may be; 0 is no limit, null the server's ``bytes_per_owner``."""
    is_over: bool
    """There are so many bytes that nothing more is kept."""


class ApiServerStorage(ApiModel, frozen=True, kw_only=True):
    """The database and its disk, in bytes."""

    database: int
    log: int
    """What was written and is not in the database's file yet."""
    free: int
    """Left on the disk."""
    records: int
    """In the histories of all vehicles."""


class ApiServerCertificate(ApiModel, frozen=True, kw_only=True):
    """A certificate of the server."""

    name: str
    """The folder that it is in; ``default`` is that of callers who ask for no other."""
    days: int
    """Until it ends; negative once it has."""


class ApiServerBackup(ApiModel, frozen=True, kw_only=True):
    """The backups that the server makes by itself."""

    hours: float
    """Between two of them."""
    last: datetime | None = None
    """When the newest that is there was made."""
    bytes: int | None = None
    """How many it has."""
    is_failing: bool
    """The last try failed; :attr:`ApiServer.troubles` says why."""


class ApiServer(ApiModel, frozen=True, kw_only=True):
    """How the server is."""

    version: str
    since: datetime
    """When it was started."""
    is_stopping: bool
    troubles: list[str]
    """What its operator should see to, a sentence each."""
    vehicles: int | None = None
    """All that there are; ``None`` while the database does not answer."""
    cars_online: int
    connections: dict[str, int]
    """Open ones, by kind."""
    streams: int
    """Streams of server-sent events."""
    received_a_second: float
    """Messages, in the last minute."""
    sent_a_second: float
    waiting: dict[str, int]
    """What waits, by kind."""
    storage: ApiServerStorage | None = None
    """``None`` while the disk does not answer."""
    outbox: dict[str, int] | None = None
    """Alerts that wait to be delivered, by channel."""
    deliveries_failed: int
    """Tries to deliver that failed, since the start."""
    logins_failed: int
    """Log-ins to accounts that failed within the last hour."""
    refused: dict[str, int]
    """Callers that were refused since the start, by reason."""
    certificates: list[ApiServerCertificate]
    backup: ApiServerBackup | None = None
    """``None`` of a server that makes none by itself."""


class ApiOpenConnection(ApiModel, frozen=True, kw_only=True):
    """A connection at a port for modules and apps, or by WebSocket."""

    id: int
    role: str
    """``stranger`` until it is welcomed."""
    vehicle_id: str | None = None
    """``None`` of a stranger."""
    owner: str | None = None
    """Who has logged in; ``None`` of cars, and of apps with the vehicle's secret."""
    address: str
    transport: str
    since: datetime
    bytes_received: int
    bytes_sent: int


class ApiServerVehicle(ApiModel, frozen=True, kw_only=True):
    """A vehicle, or another server that calls as one."""

    id: str
    name: str
    """What its owner calls it; empty if nothing."""
    owner: str
    type: str
    is_online: bool
    """It is connected to this server."""
    last_heard: datetime | None = None
    """When it last said something; null if never."""
    tls_only: bool
    """It takes log-ins and calls over TLS only."""
    server: str
    """The server that serves it; ``*`` is any."""
    created: datetime
    records: int
    """In its history."""
    bytes: int
    """Of its history."""
    positions: int
    """Records of its history that may say where it was; ``None`` from an older server."""
    messages: int
    """The latest of each code that are kept."""
    journeys: int
    """Trips, charges and parked times."""


class ApiTransfer(ApiModel, frozen=True, kw_only=True):
    """A vehicle and its new owner."""

    id: str
    owner: str
    secret: str | None = None
    """The secret that was made, told now and never again: set it in the car. Null if none was."""


class AdministrationCalls(ApiCalls):
    """Calls of administrators."""

    def owners(self, *, search: str | None = None) -> AsyncGenerator[ApiOwner, None]:
        """Yield all owners, or those in whose name or mail address a text stands."""
        return self._items("/admin/owners", ApiOwner, {"search": search})

    async def owner(self, name: str) -> ApiOwner:
        """Return an owner."""
        return await self._link.ask("GET", _owner(name), ApiOwner)

    async def add_owner(
        self,
        name: str,
        *,
        password: str | None = None,
        email: str = "",
        is_admin: bool = False,
        vehicle_limit: int | None = None,
        byte_limit: int | None = None,
    ) -> ApiOwner:
        """Make an owner. Of the limits, 0 is none, and ``None`` the server's."""
        body = {
            "name": name, "password": password, "email": email, "is_admin": is_admin,
            "vehicle_limit": vehicle_limit, "byte_limit": byte_limit,
        }  # fmt: skip
        return await self._link.ask("POST", "/admin/owners", ApiOwner, body=body)

    async def change_owner(
        self,
        name: str,
        *,
        email: str | UnsetType | None = UNSET,
        is_admin: bool | UnsetType = UNSET,
        password: str | UnsetType | None = UNSET,
        vehicle_limit: int | UnsetType | None = UNSET,
        byte_limit: int | UnsetType | None = UNSET,
        has_totp: bool | UnsetType = UNSET,
    ) -> ApiOwner:
        """Change what is given of an owner; one-time codes can be switched off only."""
        body = given(
            email=email, is_admin=is_admin, password=password, vehicle_limit=vehicle_limit,
            byte_limit=byte_limit, has_totp=has_totp,
        )  # fmt: skip
        return await self._link.ask("PATCH", _owner(name), ApiOwner, body=body)

    async def remove_owner(self, name: str, *, with_vehicles: bool = False) -> None:
        """Remove an owner. One who has vehicles is removed only with them."""
        await self._link.read("DELETE", _owner(name), query={"with_vehicles": with_vehicles})

    async def mail_owner_reset(self, name: str) -> str:
        """Have a code mailed to an owner that sets a password; return a sentence for people."""
        return await self._mailed(f"{_owner(name)}/reset")

    def all_vehicles(
        self, *, owner: str | None = None, search: str | None = None
    ) -> AsyncGenerator[ApiServerVehicle, None]:
        """Yield all vehicles, those of an owner, or those in whose id or name a text stands."""
        query: Query = {"owner": owner, "search": search}
        return self._items("/admin/vehicles", ApiServerVehicle, query)

    async def server(self) -> ApiServer:
        """Return how the server is."""
        return await self._link.ask("GET", "/admin/server", ApiServer)

    def connections(self, *, search: str | None = None) -> AsyncGenerator[ApiOpenConnection, None]:
        """Yield who is connected, or those in whose vehicle, owner or address a text stands."""
        return self._items("/admin/connections", ApiOpenConnection, {"search": search})

    async def end_connection(self, connection_id: int) -> None:
        """End a connection. A car connects again by itself."""
        await self._link.read("DELETE", f"/admin/connections/{connection_id}")

    async def transfer_vehicle(
        self, vehicle_id: str, owner: str, *, secret: str | None = None, keep_secret: bool = False
    ) -> ApiTransfer:
        """Transfer a vehicle to another owner, with its history and another secret."""
        body = {"owner": owner, "secret": secret, "keep_secret": keep_secret}
        path = f"/admin{vehicle_path(vehicle_id)}/transfer"
        return await self._link.ask("POST", path, ApiTransfer, body=body)

    async def remove_any_vehicle(self, vehicle_id: str) -> None:
        """Remove anybody's vehicle with its messages and its history."""
        await self._link.read("DELETE", f"/admin{vehicle_path(vehicle_id)}")

    async def erase_any_data(self, vehicle_id: str) -> None:
        """Erase what anybody's vehicle has sent; the vehicle stays."""
        await self._link.read("DELETE", f"/admin{vehicle_path(vehicle_id)}/data")


def _owner(name: str) -> str:
    return f"/admin/owners/{segment(name)}"
