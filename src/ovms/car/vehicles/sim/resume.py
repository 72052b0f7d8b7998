"""A simulated car that goes on where a server last heard of it.

What the server keeps are the latest ``S``, ``D`` and ``L``. Charge, counters, switches and
temperatures are in them. Which act of its scenario the car is in follows from its place: on the
way the nearest route in its direction, else the nearest stay, of several the one after a drive as
long as the last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from ovms.car.positions import KM_PER_DEGREE
from ovms.car.vehicles.sim.auxiliary import AT_REST, CAPACITY
from ovms.car.vehicles.sim.car import SimCar
from ovms.car.vehicles.sim.charging import ChargePhase, Plug
from ovms.car.vehicles.sim.route import Route
from ovms.car.vehicles.sim.scenario import DAY, Go, Scenario, Stay, Tow
from ovms.car.vehicles.sim.show import show
from ovms.protocol.records import Environment, Location, Status
from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4
from ovms.protocol.records.status import KM_PER_MILE

NEAR = 0.05
"""km within which a car counts as being at a place."""

TURNED = 0.5
"""km that a drive in the opposite direction counts as away."""

FED_FROM = 13.0
"""V from which something charges the 12 V battery, so that they say nothing of its charge."""

STEPS_OF_CHARGE = 100


@dataclass(frozen=True, slots=True)
class LastSeen:
    """What a server last heard of a car, and when, Unix seconds."""

    status: Status
    environment: Environment
    location: Location
    heard: float

    @property
    def km(self) -> float:
        """Km in the unit of its distances."""
        return KM_PER_MILE if self.status.units == "M" else 1.0

    @property
    def is_on(self) -> bool:
        """Whether the car was switched on."""
        return bool((self.environment.doors_1 or 0) & Doors1.CAR_ON)

    @property
    def is_plugged(self) -> bool:
        """Whether it was plugged in."""
        return bool((self.environment.doors_1 or 0) & Doors1.PILOT_PRESENT)

    @property
    def is_in_valet_mode(self) -> bool:
        """Whether somebody else had the key."""
        return bool((self.environment.doors_2 or 0) & Doors2.VALET)

    @property
    def has_alarm(self) -> bool:
        """Whether the alarm sounded."""
        return bool((self.environment.doors_4 or 0) & Doors4.ALARM)

    @property
    def trip(self) -> float:
        """Km of its last drive."""
        return (self.environment.trip or 0) * self.km


def resume(car: SimCar, seen: LastSeen) -> None:
    """Have a car that was just made go on where it was last seen."""
    at, km = find_act(car.scenario, seen, car.time)
    _restore_battery(car, seen)
    _restore_charge(car, seen.status, is_plugged=seen.is_plugged)
    _restore_body(car, seen)
    parking = seen.environment.parking_time or 0
    is_locked = car.body.is_locked
    car.go_on_at(at, km=km, parked=parking)
    car.body.is_locked = is_locked  # who sets off has unlocked, and may have locked again
    if not seen.is_on:
        car.parked_since = seen.heard - parking
    if seen.environment.odometer is not None:
        car.odometer = seen.environment.odometer * seen.km
    car.trip = seen.trip
    car.used = seen.location.energy_used or 0.0
    car.recovered = seen.location.energy_recovered or 0.0
    _restore_temperatures(car, seen.environment)
    if (seen.environment.doors_3 or 0) & Doors3.AWAKE:
        car.wake()
    car.ledger.begin_anew(car)
    show(car)


def _restore_battery(car: SimCar, seen: LastSeen) -> None:
    if seen.status.soc is not None:
        car.pack.energy = car.pack.begin = car.pack.capacity * seen.status.soc / 100
        car.shown_soc = round(seen.status.soc)
    volts = seen.environment.voltage_12v or FED_FROM
    left = next(
        (at for at in range(STEPS_OF_CHARGE) if AT_REST.at(at / STEPS_OF_CHARGE) >= volts),
        STEPS_OF_CHARGE,
    )
    car.auxiliary.charge = CAPACITY * left / STEPS_OF_CHARGE
    car.auxiliary.is_fed = volts >= FED_FROM


def _restore_charge(car: SimCar, status: Status, *, is_plugged: bool) -> None:
    charging = car.charging
    charging.is_plugged = is_plugged
    plugs = {float(plug.value): plug for plug in Plug}
    charging.plugged_to = plugs.get(status.plug_type or 0, Plug.AC)
    phases = {float(phase): phase for phase in ChargePhase}
    charging.phase = phases.get(status.charge_state_number or 0, ChargePhase.STOPPED)
    charging.substate = int(status.charge_substate or charging.substate)
    charging.mode = int(status.charge_mode_number or 0)
    charging.timer_mode = int(status.charge_timer_mode or 0)
    charging.timer_start = int(status.charge_timer_start or 0) // 60
    if not charging.is_fast and status.charge_limit:
        charging.limit = int(status.charge_limit)
    charging.seconds = status.charge_duration or 0.0
    charging.energy = status.charge_energy or 0.0
    charging.grid_energy = status.grid_energy or 0.0
    charging.grid_energy_total = status.grid_energy_total or 0.0
    ended = status.charge_end_time
    charging.ended = ended if ended is not None and ended > 0 else None


def _restore_body(car: SimCar, seen: LastSeen) -> None:
    doors_1, doors_2 = seen.environment.doors_1 or 0, seen.environment.doors_2 or 0
    car.body.charge_port = bool(doors_1 & Doors1.CHARGE_PORT)
    car.body.is_locked = bool(doors_2 & Doors2.LOCKED)
    car.body.valet = seen.is_in_valet_mode
    car.body.alarm = car.body.left_door = seen.has_alarm


def _restore_temperatures(car: SimCar, environment: Environment) -> None:
    thermal = car.thermal
    for name in ("motor", "pem", "battery", "charger", "cabin"):
        value = getattr(environment, f"temperature_{name}")
        if value is not None:
            setattr(thermal, name, value)
    car.pack.temperature = thermal.battery
    car.state.temperature_pem = None  # so that they are shown although the car may be asleep


def find_act(scenario: Scenario, seen: LastSeen, now: float) -> tuple[int, float]:
    """Return the act that a car is in, and the km from the start of its way."""
    acts = [*enumerate(scenario.acts)]
    kind = Go if seen.is_on else Tow
    ways = [(at, *_offset(act.route, seen.location)) for at, act in acts if isinstance(act, kind)]
    nearest = min(
        ways, key=lambda way: (round(way[2], 2), _days_off(scenario, way[0], now)), default=None
    )
    if seen.is_on and nearest is not None:
        return nearest[:2]
    stays = [at for at, act in acts if isinstance(act, Stay)]
    best = min(stays, key=lambda at: _mismatch(scenario, at, seen, now))
    is_at_stay = _distance_to(scenario, best, seen.location) <= NEAR
    if nearest is not None and nearest[2] < NEAR and not is_at_stay:
        return nearest[:2]
    return best, 0.0


def _mismatch(
    scenario: Scenario, at: int, seen: LastSeen, now: float
) -> tuple[float, bool, bool, float, float]:
    """Return how little a stay fits: by place, plug, valet mode and alarm, last drive, and day."""
    away = _distance_to(scenario, at, seen.location)
    act = scenario.act(at)
    assert isinstance(act, Stay)
    lacks_plug = seen.is_plugged and act.plug is None
    drive = round(abs(scenario.way_before(at).route.length - seen.trip))
    differs = scenario.flags_at(at) != (seen.is_in_valet_mode, seen.has_alarm)
    off = _days_off(scenario, at, now)
    return 0.0 if away <= NEAR else away, lacks_plug, differs, drive, off


def _days_off(scenario: Scenario, at: int, now: float) -> float:
    """Return how far an act is from now in a round of a week, as a fraction of the round."""
    off = abs(scenario.phase_of(at, 0.5) - (now / DAY + 3) % 7 / 7)  # the epoch was a Thursday
    return min(off, 1 - off)


def _distance_to(scenario: Scenario, at: int, location: Location) -> float:
    """Return the km from a stay's place."""
    place = scenario.place_at(at)
    east, north = _vector(location, place.latitude, place.longitude)
    return math.hypot(east, north)


