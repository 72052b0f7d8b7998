"""Paranoid mode: messages sealed between car and apps, which the server cannot read.

The car makes a token and tells it (``ET<token>``); the key is the token's HMAC under the module
password, or, from the Android app, under the server password. ``EM<code><data>`` carries a
message of which only the data is sealed, each afresh from the start of the stream.
"""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.codes import CODES
from ovms.protocol.crypto import paranoid_key, seal, unseal
from ovms.protocol.errors import ProtocolError
from ovms.protocol.messages import Message


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
        """Return the sealed message; one that goes in plain as it is."""
        if not CODES[message.code].is_sealed:
            return message
        return Message("E", b"M" + message.code.encode("latin-1") + seal(self.key, message.data))

    def open(self, message: Message) -> Message:
        """Open an ``EM…``; any other message is given as it is.

        Raises :class:`WrongPassword` for what opens to something that no module writes.
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
    """Tell text from what a wrong key gives: control characters, or mostly bytes of no text.

    Of random bytes every ninth is a control character and every second is none of ASCII. Text of a
    module is UTF-8, or mostly ASCII with a Latin-1 letter here and there.
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
    """Return code and sealed data of an ``EM…``; ``None`` for any other message."""
    if message.code != "E" or message.data[:1] != b"M" or len(message.data) < 2:
        return None
    return Message(message.data[1:2].decode("latin-1"), message.data[2:])
