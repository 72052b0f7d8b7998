"""Vehicle types, one folder each, and what the module asks of any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ovms.car.replay import Frame
from ovms.car.reports import Identity
from ovms.car.state import CarState
from ovms.protocol.commands import Answer, Command


class Vehicle(Protocol):
    """A car as the module sees it. ``now`` is the car's time and never goes back."""

    @property
    def state(self) -> CarState:
        """What is known about the car, kept up to date in place."""
        ...

    @property
    def identity(self) -> Identity:
        """What does not change."""
        ...

    def advance(self, now: float) -> None:
        """Let time pass until ``now``."""
        ...

    def execute(self, command: Command, now: float) -> Answer:
        """Obey a command that ``identity.commands`` lists; the answer says how it ended."""
        ...


@runtime_checkable
class BusVehicle(Vehicle, Protocol):
    """A vehicle that is read from its bus."""

    def receive(self, frame: Frame, now: float) -> None:
        """Take in a frame. Never fails: what is not understood is ignored."""
        ...


DEFAULT_SCENARIO = "commute"


@dataclass(frozen=True, slots=True)
class VehicleOptions:
    """What a vehicle may be told when it is made."""

    vin: str | None = None
    start: float = 0.0
    """The car's time at the start, s."""
    seed: int = 0
    pin: str = "1234"
    scenario: str = DEFAULT_SCENARIO
    """What a simulated car goes through: a name of its ``SCENARIOS``."""


def _make_roadster(options: VehicleOptions) -> Vehicle:
    from ovms.car.vehicles.roadster import Roadster

    return Roadster(vin=options.vin)


def _make_sim(options: VehicleOptions) -> Vehicle:
    from ovms.car.vehicles.sim import SCENARIOS, SimCar

    return SimCar(
        start=options.start,
        seed=options.seed,
        pin=options.pin,
        vin=options.vin,
        scenario=SCENARIOS[options.scenario],
    )


VEHICLE_TYPES: dict[str, Callable[[VehicleOptions], Vehicle]] = {
    "roadster": _make_roadster,
    "sim": _make_sim,
}
"""The vehicle types by name; each is imported only when it is made."""
