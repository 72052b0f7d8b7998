"""Which calls send which command, and what a caller says of it.

What a command takes stands in the body, in the words that apps take too. A PIN or the value of a
parameter must stand there: what is in a URL ends up in the logs of proxies and in the histories of
shells. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ovms.protocol.commands import BY_NAME, Command, CommandSpec
from ovms.protocol.parameters import ChoiceParameter, NumberParameter, title
from ovms.protocol.settings_names import HIDDEN_VALUE, PASSWORDS
from ovms.protocol.wording import WrongWords, read_words
from ovms.server.http.errors import CallFailed

SET_PARAMETER: Final = "set-parameter"

Values = Sequence[tuple[str, str]]
"""Names and values, as they were given."""

CREDENTIALS: Final = frozenset({"username", "password"})
"""What a body may hold besides: it says who calls."""

OTHER_NAMES: Final = {
    "feature": ("number", "name"),
    "parameter": ("number", "name"),
    "minutes": ("time",),
}
"""By what a list of features calls it, or people do, a parameter may be given, too."""


@dataclass(frozen=True, slots=True)
class CommandCall:
    """A method and a name in the path, and the command that they send."""

    method: str
    name: str
    """As the field has it, in the singular; the plural is the same call."""
    command: str
    given: tuple[str, ...] | None = None
    """Parameters that the call itself stands for; else the caller gives them."""

    @property
    def spec(self) -> CommandSpec:
        """The row of the command table."""
        return BY_NAME[self.command]


CALLS: Final = (
    CommandCall("PUT", "charge", "charge-start"),
    CommandCall("DELETE", "charge", "charge-stop"),
    CommandCall("PUT", "chargemode", "charge-mode"),
    CommandCall("PUT", "chargecurrent", "charge-current"),
    CommandCall("PUT", "chargemodecurrent", "charge-mode-current"),
    CommandCall("PUT", "chargetimer", "charge-timer"),
    CommandCall("DELETE", "chargetimer", "charge-timer", ("plug-in", "0")),
    CommandCall("PUT", "climate", "climate", ("on",)),
    CommandCall("DELETE", "climate", "climate", ("off",)),
    CommandCall("PUT", "cooldown", "cooldown"),
    CommandCall("PUT", "wakeup", "wakeup"),
    CommandCall("PUT", "lock", "lock"),
    CommandCall("DELETE", "lock", "unlock"),
    CommandCall("PUT", "valet", "valet"),
    CommandCall("DELETE", "valet", "unvalet"),
    CommandCall("PUT", "homelink", "homelink"),
    CommandCall("GET", "feature", "features"),
    CommandCall("PUT", "feature", "set-feature"),
    CommandCall("GET", "parameter", "parameters"),
    CommandCall("PUT", "parameter", "set-parameter"),
    CommandCall("PUT", "reset", "reboot"),
)
"""The calls that the field names, and those for its other commands."""


def make_command(call: CommandCall, query: Values, body: Values, now: float) -> Command:
    """Return the command of a call at ``now`` (Unix seconds).

    Raises :class:`CallFailed` (422) with what is wrong with it.
    """
    spec, names = call.spec, _names(call)
    _check_url(call, query)
    by_name = _by_name(names, [each for each in query if _form(each[0]) in names])
    for name, text in _by_name(names, body).items():
        if name in by_name:
            raise _given_twice(name)
        by_name[name] = text
    words = _words(spec, by_name) if call.given is None else [*call.given]
    try:
        sent = read_words(spec, words, now, "utc")
    except WrongWords as error:
        raise _wrong(str(error)) from None
    problem = spec.problem(sent) if sent else None
    if problem is not None:
        raise _wrong(problem)
    if spec.name == SET_PARAMETER and int(sent[0]) in PASSWORDS and sent[1] == HIDDEN_VALUE:
        raise _wrong(f"{HIDDEN_VALUE} stands for a password that is not shown")
    return Command(spec.number, ",".join(sent))


def _check_url(call: CommandCall, query: Values) -> None:
    """Raise :class:`CallFailed` (422) for a secret in the URL."""
    secrets = {"pin"} | ({"value"} if call.command == SET_PARAMETER else set())
    for name in {_form(each) for each, _ in query} & secrets:
        raise CallFailed(422, f"Put {name} into the body, not into the URL: URLs are logged")


def _by_name(names: Mapping[str, str], given: Values) -> dict[str, str]:
    """Return what was given by the parameters' own names."""
    found: dict[str, str] = {}
    for each, text in given:
        name = names.get(_form(each))
        if name in found:
            raise _given_twice(name)
        if name is not None:
            found[name] = text
        elif _form(each) not in CREDENTIALS:
            listed = " and ".join(dict.fromkeys(names.values())) or "nothing"
            raise CallFailed(422, f"The body of this call may hold {listed}")
    return found


def _words(spec: CommandSpec, by_name: dict[str, str]) -> list[str]:
    """Return parameters in their order; whoever says only a time wants the timer."""
    match spec.parameters:
        case (ChoiceParameter() as choice, NumberParameter(is_time=True) as time):
            if time.name in by_name:
                by_name.setdefault(choice.name, "1")
    return [by_name[name] for name in spec.parameter_names if name in by_name]


def _names(call: CommandCall) -> dict[str, str]:
    """Return the names that a call's parameters may be given by, and for which each stands."""
    if call.given is not None:
        return {}
    return {
        _form(each): kind.name
        for kind in call.spec.parameters
        for each in (kind.name, title(kind), *OTHER_NAMES.get(kind.name, ()))
    }


def _form(name: str) -> str:
    return name.strip().casefold().replace("-", "_").replace(" ", "_")


def _given_twice(name: str) -> CallFailed:
    return CallFailed(422, f"{name} is given twice")


def _wrong(text: str) -> CallFailed:
    return CallFailed(422, text[:1].upper() + text[1:])
