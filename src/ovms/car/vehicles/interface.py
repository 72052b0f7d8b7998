"""What the module asks of a vehicle, whatever its type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ovms.car.answers import AnswerCallback
from ovms.car.frames import Frame
from ovms.car.reports import CarIdentity
from ovms.car.state import CarState
from ovms.car.trust import Trust
from ovms.protocol.commands import Command


class CarVehicle(Protocol):
    """A car as the module sees it. ``now`` is the car's time and never goes back."""

    @property
    def state(self) -> CarState:
        """What is known about the car, kept up to date in place."""
        ...

    @property
    def identity(self) -> CarIdentity:
        """What does not change."""
        ...

    def advance(self, now: float) -> None:
        """Let time pass until ``now``."""
        ...

    def execute(self, command: Command, now: float, answer: AnswerCallback) -> None:
        """Carry out a command that ``identity.commands`` lists.

        Call ``answer`` with the outcome, before returning or later from another method of the
        vehicle. Only the first call counts.
        """
        ...


@runtime_checkable
class BusVehicle(CarVehicle, Protocol):
    """A vehicle that is read from its bus."""

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
        """It says little or nothing by itself."""
        ...

    wake: Callable[[], None]
    """Is called when there is something to send."""

    def receive(self, frame: Frame, now: float) -> None:
        """Take in a frame. Never fails: what is not understood is ignored."""
        ...

    def sending(self, now: float) -> list[Frame]:
        """Return frames that are to be sent to the bus now, together; they count as sent.

        To be called again, for the same time, until it gives none.
        """
        ...

    @property
    def next_sending(self) -> float | None:
        """The car's time at which a frame is to be sent; ``None`` while none has its time.

        Frames that ask for data are not counted: look for them every second or so.
        """
        ...

    def sent(self, now: float, problem: str | None = None) -> None:
        """Learn that what :meth:`sending` gave last has reached the bus, or why it has not."""
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
    trust: Trust = Trust.LISTEN
    """What may be sent to its bus, if it has one."""
    scenario: str = DEFAULT_SCENARIO
    """What a simulated car goes through: a name of its ``SCENARIOS``."""
    logs: bool = False
    """A car that is read from a bus tells trips and charges for the history; a simulated one does
    in any case."""


MAPPING = "vehicle.toml"
"""The file that makes a folder a vehicle type."""
