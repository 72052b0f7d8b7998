"""The language of the Open Vehicle Monitoring System: bytes to messages, and messages to bytes.

No IO, no clock, no randomness of its own. A :class:`~ovms.protocol.session.Session` is one end of
a connection. :mod:`~ovms.protocol.codes` is the table of message codes,
:mod:`~ovms.protocol.commands` that of commands, and :mod:`~ovms.protocol.records` reads and writes
what messages carry.
"""

from ovms.protocol.messages import Message
from ovms.protocol.session import Closed, Party, Session, State
from ovms.protocol.welcome import (
    CallerWelcome,
    OwnerServerWelcome,
    OwnerWelcome,
    Role,
    ServerWelcome,
)

__all__ = ["CallerWelcome", "Closed", "Message", "OwnerServerWelcome", "OwnerWelcome", "Party",
           "Role", "ServerWelcome", "Session", "State"]  # fmt: skip
