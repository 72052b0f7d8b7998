"""What a car knows about itself, in the same units for every vehicle type.

Units are metric: km, km/h, °C, kPa, kWh, kW, V, A, and minutes where the protocol counts minutes.
``None`` is unknown. Times are the car's time: seconds that never go back, Unix time in a running
car, and seconds from the start in a recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, reduce
from operator import or_

from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4, Doors5
from ovms.protocol.records.field_types import BitSet

STALE_AFTER = 120.0
"""Seconds after which a reading is stale: about a dozen periods of a bus."""

NOWHERE = 0.01
"""Degrees around 0, 0 in which there is only sea: a kilometre."""

WHEELS = ("fr", "rr", "fl", "rl")
"""The four wheels in the order of message ``W``."""


DOORS: Mapping[type[BitSet], str] = {
    Doors1: "doors_1",
    Doors2: "doors_2",
    Doors3: "doors_3",
    Doors4: "doors_4",
    Doors5: "doors_5",
}
"""The attributes of the door states by the names of their bits."""


@cache
def named_bits(kind: type[BitSet], touching: int = 0xFF) -> int:
    """Return all bits of a door state that have a name which ``touching`` has part of.

    The alarm has two names that share a bit: who reads one of them knows both.
    """
    return reduce(or_, (int(each) for each in kind.names().values() if each & touching), 0)


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
    limit_range: float | None = None
    """The range at which the charge is to end; 0 for no such limit."""
    limit_soc: float | None = None
    """The state of charge at which the charge is to end, %; 0 for no such limit."""
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
    unread: dict[str, int] = field(default_factory=dict)
    """The bits that are unknown of door states that are known otherwise, by attribute."""
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
    inverter_power: float | None = None
    """kW."""
    inverter_efficiency: float | None = None

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
    read: dict[str, float] = field(default_factory=dict)
    """The car's time when each attribute was last read, where the vehicle notes that."""
    stale_after: dict[Topic, float] = field(default_factory=dict)
    """Seconds after which a topic's reading is stale, where it is not ``STALE_AFTER``."""

    def bit(self, bit: BitSet) -> bool | None:
        """Return whether a bit of the door states is set; ``None`` is unknown."""
        name = DOORS[type(bit)]
        value = getattr(self, name)
        return None if value is None or self.unread.get(name, 0) & bit else bool(value & bit)

    def put_bit(self, bit: BitSet, value: bool | None) -> None:
        """Set a bit of the door states and leave the others. ``None`` is unknown."""
        kind = type(bit)
        name, every = DOORS[kind], named_bits(kind)
        before = getattr(self, name)
        unread = every if before is None else self.unread.get(name, 0)
        touched = named_bits(kind, int(bit))
        unread = unread | touched if value is None else unread & ~touched
        if unread in (0, every):
            self.unread.pop(name, None)
        else:
            self.unread[name] = unread
        others = int(before or 0) & ~int(bit)
        setattr(self, name, None if unread == every else kind(others | (int(bit) if value else 0)))

    @property
    def is_on(self) -> bool | None:
        """Whether the car is switched on."""
        return self.bit(Doors1.CAR_ON)

    @property
    def is_locked(self) -> bool | None:
        """Whether the car is locked: as it reports directly, else by its door bits."""
        return self.bit(Doors2.LOCKED) if self.lock_told is None else self.lock_told

    @property
    def is_charging(self) -> bool | None:
        """Whether energy flows in, or the battery is heated for it."""
        state = self.charge_state
        return None if state is None else state in ("charging", "topoff", "heating")

    @property
    def has_position(self) -> bool:
        """A latitude and a longitude were read that are a place on earth."""
        return is_place(self.latitude, self.longitude)

    def note_power(self, now: float) -> None:
        """Start or stop the parking time. Call it after the door states have changed."""
        if self.is_on:
            self.parked_since = None
        elif self.is_on is False and self.parked_since is None:
            self.parked_since = now

    def parking_time(self, now: float) -> int | None:
        """Return the seconds since the car was switched off; 0 while it is on."""
        if self.parked_since is None:
            return 0 if self.is_on else None
        return max(1, int(now - self.parked_since))

    def freshness(self, topic: Topic, now: float) -> int:
        """Return a topic's stale indicator: -1 never read, 0 stale, 1 fresh."""
        read = self.updated.get(topic)
        if read is None:
            return -1
        return 1 if now - read <= self.stale_after.get(topic, STALE_AFTER) else 0


def is_place(latitude: float | None, longitude: float | None) -> bool:
    """Return whether this is a place on earth where a car can be.

    0, 0 is what receivers tell without a fix, and -1, -1 as they count; the pole is all ones.
    """
    if latitude is None or longitude is None:
        return False
    if abs(latitude) < NOWHERE and abs(longitude) < NOWHERE:
        return False
    return -90 < latitude < 90 and -180 <= longitude <= 180
