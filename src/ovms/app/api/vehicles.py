"""Calls about vehicles: which there are, whether they are connected, what data they use."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import UNSET, UnsetType

from ovms.app.api.calls import ApiCalls, ApiModel, given, vehicle_path


class ApiVehicle(ApiModel, frozen=True, kw_only=True):
    """A vehicle."""

    id: str
    name: str
    """What its owner calls it; empty if nothing."""
    owner: str
    """The name of its owner."""
    is_own: bool
    """It is the caller's, not shared with them."""
    rights: list[str]
    """What the caller may do with it: ``view``, ``location``, ``command``, ``pin``, ``manage``."""
    is_online: bool
    """Its car is connected to this server, or to one that tells this one."""
    is_paranoid: bool
    """Its messages are sealed: the server cannot read them, nor send commands."""
    tls_only: bool
    """It takes log-ins and calls over TLS only."""
    log_days: int | None = None
    """Days that its telemetry is kept; 0 is not at all, null as the server's settings say."""
    log_position_days: int | None = None
    """The same of its positions."""
    makes_journeys: bool
    """Journeys are made of its telemetry."""
    created: datetime


class ApiNewVehicle(ApiVehicle, frozen=True, kw_only=True):
    """A vehicle that was just made."""

    secret: str | None = None
    """The secret that was made for its module, told this once; null if the call had one."""


class ApiFailure(ApiModel, frozen=True, kw_only=True):
    """Why a car, or somebody who claimed to be it, failed to connect."""

    time: datetime
    """When it last failed."""
    address: str
    """Where it called from then."""
    reason: str
    """A word for programs: ``wrong_secret``, ``tls_only``, ``no_proof``, ``busy``; more may
    come."""
    message: str
    """What it means, for people."""
    count: int
    """How often it failed since the car was last connected."""
    first: datetime
    """When it failed first since then."""


class ApiConnection(ApiModel, frozen=True, kw_only=True):
    """Whether a vehicle's car is connected, and how."""

    vehicle_id: str
    is_online: bool
    """The car is connected to this server, or to one that tells this one."""
    is_elsewhere: bool
    """It is connected to another server, which tells this one."""
    since: datetime | None = None
    """Since when it is connected; null if it is not."""
    heard: datetime | None = None
    """When the car was last heard; null if never."""
    transport: str | None = None
    """How it is connected to this server, ``plain`` or ``tls``; null if it is not."""
    address: str | None = None
    """Where it is connected from; for the vehicle's owner only, else null."""
    apps: int
    """Apps that are connected to the vehicle; the car reports more often while there are any."""
    last_failure: ApiFailure | None = None
    """Why it last failed to connect; null once it is connected, and for others than the owner."""


class ApiDayUse(ApiModel, frozen=True, kw_only=True):
    """The bytes of a vehicle's messages on one day, without what TCP and TLS add."""

    day: date
    """The day, in UTC."""
    car_received: int
    """Bytes that the car received."""
    car_sent: int
    """Bytes that the car sent."""
    apps_received: int
    """Bytes that its apps received, all together."""
    apps_sent: int
    """Bytes that its apps sent."""


class ApiGroupMember(ApiModel, frozen=True, kw_only=True):
    """A car of a group, and where it said it was."""

    vehicle_id: str
    is_mine: bool
    """The caller may see it anyway."""
    soc: float | None = None
    """State of charge, percent."""
    latitude: float | None = None
    """Degrees, north positive."""
    longitude: float | None = None
    """Degrees, east positive."""
    altitude: float | None = None
    """Metres."""
    direction: float | None = None
    """Degrees: 0 is north, 90 east."""
    speed: float | None = None
    """Speed, km/h."""
    has_fix: bool | None = None
    """Its receiver has a position."""
    is_stale: bool
    """Its module marks the position as read some time ago."""


class ApiCarGroup(ApiModel, frozen=True, kw_only=True):
    """A group of cars that show each other where they are."""

    name: str
    """Its name, in upper case: groups have no case."""
    members: list[ApiGroupMember]
    """The cars in it that are connected, by id."""


class _Secret(ApiModel, frozen=True, kw_only=True):
    secret: str | None = None


class VehicleCalls(ApiCalls):
    """Calls about vehicles."""

    async def vehicles(self) -> list[ApiVehicle]:
        """Return the vehicles that the caller may see."""
        return await self._link.ask("GET", "/vehicles", list[ApiVehicle])

    async def vehicle(self, vehicle_id: str) -> ApiVehicle:
        """Return one vehicle."""
        return await self._link.ask("GET", vehicle_path(vehicle_id), ApiVehicle)

    async def add_vehicle(
        self, vehicle_id: str, *, name: str = "", secret: str | None = None
    ) -> ApiNewVehicle:
        """Make a vehicle of the caller's own; without ``secret`` it gets a strong one."""
        body = {"id": vehicle_id, "name": name, "secret": secret}
        return await self._link.ask("POST", "/vehicles", ApiNewVehicle, body=body)

    async def change_vehicle(
        self,
        vehicle_id: str,
        *,
        name: str | UnsetType = UNSET,
        log_days: int | UnsetType | None = UNSET,
        log_position_days: int | UnsetType | None = UNSET,
        tls_only: bool | UnsetType = UNSET,
        makes_journeys: bool | UnsetType = UNSET,
    ) -> ApiVehicle:
        """Change what is given of a vehicle; of the days, ``None`` is the server's settings."""
        body = given(
            name=name,
            log_days=log_days,
            log_position_days=log_position_days,
            tls_only=tls_only,
            makes_journeys=makes_journeys,
        )
        return await self._link.ask("PATCH", vehicle_path(vehicle_id), ApiVehicle, body=body)

    async def change_secret(self, vehicle_id: str, secret: str | None = None) -> str | None:
        """Change a vehicle's secret, and return the one that the server has made, if it has."""
        path = vehicle_path(vehicle_id, "/secret")
        return (await self._link.ask("POST", path, _Secret, body={"secret": secret})).secret

    async def remove_vehicle(self, vehicle_id: str) -> None:
        """Remove a vehicle with its messages and its history. Nothing brings them back."""
        await self._link.read("DELETE", vehicle_path(vehicle_id))

    async def erase_vehicle_data(self, vehicle_id: str) -> None:
        """Erase all that a vehicle has sent. Nothing brings it back."""
        await self._link.read("DELETE", vehicle_path(vehicle_id, "/data"))

    async def connection(self, vehicle_id: str) -> ApiConnection:
        """Return whether a vehicle's car is connected, and why it last failed to connect."""
        return await self._link.ask("GET", vehicle_path(vehicle_id, "/connection"), ApiConnection)

    async def data_use(self, vehicle_id: str, *, days: int | None = None) -> list[ApiDayUse]:
        """Return the bytes that a vehicle and its apps took on each day, the newest first."""
        path = vehicle_path(vehicle_id, "/data-use")
        return await self._link.ask("GET", path, list[ApiDayUse], query={"days": days})

    async def groups(self) -> list[ApiCarGroup]:
        """Return the groups that the caller's cars are in now, with all cars in them."""
        return await self._link.ask("GET", "/groups", list[ApiCarGroup])
