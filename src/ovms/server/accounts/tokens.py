"""API tokens: how one is made, and what its rights allow.

Rights are a list of words with commas between. Some have two names in the field.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ovms.server.rights import ALL_RIGHTS, NO_RIGHT, RIGHT_WORDS, VehicleRight, with_included
from ovms.server.storage import names
from ovms.server.storage.errors import InvalidValue

EVERYTHING: Final = "*"

RIGHTS: Final = {
    EVERYTHING: "everything",
    "auth": "calls of the field's API for data, as every right of the field here does",
    "session": "a session with a cookie",
    "token.admin": "calls for tokens",
    "admin": "the same",
    "v2": "logging in to the message protocol (scheme 0x31), and commands by HTTP",
    "v3": "the MQTT broker",
    "mqtt": "the same",
    "view": "/api/v1: what vehicles report, but not where they are",
    "location": "/api/v1: that, and where they are",
    "command": "/api/v1: what vehicles report, and commands without a PIN",
    "pin": "/api/v1: that, and commands with a PIN",
    "manage": "/api/v1: what vehicles report, and their settings",
    "account": "/api/v1: the owner's own account, with its tokens and sessions",
    "server.admin": "/api/v1: all of the server, if the owner is an administrator",
}
"""The rights, and what each allows."""

ACCOUNT_RIGHT: Final = "account"
ADMIN_RIGHT: Final = "server.admin"

_OURS: Final = frozenset({*RIGHT_WORDS, ACCOUNT_RIGHT, ADMIN_RIGHT})
"""The rights that are ``/api/v1``'s, not the field's."""

_DATA: Final = VehicleRight.VIEW | VehicleRight.LOCATION

_SAME: Final = {"admin": "token.admin", "mqtt": "v3"}

DEFAULT_PERMIT: Final = "auth"
DEFAULT_LABEL: Final = "notspecified"
"""What a token has that nobody said more about; the field's words."""


def make_token(random: Callable[[int], bytes]) -> str:
    """Make a token: 64 hexadecimal digits of ``random``, such as ``os.urandom``."""
    return random(names.TOKEN_DIGITS // 2).hex()


def allows(permit: str, right: str) -> bool:
    """Return whether a token's rights hold ``right``, under either name; ``""`` needs none."""
    words = {word.strip() for word in permit.split(",")}
    return not right or EVERYTHING in words or _one(right) in map(_one, words)


def vehicle_rights(permit: str) -> VehicleRight:
    """Return what a token's rights allow with any vehicle."""
    words = {word.strip() for word in permit.split(",")}
    if EVERYTHING in words:
        return ALL_RIGHTS
    rights = NO_RIGHT
    for word in words & RIGHT_WORDS.keys():
        rights |= RIGHT_WORDS[word]
    return with_included(rights)


def field_rights(permit: str) -> VehicleRight:
    """Return what a token's rights allow with any vehicle in the field's API.

    There every token may see everything, but one that has rights of ``/api/v1`` only.
    """
    words = {word.strip() for word in permit.split(",")}
    return vehicle_rights(permit) if words <= _OURS else ALL_RIGHTS


def covers(permit: str, wanted: str) -> bool:
    """Return whether a token's rights hold all of others: whether it may make such a token."""
    return all(_holds(permit, word.strip()) for word in wanted.split(","))


def _holds(permit: str, word: str) -> bool:
    if word in RIGHT_WORDS:
        return RIGHT_WORDS[word] in vehicle_rights(permit)
    if word == DEFAULT_PERMIT:
        return _DATA in field_rights(permit)
    return allows(permit, word)


def parse_permit(text: str) -> str:
    """Check a list of rights; return it as it is stored.

    Raises :class:`InvalidValue` for a word that is none of :data:`RIGHTS`.
    """
    permit = names.permit(text)
    for word in permit.split(","):
        if word not in RIGHTS:
            raise InvalidValue(f"there is no right {word!r}: use some of {' '.join(RIGHTS)}")
    return permit


def _one(right: str) -> str:
    return _SAME.get(right, right)
