"""What a call says of a command: its name, and its parameters by theirs. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ovms.protocol.commands import BY_NAME, BY_NUMBER, COMMANDS, Command, CommandSpec
from ovms.protocol.parameters import ChoiceParameter, NumberParameter, PinParameter, TextParameter
from ovms.protocol.settings_names import HIDDEN_VALUE, PASSWORDS
from ovms.protocol.wording import WrongWords, read_word
from ovms.server.hub.permissions import NEEDED
from ovms.server.rights import VehicleRight, with_included

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ovms.protocol.parameters import ParameterType

SHELL: Final = "shell"
SET_PARAMETER: Final = "set-parameter"

Given = str | int | bool
"""What a parameter may be in a call."""

OWNER_RIGHTS: Final = VehicleRight.COMMAND | VehicleRight.MANAGE
"""What a token of the owner must have for commands that no share has enough for."""

CAR_COMMANDS: Final = {each.name: each for each in COMMANDS if not each.by_server}
"""The commands that a car answers, by name. What the server answers is the history, which has calls
of its own."""


class WrongParameters(ValueError):
    """A command cannot be meant so; ``problems`` says by parameter what is wrong."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


def rights_for(spec: CommandSpec) -> VehicleRight:
    """Return what somebody must have to send a command: see :mod:`ovms.server.hub.permissions`."""
    needed = NEEDED[spec.number]
    return OWNER_RIGHTS if needed is None else with_included(needed) & ~VehicleRight.VIEW


def is_for_owner(spec: CommandSpec) -> bool:
    """Return whether only the vehicle's owner may send a command."""
    return NEEDED[spec.number] is None


def make_command(spec: CommandSpec, given: Mapping[str, Given], now: float) -> Command:
    """Return a command with its parameters by name; a time of day is in UTC if it says no zone.

    A PIN may be left out: some cars want none. Raises :class:`WrongParameters`.
    """
    known = spec.parameter_names
    problems = {
        name: f"{spec.name} takes {' and '.join(known) or 'no parameters'}"
        for name in given
        if name not in known
    }
    given = _completed(spec, given)
    sent: list[str] = []
    for at, kind in enumerate(spec.parameters):
        try:
            if kind.name in given:
                sent.append(_read(spec, kind, given[kind.name], now))
            elif not isinstance(kind, PinParameter) and at < len(known) - spec.optional:
                raise WrongWords("It is missing")
        except WrongWords as error:
            problems[kind.name] = str(error)[:1].upper() + str(error)[1:]
    command = Command(spec.number, ",".join(sent))
    if not problems and _is_password(command) and sent[1] == HIDDEN_VALUE:
        problems["value"] = f"{HIDDEN_VALUE} stands for a password that is not shown"
    if problems:
        raise WrongParameters(problems)
    return command


def shown_parameters(command: Command) -> dict[str, str]:
    """Return a command's parameters as they may be told again: PINs and passwords hidden."""
    spec = BY_NUMBER[command.number]
    shown = dict(zip(spec.parameter_names, command.parameters, strict=False))
    secrets = [kind.name for kind in spec.parameters if isinstance(kind, PinParameter)]
    if _is_password(command):
        secrets.append("value")
    hidden = {name: HIDDEN_VALUE for name in secrets if shown.get(name)}
    return shown | hidden


def _is_password(command: Command) -> bool:
    is_setting = command.number == BY_NAME[SET_PARAMETER].number and bool(command.parameters)
    return is_setting and int(command.parameters[0]) in PASSWORDS


def _completed(spec: CommandSpec, given: Mapping[str, Given]) -> Mapping[str, Given]:
    """Complete a choice with a time: whoever says only a time wants the timer."""
    match spec.parameters:
        case (ChoiceParameter() as choice, NumberParameter(is_time=True) as time):
            if time.name in given:
                return {choice.name: "1", **given}
            if str(given.get(choice.name)) in ("0", choice.words[0], "False"):
                return {time.name: "0", **given}
    return given


def _read(spec: CommandSpec, kind: ParameterType, value: Given, now: float) -> str:
    """Return a parameter as it is sent. Raises :class:`WrongWords`."""
    if isinstance(value, bool) and isinstance(kind, PinParameter | TextParameter):
        raise WrongWords(f"{kind.name} must be {kind.describe()}")
    text = read_word(kind, _word(value), now, "utc")
    problem = kind.problem(text)
    if problem is not None:
        raise WrongWords(problem)
    if isinstance(kind, TextParameter):
        _check_text(spec, kind, text)
    return text


def _word(value: Given) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _check_text(spec: CommandSpec, kind: TextParameter, text: str) -> None:
    """Raise :class:`WrongWords` for text that would not reach the car as it is."""
    if not text and spec.name != SET_PARAMETER:
        raise WrongWords(f"{kind.name} is empty")
    if "," in text and not (spec.whole_line and kind is spec.parameters[-1]):
        raise WrongWords(f"{kind.name} may hold no comma")
