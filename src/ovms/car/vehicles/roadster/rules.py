"""What each signal of the Roadster's bus means for the car's state.

:data:`RULES` is the whole of it, a signal a line. Values that say "there is none" make the state
unknown; values out of a signal's range are no readings and change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ovms.car.state import KM_PER_MILE, CarState, Topic, VehicleError
from ovms.car.vehicles.roadster.decode import Signals
from ovms.car.vehicles.roadster.vin import Vin
from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4, Doors5
from ovms.protocol.records.tyres import PSI_PER_KPA

CHARGE_WORDS = {0x01: "charging", 0x02: "topoff", 0x04: "done", 0x0D: "prepare", 0x0F: "heating"}
"""The protocol's words for the charger's states; all others are ``stopped``."""

LOCK_WORDS = {0x04: True, 0x05: False}
"""What the dashboard says of the lock; other values leave it to the door bits."""

MOST_RANGE = 6000
MINUTES_A_DAY = 1440
NO_BYTE, NO_CURRENT, NO_WORD = 0xFF, 0x7F, 0xFFFF
"""The codes for "there is none", by signal."""

FULL_ERROR_KIND, FULL_ERROR_CODE = 0x14, 25
"""An error that is told although it is not raised: the battery is at 100 %."""


class Reading(NamedTuple):
    """A signal's value, those that came in the same frame, the time, and the car's VIN."""

    value: float
    signals: Signals
    now: float
    vin: Vin


Rule = Callable[[CarState, Reading], None]


def _same(value: float) -> float:
    return value


def _miles(value: float) -> float:
    return value * KM_PER_MILE


def _put(
    attribute: str,
    convert: Callable[[Any], object] = _same,
    *,
    none: int | None = None,
    most: float | None = None,
    topic: Topic | None = None,
) -> Rule:
    """Make the rule for a signal that is one attribute of the state.

    ``none`` is the code for "there is none"; values above ``most`` are no readings.
    """

    def rule(state: CarState, reading: Reading) -> None:
        if most is not None and abs(reading.value) > most:
            return
        value = None if reading.value == none else convert(reading.value)
        setattr(state, attribute, value)
        if topic is not None:
            state.updated[topic] = reading.now

    return rule


def _fold_charge_state(state: CarState, reading: Reading) -> None:
    state.charge_state_number = int(reading.value)
    state.charge_state = CHARGE_WORDS.get(int(reading.value), "stopped")


def _fold_charge_mode(state: CarState, reading: Reading) -> None:
    name = "ChargeModeOfSome" if reading.vin.has_other_mode else "ChargeMode"
    state.charge_mode = int(reading.signals[name])


def _fold_doors_1(state: CarState, reading: Reading) -> None:
    state.doors_1 = Doors1(int(reading.value))
    state.note_power(reading.now)


def _fold_compressor(state: CarState, reading: Reading) -> None:
    state.doors_5 = Doors5.HVAC if reading.value > 0 else Doors5(0)


def _fold_error(state: CarState, reading: Reading) -> None:
    kind, code = int(reading.signals["ErrorKind"]), int(reading.signals["ErrorCode"])
    is_full = (kind, code) == (FULL_ERROR_KIND, FULL_ERROR_CODE)
    is_told = code != NO_WORD and (bool(kind & 1) or is_full)
    state.error = VehicleError(code, int(reading.value)) if is_told else None


def _vin(at: int) -> Rule:
    def rule(state: CarState, reading: Reading) -> None:
        reading.vin.put(at, int(reading.value))
        state.vin = reading.vin.whole

    return rule


def _tyre(wheel: str, attribute: str, convert: Callable[[float], float], nothing: float) -> Rule:
    """Make the rule for one reading of a wheel; the value ``nothing`` is none."""

    def rule(state: CarState, reading: Reading) -> None:
        if reading.value != nothing:
            setattr(state.tyres[wheel], attribute, convert(reading.value))
            state.updated[Topic.TYRES] = reading.now

    return rule


def _tyres(wheel: str) -> dict[str, Rule]:
    side = wheel.capitalize()
    return {
        f"Pressure{side}": _tyre(wheel, "pressure", lambda psi: psi / PSI_PER_KPA, 0),
        f"Temperature{side}": _tyre(wheel, "temperature", _same, -40),
    }


RULES: dict[str, Rule] = {
    "TimerMode": _put("charge_timer_mode", int, topic=Topic.CHARGE_TIMER),
    "TimerStart": _put(
        "charge_timer_start",
        lambda value: (int(value) + 1) % MINUTES_A_DAY,
        most=MINUTES_A_DAY - 1,
        topic=Topic.CHARGE_TIMER,
    ),
    "Soc": _put("soc", most=100),
    "IdealRange": _put("ideal_range", _miles, most=MOST_RANGE),
    "EstimatedRange": _put("estimated_range", _miles, most=MOST_RANGE),
    "Time": _put("time"),
    "AmbientTemperature": _put("temperature_ambient", topic=Topic.AMBIENT),
    "Latitude": _put("latitude", most=90, topic=Topic.POSITION),
    "Longitude": _put("longitude", most=180, topic=Topic.POSITION),
    "GpsLock": _put("gps_lock", bool),
    "Direction": _put("direction", lambda value: value % 360, most=360),
    "Altitude": _put("altitude", lambda value: max(0, value)),
    "ChargeCurrent": _put("charge_current", none=NO_CURRENT),
    "ChargeDuration": _put("charge_minutes", none=NO_WORD),
    "ChargeLimit": _put("charge_limit"),
    "Speed": _put("speed", _miles),
    "LineVoltage": _put("line_voltage", none=NO_WORD),
    "PilotCurrent": _put("pilot_current", none=NO_BYTE),
    "CompressorSpeed": _fold_compressor,
    "ErrorData": _fold_error,
    "ChargeState": _fold_charge_state,
    "ChargeSubstate": _put("charge_substate", int),
    "ChargerB4": _put("charger_b4", int),
    "ChargeMode": _fold_charge_mode,
    "ChargeEnergy": _put("charge_energy"),
    "Doors1": _fold_doors_1,
    "Doors2": _put("doors_2", Doors2),
    "Doors3": _put("doors_3", Doors3),
    "Doors4": _put("doors_4", Doors4),
    "Odometer": _put("odometer", _miles),
    "Trip": _put("trip", _miles),
    "Capacity": _put("cac"),
    "PemTemperature": _put("temperature_pem", topic=Topic.TEMPERATURES),
    "MotorTemperature": _put("temperature_motor", topic=Topic.TEMPERATURES),
    "BatteryTemperature": _put("temperature_battery", topic=Topic.TEMPERATURES),
    "Vin1": _vin(0),
    "Vin2": _vin(1),
    "Vin3": _vin(2),
    "Lock": _put("lock_told", lambda value: LOCK_WORDS.get(int(value))),
    **_tyres("fl"),
    **_tyres("fr"),
    **_tyres("rl"),
    **_tyres("rr"),
}
"""The rule of each signal in the DBC file; those that are not here are told apart by others."""
