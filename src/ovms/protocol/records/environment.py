"""``D``: doors, lock, temperatures and meters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ovms.protocol.records.field_types import BitSet
from ovms.protocol.records.record import Field, Record, bits, number, record

LOCKED, UNLOCKED = 4, 5

_UNREAD = re.compile(r"~([0-9A-F]{10})", re.ASCII)


class Doors1(BitSet):
    """Door state #1."""

    LEFT_DOOR = 0x01, "left door open"
    RIGHT_DOOR = 0x02, "right door open"
    CHARGE_PORT = 0x04, "charge port open"
    PILOT_PRESENT = 0x08, "pilot signal present"
    CHARGING = 0x10, "charging"
    ALWAYS_SET = 0x20, "always set"
    HANDBRAKE = 0x40, "hand brake applied"
    CAR_ON = 0x80, "car on"


class Doors2(BitSet):
    """Door state #2."""

    LOCKED = 0x08, "car locked"
    VALET = 0x10, "valet mode active"
    HEADLIGHTS = 0x20, "headlights on"
    BONNET = 0x40, "bonnet open"
    TRUNK = 0x80, "trunk open"


class Doors3(BitSet):
    """Door state #3."""

    AWAKE = 0x01, "car awake"
    COOLING_PUMP = 0x02, "cooling pump on"
    CONTROLLER_LOGIN = 0x40, "logged into the motor controller"
    CONTROLLER_CONFIG = 0x80, "motor controller in configuration mode"


class Doors4(BitSet):
    """Door state #4. The guide puts the alarm in bit 2, every module sends bit 1: read both."""

    ALARM_SENT = 0x02, "alarm sounds, as modules send it"
    ALARM = 0x06, "alarm sounds"


class Doors5(BitSet):
    """Door state #5."""

    REAR_LEFT_DOOR = 0x01, "rear left door open"
    REAR_RIGHT_DOOR = 0x02, "rear right door open"
    FRUNK = 0x04, "front trunk open"
    CHARGING_12V = 0x10, "12 V battery charging"
    AUX_12V = 0x20, "auxiliary 12 V on"
    HVAC = 0x80, "heating or air conditioning on"


@record("D")
@dataclass(frozen=True, slots=True, kw_only=True)
class Environment(Record):
    """Car environment. Distances are in the unit that ``S`` names."""

    doors_1: Doors1 | None = bits(Doors1, "door state #1")
    doors_2: Doors2 | None = bits(Doors2, "door state #2")
    lock_state: float | None = number("", "4 locked, 5 unlocked")
    temperature_pem: float | None = number("°C", "power electronics", stale="temperatures_stale")
    temperature_motor: float | None = number("°C", "motor", stale="temperatures_stale")
    temperature_battery: float | None = number("°C", "battery", stale="temperatures_stale")
    trip: float | None = number("distance", "trip meter", scale=10)
    odometer: float | None = number("distance", "odometer", scale=10)
    speed: float | None = number("distance/h", "speed")
    parking_time: float | None = number("s", "parked for so long; 0 not parked")
    temperature_ambient: float | None = number("°C", "outside", stale="ambient_stale")
    doors_3: Doors3 | None = bits(Doors3, "door state #3")
    temperatures_stale: float | None = number("", "-1 none, 0 stale, above 0 fresh")
    ambient_stale: float | None = number("", "-1 none, 0 stale, above 0 fresh")
    voltage_12v: float | None = number("V", "12 V line", places=1)
    doors_4: Doors4 | None = bits(Doors4, "door state #4")
    voltage_12v_ref: float | None = number("V", "12 V reference", "2.5.1", places=1)
    doors_5: Doors5 | None = bits(Doors5, "door state #5", "2.5.1")
    temperature_charger: float | None = number("°C", "charger", "field")
    current_12v: float | None = number("A", "12 V current", "field", places=1)
    temperature_cabin: float | None = number("°C", "cabin", "field")

    @property
    def unread(self) -> int:
        """The bits of the five door states that were never read, door state #1 lowest.

        A byte cannot say that one of its bits is unknown. So our cars append a field to ``D`` if
        there is one: ``~`` and ten hexadecimal digits.
        """
        found = _UNREAD.fullmatch(self.extra[0]) if self.extra else None
        return int(found[1], 16) if found else 0

    def _is_read(self, field: Field, bit: BitSet) -> bool:
        """Return whether a bit was read. A car that tells no lock state may be locked or not."""
        at = 8 * (int(field.name[-1]) - 1)
        if self.unread >> at & bit:
            return False
        is_lock = bit is Doors2.LOCKED
        return not is_lock or self.lock_state is not None or bool((self.doors_2 or 0) & bit)


def unread_field(masks: Mapping[str, int]) -> tuple[str, ...]:
    """Return what is appended to ``D`` for the bits of each door state that were never read."""
    unread = sum(mask << 8 * (int(name[-1]) - 1) for name, mask in masks.items())
    return (f"~{unread:010X}",) if unread else ()
