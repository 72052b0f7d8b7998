"""A message: one byte of code and the data behind it."""

from __future__ import annotations

from typing import Final

import msgspec

from ovms.protocol.errors import LocalProtocolError, UnreadableLine

MAGIC = b"MP-0 "
"""What every line begins with before it is ciphered."""

UNREADABLE = "a line does not decrypt"
"""What is wrong with one that does not: the cipher is out of step, and no later one can be read."""

CODES_OF_BYTES: Final = bytes(range(256)).decode("latin-1")
HEADS: Final = {code: MAGIC + code.encode("latin-1") for code in CODES_OF_BYTES}
"""The code of each byte, and what stands before the data. Each message needs them: look-ups."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message of the protocol, with its data as the bytes that came.

    ``code`` is one character, the byte as Latin-1. ``data`` are any bytes; their content is read by
    :mod:`ovms.protocol.records`. One is made for each line; a frozen dataclass would take
    four times as long.
    """

    code: str
    data: bytes = b""

    @property
    def plain(self) -> bytes:
        """The line as it is before the cipher: ``MP-0 ``, code, data.

        Raises :class:`LocalProtocolError` for a code that is not one byte.
        """
        try:
            return HEADS[self.code] + self.data
        except KeyError:
            raise LocalProtocolError(f"{self.code[:8]!r} is no message code") from None

    @property
    def bare(self) -> bytes:
        """The line under scheme 0x31, which is not ciphered: code and data.

        Raises :class:`LocalProtocolError` as :attr:`plain`.
        """
        return self.plain[len(MAGIC) :]


def parse_plain(text: bytes, begin: int = 0, end: int | None = None) -> Message | None:
    """Read a deciphered line, or one that is part of a text; ``None`` for one without a code.

    Raises :class:`UnreadableLine` if it does not begin with ``MP-0 ``. The cipher is then out of
    step, and no later line can be read.
    """
    end = len(text) if end is None else end
    if not text.startswith(MAGIC, begin, end):
        raise UnreadableLine(UNREADABLE)
    at = begin + len(MAGIC)
    return Message(CODES_OF_BYTES[text[at]], text[at + 1 : end]) if at < end else None


def parse_bare(line: bytes) -> Message:
    """Read a line of scheme 0x31. It must not be empty."""
    return Message(CODES_OF_BYTES[line[0]], line[1:])


class LatestMessage(msgspec.Struct, frozen=True, gc=False):
    """A car's latest message of one code, as the server stores it.

    ``data`` are the bytes that came; those of a sealed message are still sealed. ``time`` is when
    they came, in Unix seconds. ``token`` is the paranoid token of a sealed message, and empty for a
    plain one.
    """

    code: str
    data: bytes
    time: float
    token: str = ""

    def __repr__(self) -> str:
        """Return code and time: what a car reports stays out of logs."""
        return f"LatestMessage(code={self.code!r}, time={self.time!r})"

    @property
    def message(self) -> Message:
        """The message as clients get it: ``EM…`` for a sealed one."""
        if self.token:
            return Message("E", b"M" + self.code.encode("latin-1") + self.data)
        return Message(self.code, self.data)

    def counts(self, paranoid_token: str) -> bool:
        """Return whether it still counts: it is plain, or sealed under the present token."""
        return self.token in ("", paranoid_token)
