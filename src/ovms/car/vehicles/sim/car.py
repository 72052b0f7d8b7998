"""The simulated car: its day, step by step, and what it shows of itself.

At home it leaves, drives to town, parks there, drives back, is plugged in and charges until it
leaves again. Everything follows from the start, the seed and the commands: the same ones give the
same car, however often it is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from random import Random

from ovms.car.reports import Identity
from ovms.car.state import CarState
from ovms.car.vehicles.sim.battery import Pack
from ovms.car.vehicles.sim.body import Body
from ovms.car.vehicles.sim.charging import LEAST_CURRENT, MOST_CURRENT, Charging
from ovms.car.vehicles.sim.commands import HANDLERS, execute
from ovms.car.vehicles.sim.driving import Drive
from ovms.car.vehicles.sim.route import TO_HOME, TO_TOWN
from ovms.car.vehicles.sim.show import show
from ovms.car.vehicles.sim.thermal import (
    COOLDOWN_TO,
    COOLING_POWER,
    HVAC_POWER,
    Thermal,
    ambient,
)
from ovms.protocol.commands import Answer, Command

CAR_TYPE = "SIM"
CAPACITY = 42.0
"""kWh."""

FINE_STEP, COARSE_STEP = 1.0, 10.0
"""Seconds of a step, in motion and at rest."""

AWAKE_FOR = 120.0
"""Seconds from the last use until the car sleeps."""

AWAKE_POWER = 0.25
"""kW that the electronics take while the car is awake."""

LEAST_SOC = 15.0
"""% below which it does not leave home."""


class Phase(Enum):
    """What the car is at."""

    PARKED = "parked"
    LEAVING = "leaving"
    DRIVING = "driving"
    ARRIVING = "arriving"


class SimCar:
    """A simulated car. ``start`` is Unix seconds; ``pin`` opens it."""

    def __init__(
        self, *, start: float, seed: int = 0, pin: str = "1234", vin: str | None = None
    ) -> None:
        self.random = Random(seed)  # noqa: S311 (a toy's chances, no secret)
        self.pin = pin
        self.time = start
        """Unix seconds until which it has lived."""
        self.phase = Phase.PARKED
        self.body = Body()
        self.pack = Pack(CAPACITY, CAPACITY * self.random.uniform(0.62, 0.78))
        self.charging = Charging(self.pack)
        self.thermal = Thermal.at(ambient(start))
        self.drive: Drive | None = None
        self.is_home = True
        self.odometer = self.random.uniform(8_000, 60_000)
        """km."""
        self.trip = self.used = self.recovered = 0.0
        """km, kWh and kWh of the present or last drive."""
        self.power = 0.0
        """kW out of the battery now."""
        self.shown_soc = round(self.pack.soc)
        """%, as the driver sees it: braking gives energy back, but it never rises on the way."""
        self.parked_since: float | None = start
        self.cooldown_until = self.climate_until = self.awake_until = start
        self.state = CarState(vin=vin or f"0VMSS1MCAR{self.random.randrange(10**7):07}")
        self.homelink: int | None = None
        """The HomeLink button that was pressed last."""
        self.identity = Identity(
            CAR_TYPE,
            frozenset(HANDLERS),
            write_enabled=True,
            logs_trips=True,
            currents=range(LEAST_CURRENT, MOST_CURRENT + 1),
        )
        self._phase_began = start
        self._leaves_at = start + self.random.uniform(30, 90)
        self._script: list[tuple[float, Callable[[], None]]] = []
        show(self)

    # -- the vehicle, as the module sees it -------------------------------------------------

    def advance(self, now: float) -> None:
        """Live until ``now``, in whole steps."""
        before = self.time
        while self.time + (step := self._step_length()) <= now:
            self.time += step
            self._step(step)
        if self.time != before:
            show(self)

    def execute(self, command: Command, now: float) -> Answer:
        """Obey a command."""
        answer = execute(self, command)
        show(self)
        return answer

    # -- what commands and scripts do -------------------------------------------------------

    @property
    def is_cooling(self) -> bool:
        """The battery is being cooled on request."""
        return self.time < self.cooldown_until and self.thermal.battery > COOLDOWN_TO

    @property
    def is_conditioned(self) -> bool:
        """The cabin is kept comfortable."""
        return self.body.is_on or self.time < self.climate_until

    def wake(self) -> None:
        """Wake up, for a while."""
        self.awake_until = max(self.awake_until, self.time + AWAKE_FOR)
        self.body.is_awake = True

    # -- a step -----------------------------------------------------------------------------

    def _step_length(self) -> float:
        at_rest = self.phase is Phase.PARKED and not self.charging.is_active
        return COARSE_STEP if at_rest and not self.body.is_awake else FINE_STEP

    def _step(self, seconds: float) -> None:
        self._run_script()
        if self.phase is Phase.DRIVING:
            self._roll(seconds)
        elif self.phase is Phase.PARKED and self.time >= self._leaves_at:
            self._leave()
        self.charging.step(self.time, seconds)
        self._consume(seconds)
        self._warm(seconds)
        self._stay_awake()

    def _run_script(self) -> None:
        while self._script and self.time - self._phase_began >= self._script[0][0]:
            self._script.pop(0)[1]()

    def _begin(self, phase: Phase, *script: tuple[float, Callable[[], None]]) -> None:
        self.phase, self._phase_began, self._script = phase, self.time, list(script)

    def _leave(self) -> None:
        if self.is_home and self.pack.soc < LEAST_SOC:
            self._leaves_at = self.time + 600
            return
        self._begin(
            Phase.LEAVING,
            (0, self._unplug),
            (2, lambda: self._set(is_locked=False)),
            (6, lambda: self._set(left_door=True)),
            (13, lambda: self._set(left_door=False)),
            (18, lambda: self._switch(True)),
            (24, self._set_off),
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

    def _set_off(self) -> None:
        self._set(handbrake=False)
        self.trip = self.used = self.recovered = 0.0
        self.drive = Drive(TO_TOWN if self.is_home else TO_HOME, self.random)
        self._begin(Phase.DRIVING)

    def _roll(self, seconds: float) -> None:
        assert self.drive is not None
        km = self.drive.step(seconds)
        self.trip += km
        self.odometer += km
        if self.drive.is_over:
            self.is_home = not self.is_home
            self._arrive()

    def _arrive(self) -> None:
        self._leaves_at = self.time + self.random.uniform(1200, 2400)
        script: list[tuple[float, Callable[[], None]]] = [
            (3, lambda: self._set(handbrake=True)),
            (6, lambda: self._switch(False)),
            (10, lambda: self._set(left_door=True)),
            (17, lambda: self._set(left_door=False)),
        ]
        if self.is_home:
            self._leaves_at += 2400
            script += [
                (25, lambda: self._set(charge_port=True)),
                (30, self.charging.plug),
            ]
        self._begin(Phase.ARRIVING, *script, (40, self._park))

    def _park(self) -> None:
        self._set(is_locked=True)
        self._begin(Phase.PARKED)

    def _consume(self, seconds: float) -> None:
        """Take from the battery what the drivetrain and the rest of the car need."""
        wheels = self.drive.power if self.drive and self.phase is Phase.DRIVING else 0.0
        rest = AWAKE_POWER if self.body.is_awake else 0.0
        rest += HVAC_POWER if self.is_conditioned else 0.0
        rest += COOLING_POWER if self.is_cooling else 0.0
        moved = self.pack.move(wheels + rest, seconds)
        self.power = wheels + rest - self.charging.power
        soc = round(self.pack.soc)
        self.shown_soc = min(soc, self.shown_soc) if self.body.is_on else soc
        if self.phase is Phase.DRIVING:
            self.used += max(moved, 0.0)
            self.recovered += max(-moved, 0.0)

    def _warm(self, seconds: float) -> None:
        outside = ambient(self.time)
        driving = self.drive.power if self.drive and self.phase is Phase.DRIVING else 0.0
        self.thermal.step(outside, driving, self.charging.power, seconds)
        self.thermal.air(outside, self.is_conditioned, seconds)
        if self.is_cooling:
            self.thermal.cool_battery(seconds)

    def _stay_awake(self) -> None:
        is_busy = self.phase is not Phase.PARKED or self.charging.is_active
        if is_busy or self.is_cooling or self.is_conditioned:
            self.wake()
        if self.body.is_awake and self.time >= self.awake_until:
            show(self)  # the last readings before it sleeps
        self.body.is_awake = self.time < self.awake_until
        self.body.hvac = self.is_conditioned
