"""What somebody may hear, say and ask for with whom a vehicle is shared.

Only they are asked about: the owner, and whoever knows the vehicle's secret, may do everything. So
rights are ``None`` for those, here as everywhere in the hub, and nothing is done for their lines.

Three commands could tell or set the vehicle's secret, and one goes past the module to its modem:
whoever could send them would still be in when the share is over. So only the owner may, as with
commands that are sealed or unknown: nobody can see what they do. Pure.
"""

from __future__ import annotations

from typing import Final

from ovms.protocol import Message
from ovms.protocol.codes import CODES
from ovms.protocol.commands import COMMANDS, Command, CommandSpec
from ovms.protocol.parameters import PinParameter
from ovms.protocol.paranoid import sealed_message, token_of
from ovms.protocol.positions import holds_position, says_position
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.history import ALERT_TYPE
from ovms.server.rights import VehicleRight, right_words

OWNER_COMMANDS: Final = frozenset({3, 4, 7, 49})
"""List and set parameters, the module's shell, raw AT commands: only the owner may send them."""

_MANAGING: Final = frozenset({2, 40, 41})
"""Set a feature; send an SMS or a USSD code, which the owner pays for."""

HISTORY: Final = COMMANDS.by_name["history"].number

ONLY_OWNER: Final = "only the vehicle's owner may send this"


def right_for(spec: CommandSpec) -> VehicleRight | None:
    """Return the rights that a command needs; ``None`` if no share has enough for it."""
    if spec.number in OWNER_COMMANDS:
        return None
    if spec.by_server:
        return VehicleRight.VIEW
    if any(isinstance(kind, PinParameter) for kind in spec.parameters):
        return VehicleRight.PIN
    if spec.number in _MANAGING:
        return VehicleRight.COMMAND | VehicleRight.MANAGE
    return VehicleRight.COMMAND


NEEDED: Final = {spec.number: right_for(spec) for spec in COMMANDS}
"""The rights that each command of the table needs."""


def refusal_of(rights: VehicleRight | None, command: Command | None) -> str:
    """Return why somebody may not send a command; empty if they may.

    ``command`` is ``None`` for one that is sealed.
    """
    if rights is None:
        return ""
    needed = NEEDED.get(command.number) if command is not None else None
    if command is None or needed is None:
        return ONLY_OWNER
    if needed not in rights:
        return _missing(needed & ~rights)
    if command.number == HISTORY and not may_read(rights, _record_type(command)):
        return _missing(VehicleRight.LOCATION)
    return ""


def may_read(rights: VehicleRight | None, record_type: str) -> bool:
    """Return whether somebody may read the history's records of a type.

    Trips, charges and alerts have positions in them, and a type that nobody knows may have.
    """
    if rights is None or VehicleRight.LOCATION in rights:
        return True
    return record_type != ALERT_TYPE and not holds_position(record_type)


def may_hear(rights: VehicleRight | None, message: Message) -> bool:
    """Return whether somebody may be sent a message of the room."""
    if rights is None or VehicleRight.LOCATION in rights:
        return True
    sealed = sealed_message(message)
    if sealed is not None:
        return not CODES[sealed.code].tells_place
    if message.code == "P":
        alert = Alert.parse(message.data)
        return alert is not None and not says_position(alert.text)
    return token_of(message) is not None or not CODES[message.code].tells_place


def may_say(rights: VehicleRight | None, message: Message) -> bool:
    """Return whether what a client says counts; of commands :func:`refusal_of` tells.

    What only the car could understand is taken from nobody with whom the vehicle is shared.
    """
    if rights is None:
        return True
    sealed = sealed_message(message)
    match message.code if sealed is None else sealed.code:
        case "A" | "C":
            return True
        case "G":
            return sealed is None and VehicleRight.LOCATION in rights
        case "P":
            return sealed is None and VehicleRight.MANAGE in rights
    return False


def _record_type(command: Command) -> str:
    return command.parameters[0] if command.parameters else ""


def _missing(rights: VehicleRight) -> str:
    return f"not shared with you: this needs the right {' and '.join(right_words(rights))}"
