"""Makes the synthetic recording ``demo.csv`` from the DBC file, the same each time.

It is five minutes of an invented Roadster: unlocked, driven along a street by Lake Constance,
parked, plugged in and charged. ``python -m ovms.car.vehicles.roadster.demo`` writes it again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ovms.car.frames import Frame
from ovms.car.recordings.cando import write_csv
from ovms.car.vehicles.roadster.encode import (
    BUS_DASHBOARD,
    BUS_TYRES,
    BUS_VDS,
    Signals,
    make_frame,
    vin_signals,
)

DEMO_RECORDING = Path(__file__).with_name("demo.csv")
"""The recording."""

TITLE = "demo - a synthetic recording made for ovms demo - Hexadecimal"
VIN = "0VMSDEMR0ADSTER01"
SECONDS = 300
STARTED = 1_767_258_000
"""Unix seconds: 2026-01-01 09:00 UTC."""

SLOW = 10
"""Seconds between frames with values that change slowly."""

UNLOCK, OPEN, SHUT, ON, ROLL = 5, 9, 14, 18, 22
"""Seconds at which the steps of departure begin."""
STAND, OFF, OUT, AWAY, PORT, PLUG, CHARGE = 172, 176, 181, 187, 192, 196, 202
"""Seconds at which the steps of arrival and of the charge begin."""

TOP_SPEED = 42.0
"""mph."""

ALWAYS_SET, HANDBRAKE, CAR_ON, LEFT_DOOR = 0x20, 0x40, 0x80, 0x01
CHARGE_PORT, PILOT, CHARGING = 0x04, 0x08, 0x10
AWAKE_AND_COOLING = 0x03


@dataclass(frozen=True, slots=True)
class _DemoMoment:
    """The invented car at a given second: miles driven since the start, mph, % and kWh."""

    second: int
    miles: float
    speed: float
    soc: float
    charged: float

    @property
    def is_driving(self) -> bool:
        return ROLL <= self.second < STAND

    @property
    def is_charging(self) -> bool:
        return self.second >= CHARGE


def _moments() -> Iterator[_DemoMoment]:
    """Yield the car at each second. Its battery changes about five times too fast."""
    miles, soc, charged = 0.0, 82.0, 0.0
    for second in range(SECONDS):
        speed = _speed(second)
        miles += speed / 3600
        soc -= 4 * speed / 3600 / 2.2
        if second >= CHARGE:
            soc += 0.03
            charged += 0.0155
        yield _DemoMoment(second, miles, speed, soc, charged)


def _speed(second: int) -> float:
    """Return the speed: it rises in 30 s, falls in 25 s, and varies a little in between."""
    if not ROLL <= second < STAND:
        return 0.0
    rising, falling = (second - ROLL) / 30, (STAND - second) / 25
    return max(0.0, (TOP_SPEED + 3 * math.sin(second / 9)) * min(1.0, rising, falling))


def frames() -> Iterator[Frame]:
    """Yield the frames of the recording."""
    for moment in _moments():
        for at, (bus_id, signals) in enumerate(_messages(moment)):
            yield make_frame(moment.second + 0.002 * at, bus_id, signals)


def _messages(moment: _DemoMoment) -> Iterator[tuple[int, Signals]]:
    if moment.second == 0:
        yield from ((BUS_VDS, signals) for signals in vin_signals(VIN))
    yield BUS_VDS, _doors(moment)
    if moment.second in (UNLOCK, AWAY + 2):
        yield BUS_DASHBOARD, {"DashKind": 0x0E, "Lock": 5 if moment.second == UNLOCK else 4}
    yield from ((BUS_VDS, signals) for signals in _driving(moment))
    yield from ((BUS_VDS, signals) for signals in _charging(moment))
    if moment.second % SLOW == 0:
        yield from ((BUS_VDS, signals) for signals in _slow(moment))
        yield BUS_TYRES, _tyres(moment)


def _doors(moment: _DemoMoment) -> Signals:
    second = moment.second
    bits = {
        LEFT_DOOR: OPEN <= second < SHUT or OUT <= second < AWAY,
        HANDBRAKE: not moment.is_driving,
        CAR_ON: ON <= second < OFF,
        CHARGE_PORT: second >= PORT,
        PILOT: second >= PLUG,
        CHARGING: moment.is_charging,
    }
    doors_1 = ALWAYS_SET | sum(bit for bit, is_set in bits.items() if is_set)
    locked = 0x08 if second < UNLOCK or second >= AWAY + 2 else 0
    return {"Kind": 0x96, "Doors1": doors_1, "Doors2": locked, "Doors3": AWAKE_AND_COOLING,
            "Doors4": 0}  # fmt: skip


def _driving(moment: _DemoMoment) -> Iterator[Signals]:
    volts = 221 if moment.is_charging else 0xFFFF
    pilot = 32 if moment.second >= PLUG else 0xFF
    yield {"Kind": 0x89, "Speed": round(moment.speed), "LineVoltage": volts, "PilotCurrent": pilot}
    yield {"Kind": 0x80, "Soc": round(moment.soc), "IdealRange": round(moment.soc * 1.93),
           "EstimatedRange": round(moment.soc * 1.71)}  # fmt: skip
    yield {"Kind": 0x83, "Latitude": 47.66035 - 0.0011 * moment.miles}
    yield {"Kind": 0x84, "Longitude": 9.17580 + 0.0196 * moment.miles}
    yield {"Kind": 0x85, "GpsLock": 1, "Direction": 95, "Altitude": 404}
    yield {"Kind": 0x9C, "Trip": round(moment.miles, 1)}


def _charging(moment: _DemoMoment) -> Iterator[Signals]:
    is_near = PLUG <= moment.second < CHARGE
    state, substate = (0x01, 0x09) if moment.is_charging else (0x0D, 0x07) if is_near else (4, 7)
    amps = 32 if moment.is_charging else 0x7F
    minutes = (moment.second - CHARGE) // 60 if moment.is_charging else 0xFFFF
    yield {"Kind": 0x88, "ChargeCurrent": amps, "ChargeDuration": minutes, "ChargeLimit": 32}
    yield {"Kind": 0x95, "ChargeState": state, "ChargeSubstate": substate, "ChargerB4": 100,
           "ChargeModeOfSome": 0, "ChargeMode": 0, "ChargeEnergy": int(moment.charged)}  # fmt: skip


def _slow(moment: _DemoMoment) -> Iterator[Signals]:
    warm = min(18.0, moment.miles * 12)
    yield {"Kind": 0x81, "Time": STARTED + moment.second}
    yield {"Kind": 0x82, "AmbientTemperature": 8}
    yield {"Kind": 0x97, "Odometer": round(23456.7 + moment.miles, 1)}
    yield {"Kind": 0x9E, "Capacity": 148.5}
    yield {"Kind": 0xA3, "PemTemperature": round(12 + warm), "MotorTemperature": round(14 + warm),
           "BatteryTemperature": 17}  # fmt: skip


def _tyres(moment: _DemoMoment) -> Signals:
    warm = round(min(5.0, moment.miles * 4))
    signals: Signals = {}
    for wheel, byte in (("Fl", 80), ("Fr", 79), ("Rl", 108), ("Rr", 109)):
        signals[f"Pressure{wheel}"] = (byte + warm // 2) / 2.755
        signals[f"Temperature{wheel}"] = 9 + warm
    return signals


def text() -> str:
    """Return the text of the recording's file."""
    return "".join(f"{line}\r\n" for line in write_csv(frames(), TITLE))


if __name__ == "__main__":
    DEMO_RECORDING.write_bytes(text().encode())
