"""The simulated car's temperatures: each approaches what its surroundings and its power imply."""

from __future__ import annotations

import math
from dataclasses import dataclass

DAY, YEAR = 86400.0, 365.2425 * 86400
COLDEST = 14 * DAY
"""Seconds from the beginning of the year."""

MOTOR_RISE, PEM_RISE, BATTERY_RISE, CHARGER_RISE = 1.3, 0.9, 0.45, 3.0
"""°C above the surroundings for each kW, in the long run."""

MOTOR_TIME, PEM_TIME, BATTERY_TIME, CHARGER_TIME, CABIN_TIME = 700.0, 350.0, 6000.0, 300.0, 900.0
"""Seconds in which two thirds of a difference vanish."""

COOLDOWN_TO = 20.0
"""Target of cooling, °C."""

COOLING_POWER = 1.5
"""kW."""

HVAC_LEAST, HVAC_MOST = 0.6, 5.0
HVAC_OUTSIDE, HVAC_CABIN = 0.1, 0.15
"""kW of the climate control: its fan, its maximum, and for each °C that the outside and the cabin
differ from comfort."""

COMFORT = 21.0
"""Target of the climate control, °C."""


def ambient(now: float) -> float:
    """Return the outside temperature by time of day and season, °C.

    A day varies by 6 °C around its mean, coldest before dawn (04:00 UTC). A year varies by 9 °C
    around 10 °C, coldest in the middle of January.
    """
    year = -9.0 * math.cos(2 * math.pi * (now - COLDEST) / YEAR)
    return 10.0 + year - 6.0 * math.cos(2 * math.pi * (now / DAY - 4 / 24))


def hvac_power(outside: float, cabin: float) -> float:
    """Return the kW of the climate control that make and keep the cabin comfortable."""
    wanted = HVAC_OUTSIDE * abs(outside - COMFORT) + HVAC_CABIN * abs(cabin - COMFORT)
    return min(HVAC_MOST, HVAC_LEAST + wanted)


@dataclass(slots=True)
class Thermal:
    """Temperatures in °C."""

    motor: float
    pem: float
    battery: float
    charger: float
    cabin: float

    @classmethod
    def at(cls, temperature: float) -> Thermal:
        """Return the temperatures of a car that has been parked for long."""
        return cls(*(temperature,) * 5)

    def step(
        self, outside: float, driving: float, charging: float, charger: float, seconds: float
    ) -> None:
        """Move forward with the kW of the drivetrain (either sign), the charge and the charger.

        ``charging`` is what reaches the battery, ``charger`` what passes the car's own charger.
        """
        power = abs(driving)
        self.motor = _near(self.motor, outside + MOTOR_RISE * power, seconds / MOTOR_TIME)
        self.pem = _near(self.pem, outside + PEM_RISE * power, seconds / PEM_TIME)
        warm = outside + BATTERY_RISE * (power + charging)
        self.battery = _near(self.battery, warm, seconds / BATTERY_TIME)
        self.charger = _near(self.charger, outside + CHARGER_RISE * charger, seconds / CHARGER_TIME)

    def cool_battery(self, seconds: float) -> None:
        """Cool the battery down."""
        self.battery = _near(self.battery, COOLDOWN_TO - 5, 4 * seconds / BATTERY_TIME)

    def air(self, outside: float, is_conditioned: bool, seconds: float) -> None:
        """Move the cabin towards the climate control's target, or the outside."""
        self.cabin = _near(self.cabin, COMFORT if is_conditioned else outside, seconds / CABIN_TIME)


def _near(value: float, target: float, part: float) -> float:
    return value + (target - value) * (1 - math.exp(-part))
