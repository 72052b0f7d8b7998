"""The app's side of paranoid mode: open what the car seals, and seal commands to it. Pure.

The password is the module's, or the server password for a car that is set up as the Android app
expects. A wrong password opens nothing: what it decrypts to is recognised as no text, and from then
on nothing under that token is opened any more.
"""

from __future__ import annotations

from ovms.app.errors import PasswordWrong
from ovms.protocol import Message
from ovms.protocol.codes import CODES, Sealing
from ovms.protocol.commands import Answer
from ovms.protocol.paranoid import Sealer, WrongPassword, sealed_message, token_of

LEAST_PROOF = 12
"""Bytes of plain ASCII that prove the password: a wrong one gives them once in 150,000 times."""


class Opener:
    """Opens messages under the car's token. Without a password it opens none."""

    def __init__(self, password: str | None = None) -> None:
        self.token: str | None = None
        """The car's token; ``None`` while the car is not known to seal."""
        self.is_wrong = False
        """Whether the password did not open what came under this token."""
        self._password = password
        self._sealer: Sealer | None = None
        self._is_proven = False

    @property
    def has_password(self) -> bool:
        """Whether there is a password."""
        return self._password is not None

    @property
    def seals(self) -> bool:
        """Whether commands are sealed: password and token are known."""
        return self._sealer is not None

    def restart(self) -> None:
        """Forget the token: on a new connection the server sends it again, if there is one."""
        self._learn(None)

    def receive(self, message: Message) -> Message:
        """Return a message opened if possible, otherwise as it came."""
        token = token_of(message)
        if token is not None and token != self.token:
            self._learn(token)
        sealed = sealed_message(message)
        if self._sealer is None or self.is_wrong or sealed is None or not _may_open(sealed.code):
            return message
        try:
            opened = self._sealer.open(message)
        except WrongPassword:
            self.is_wrong = not self._is_proven
            return message
        return opened if self._believes(opened) else message

    def seal(self, message: Message) -> Message:
        """Return a command sealed for the car, if the car seals and there is a password.

        Raises :class:`PasswordWrong` once the password is known to be wrong.
        """
        if self.is_wrong:
            raise PasswordWrong
        return self._sealer.seal(message) if self._sealer else message

    def _learn(self, token: str | None) -> None:
        self.token = token
        is_complete = token is not None and self._password is not None
        self._sealer = Sealer.make(self._password or "", token or "") if is_complete else None
        self.is_wrong = self._is_proven = False

    def _believes(self, opened: Message) -> bool:
        """Return whether the password is right. A few bytes may look like text by chance."""
        is_plain = all(32 <= byte < 127 or byte in b"\r\n\t" for byte in opened.data)
        self._is_proven = self._is_proven or (is_plain and len(opened.data) >= LEAST_PROOF)
        if self._is_proven or len(opened.data) >= 2 * LEAST_PROOF:
            return True
        return is_plain and (opened.code != "c" or Answer.parse(opened.data) is not None)


def _may_open(code: str) -> bool:
    """Return whether a car may send a code sealed."""
    row = CODES[code]
    return row.sealing is not Sealing.NEVER and not row.is_only_servers
