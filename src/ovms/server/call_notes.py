"""What is noted of those who call at the ports for modules and apps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ovms.protocol import Role
from ovms.protocol.commands import BY_NUMBER, number_of
from ovms.server.audit import COMMAND, command_words

if TYPE_CHECKING:
    from ovms.protocol import Message
    from ovms.server.accounts.login import Login
    from ovms.server.audit import Audit
    from ovms.server.failed_calls import FailedCalls, FailureReason

CLIENTS: Final = (Role.APP, Role.BATCH)

SEALED_COMMAND: Final = b"MC"
"""What the data of an ``E`` begin with that is a sealed command."""


@dataclass(frozen=True, slots=True)
class CallNotes:
    """Notes commands, and why cars fail to connect."""

    audit: Audit
    failed_calls: FailedCalls

    def failed(self, vehicle_id: str, address: str, reason: FailureReason) -> None:
        """Note why a vehicle's car failed to connect."""
        self.failed_calls.note(vehicle_id, address, reason)

    def command(
        self, message: Message, role: Role, vehicle_id: str, login: Login | None, address: str
    ) -> None:
        """Note a command to a car, by its number and name; other messages pass.

        What is sealed shows neither. What the server answers itself is no command to the car.
        """
        if role not in CLIENTS:
            return
        number = None
        if message.code == "C":
            number = number_of(message.data)
            spec = None if number is None else BY_NUMBER.get(number)
            if number is None or (spec is not None and spec.by_server):
                return
        elif message.code != "E" or not message.data.startswith(SEALED_COMMAND):
            return
        words = command_words(number)
        if login is None:
            words += ", by an app with the vehicle's secret"
        actor = login.owner if login is not None else ""
        self.audit.put(COMMAND, actor=actor, vehicle_id=vehicle_id, detail=words, address=address)
