"""The module's parameters: what each number means, and what the module takes from them.

Numbers and names are the guide's (command 3); 24 to 31 are the features 8 to 15. A provisioning
record is these, from 0 on, in order. Such a list cannot hold an empty word, so ``-`` stands for one
(our own convention: the guide has none).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from ovms.car.reports import Units
from ovms.net.address import PLAIN_PORT, parse_address

NOT_SET = "-"
"""A parameter that is there only because others follow."""

FEATURE_OFFSET = 16
"""A kept feature is the parameter so far above it."""

KEPT_FEATURES = range(8, 16)
"""Features that are not lost with the power."""

_VEHICLE_ID = re.compile(r"[!-~]{1,64}")


class Parameter(IntEnum):
    """Parameters that have a name."""

    PHONE = 0
    PHONE_PASSWORD = 1
    UNITS = 2
    NOTIFICATIONS = 3
    SERVER = 4
    APN = 5
    APN_USER = 6
    APN_PASSWORD = 7
    VEHICLE_ID = 8
    SECRET = 9
    PARANOID = 10


NAMES: dict[int, str] = {
    Parameter.PHONE: "registered telephone number",
    Parameter.PHONE_PASSWORD: "registration password",
    Parameter.UNITS: "miles / kilometer flag",
    Parameter.NOTIFICATIONS: "notification method list",
    Parameter.SERVER: "server IP",
    Parameter.APN: "GPRS APN",
    Parameter.APN_USER: "GPRS user",
    Parameter.APN_PASSWORD: "GPRS password",
    Parameter.VEHICLE_ID: "vehicle ID",
    Parameter.SECRET: "network password",
    Parameter.PARANOID: "paranoid password",
    **{feature + FEATURE_OFFSET: f"feature {feature}" for feature in KEPT_FEATURES},
}
"""What the guide calls them; other numbers have no name."""


class BadParameter(ValueError):
    """A parameter that the module cannot take; ``number`` says which."""

    def __init__(self, number: int, problem: str) -> None:
        super().__init__(f"parameter {number} ({NAMES[number]}) {problem}")
        self.number = number


@dataclass(frozen=True, slots=True)
class Applied:
    """What a list of parameters sets; ``None`` where it sets nothing."""

    server: str | None
    """``HOST`` or ``HOST:PORT``."""
    vehicle_id: str | None
    secret: str | None = field(repr=False)
    units: Units | None
    paranoid: str | None = field(repr=False)
    values: tuple[str, ...] = field(repr=False)
    """All of them as they came, by number: the module keeps also what it does not use itself."""


def split(record: str) -> list[str]:
    """Give the parameters of a provisioning record in clear."""
    return record.split()


def apply(parameters: Sequence[str]) -> Applied:
    """Take from a list of parameters, numbered from 0 on, what the module runs with.

    Raises :class:`BadParameter` for one that makes no sense. It does not repeat its value: they are
    passwords in part.
    """
    given = {number: value for number, value in enumerate(parameters) if value not in ("", NOT_SET)}
    server, vehicle_id = given.get(Parameter.SERVER), given.get(Parameter.VEHICLE_ID)
    if server is not None and parse_address(server, PLAIN_PORT) is None:
        raise BadParameter(Parameter.SERVER, "is not HOST or HOST:PORT")
    if vehicle_id is not None and not _VEHICLE_ID.fullmatch(vehicle_id):
        raise BadParameter(Parameter.VEHICLE_ID, "is not one word of at most 64 characters")
    return Applied(
        server,
        vehicle_id,
        given.get(Parameter.SECRET),
        _units(given.get(Parameter.UNITS)),
        given.get(Parameter.PARANOID),
        tuple(parameters),
    )


def _units(value: str | None) -> Units | None:
    try:
        return Units(value) if value is not None else None
    except ValueError:
        raise BadParameter(Parameter.UNITS, "is neither M nor K") from None
