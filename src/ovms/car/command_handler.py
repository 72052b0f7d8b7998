"""What becomes of a command: checked, carried out by the module or by its car, answered. Pure.

Whatever comes, there is an answer, or all the rows of a list: a server that waits for one keeps
everybody waiting who asks next. Unknown numbers are *unimplemented*; those that neither module nor
car obey *unsupported*; what is wrong in itself, or cannot be done now, *failed* with a text.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from ovms.car.parameter_types import problem
from ovms.car.settings import CAN_WRITE, FEATURES, PARAMETERS, BadValue, ModuleSettings, list_rows
from ovms.car.shell import ShellContext, ShellError, run
from ovms.car.summary import charge_lines, on_wire
from ovms.car.usage import DataUse
from ovms.car.vehicles.interface import CarVehicle, Later
from ovms.protocol.commands import BY_NUMBER, Answer, Command, Result
from ovms.protocol.records.alert import Alert, AlertKind

RESTART = 5

SEALED_ONLY = frozenset({4, 7})
"""What a module in paranoid mode obeys only when it is sealed.

A plain one may be the server's own: it could set another password, and the answer to a text command
would show it the position.
"""

OWN = frozenset({1, 2, 3, 4, 5, 6, 7})
"""The commands that the module itself obeys."""

LONGEST_REASON = 200
"""Characters of the text of a failed command."""


class CommandRefused(Exception):
    """A command that is not carried out; the text says why."""


class CommandHandler:
    """Carries out the commands to one module and its car.

    ``alert`` takes what the owner is to be told. ``restarts`` tells whether somebody looks at
    :attr:`restart_requested`; without that the module cannot be restarted.
    """

    def __init__(
        self,
        vehicle: CarVehicle,
        settings: ModuleSettings,
        alert: Callable[[Alert], None],
        *,
        is_paranoid: bool = False,
        restarts: bool = False,
        usage: DataUse | None = None,
    ) -> None:
        self._vehicle = vehicle
        self._settings = settings
        self._alert = alert
        self._is_paranoid = is_paranoid
        self._usage = usage or DataUse()
        self._own = OWN if restarts else OWN - {RESTART}
        self.restart_requested = False
        """The program is to be started anew, once the answers have left."""

    @property
    def offered(self) -> frozenset[int]:
        """The commands that are obeyed as things are, for ``V``."""
        return self._own | (self._vehicle.identity.commands if self._settings.can_write else set())

    def answer(self, command: Command, now: float, *, is_sealed: bool) -> list[Answer] | Later:
        """Carry out a command; give its answer, or the rows of a list. ``now``: the car's time.

        What the car has to show first is answered later; that answer is to be :func:`tidied`.
        """
        number = command.number
        if number not in BY_NUMBER:
            return [Answer(number, Result.UNIMPLEMENTED)]
        if number not in self._own | self._vehicle.identity.commands:
            return [Answer(number, Result.UNSUPPORTED)]
        try:
            self._check(command, is_sealed)
            if number in (FEATURES, PARAMETERS):
                return list(list_rows(number, self._settings))
            outcome = self._carry_out(command, now)
            return outcome if isinstance(outcome, Later) else [tidied(outcome)]
        except (CommandRefused, ShellError, BadValue) as error:
            return [_failed(number, str(error))]

    def _check(self, command: Command, is_sealed: bool) -> None:
        """Raise :class:`CommandRefused` for what must not be carried out."""
        found = problem(command, self._vehicle.identity.currents)
        if found is not None:
            raise CommandRefused(found)
        if self._is_paranoid and not is_sealed and command.number in SEALED_ONLY:
            raise CommandRefused("in paranoid mode only a sealed command may do this")
        if command.number not in OWN and not self._settings.can_write:
            raise CommandRefused(f"writing to the car is off: set feature {CAN_WRITE}")

    def _carry_out(self, command: Command, now: float) -> Answer | Later:
        text = ""
        match command.number:
            case 2:
                feature, value = command.parameters
                self._settings.set_feature(int(feature), value)
            case 4:
                parameter, value = command.parameters
                self._settings.set_parameter(int(parameter), value)
            case 5:
                self.restart_requested = True
            case 6:
                self.raise_charge_alert()
            case 7:
                scene = ShellContext(self._vehicle.state, self._settings, now, self._usage)
                text = run(command.text, scene)
            case _:
                return self._vehicle.execute(command, now)
        return Answer(command.number, Result.OK, text)

    def raise_charge_alert(self, *why: str) -> None:
        """Tell the owner how the charge is; first of all ``why``."""
        lines = chain(why, charge_lines(self._vehicle.state, self._settings.units))
        self._alert(Alert(AlertKind.ALERT.value, on_wire(lines)))


def tidied(answer: Answer) -> Answer:
    """Return a car's answer as it may be sent."""
    return _failed(answer.number, answer.text) if answer.result == Result.FAILED else answer


def _failed(number: int, reason: str) -> Answer:
    """Answer that a command failed: there is always a text, of one line and without a comma."""
    text = " ".join(reason.replace(",", ";").split())[:LONGEST_REASON]
    return Answer(number, Result.FAILED, text or "failed")
