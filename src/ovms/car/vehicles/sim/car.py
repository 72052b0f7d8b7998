"""The simulated car, which is moved forward step by step.

It goes through the acts of its scenario, round after round: it parks, drives, is plugged in, handed
over or stolen. Everything follows from the start, the seed and the commands: the same ones give the
same car, however often it is asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from random import Random
from typing import NamedTuple

from ovms.car.answers import AnswerCallback
from ovms.car.reports import CarIdentity
from ovms.car.state import CarState
from ovms.car.vehicles.sim.auxiliary import (
    ASLEEP_LOAD,
    AWAKE_LOAD,
    HELP_BELOW,
    HELP_FOR,
    Auxiliary,
)
from ovms.car.vehicles.sim.auxiliary import (
    CAPACITY as CAPACITY_12V,
)
from ovms.car.vehicles.sim.battery import Pack
from ovms.car.vehicles.sim.body import Body
from ovms.car.vehicles.sim.charging import (
    BY_REQUEST,
    LEAST_CURRENT,
    MOST_CURRENT,
    RANGE,
    Charging,
)
from ovms.car.vehicles.sim.commands import HANDLERS, execute
from ovms.car.vehicles.sim.driving import Drive
from ovms.car.vehicles.sim.ledger import Ledger
from ovms.car.vehicles.sim.route import Route, RoutePoint
from ovms.car.vehicles.sim.scenario import Alarm, Go, Scenario, Stay, Tow, Valet, Way
from ovms.car.vehicles.sim.scenarios.commute import COMMUTE
from ovms.car.vehicles.sim.show import show
from ovms.car.vehicles.sim.thermal import (
    COOLDOWN_TO,
    COOLING_POWER,
    Thermal,
    ambient,
    hvac_power,
)
from ovms.protocol.commands import Command

CAR_TYPE = "SIM"
CAPACITY = 42.0
"""kWh."""


class Steps(NamedTuple):
    """Seconds of the steps in which a car is simulated; where it moves they are short enough."""

    moving: float = 1.0
    awake: float = 1.0
    asleep: float = 10.0


AWAKE_FOR = 120.0
"""Seconds after the last use until the car sleeps."""

AWAKE_POWER = 0.25
"""kW that the electronics use while the car is awake."""

LEAST_SOC, SPARE_SOC, CONSUMPTION = 15.0, 5.0, 0.22
"""The least % at departure and at arrival, and the kWh per km that the driver plans with."""

RESTED_SOC = 5.0
"""% below which a parked car neither heats nor cools its cabin."""

FED_AFTER = 60.0
"""Seconds that the 12 V battery is still charged after the car was switched off."""

VALET_SPEED = 60 / 3.6
"""The highest speed in valet mode, m/s."""

LEAVE_AGAIN = 600.0
"""Seconds until a driver who found the battery too empty checks again."""


LEAST_STAY = 60.0
"""Seconds of a stay that are left at least when a car goes on in it."""


class CarPhase(Enum):
    """What the car is doing."""

    PARKED = "parked"
    LEAVING = "leaving"
    DRIVING = "driving"
    ARRIVING = "arriving"
    TOWED = "towed"


CALM = {
    CarPhase.PARKED: 10.0,
    CarPhase.LEAVING: 2.0,
    CarPhase.DRIVING: 5.0,
    CarPhase.ARRIVING: 2.0,
    CarPhase.TOWED: 5.0,
}
CALM_ASLEEP = 60.0
"""Seconds for which a fleet need not look at a car."""


class SimCar:
    """A simulated car. ``start`` is Unix seconds; ``pin`` opens it.

    ``phase`` (0 to 1) is the fraction of its scenario's round that is over at the start, and
    ``soc`` its % of charge then; drawn unless given.
    """

    def __init__(
        self,
        *,
        start: float,
        seed: int = 0,
        pin: str = "1234",
        vin: str | None = None,
        scenario: Scenario = COMMUTE,
        phase: float = 0.0,
        soc: float | None = None,
        steps: Steps | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.random = Random(seed)  # noqa: S311 (a toy's chances, no secret)
        self.pin = pin
        self.time = start
        """Unix seconds up to which it is simulated."""
        self.scenario = scenario
        self.phase = CarPhase.PARKED
        self.body = Body()
        drawn = self.random.uniform(*scenario.soc)
        self.pack = Pack(CAPACITY, CAPACITY * (drawn if soc is None else soc) / 100)
        self.auxiliary = Auxiliary(CAPACITY_12V * self.random.uniform(*scenario.charge_12v))
        self.charging = Charging(self.pack)
        self.thermal = Thermal.at(ambient(start))
        self.ledger = ledger or Ledger()
        """What it has truly done."""
        self.drive: Drive | None = None
        self.odometer = self.random.uniform(8_000, 60_000)
        """km."""
        self.trip = self.used = self.recovered = 0.0
        """km, kWh and kWh of the present or last drive."""
        self.power = 0.0
        """kW out of the battery at present."""
        self.shown_soc = round(self.pack.soc)
        """% as the driver sees it: it never rises on a drive, although braking recovers energy."""
        self.parked_since: float | None = start
        self.cooldown_until = self.climate_until = self.awake_until = start
        self.state = CarState(vin=vin or f"0VMSS1MCAR{self.random.randrange(10**7):07}")
        self.homelink: int | None = None
        """The HomeLink button that was pressed last."""
        self.identity = CarIdentity(
            CAR_TYPE,
            frozenset(HANDLERS),
            write_enabled=True,
            logs=True,
            currents=range(LEAST_CURRENT, MOST_CURRENT + 1),
        )
        self._phase_began = self._fed_until = self._wakes_at = start
        self._leaves_at = start
        """When the present stay ends, Unix seconds."""
        self._steps = steps or Steps()
        self._script: list[tuple[float, Callable[[], None]]] = []
        self._at = 0
        """The present act, counted through all rounds."""
        self._begin_at(phase)
        self.ledger.look(self)
        show(self)

    # -- the vehicle, as the module sees it -------------------------------------------------

    def limit_charge(self, soc: int | None) -> None:
        """End charges at ``soc`` % at the latest."""
        self.charging.soc_limit = soc

    def advance(self, now: float) -> None:
        """Simulate until ``now``, in whole steps."""
        before = self.time
        while self.time + (step := self._step_length()) <= now:
            self.time += step
            self._step(step)
        if self.time != before:
            show(self)

    def execute(self, command: Command, now: float, answer: AnswerCallback) -> None:
        """Carry out a command, and answer it at once."""
        outcome = execute(self, command)
        show(self)
        answer(outcome)

    # -- what commands and scripts do -------------------------------------------------------

    @property
    def is_cooling(self) -> bool:
        """Whether the battery is being cooled on request."""
        return self.time < self.cooldown_until and self.thermal.battery > COOLDOWN_TO

    @property
    def is_conditioned(self) -> bool:
        """Whether the cabin is kept comfortable."""
        is_wanted = self.time < self.climate_until and self.pack.soc > RESTED_SOC
        return self.body.is_on or is_wanted

    @property
    def place(self) -> RoutePoint:
        """Where the car is."""
        if self.drive is not None:
            return self.drive.route.place(self.drive.km)
        return self.scenario.place_at(self._at)

    @property
    def act(self) -> int:
        """The act of the scenario's round that it is in."""
        return self._at % len(self.scenario.acts)

    @property
    def leaves_at(self) -> float:
        """When the present stay ends, Unix seconds; later if something keeps the driver."""
        return self._leaves_at

    def stay_until(self, time: float) -> None:
        """Let the present stay end at ``time``, Unix seconds."""
        self._leaves_at = time

    @property
    def spare_soc(self) -> float:
        """% above what the driver wants for the next drive; below 0 the car is charged first."""
        act = self.scenario.next_long(self._at)
        return self._spare_soc(act.route) if isinstance(act, Go) else 0.0

    @property
    def km_to_go(self) -> float:
        """Km that are left of the present drive; 0 if there is none."""
        return 0.0 if self.drive is None else self.drive.route.length - self.drive.km

    @property
    def calm_for(self) -> float:
        """Seconds for which little happens unless a command comes."""
        is_asleep = self.phase is CarPhase.PARKED and not self.body.is_awake
        return CALM_ASLEEP if is_asleep else CALM[self.phase]

    def wake(self) -> None:
        """Wake up for a while."""
        self.awake_until = max(self.awake_until, self.time + AWAKE_FOR)
        self.body.is_awake = True

    # -- a step -----------------------------------------------------------------------------

    def _step_length(self) -> float:
        if self.phase is not CarPhase.PARKED:
            return self._steps.moving
        is_asleep = not (self.charging.is_active or self.body.is_awake)
        return self._steps.asleep if is_asleep else self._steps.awake

    def _step(self, seconds: float) -> None:
        self._run_script()
        if self.phase in (CarPhase.DRIVING, CarPhase.TOWED):
            self._roll(seconds)
        elif self.phase is CarPhase.PARKED:
            self._stay()
        self.charging.step(self.time, seconds)
        outside = ambient(self.time)
        self._consume(outside, seconds)
        self._warm(outside, seconds)
        self._stay_awake()
        self.ledger.look(self)

    def _run_script(self) -> None:
        while self._script and self.time - self._phase_began >= self._script[0][0]:
            self._script.pop(0)[1]()

    def _begin(self, phase: CarPhase, *script: tuple[float, Callable[[], None]]) -> None:
        self.phase, self._phase_began, self._script = phase, self.time, list(script)

    # -- acts -------------------------------------------------------------------------------

    def _begin_at(self, phase: float) -> None:
        """Start the first round, ``phase`` of which is over."""
        self._at, behind = self.scenario.cut(phase)
        self.body.valet, self.body.alarm = self.scenario.flags_at(self._at)
        self.body.left_door = self.body.alarm
        act = self.scenario.act(self._at)
        if isinstance(act, Way):
            self._set_off(act.route, behind)
        elif isinstance(act, Stay):
            self._settle(act)
            if act.leaves is None:
                self._leaves_at = self.time + (1 - behind) * (self._leaves_at - self.time)
            if phase == 0 and self.scenario.first is not None:
                self._leaves_at = self.time + self.random.uniform(*self.scenario.first)
            elif act.plug is not None:
                self._set(charge_port=True)
                self.charging.plug(act.plug)
                self.charging.skip_preparation()
        if self.drive is not None or self.charging.is_active:
            self.wake()

    def go_on_at(self, at: int, *, km: float = 0.0, parked: float = 0.0) -> None:
        """Go on in act ``at``: ``km`` from the start of a way, or ``parked`` seconds in a stay."""
        self._at = at
        self.awake_until, self.body.is_awake = self.time, False
        act = self.scenario.act(at)
        assert isinstance(act, Way | Stay)
        if isinstance(act, Way):
            self._set_off(act.route, km / act.route.length)
            return
        self.drive = None
        self._begin(CarPhase.PARKED)
        self._settle(act)
        if act.leaves is None:
            self._leaves_at = max(self.time + LEAST_STAY, self._leaves_at - parked)
        if act.plug is not None and not self.charging.is_plugged and parked < LEAST_STAY:
            self._set(charge_port=True)
            self.charging.plug(act.plug)

    def _settle(self, stay: Stay) -> None:
        self._leaves_at = stay.end(self.time, self.random)
        self._wakes_at = self.time + stay.wakes_every

    def _stay(self) -> None:
        """Continue a stay: leave when it is over, wake up when it is time."""
        stay = self._present_stay
        has_charged = stay.until_charged and self.charging.is_plugged
        if self.time >= self._leaves_at or (has_charged and not self.charging.is_active):
            self._go_on()
        elif stay.wakes_every and self.time >= self._wakes_at:
            self._wakes_at = self.time + stay.wakes_every
            self.wake()

    @property
    def _present_stay(self) -> Stay:
        act = self.scenario.act(self._at)
        assert isinstance(act, Stay)
        return act

    def _go_on(self) -> None:
        """Leave the present stay for the next act that takes time."""
        act = self.scenario.next_long(self._at)
        if isinstance(act, Go) and self._spare_soc(act.route) < 0:
            self._leaves_at = self.time + LEAVE_AGAIN
            self._see_to_charge()
            return
        self._take_next()
        match act:
            case Go(route):
                self._leave(route)
            case Tow(route):
                self._set_off(route)
            case Stay():
                self._settle(act)

    def _take_next(self) -> None:
        """Go to the next act that takes time, and do those that take none."""
        self._at += 1
        while isinstance(act := self.scenario.act(self._at), Valet | Alarm):
            self._happen(act)
            self._at += 1

    def _happen(self, act: Valet | Alarm) -> None:
        """Do an act that takes no time."""
        self.wake()
        if isinstance(act, Valet):
            self._set(valet=act.is_on)
        else:
            self._set(alarm=act.is_on, left_door=act.is_on)

    def _spare_soc(self, route: Route) -> float:
        """Return the % above what a driver wants for a drive."""
        need = 100 * route.length * CONSUMPTION / CAPACITY + SPARE_SOC
        return self.pack.soc - max(need, LEAST_SOC)

    def _see_to_charge(self) -> None:
        """Charge to the full range, as a driver does whose battery is too empty to leave."""
        if not self.charging.is_plugged:
            self._set(charge_port=True)
            self.charging.plug()
        if not self.charging.is_active:
            self.charging.mode = RANGE
            self.charging.start(BY_REQUEST)
        self.wake()

    def _leave(self, route: Route) -> None:
        self._begin(
            CarPhase.LEAVING,
            (0, self._unplug),
            (2, lambda: self._set(is_locked=False)),
            (6, lambda: self._set(left_door=True)),
            (13, lambda: self._set(left_door=False)),
            (18, lambda: self._switch(True)),
            (24, lambda: self._set_off(route)),
        )

    def _unplug(self) -> None:
        self.wake()
        if self.charging.is_plugged:
            self.charging.unplug(self.time)
        self._set(charge_port=False)

    def _set(self, **switches: bool) -> None:
        for name, value in switches.items():
            setattr(self.body, name, value)

    def _switch(self, is_on: bool) -> None:
        self.body.is_on = is_on
        self.parked_since = None if is_on else self.time

    def _set_off(self, route: Route, behind: float = 0.0) -> None:
        """Start a drive, ``behind`` of which is over already."""
        is_towed = isinstance(self.scenario.act(self._at), Tow)
        self.drive = Drive(route, self.random, km=behind * route.length)
        if not is_towed:
            self._set(handbrake=False, is_locked=False)
            self._switch(True)
            self.trip = self.drive.km
            self.used = self.recovered = 0.0
        self._begin(CarPhase.TOWED if is_towed else CarPhase.DRIVING)

    def _roll(self, seconds: float) -> None:
        assert self.drive is not None
        self.drive.top = VALET_SPEED if self.body.valet else math.inf
        km = self.drive.step(seconds)
        if self.phase is CarPhase.DRIVING:
            self.trip += km
            self.odometer += km
        if self.drive.is_over:
            self._arrive()

    def _arrive(self) -> None:
        """End a drive with the stay after it."""
        is_towed = self.phase is CarPhase.TOWED
        self.drive = None
        self._take_next()
        stay = self._present_stay
        self._settle(stay)
        if is_towed:
            self._begin(CarPhase.PARKED)
            return
        script: list[tuple[float, Callable[[], None]]] = [
            (3, lambda: self._set(handbrake=True)),
            (6, lambda: self._switch(False)),
            (10, lambda: self._set(left_door=True)),
            (17, lambda: self._set(left_door=False)),
        ]
        if (plug := stay.plug) is not None:
            script += [
                (25, lambda: self._set(charge_port=True)),
                (30, lambda: self.charging.plug(plug)),
            ]
        self._begin(CarPhase.ARRIVING, *script, (40, self._park))

    def _park(self) -> None:
        self._set(is_locked=True)
        self._begin(CarPhase.PARKED)

    # -- energy and warmth ------------------------------------------------------------------

    @property
    def _wheels(self) -> float:
        """Power that the wheels take from the battery, kW."""
        return self.drive.power if self.drive and self.phase is CarPhase.DRIVING else 0.0

    def _consume(self, outside: float, seconds: float) -> None:
        """Discharge the battery by what drivetrain and electronics need, or charge it."""
        rest = self._feed_12v(seconds)
        rest += AWAKE_POWER if self.body.is_awake else 0.0
        rest += hvac_power(outside, self.thermal.cabin) if self.is_conditioned else 0.0
        rest += COOLING_POWER if self.is_cooling else 0.0
        charge = self.charging.power
        self.power = self._wheels + rest - charge
        moved = self.pack.move(self.power, seconds)
        if charge:
            self.charging.deliver(rest * seconds / 3600 - moved, self.time, seconds)
        soc = round(self.pack.soc)
        self.shown_soc = min(soc, self.shown_soc) if self.body.is_on else soc
        if self.phase is CarPhase.DRIVING:
            self.used += max(moved, 0.0)
            self.recovered += max(-moved, 0.0)

    def _feed_12v(self, seconds: float) -> float:
        """Discharge or charge the 12 V battery. Return the kW that charging costs."""
        if self.body.is_on or self.charging.is_active or self.is_conditioned or self.is_cooling:
            self._fed_until = self.time + FED_AFTER
        elif self.auxiliary.at_rest < HELP_BELOW and self.pack.soc > RESTED_SOC:
            self._fed_until = max(self._fed_until, self.time + HELP_FOR)
        act = self.scenario.act(self._at)
        load = AWAKE_LOAD if self.body.is_awake else ASLEEP_LOAD
        load += act.drain if isinstance(act, Stay) and self.phase is CarPhase.PARKED else 0.0
        return self.auxiliary.step(load, self.time < self._fed_until, seconds)

    def _warm(self, outside: float, seconds: float) -> None:
        self.thermal.step(
            outside, self._wheels, self.charging.power, self.charging.own_power, seconds
        )
        self.thermal.air(outside, self.is_conditioned, seconds)
        if self.is_cooling:
            self.thermal.cool_battery(seconds)
        self.pack.temperature = self.thermal.battery

    def _stay_awake(self) -> None:
        is_busy = self.phase is not CarPhase.PARKED or self.charging.is_active or self.body.alarm
        if is_busy or self.is_cooling or self.is_conditioned:
            self.wake()
        if self.body.is_awake and self.time >= self.awake_until:
            show(self)  # the last readings before it sleeps
        self.body.is_awake = self.time < self.awake_until
        self.body.hvac = self.is_conditioned
