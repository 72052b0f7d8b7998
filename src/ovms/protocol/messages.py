"""A message: one byte of code and the data behind it."""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.errors import UnreadableLine

MAGIC = b"MP-0 "
"""What every message begins with on the wire, before the cipher."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the protocol, its data as the bytes that came.

    ``code`` is one character (the byte as Latin-1), ``data`` any bytes. Nothing is interpreted
    here: see :mod:`ovms.protocol.records` for the content.
    """

    code: str
    data: bytes = b""

    @property
    def plain(self) -> bytes:
        """The line as it is before the cipher: ``MP-0 ``, code, data."""
        return MAGIC + self.code.encode("latin-1") + self.data


def parse_plain(line: bytes) -> Message | None:
    """Read a deciphered line; ``None`` for one that is right but empty, without even a code.

    Raises :class:`UnreadableLine` when it does not begin with ``MP-0 ``: it was not deciphered
    right, and neither will be anything after it.
    """
    if not line.startswith(MAGIC):
        raise UnreadableLine("a line does not decrypt")
    if len(line) == len(MAGIC):
        return None
    return Message(line[5:6].decode("latin-1"), line[6:])
