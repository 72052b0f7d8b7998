"""Calls about what an owner is told of what a vehicle did."""

from __future__ import annotations

from datetime import date

from msgspec import UNSET, UnsetType

from ovms.app.api.calls import ApiCalls, ApiModel, given, vehicle_path


class ApiPlacesAlert(ApiModel, frozen=True, kw_only=True):
    """The vehicle enters or leaves a place of its owner."""

    is_on: bool = False
    entering: bool = True
    leaving: bool = True
    places: list[int] | None = None
    """The ids of those that count; null is all. Null without the right ``location``, too."""


class ApiChargeStoppedAlert(ApiModel, frozen=True, kw_only=True):
    """A charge ended before it was full or at its limit, and the plug is still in."""

    is_on: bool = False


class ApiChargeMissedAlert(ApiModel, frozen=True, kw_only=True):
    """No charge had begun in a window of the day."""

    is_on: bool = False
    start: str = "22:00"
    """When the window begins, local time."""
    end: str = "23:00"
    """When it ends, past midnight if need be."""
    below: float = 80.0
    """Percent: only if the SOC is below it."""
    place: int | None = None
    """Only if the vehicle is at the place with this id; null is wherever it is."""


class ApiArrivalSocAlert(ApiModel, frozen=True, kw_only=True):
    """A trip ended with little SOC, and the vehicle was not plugged in at once."""

    is_on: bool = False
    below: float = 20.0
    """Percent."""


class ApiParkedLossAlert(ApiModel, frozen=True, kw_only=True):
    """The parked vehicle loses more SOC a day than it usually does."""

    is_on: bool = False
    days: float = 1.0
    """After so many days without a charge or a trip."""
    factor: float = 2.0
    """More than its usual loss times this."""


class ApiServiceAlert(ApiModel, frozen=True, kw_only=True):
    """A service is due."""

    is_on: bool = True
    by_car: bool = True
    """What the car says counts."""
    every_km: float | None = None
    """km between two services; null if that does not matter."""
    every_months: int | None = None
    since_odometer: float | None = None
    """km at the last service."""
    since_date: date | None = None
    """The day of the last service."""
    ahead_km: float = 1000.0
    """km before, at which it is told."""
    ahead_days: int = 30
    """Days before, at which it is told."""


class ApiJourneyAlerts(ApiModel, frozen=True, kw_only=True):
    """All that a vehicle's owner may be told of what it did."""

    places: ApiPlacesAlert
    charge_stopped: ApiChargeStoppedAlert
    charge_missed: ApiChargeMissedAlert
    arrival_soc: ApiArrivalSocAlert
    parked_loss: ApiParkedLossAlert
    service: ApiServiceAlert


class JourneyAlertCalls(ApiCalls):
    """Calls about alerts from journeys."""

    async def journey_alerts(self, vehicle_id: str) -> ApiJourneyAlerts:
        """Return what a vehicle's owner is told of what it did."""
        path = vehicle_path(vehicle_id, "/journey-alerts")
        return await self._link.ask("GET", path, ApiJourneyAlerts)

    async def change_journey_alerts(
        self,
        vehicle_id: str,
        *,
        places: ApiPlacesAlert | UnsetType | None = UNSET,
        charge_stopped: ApiChargeStoppedAlert | UnsetType | None = UNSET,
        charge_missed: ApiChargeMissedAlert | UnsetType | None = UNSET,
        arrival_soc: ApiArrivalSocAlert | UnsetType | None = UNSET,
        parked_loss: ApiParkedLossAlert | UnsetType | None = UNSET,
        service: ApiServiceAlert | UnsetType | None = UNSET,
    ) -> ApiJourneyAlerts:
        """Set those alerts that are given; ``None`` is as if nobody had set it."""
        body = given(
            places=places, charge_stopped=charge_stopped, charge_missed=charge_missed,
            arrival_soc=arrival_soc, parked_loss=parked_loss, service=service,
        )  # fmt: skip
        path = vehicle_path(vehicle_id, "/journey-alerts")
        return await self._link.ask("PATCH", path, ApiJourneyAlerts, body=body)
