"""A message: one byte of code and the data behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ovms.protocol.errors import LocalProtocolError, UnreadableLine

MAGIC = b"MP-0 "
"""What every line begins with before it is ciphered."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the protocol, with its data as the bytes that came.

    ``code`` is one character, the byte as Latin-1. ``data`` are any bytes; their content is read by
    :mod:`ovms.protocol.records`.
    """

    code: str
    data: bytes = b""

    @property
    def plain(self) -> bytes:
        """The line as it is before the cipher: ``MP-0 ``, code, data.

        Raises :class:`LocalProtocolError` for a code that is not one byte.
        """
        if len(self.code) != 1 or self.code > "\xff":
            raise LocalProtocolError(f"{self.code[:8]!r} is no message code")
        return MAGIC + self.code.encode("latin-1") + self.data

    @property
    def bare(self) -> bytes:
        """The line under scheme 0x31, which is not ciphered: code and data.

        Raises :class:`LocalProtocolError` as :attr:`plain`.
        """
        return self.plain[len(MAGIC) :]


def parse_plain(line: bytes) -> Message | None:
    """Read a deciphered line; ``None`` for one without a code.

    Raises :class:`UnreadableLine` if it does not begin with ``MP-0 ``. The cipher is then out of
    step, and no later line can be read.
    """
    if not line.startswith(MAGIC):
        raise UnreadableLine("a line does not decrypt")
    if len(line) == len(MAGIC):
        return None
    return Message(line[5:6].decode("latin-1"), line[6:])


def parse_bare(line: bytes) -> Message:
    """Read a line of scheme 0x31. It must not be empty."""
    return Message(line[:1].decode("latin-1"), line[1:])


@dataclass(frozen=True, slots=True)
class LatestMessage:
    """A car's latest message of one code, as the server stores it.

    ``data`` are the bytes that came; those of a sealed message are still sealed. ``time`` is when
    they came, in Unix seconds. ``token`` is the paranoid token of a sealed message, and empty for a
    plain one.
    """

    code: str
    data: bytes = field(repr=False)
    time: float
    token: str = field(default="", repr=False)

    @property
    def message(self) -> Message:
        """The message as clients get it: ``EM…`` for a sealed one."""
        if self.token:
            return Message("E", b"M" + self.code.encode("latin-1") + self.data)
        return Message(self.code, self.data)

    def counts(self, paranoid_token: str) -> bool:
        """Return whether it still counts: it is plain, or sealed under the present token."""
        return self.token in ("", paranoid_token)
