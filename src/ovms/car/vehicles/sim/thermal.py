"""The simulated car's temperatures: each goes towards what its surroundings and its power make."""

from __future__ import annotations

import math
from dataclasses import dataclass

DAY, YEAR = 86400.0, 365.2425 * 86400
COLDEST = 14 * DAY
"""Seconds from the beginning of the year."""

MOTOR_RISE, PEM_RISE, BATTERY_RISE, CHARGER_RISE = 1.3, 0.9, 0.45, 3.0
"""°C above the surroundings for each kW, in the long run."""

MOTOR_TIME, PEM_TIME, BATTERY_TIME, CHARGER_TIME, CABIN_TIME = 700.0, 350.0, 6000.0, 300.0, 900.0
"""Seconds in which two thirds of the way are gone."""

COOLDOWN_TO = 20.0
"""°C that cooling aims at."""

COOLING_POWER = 1.5
"""kW."""

HVAC_LEAST, HVAC_MOST = 0.6, 5.0
HVAC_OUTSIDE, HVAC_CABIN = 0.1, 0.15
"""kW of the climate control: its fan, all it can, and for each °C that the outside and the cabin
are away from comfort."""

COMFORT = 21.0
"""°C that the climate control aims at."""


def ambient(now: float) -> float:
    """Return the outside temperature, °C: by the day and by the season.

    A day is 6 °C about its mean, coldest before dawn (04:00 UTC); a year 9 °C about 10 °C, coldest
    in the middle of January.
    """
    year = -9.0 * math.cos(2 * math.pi * (now - COLDEST) / YEAR)
    return 10.0 + year - 6.0 * math.cos(2 * math.pi * (now / DAY - 4 / 24))


def hvac_power(outside: float, cabin: float) -> float:
    """Return the kW with which the climate control brings and keeps the cabin at comfort."""
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
        """Return a car that has stood for long."""
        return cls(*(temperature,) * 5)

    def step(self, outside: float, driving: float, charging: float, seconds: float) -> None:
        """Let time pass: kW of the drivetrain (either sign) and of the charger."""
        power = abs(driving)
        self.motor = _near(self.motor, outside + MOTOR_RISE * power, seconds / MOTOR_TIME)
        self.pem = _near(self.pem, outside + PEM_RISE * power, seconds / PEM_TIME)
        warm = outside + BATTERY_RISE * (power + charging)
        self.battery = _near(self.battery, warm, seconds / BATTERY_TIME)
        self.charger = _near(
            self.charger, outside + CHARGER_RISE * charging, seconds / CHARGER_TIME
        )

    def cool_battery(self, seconds: float) -> None:
        """Cool the battery down."""
        self.battery = _near(self.battery, COOLDOWN_TO - 5, 4 * seconds / BATTERY_TIME)

    def air(self, outside: float, is_conditioned: bool, seconds: float) -> None:
        """Let the cabin follow the climate control, or the outside."""
        self.cabin = _near(self.cabin, COMFORT if is_conditioned else outside, seconds / CABIN_TIME)


def _near(value: float, target: float, part: float) -> float:
    return value + (target - value) * (1 - math.exp(-part))
