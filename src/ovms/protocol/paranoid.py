"""Paranoid mode: messages sealed between car and apps, which the server cannot read.

The car makes a token and sends it (``ET<token>``). The key is the token's HMAC under the module
password, or under the server password for the Android app. ``EM<code><data>`` carries a message.
Only its data are sealed, each time from the start of the stream.
"""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.codes import CODES
from ovms.protocol.crypto import paranoid_key, seal, unseal
from ovms.protocol.errors import ProtocolError
from ovms.protocol.messages import Message


class WrongPassword(ProtocolError):
    """What was opened is no text, so it was sealed with another password."""

    def __init__(self) -> None:
        super().__init__("the paranoid password does not open what the car has sealed")


@dataclass(frozen=True, slots=True)
class Sealer:
    """A token and its key, which seal and open messages."""

    token: str
    key: bytes

    @classmethod
    def make(cls, password: str, token: str) -> Sealer:
        """Return a sealer for a token, its key made from the module password."""
        return cls(token, paranoid_key(password.encode(), token))

    @property
    def announcement(self) -> Message:
        """``ET<token>``."""
        return Message("E", b"T" + self.token.encode("latin-1"))

    def seal(self, message: Message) -> Message:
        """Return the message sealed; one that is never sealed is returned as it is."""
        if not CODES[message.code].is_sealed:
            return message
        return Message("E", b"M" + message.code.encode("latin-1") + seal(self.key, message.data))

    def open(self, message: Message) -> Message:
        """Return the message in an ``EM…``; any other message is returned as it is.

        Raises :class:`WrongPassword` if the opened data are nothing that a module writes.
        """
        sealed = sealed_message(message)
        if sealed is None:
            return message
        try:
            data = unseal(self.key, sealed.data)
        except ValueError as error:
            raise WrongPassword from error
        if _is_rubbish(data):
            raise WrongPassword
        return Message(sealed.code, data)


def _is_rubbish(data: bytes) -> bool:
    """Return whether data are no text: they have control characters, or much that is not ASCII.

    Of random bytes every ninth is a control character, and every second is not ASCII. The text of a
    module is UTF-8, or ASCII with a few Latin-1 letters.
    """
    if any(byte < 32 and byte not in b"\r\n\t" for byte in data):
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return sum(byte > 127 for byte in data) * 3 > len(data)
    return False


def token_of(message: Message) -> str | None:
    """Return the token of an ``ET…``; ``None`` for any other message."""
    is_token = message.code == "E" and message.data[:1] == b"T"
    return message.data[1:].decode("latin-1") if is_token else None


def sealed_message(message: Message) -> Message | None:
    """Return the code and sealed data of an ``EM…``; ``None`` for any other message."""
    if message.code != "E" or message.data[:1] != b"M" or len(message.data) < 2:
        return None
    return Message(message.data[1:2].decode("latin-1"), message.data[2:])
