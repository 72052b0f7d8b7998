"""What the module asks of a modem.

:class:`ovms.car.modem.serial_modem.SerialModem` is a modem on a serial port.
"""

from __future__ import annotations

from typing import Protocol

from ovms.car.answers import AnswerCallback
from ovms.protocol.commands import COMMANDS, AnsweredBy, Command

SMS, USSD, RAW_AT = 40, 41, 49
"""The commands that need a modem."""

MODEM_COMMANDS = COMMANDS.answered_by(AnsweredBy.MODEM)


class Modem(Protocol):
    """A modem, as the module sees it."""

    @property
    def signal(self) -> int | None:
        """The signal on the scale of modems, 0 to 31; ``None`` while it is unknown."""
        ...

    @property
    def network(self) -> str | None:
        """The name of the network, without a comma; ``None`` without a network."""
        ...

    def submit(self, command: Command, answer: AnswerCallback) -> None:
        """Carry out one of :data:`MODEM_COMMANDS`.

        ``answer`` is called once, at once or later on the same event loop. For :data:`USSD` that
        was accepted with result 0, it is called again when the network has answered.
        """
        ...
