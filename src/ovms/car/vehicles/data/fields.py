"""The fields of a car's state that a vehicle's data may fill: what each holds, and its unit.

A field is named as in :class:`~ovms.car.state.CarState`, a bit of the door states with a dot and
its name (``doors_1.left_door``), a tyre's reading by its wheel (``tyres.fl.pressure``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ovms.car.state import WHEELS, CarState, Topic
from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4, Doors5
from ovms.protocol.records.field_types import BitSet

SEPARATOR = "."


class Holds(Enum):
    """What a field holds."""

    NUMBER = "a number"
    INTEGER = "a whole number"
    FLAG = "true or false"
    WORD = "a word"
    BITS = "a byte of bits"
    TEXT = "text in pieces"
    ERROR = "an error's code and data"


@dataclass(frozen=True, slots=True)
class StateField:
    """A field, or a part of one."""

    name: str
    holds: Holds
    unit: str = ""
    topic: Topic | None = None
    """The topic whose age a reading of this field resets."""
    bits: type[BitSet] | None = None
    """The names of the bits of a byte."""

    @property
    def attribute(self) -> str:
        """The attribute of the state that holds it."""
        return self.name.partition(SEPARATOR)[0]

    def get(self, state: CarState) -> Any:
        """Return the field's value; ``None`` is unknown."""
        attribute, *parts = self.name.split(SEPARATOR)
        value = getattr(state, attribute)
        if attribute == "tyres":
            return getattr(value[parts[0]], parts[1])
        return state.bit(self._bit) if parts else value

    def put(self, state: CarState, value: Any) -> None:
        """Set the field. ``None`` is unknown."""
        attribute, *parts = self.name.split(SEPARATOR)
        if attribute == "tyres":
            setattr(state.tyres[parts[0]], parts[1], value)
        elif parts:
            state.put_bit(self._bit, value)
        else:
            state.unread.pop(attribute, None)
            setattr(state, attribute, value)

    @property
    def _bit(self) -> BitSet:
        assert self.bits is not None
        return self.bits.names()[self.name.partition(SEPARATOR)[2]]


def _numbers(unit: str, *names: str, topic: Topic | None = None) -> list[StateField]:
    return [StateField(name, Holds.NUMBER, unit, topic) for name in names]


def _integers(*names: str, topic: Topic | None = None) -> list[StateField]:
    return [StateField(name, Holds.INTEGER, "", topic) for name in names]


def _doors(name: str, bits: type[BitSet]) -> list[StateField]:
    parts = [StateField(f"{name}{SEPARATOR}{bit}", Holds.FLAG, bits=bits) for bit in bits.names()]
    return [StateField(name, Holds.BITS, bits=bits), *parts]


def _tyre(wheel: str) -> list[StateField]:
    return [
        StateField(f"tyres.{wheel}.pressure", Holds.NUMBER, "kPa", Topic.TYRES),
        StateField(f"tyres.{wheel}.temperature", Holds.NUMBER, "°C", Topic.TYRES),
    ]


_ALL = [
    StateField("vin", Holds.TEXT),
    *_numbers("s", "time", "charge_end_time"),
    *_numbers("%", "soc", "soh", "charger_efficiency", "limit_soc", "inverter_efficiency"),
    *_numbers("km", "ideal_range", "estimated_range", "ideal_range_max", "limit_range", "trip",
              "odometer"),
    *_numbers("km/h", "speed", "range_speed", "gps_speed"),
    *_numbers("Ah", "cac", "capacity"),
    *_numbers("V", "battery_voltage", "line_voltage", "voltage_12v", "voltage_12v_ref"),
    *_numbers("A", "battery_current", "charge_current", "charge_limit", "pilot_current",
              "current_12v"),
    *_numbers("kW", "battery_power", "charge_power", "charge_power_input", "inverter_power"),
    *_numbers("kWh", "charge_energy", "grid_energy", "grid_energy_total", "energy_used",
              "energy_recovered"),
    *_numbers("min", "charge_minutes", "minutes_to_full", "cooldown_minutes"),
    *_numbers("°C", "temperature_pem", "temperature_motor", "temperature_battery",
              topic=Topic.TEMPERATURES),
    *_numbers("°C", "temperature_ambient", topic=Topic.AMBIENT),
    *_numbers("°C", "temperature_charger", "temperature_cabin", "cooldown_temperature"),
    *_numbers("°", "latitude", "longitude", topic=Topic.POSITION),
    *_numbers("°", "direction"),
    *_numbers("m", "altitude"),
    *_numbers("", "hdop", "gps_quality"),
    StateField("charge_state", Holds.WORD),
    *_integers("charge_state_number", "charge_substate", "charge_mode", "charger_b4", "plug_type",
               "drive_mode", "satellites"),
    *_integers("charge_timer_mode", topic=Topic.CHARGE_TIMER),
    StateField("charge_timer_start", Holds.INTEGER, "min", Topic.CHARGE_TIMER),
    *(StateField(name, Holds.FLAG) for name in ("cooldown", "lock_told", "gps_lock")),
    *_doors("doors_1", Doors1),
    *_doors("doors_2", Doors2),
    *_doors("doors_3", Doors3),
    *_doors("doors_4", Doors4),
    *_doors("doors_5", Doors5),
    *(field for wheel in WHEELS for field in _tyre(wheel)),
    StateField("error", Holds.ERROR),
]  # fmt: skip

FIELDS = {field.name: field for field in _ALL}
"""All fields by name, without those that the module itself derives (``parked_since``)."""

TOPICS = {topic.name.lower(): topic for topic in Topic}
"""The topics of ``[stale]``."""