def _vector(location: Location, latitude: float, longitude: float) -> tuple[float, float]:
    """Return the km east and north from where a car is to a point near it."""
    north = (latitude - (location.latitude or 0)) * KM_PER_DEGREE
    east = (longitude - (location.longitude or 0)) * KM_PER_DEGREE
    return east * math.cos(math.radians(latitude)), north


def _offset(route: Route, location: Location) -> tuple[float, float]:
    """Return the km from a route's start to the point next to a car, and the km between them.

    A car that goes the other way counts as farther away.
    """
    best = (0.0, math.inf)
    legs = zip(pairwise(route.waypoints), pairwise(route.marks), strict=True)
    for (a, b), (begin, end) in legs:
        ax, ay = _vector(location, a.latitude, a.longitude)
        bx, by = _vector(location, b.latitude, b.longitude)
        dx, dy = bx - ax, by - ay
        part = min(max(-(ax * dx + ay * dy) / (dx * dx + dy * dy), 0.0), 1.0)
        turned = math.radians((location.direction or 0) - math.degrees(math.atan2(dx, dy)))
        away = math.hypot(ax + part * dx, ay + part * dy)
        away += TURNED * (1 - math.cos(turned)) / 2
        best = min(best, (begin + part * (end - begin), away), key=lambda found: found[1])
    return best
