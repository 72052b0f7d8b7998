"""What our own module and its car take with each command, where that is less than the language has.

The module checks a command before anybody acts on it, so a vehicle finds well-formed what it is
handed, and only has to know what it can do now. The types are those of the command table,
:mod:`ovms.protocol.commands`.
"""

from __future__ import annotations

from dataclasses import replace

from ovms.protocol.commands import BY_NUMBER, PARAMETER_LIMIT, Command, CommandSpec
from ovms.protocol.parameters import NumberParameter, ParameterType, find_problem

FEATURE_COUNT, PARAMETER_COUNT = 16, PARAMETER_LIMIT
"""As many as the first modules have, which is what every app expects at least."""

ALL_CURRENTS = range(1, 256)
"""The charge current limits of a car that tells none of its own, A."""


def types_of(spec: CommandSpec, currents: range = ALL_CURRENTS) -> tuple[ParameterType, ...]:
    """Return what we take with a command.

    ``currents`` are the charge current limits that this car can be set to, A.
    """
    return tuple(_narrow(kind, currents) for kind in spec.parameters)


def _narrow(kind: ParameterType, currents: range) -> ParameterType:
    match kind:
        case NumberParameter("feature"):
            return replace(kind, most=FEATURE_COUNT - 1)
        case NumberParameter("amps") if currents:
            return replace(kind, least=currents[0], most=currents[-1])
    return kind


def problem(command: Command, currents: range = ALL_CURRENTS) -> str | None:
    """Return what is wrong with a command's parameters; ``None`` if nothing is.

    The command must be in the table; ``currents`` as for :func:`types_of`.
    """
    spec = BY_NUMBER[command.number]
    return find_problem(types_of(spec, currents), command.parameters, spec.optional)
