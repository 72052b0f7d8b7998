"""The Roadster: its bus's signals, folded into the car's state.

:mod:`~ovms.car.vehicles.roadster.rules` says what each signal means; here is what it is told to.
"""

from __future__ import annotations

from ovms.car.replay import Frame
from ovms.car.reports import Identity
from ovms.car.state import CarState
from ovms.car.vehicles.roadster.decode import decode
from ovms.car.vehicles.roadster.rules import RULES, Reading
from ovms.car.vehicles.roadster.vin import Vin
from ovms.protocol.commands import Answer, Command, Result

CAR_TYPE = "TR"


class Roadster:
    """A Roadster, read from its bus. It only listens: no command is supported yet.

    ``vin`` is believed more than the bus.
    """

    def __init__(self, vin: str | None = None) -> None:
        self.state = CarState(vin=vin)
        self.identity = Identity(CAR_TYPE, frozenset(), write_enabled=False)
        self._vin = Vin(vin)

    def advance(self, now: float) -> None:
        """Nothing happens between frames."""

    def execute(self, command: Command, now: float) -> Answer:
        """Refuse: nothing is written to the bus."""
        return Answer(command.number, Result.UNSUPPORTED)

    def receive(self, frame: Frame, now: float) -> None:
        """Take in a frame."""
        signals = decode(frame)
        for name, value in signals.items():
            rule = RULES.get(name)
            if rule is not None:
                rule(self.state, Reading(value, signals, now, self._vin))
