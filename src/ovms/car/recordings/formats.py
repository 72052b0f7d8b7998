"""The formats of recordings that are text, and which of them a file has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Protocol

from ovms.car.frames import Frame
from ovms.car.recordings.asc import Asc
from ovms.car.recordings.cando import Cando
from ovms.car.recordings.candump import Candump
from ovms.car.recordings.crtd import Crtd
from ovms.car.recordings.lines import Lines
from ovms.car.recordings.tables import Table
from ovms.car.recordings.trc import Trc


class TextFormat(Protocol):
    """A format of recordings with a frame a line."""

    @property
    def name(self) -> str:
        """Its name for people."""
        ...

    @property
    def suffix(self) -> str | None:
        """How names of its files mostly end. It counts only where the content tells nothing."""
        ...

    def recognises(self, line: str) -> bool:
        """Return whether a line can be of no other format."""
        ...

    def read(self, lines: Lines, head: Sequence[str]) -> Iterator[Frame]:
        """Yield the frames in the order of the file, their times by the recording's own clock.

        ``head`` holds the first lines. Frames without data and remote frames are left out. Raise
        :class:`ValueError` at a line that cannot be read.
        """
        ...


FORMATS: tuple[TextFormat, ...] = (Candump(), Crtd(), Asc(), Cando(), Table(), Trc())


def find_format(head: Sequence[str], path: PurePath) -> TextFormat | None:
    """Return the format of the first line that tells one, else that of the file's name."""
    for line in head:
        for each in FORMATS:
            if each.recognises(line):
                return each
    ends = {suffix.lower() for suffix in path.suffixes[-2:]}
    return next((each for each in FORMATS if each.suffix in ends), None)
