"""What ``ovms car`` can be, each an object that holds what it needs and can run.

::

    SimulationMode   a car that lives by the clock      ┐
    ReplayMode       a car whose recording is replayed  │ CarMode: one module, one link
    BusMode          a module in a real car             ┘
    ProvisionMode    asks for parameters, and may go on as the car that they tell
    FleetMode        many simulated cars (:mod:`.fleet`)
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from ovms.base.clock import SystemClock
from ovms.base.logs import get_logger
from ovms.base.systemd import is_journal
from ovms.car.bus import ManagedBus
from ovms.car.bus.group import BusGroup
from ovms.car.bus.live import LiveBus
from ovms.car.bus.place import BusPlace
from ovms.car.drivers import BusDriver, ClockDriver, Replay
from ovms.car.recordings.recording import Recording
from ovms.car.trust import Trust
from ovms.car.vehicles.interface import (
    BusVehicle,
    CarVehicle,
)
from ovms.cli.car.identity import ModuleIdentity
from ovms.cli.car.provision import ProvisionQuestion, show
from ovms.cli.car.run import CarSetup, run_car
from ovms.cli.common import fail

log = get_logger("ovms.car")


@dataclass(frozen=True, slots=True)
class SimulationMode:
    """A car that lives by the clock, ``speed`` of its seconds in each real one."""

    identity: ModuleIdentity
    setup: CarSetup
    vehicle: CarVehicle
    speed: float

    def run(self) -> None:
        """Run the car until a signal ends it."""
        driver = ClockDriver(clock=SystemClock(), speed=self.speed)
        run_car(self.identity, self.setup, self.vehicle, driver)


@dataclass(frozen=True, slots=True)
class ReplayMode:
    """A car whose recording is replayed, once or in an endless ``loop``."""

    identity: ModuleIdentity
    setup: CarSetup
    vehicle: BusVehicle
    recording: Recording
    speed: float
    loop: bool

    def run(self) -> None:
        """Replay the recording; a signal before its end is a failure, unless it is a loop."""
        frames = self.recording.frames
        driver = Replay(self.vehicle, frames, clock=SystemClock(), speed=self.speed, loop=self.loop)
        is_done = run_car(self.identity, self.setup, self.vehicle, driver, is_new=True)
        if driver.problem is not None:
            fail(str(driver.problem))
        if not is_done and not self.loop:
            fail("stopped before the server had the whole recording")


@dataclass(frozen=True, slots=True)
class BusMode:
    """A module in a car, which reads its bus."""

    identity: ModuleIdentity
    setup: CarSetup
    vehicle: BusVehicle
    places: list[BusPlace]
    trust: Trust

    def run(self) -> None:
        """Run the module until a signal ends it."""
        if self.vehicle.must_ask and self.trust < Trust.ASK:
            log.warning("this vehicle type says little unless it is asked: --can-trust ask")
        bus = self._make_bus()
        driver = BusDriver(self.vehicle, bus, clock=SystemClock())
        run_car(self.identity, self.setup, self.vehicle, driver, bus)

    def _make_bus(self) -> ManagedBus:
        news = asyncio.Event()
        made = {
            place.bus: LiveBus(
                place, self.trust, self.vehicle.ids,
                random=Random(), bus=place.bus, news=news,  # noqa: S311 (jitter)
            )
            for place in self.places
        }  # fmt: skip
        return BusGroup(made, news) if len(made) > 1 else next(iter(made.values()))


CarMode = SimulationMode | ReplayMode | BusMode
"""One car."""


@dataclass(frozen=True, slots=True)
class ProvisionMode:
    """A new module that asks a server for its parameters."""

    question: ProvisionQuestion
    json: bool
    go_on: Callable[[list[str]], CarMode] | None
    """Makes the car that the parameters tell; ``None`` to print them only."""

    def run(self) -> None:
        """Ask, print the parameters, and be the car if that is wanted."""
        values = self.question.ask()
        show(values, self.json, is_hidden=is_journal(sys.stdout))
        if self.go_on is not None:
            self.go_on(values).run()
