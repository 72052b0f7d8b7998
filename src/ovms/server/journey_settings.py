"""The settings of journeys: whether they are made, and what holds for owners without their own."""

from __future__ import annotations

from typing import Final
from zoneinfo import available_timezones

from pydantic import BaseModel, Field, HttpUrl, field_validator

UTC: Final = "UTC"


class JourneySettings(BaseModel):
    """Trips, charges and parked time; at the top level of the server's settings."""

    journeys: bool = Field(
        default=True,
        description="Make trips, charges and parked time of what cars report. Off costs nothing;"
        " what was made stays.",
    )
    journey_zone: str = Field(
        default=UTC,
        description="Time zone of the days of owners who named none (Europe/Berlin).",
    )
    journey_currency: str = Field(
        default="EUR",
        pattern="^[A-Z]{3}$",
        description="Currency of the costs of owners who named none (ISO 4217).",
    )
    nominatim_url: HttpUrl | None = Field(
        default=None,
        description="Address of a Nominatim server that is asked for the addresses of positions;"
        " without one no position leaves this server.",
    )

    @field_validator("journey_zone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        if name != UTC and name not in available_timezones():  # which takes 20 ms
            raise ValueError("is not the name of a time zone, such as Europe/Berlin")
        return name
