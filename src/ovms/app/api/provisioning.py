"""Calls about what a new module is told that asks by its car's VIN."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ovms.app.api.calls import ApiCalls, ApiModel, vehicle_path

UnitsWord = Literal["K", "M"]


class ApiProvision(ApiModel, frozen=True, kw_only=True):
    """The record by which a new module becomes a vehicle. What it tells the module is sealed."""

    vin: str
    """What the module asks by."""
    created: datetime
    changed: datetime
    """When it was last replaced."""
    last_used: datetime | None = None
    """When a module, or whoever knows the VIN, last asked for it, to the minute; ``None`` for
    never."""


class ApiProvisionParameter(ApiModel, frozen=True, kw_only=True):
    """A parameter that the module gets."""

    number: int
    name: str | None = None
    """What it is called; ``None`` for one without a name."""
    value: str
    """``*`` stands for a password; empty is not set."""


class ApiNewProvision(ApiProvision, frozen=True, kw_only=True):
    """A record that was just made."""

    parameters: list[ApiProvisionParameter]
    """What the module gets, in order."""
    secret: str | None = None
    """The vehicle's new secret, told this once; ``None`` if it has kept the one it had."""


class _RecordOfVehicle(ApiModel, frozen=True, kw_only=True):
    record: ApiProvision | None = None


class ProvisionCalls(ApiCalls):
    """Calls about auto-provisioning."""

    async def provision(self, vehicle_id: str) -> ApiProvision | None:
        """Return the record by which a new module becomes a vehicle; ``None`` without one."""
        path = vehicle_path(vehicle_id, "/provision")
        return (await self._link.ask("GET", path, _RecordOfVehicle)).record

    async def put_provision(
        self,
        vehicle_id: str,
        vin: str,
        iccid: str,
        *,
        new_secret: bool = False,
        server: str | None = None,
        phone: str | None = None,
        phone_password: str | None = None,
        units: UnitsWord | None = None,
        notifications: str | None = None,
        apn: str | None = None,
        apn_user: str | None = None,
        apn_password: str | None = None,
        paranoid_password: str | None = None,
    ) -> ApiNewProvision:
        """Make that record, or replace it. Without ``server`` the module is told this one.

        With ``new_secret`` the vehicle gets another secret, which closes who came by the old one.
        """
        body = {
            "vin": vin,
            "iccid": iccid,
            "new_secret": new_secret,
            "server": server,
            "phone": phone,
            "phone_password": phone_password,
            "units": units,
            "notifications": notifications,
            "apn": apn,
            "apn_user": apn_user,
            "apn_password": apn_password,
            "paranoid_password": paranoid_password,
        }
        path = vehicle_path(vehicle_id, "/provision")
        return await self._link.ask("PUT", path, ApiNewProvision, body=body)

    async def remove_provision(self, vehicle_id: str) -> None:
        """Remove that record: a module that asks by the VIN gets nothing more."""
        await self._link.read("DELETE", vehicle_path(vehicle_id, "/provision"))
