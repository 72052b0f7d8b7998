"""What a car knows about itself, in the same units for every vehicle type.

Units are metric: km, km/h, °C, kPa, kWh, kW, V, A, and minutes where the protocol counts minutes.
``None`` is unknown. Times are the car's time: seconds that never go back, Unix time in a running
car, and seconds from the start in a recording.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4, Doors5

KM_PER_MILE = 1.609344

STALE_AFTER = 120.0
"""Seconds after which a reading is stale: about a dozen periods of a bus."""

WHEELS = ("fr", "rr", "fl", "rl")
"""The four wheels in the order of message ``W``."""


class Topic(Enum):
    """Readings whose age the car reports."""

    TEMPERATURES = "power electronics, motor and battery temperatures"
    AMBIENT = "outside temperature"
    POSITION = "latitude and longitude"
    TYRES = "tyre pressures and temperatures"
    CHARGE_TIMER = "charge timer"


@dataclass(frozen=True, slots=True)
class CarError:
    """An error that the car reports: its code and the data that goes with it."""

    code: int
    data: int


@dataclass(slots=True)
class Tyre:
    """One tyre: pressure in kPa, temperature in °C."""

    pressure: float | None = None
    temperature: float | None = None


@dataclass(slots=True, kw_only=True)
class CarState:
    """All that is known about a car now. See the module for units."""

    vin: str | None = None
    time: float | None = None
    """The car's own clock, Unix seconds."""

    # battery and range
    soc: float | None = None
    soh: float | None = None
    ideal_range: float | None = None
    estimated_range: float | None = None
    ideal_range_max: float | None = None
    cac: float | None = None
    """Calculated amp-hour capacity, Ah."""
    capacity: float | None = None
    battery_voltage: float | None = None
    battery_current: float | None = None
    battery_power: float | None = None
    """kW; negative while the battery takes energy in."""

    # charging
    charge_state: str | None = None
    """One of the protocol's words: charging topoff done prepare heating stopped."""
    charge_state_number: int | None = None
    charge_substate: int | None = None
    charge_mode: int | None = None
    """0 standard, 1 storage, 3 range, 4 performance."""
    charger_b4: int | None = None
    line_voltage: float | None = None
    charge_current: float | None = None
    charge_limit: float | None = None
    """The configured limit, A."""
    pilot_current: float | None = None
    """What the charging station offers, A."""
    charge_minutes: float | None = None
    charge_energy: float | None = None
    """kWh of this charge as the car counts them."""
    charge_power: float | None = None
    charge_power_input: float | None = None
    charger_efficiency: float | None = None
    grid_energy: float | None = None
    grid_energy_total: float | None = None
    minutes_to_full: float | None = None
    range_speed: float | None = None
    plug_type: int | None = None
    charge_end_time: float | None = None
    charge_timer_mode: int | None = None
    """0 charge on plug-in, 1 by the timer."""
    charge_timer_start: int | None = None
    """Minutes after midnight UTC."""
    cooldown: bool | None = None
    cooldown_temperature: float | None = None
    cooldown_minutes: float | None = None

    # doors and lock
    doors_1: Doors1 | None = None
    doors_2: Doors2 | None = None
    doors_3: Doors3 | None = None
    doors_4: Doors4 | None = None
    doors_5: Doors5 | None = None
    lock_told: bool | None = None
    """The lock as the car reports it directly; ``None`` if only the door bits show it."""
    parked_since: float | None = None
    """The car's time when it was switched off; ``None`` while it is on."""

    # driving
    speed: float | None = None
    trip: float | None = None
    odometer: float | None = None
    energy_used: float | None = None
    energy_recovered: float | None = None
    drive_mode: int | None = None

    # place
    latitude: float | None = None
    longitude: float | None = None
    direction: float | None = None
    altitude: float | None = None
    gps_lock: bool | None = None
    """What the receiver reports. Without a position the server is sent no lock."""
    satellites: int | None = None
    hdop: float | None = None
    gps_speed: float | None = None
    gps_quality: float | None = None

    # temperatures, voltages, tyres
    temperature_pem: float | None = None
    temperature_motor: float | None = None
    temperature_battery: float | None = None
    temperature_ambient: float | None = None
    temperature_charger: float | None = None
    temperature_cabin: float | None = None
    voltage_12v: float | None = None
    voltage_12v_ref: float | None = None
    current_12v: float | None = None
    tyres: dict[str, Tyre] = field(default_factory=lambda: {wheel: Tyre() for wheel in WHEELS})

    # mobile network
    gsm_signal: int | None = None
    """As the modem counts it, 0 to 31."""
    network: str | None = None
    """The operator's name."""

    error: CarError | None = None
    updated: dict[Topic, float] = field(default_factory=dict)
    """The car's time when each topic was last read."""
    stale_after: dict[Topic, float] = field(default_factory=dict)
    """Seconds after which a topic's reading is stale, where it is not ``STALE_AFTER``."""

    @property
    def is_on(self) -> bool:
        """The car is switched on."""
        return self.doors_1 is not None and bool(self.doors_1 & Doors1.CAR_ON)

    @property
    def is_locked(self) -> bool:
        """Whether the car is locked: as it reports directly, else by its door bits."""
        if self.lock_told is not None:
            return self.lock_told
        return self.doors_2 is not None and bool(self.doors_2 & Doors2.LOCKED)

    @property
    def is_charging(self) -> bool:
        """Whether energy flows in, or the battery is heated for it."""
        return self.charge_state in ("charging", "topoff", "heating")

    @property
    def has_position(self) -> bool:
        """A latitude and a longitude were read."""
        return self.latitude is not None and self.longitude is not None

    def note_power(self, now: float) -> None:
        """Start or stop the parking time. Call it after the door states have changed."""
        if self.is_on:
            self.parked_since = None
        elif self.parked_since is None:
            self.parked_since = now

    def parking_time(self, now: float) -> int:
        """Seconds since the car was switched off; 0 while it is on or nothing is known."""
        return 0 if self.parked_since is None else max(1, int(now - self.parked_since))

    def freshness(self, topic: Topic, now: float) -> int:
        """Return a topic's stale indicator: -1 never read, 0 stale, 1 fresh."""
        read = self.updated.get(topic)
        if read is None:
            return -1
        return 1 if now - read <= self.stale_after.get(topic, STALE_AFTER) else 0
