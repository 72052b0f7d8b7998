"""The simulated car's temperatures: each goes towards what its surroundings and its power make."""

from __future__ import annotations

import math
from dataclasses import dataclass

DAY = 86400.0

MOTOR_RISE, PEM_RISE, BATTERY_RISE, CHARGER_RISE = 1.3, 0.9, 0.45, 3.0
"""°C above the surroundings for each kW, in the long run."""

MOTOR_TIME, PEM_TIME, BATTERY_TIME, CHARGER_TIME, CABIN_TIME = 700.0, 350.0, 6000.0, 300.0, 900.0
"""Seconds in which two thirds of the way are gone."""

COOLDOWN_TO = 20.0
"""°C that cooling aims at."""

COOLING_POWER, HVAC_POWER = 1.5, 1.2
"""kW."""

COMFORT = 21.0
"""°C that the climate control aims at."""


def ambient(now: float) -> float:
    """Give the outside temperature: 7 °C before dawn (04:00 UTC), 19 °C in the afternoon."""
    return 13.0 - 6.0 * math.cos(2 * math.pi * (now / DAY - 4 / 24))


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
        """Give a car that has stood for long."""
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
