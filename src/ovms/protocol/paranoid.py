"""Paranoid mode: messages sealed between car and apps, which the server cannot read.

The car makes a token and tells it (``ET<token>``); the key is the token's HMAC under the module
password, or, from the Android app, under the server password. ``EM<code><data>`` carries a
message of which only the data is sealed, each afresh from the start of the stream.
"""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.crypto import paranoid_key, seal, unseal
from ovms.protocol.errors import ProtocolError
from ovms.protocol.messages import Message

NEVER_SEALED = frozenset("AaEgP")
"""Codes that go in plain even in paranoid mode."""


class WrongPassword(ProtocolError):
    """What was opened is no text: it was sealed with another password."""

    def __init__(self) -> None:
        super().__init__("the paranoid password does not open what the car has sealed")


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens messages under one token."""

    token: str
    key: bytes

    @classmethod
    def make(cls, password: str, token: str) -> Sealer:
        """Derive the key from the module password (text) and the token."""
        return cls(token, paranoid_key(password.encode(), token))

    @property
    def announcement(self) -> Message:
        """``ET<token>``."""
        return Message("E", b"T" + self.token.encode("latin-1"))

    def seal(self, message: Message) -> Message:
        """Give the sealed message; one that goes in plain as it is."""
        if message.code in NEVER_SEALED:
            return message
        return Message("E", b"M" + message.code.encode("latin-1") + seal(self.key, message.data))

    def open(self, message: Message) -> Message:
        """Open an ``EM…``; any other message is given as it is.

        Raises :class:`WrongPassword` for what opens to something that no module writes: bytes that
        are not UTF-8, or control characters but CR, LF and tab.
        """
        sealed = sealed_message(message)
        if sealed is None:
            return message
        try:
            data = unseal(self.key, sealed.data)
            text = data.decode()
        except ValueError as error:
            raise WrongPassword from error
        if any(ord(char) < 32 and char not in "\r\n\t" for char in text):
            raise WrongPassword
        return Message(sealed.code, data)


def token_of(message: Message) -> str | None:
    """Give the token of an ``ET…``; ``None`` for any other message."""
    is_token = message.code == "E" and message.data[:1] == b"T"
    return message.data[1:].decode("latin-1") if is_token else None


def sealed_message(message: Message) -> Message | None:
    """Give code and sealed data of an ``EM…``; ``None`` for any other message."""
    if message.code != "E" or message.data[:1] != b"M" or len(message.data) < 2:
        return None
    return Message(message.data[1:2].decode("latin-1"), message.data[2:])
