"""What the module asks of a vehicle, whatever its type: the interface for vehicle types in Python.

This module is stable: other people's packages implement it (``docs/extending.md``). A package
offers a :data:`VehicleFactory` by an entry point of the group ``ovms.vehicle_types``. It may use
what this module imports, too: :class:`~ovms.car.state.CarState` and
:class:`~ovms.car.reports.CarIdentity`, :class:`~ovms.car.frames.Frame`, and
:class:`~ovms.protocol.commands.Command` with its ``Answer`` and ``Result``.

A vehicle that does no more than :class:`CarVehicle` lives by the clock. One that also has the
members of :class:`BusVehicle` needs a bus, or a recording of one.

All methods are called in one task of the event loop, and must not wait for anything. What a method
raises is logged once and ends nothing: a command that fails so is answered with result 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ovms.car.answers import AnswerCallback
from ovms.car.frames import Frame
from ovms.car.reports import CarIdentity
from ovms.car.state import CarState
from ovms.car.trust import Trust
from ovms.protocol.commands import Answer, Command, Result

__all__ = [
    "DEFAULT_SCENARIO", "MAPPING", "Answer", "AnswerCallback", "BusVehicle", "CarIdentity",
    "CarState", "CarVehicle", "Command", "Frame", "LimitedVehicle", "Result", "Trust",
    "VehicleFactory", "VehicleOptions", "bitrate_of", "buses_of",
]  # fmt: skip


@runtime_checkable
class CarVehicle(Protocol):
    """A car as the module sees it. ``now`` is the car's time in seconds, and never goes back."""

    @property
    def state(self) -> CarState:
        """What is known about the car: always the same object, which the vehicle keeps current."""
        ...

    @property
    def identity(self) -> CarIdentity:
        """What does not change. It is read when the module is made."""
        ...

    def advance(self, now: float) -> None:
        """Bring the state up to ``now``. The module calls this before it reads the state."""
        ...

    def execute(self, command: Command, now: float, answer: AnswerCallback) -> None:
        """Carry out a command that ``identity.commands`` lists.

        Call ``answer`` with the outcome, before returning or later from another method of the
        vehicle. Only the first call counts. Without a call in time the command fails
        (:data:`~ovms.car.answers.ANSWER_TIMEOUT`).
        """
        ...


@runtime_checkable
class LimitedVehicle(CarVehicle, Protocol):
    """A vehicle whose charge can end at a limit."""

    def limit_charge(self, soc: int | None) -> None:
        """End charges at ``soc`` %; ``None`` is no limit. The module says it again and again."""
        ...


@runtime_checkable
class BusVehicle(CarVehicle, Protocol):
    """A vehicle that reads a bus, and may send on it."""

    @property
    def ids(self) -> frozenset[tuple[int, bool]]:
        """The ids of the frames that it reads, and whether each is an extended one."""
        ...

    @property
    def bitrate(self) -> int | None:
        """Bits a second on its bus, if that is known."""
        ...

    @property
    def must_ask(self) -> bool:
        """It sends little or nothing unless it is asked."""
        ...

    wake: Callable[[], None]
    """Set by the driver of the bus; the vehicle calls it when it has something to send."""

    def receive(self, frame: Frame, now: float) -> None:
        """Read a frame. Ignore what is not understood."""
        ...

    def sending(self, now: float) -> list[Frame]:
        """Return frames to send together now. They count as sent.

        It is called again for the same time until it returns none. What it returns must keep to
        ``VehicleOptions.trust``.
        """
        ...

    @property
    def next_sending(self) -> float | None:
        """The car's time at which a frame is to be sent; ``None`` while none has its time.

        Frames that ask for data do not count: :meth:`sending` is called every second or so.
        """
        ...

    def sent(self, now: float, problem: str | None = None) -> None:
        """Note that the frames of the last :meth:`sending` are on the bus, or why they are not."""
        ...


DEFAULT_SCENARIO = "commute"


def buses_of(vehicle: CarVehicle) -> frozenset[str]:
    """Return the buses that a vehicle tells apart by name: its member ``buses``, if it has one.

    Its frames name their bus (:attr:`~ovms.car.frames.Frame.channel`). A vehicle without that
    member has one bus.
    """
    named: frozenset[str] = getattr(vehicle, "buses", frozenset())
    return named


def bitrate_of(vehicle: BusVehicle, bus: str) -> int | None:
    """Return the bits a second on one of the buses: its entry of ``bitrates``, or else the only."""
    bitrates: Mapping[str, int] = getattr(vehicle, "bitrates", {})
    return bitrates.get(bus, vehicle.bitrate)


@dataclass(frozen=True, slots=True)
class VehicleOptions:
    """Options of ``ovms car`` for the vehicle, which ignores those that it does not need."""

    vin: str | None = None
    start: float = 0.0
    """The car's time at the start, s."""
    seed: int = 0
    pin: str = "1234"
    trust: Trust = Trust.LISTEN
    """What may be sent to its bus, if it has one."""
    scenario: str = DEFAULT_SCENARIO
    """What a simulated car goes through: a name of its ``SCENARIOS``."""
    phase: float = 0.0
    """The fraction of its scenario's round, 0 to 1, that a simulated car has behind it."""
    soc: float | None = None
    """% of charge with which a simulated car starts; drawn unless given."""
    logs: bool = False
    """Whether a car on a bus reports trips and charges for the history."""


VehicleFactory = Callable[[VehicleOptions], CarVehicle]
"""Makes a vehicle of one type: the object of an entry point."""


MAPPING = "vehicle.toml"
"""The file that makes a folder a vehicle type."""
