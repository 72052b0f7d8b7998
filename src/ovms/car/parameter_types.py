"""The parameters that our module and its car accept, where the command table allows more.

The module checks each command here first, so a vehicle gets well-formed parameters and only has to
decide what it can do now. The types are those of the command table, :mod:`ovms.protocol.commands`.
"""

from __future__ import annotations

from dataclasses import replace

from ovms.protocol.commands import BY_NUMBER, PARAMETER_LIMIT, Command, CommandSpec
from ovms.protocol.parameters import NumberParameter, ParameterType, find_problem

FEATURE_COUNT, PARAMETER_COUNT = 16, PARAMETER_LIMIT
"""The numbers of the first modules, which every app expects."""

ALL_CURRENTS = range(1, 256)
"""The charge current limits of a car that names none of its own, A."""


def types_of(spec: CommandSpec, currents: range = ALL_CURRENTS) -> tuple[ParameterType, ...]:
    """Return the types of a command's parameters.

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
