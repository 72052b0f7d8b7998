"""The lines of a text file: any end of line, a BOM, UTF-16, and files that gzip has packed.

What recordings say is ASCII. Everything else in them is remarks, so no other encoding matters.
"""

from __future__ import annotations

import codecs
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

LONGEST_LINE = 4096
"""Characters of a line. A frame of CAN FD with all that some tools add has about 500."""

HEAD_SIZE = 1 << 16
"""Characters at the beginning of a file in which the first frame must be, to tell the format."""

GZIP_MAGIC = b"\x1f\x8b"

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def open_binary(path: Path) -> BinaryIO:
    """Open a file, unpacked. Raise :class:`OSError`."""
    file = path.open("rb")
    if file.peek(2)[:2] != GZIP_MAGIC:
        return file
    file.close()
    return cast("BinaryIO", gzip.open(path, "rb"))


class Lines:
    """The lines of a file, each without its end.

    ``number`` counts the line that was read last, from 1.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Read an open file, and close it at the end."""
        start = file.read(3)
        found = [encoding for bom, encoding in _BOMS.items() if start.startswith(bom)]
        file.seek(0)
        self._file = io.TextIOWrapper(file, found[0] if found else "latin-1", errors="replace")
        self.number = 0
        self.is_cut = False
        """Whether the line has no end: the file may have been cut within it."""

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[str]:
        """Yield the lines. Raise :class:`ValueError` at one that is too long."""
        while line := self._file.readline(LONGEST_LINE):
            self.number += 1
            self.is_cut = not line.endswith("\n")
            if self.is_cut and len(line) == LONGEST_LINE:
                raise ValueError(f"a line is longer than {LONGEST_LINE} characters")
            yield line.rstrip()


def head_of(path: Path) -> list[str]:
    """Return the first lines of a file, whole ones. Raise :class:`OSError`."""
    found: list[str] = []
    size = 0
    with Lines(open_binary(path)) as lines:
        try:
            for line in lines:
                found.append(line)
                size += len(line) + 1
                if size > HEAD_SIZE:
                    break
        except ValueError as error:  # reading comes to it again, and tells it
            found.append(str(error))
    return found
