"""What the library raises on purpose, in one tree.

::

    app.Error
    ├── NetError              from ovms.net.client
    │   ├── ConnectFailed     no connection, or no welcome in time: try again later
    │   │   └── Untrusted     the certificate of the server does not verify
    │   ├── WelcomeRefused    the server refuses us: vehicle id, secret or password is wrong
    │   └── ConnectionLost    the connection has ended
    ├── InvalidRequest        what the caller asks for cannot be sent; also a ValueError
    ├── AnswerInUse           an answer to the same command is being read; also a RuntimeError
    ├── NoAnswer              no answer came in time
    ├── CommandFailed         the server answered a listing with a failure
    ├── PasswordNeeded        the car's answer is sealed, and there is no paranoid password
    └── PasswordWrong         the paranoid password does not open what the car has sealed

"""

from __future__ import annotations

from ovms.base.errors import Error
from ovms.net.client import ConnectFailed, ConnectionLost, NetError, Untrusted, WelcomeRefused

__all__ = ["AnswerInUse", "CommandFailed", "ConnectFailed", "ConnectionLost", "Error",
           "InvalidRequest", "NetError", "NoAnswer", "PasswordNeeded", "PasswordWrong",
           "Untrusted", "WelcomeRefused"]  # fmt: skip


class InvalidRequest(Error, ValueError):
    """The caller asks for something that cannot be sent. Nothing has been sent."""


class AnswerInUse(Error, RuntimeError):
    """An answer to the same command is still being read: two answers could not be told apart."""


class NoAnswer(Error):
    """No answer came in time."""


class CommandFailed(Error):
    """A command was answered with a failure, or with something that is no answer to it."""


class PasswordNeeded(Error):
    """The car's answer is sealed, and there is no password to open it with."""

    def __init__(self) -> None:
        super().__init__("the car's answer is sealed: its paranoid password is needed")


class PasswordWrong(Error):
    """The paranoid password is not the one that the car seals with."""

    def __init__(self) -> None:
        super().__init__("the paranoid password does not open what the car has sealed")
