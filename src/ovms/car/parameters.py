"""The module's parameters: the meaning of each number, and what the module uses.

Numbers and names are the guide's (command 3), except for the two groups, which the first modules on
the road have in 11 and 12. 24 to 31 are the features 8 to 15. A provisioning record lists the
parameters in order from 0. Such a list cannot hold an empty word, so ``-`` stands for one (our own
convention: the guide has none).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from ovms.car.reports import Units
from ovms.net.address import PLAIN_PORT, parse_address
from ovms.protocol.settings_names import PARAMETER_NAMES, PASSWORDS

NOT_SET = "-"
"""An empty parameter in a provisioning record."""

FEATURE_OFFSET = 16
"""The number of a kept feature's parameter minus the number of the feature."""

KEPT_FEATURES = range(8, 16)
"""Features that are kept over a restart."""

VEHICLE_ID: Final = re.compile(r"[^\s\x00-\x20\x7f-\xa0\ud800-\udfff]{1,64}")
"""One word, in any letters: the server takes them, although not all modules do."""


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
    GROUP_1 = 11
    GROUP_2 = 12


GROUPS = (Parameter.GROUP_1, Parameter.GROUP_2)
"""The groups that are sent each position."""

LONGEST_GROUP = 64
"""Bytes of a group's name. Servers accept no longer ones."""

NAMES = PARAMETER_NAMES
"""The names of the parameters; other numbers have none."""


HIDDEN = PASSWORDS
"""A list shows only whether they are set.

Modules on the road list them in clear. But a client that may ask need not be one that may know: a
token of the server may command a car, and the paranoid password is to be kept from the server
itself, which reads the answer to a plain command.
"""


IDENTITY = frozenset({Parameter.SERVER, Parameter.VEHICLE_ID, Parameter.SECRET})
"""Whom the module calls, and as whom. Whoever can change one of them has the car for good, so over
a connection without verified TLS none of them is changed.
"""


class BadParameter(ValueError):
    """A parameter has a value that makes no sense; ``number`` says which."""

    def __init__(self, number: int, problem: str) -> None:
        name = f" ({NAMES[number]})" if number in NAMES else ""
        super().__init__(f"parameter {number}{name} {problem}")
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
    """All parameters as they came, by number, also those that the module does not use."""


def split(record: str) -> list[str]:
    """Return the parameters in a provisioning record in clear."""
    return record.split()


def apply(parameters: Sequence[str]) -> Applied:
    """Return what the module uses of a list of parameters, which are numbered from 0.

    Raise :class:`BadParameter` for one that makes no sense. Its text does not repeat the value,
    which may be a password.
    """
    given = {number: value for number, value in enumerate(parameters) if value not in ("", NOT_SET)}
    for number in (Parameter.SERVER, Parameter.VEHICLE_ID, Parameter.UNITS, *GROUPS):
        check(number, given.get(number, ""))
    return Applied(
        given.get(Parameter.SERVER),
        given.get(Parameter.VEHICLE_ID),
        given.get(Parameter.SECRET),
        Units(given[Parameter.UNITS]) if Parameter.UNITS in given else None,
        given.get(Parameter.PARANOID),
        tuple(parameters),
    )


def check(number: int, value: str) -> None:
    """Raise :class:`BadParameter` for a value that makes no sense. An empty one is not set."""
    if not value:
        return
    match number:
        case Parameter.UNITS if value not in {unit.value for unit in Units}:
            raise BadParameter(number, "is neither M nor K")
        case Parameter.SERVER if parse_address(value, PLAIN_PORT) is None:
            raise BadParameter(number, "is not HOST or HOST:PORT")
        case Parameter.VEHICLE_ID if not VEHICLE_ID.fullmatch(value):
            raise BadParameter(number, "is not one word of at most 64 characters")
        case Parameter.GROUP_1 | Parameter.GROUP_2 if not is_group(value):
            raise BadParameter(
                number, f"is no name of at most {LONGEST_GROUP} bytes without a comma"
            )


def is_group(name: str) -> bool:
    """Return whether a text can name a group: printable, without a comma, not too long."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return False
    return 0 < size <= LONGEST_GROUP and name.isprintable() and "," not in name
