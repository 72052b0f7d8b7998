"""Commands: each is checked, carried out by module, car or modem, and answered. Pure.

Every command has an answer, or all the rows of a list: while a server waits for an answer, all
further commands wait. Unknown numbers are *unimplemented*. Those that neither module nor car carry
out are *unsupported*. Wrong parameters, and what cannot be done now, *fail* with a text.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from ovms.base.failures import FailureLog
from ovms.base.logs import get_logger
from ovms.car.answers import AnswerCallback
from ovms.car.modem import MODEM_COMMANDS, Modem
from ovms.car.parameter_types import problem
from ovms.car.settings import CAN_WRITE, BadValue, ModuleSettings, list_rows
from ovms.car.shell import ShellContext, ShellError, run
from ovms.car.summary import charge_lines, on_wire
from ovms.car.usage import DataUse
from ovms.car.vehicles.interface import CarVehicle
from ovms.protocol.commands import BY_NUMBER, COMMANDS, Answer, AnsweredBy, Command, Result
from ovms.protocol.records.alert import Alert, AlertKind

log = get_logger("ovms.car")

RESTART = 5

SEALED_ONLY = frozenset({4, 7})
"""Commands that a module in paranoid mode carries out only when they are sealed.

A plain command may be the server's own. It could set another password, and the answer to a text
command would show it the position.
"""

OWN = COMMANDS.answered_by(AnsweredBy.MODULE)
"""The commands that the module itself carries out."""

LISTS = frozenset({1, 3})
"""The commands that are answered by the rows of a list."""

UNEXPECTED = "unexpected error; the module's log has it"
"""The answer's text if the code of a command raises an unexpected exception."""

LONGEST_REASON = 200
"""Characters of the text in a failed command's answer."""


class CommandRefused(Exception):
    """The command is not carried out; the text says why."""


def failure_log() -> FailureLog:
    """Return a log of the exceptions in a vehicle's code, none of which ends the module."""
    return FailureLog(log, "unexpected error; the module goes on")


class CommandHandler:
    """Carries out the commands to one module and its car.

    ``alert`` takes alerts for the owner. Without ``restarts`` nobody restarts the program on
    :attr:`restart_requested`, so command 5 is unsupported.
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
        modem: Modem | None = None,
        failures: FailureLog | None = None,
    ) -> None:
        self._vehicle = vehicle
        self._state, self._identity = vehicle.state, vehicle.identity
        self._settings = settings
        self._alert = alert
        self._is_paranoid = is_paranoid
        self._usage = usage or DataUse()
        self._modem = modem
        self._failures = failures or failure_log()
        self._own = OWN if restarts else OWN - {RESTART}
        self.restart_requested = False
        """Whether to restart the program once the answers have arrived."""

    @property
    def offered(self) -> frozenset[int]:
        """The commands that are carried out at present, for ``V``."""
        of_car = self._identity.commands if self._settings.can_write else frozenset()
        return self._own | of_car | (MODEM_COMMANDS if self._modem else frozenset())

    def execute(
        self, command: Command, now: float, answer: AnswerCallback, *, is_sealed: bool
    ) -> None:
        """Carry out a command at the car's time ``now``.

        Call ``answer`` with the answer, now or later, or now with each row of a list.
        """
        number = command.number
        if self._modem is not None and number in MODEM_COMMANDS:
            self._modem.submit(command, answer)
        elif number not in BY_NUMBER:
            answer(Answer(number, Result.UNIMPLEMENTED))
        elif number not in self._own | self._identity.commands:
            answer(Answer(number, Result.UNSUPPORTED))
        elif number in LISTS:
            for row in list_rows(number, self._settings):
                answer(row)
        else:
            self._answer_once(command, now, _first_of(answer), is_sealed)

    def _answer_once(
        self, command: Command, now: float, answer: AnswerCallback, is_sealed: bool
    ) -> None:
        """Carry out a command that has one answer. Answer an unexpected exception, too."""
        try:
            self._check(command, is_sealed)
            self._carry_out(command, now, answer)
        except (CommandRefused, ShellError, BadValue) as error:
            answer(_failed(command.number, str(error)))
        except Exception as error:
            self._failures.failed(f"command {command.number}", error)
            answer(_failed(command.number, UNEXPECTED))

    def _check(self, command: Command, is_sealed: bool) -> None:
        """Raise :class:`CommandRefused` for a command that must not be carried out."""
        found = problem(command, self._identity.currents)
        if found is not None:
            raise CommandRefused(found)
        if self._is_paranoid and not is_sealed and command.number in SEALED_ONLY:
            raise CommandRefused("in paranoid mode only a sealed command may do this")
        if command.number not in OWN and not self._settings.can_write:
            raise CommandRefused(f"writing to the car is off: set feature {CAN_WRITE}")

    def _carry_out(self, command: Command, now: float, answer: AnswerCallback) -> None:
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
                scene = ShellContext(self._state, self._settings, now, self._usage)
                text = run(command.text, scene)
            case _:
                self._vehicle.execute(command, now, answer)
                return
        answer(Answer(command.number, Result.OK, text))

    def raise_charge_alert(self, *why: str) -> None:
        """Alert the owner about the state of the charge, with ``why`` as the first lines."""
        lines = chain(why, charge_lines(self._state, self._settings.units))
        self._alert(Alert(AlertKind.ALERT.value, on_wire(lines)))


def _first_of(answer: AnswerCallback) -> AnswerCallback:
    """Return a callback that passes on only its first answer, in a form that can be sent."""
    is_answered = False

    def take(given: Answer) -> None:
        nonlocal is_answered
        if not is_answered:
            tidy = _failed(given.number, given.text) if given.result == Result.FAILED else given
            is_answered = True
            answer(tidy)

    return take


def _failed(number: int, reason: str) -> Answer:
    """Return the answer to a failed command. Its text is one line without a comma, never empty."""
    text = " ".join(reason.replace(",", ";").split())[:LONGEST_REASON]
    return Answer(number, Result.FAILED, text or "failed")
