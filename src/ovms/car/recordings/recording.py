"""A recording: a file with frames of a bus or several, whose clock may have been set meanwhile."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ovms.base.logs import get_logger
from ovms.car.frames import Frame
from ovms.car.recordings.cando import Cando
from ovms.car.recordings.channels import (
    ChannelError,
    find_channel,
    list_channels,
    name_channels,
    split_choice,
)
from ovms.car.recordings.errors import RecordingError
from ovms.car.recordings.formats import find_format
from ovms.car.recordings.library import MAGICS, read_binary
from ovms.car.recordings.lines import Lines, head_of, open_binary

log = get_logger("ovms.car.recordings")

LOOKED_AT = 20_000
"""Frames that are looked at to tell from which buses there are some: five seconds of a busy bus."""

GAP_LIMIT = 3600.0
"""Seconds without any frame, from which on the recorder's clock counts as set, and not the bus as
silent. It is the hour of summer time, too."""

REORDER_LIMIT = 1.0
"""Seconds that a frame's time may be before the latest one: recorders of several buses mix them."""

TOLD_LIMIT = 10
"""Settings of the clock that are told. Some recorders' clocks start over each hour."""

Note = Callable[[str], object]
"""Takes what is to be told of a recording, a line of text."""


class Recording:
    """The frames of a file: all, or those of some channels.

    ``note`` takes what is to be told, each thing once: it is logged by default.
    """

    def __init__(self, path: Path, *, note: Note = log.warning) -> None:
        """Find the format. Raise :class:`RecordingError` if no frame can be read."""
        self.path = path
        self._note = note
        self._told: set[str] = set()
        self._lines: Lines | None = None
        self._counts_from_start = False
        self._names: dict[str, str] = {}
        """Buses by channel, where a bus has another name than its channel."""
        self._wanted: frozenset[str] = frozenset()
        """The channels to read; all if there are none."""
        self.format, self._read = self._find_reader()
        self.channels = self._look()

    def _find_reader(self) -> tuple[str, Callable[[], Iterator[Frame]]]:
        with self._explained():
            if self.path.exists() and not (self.path.is_file() or self.path.is_dir()):
                raise ValueError("it is no file, and a recording is read more than once")
            with open_binary(self.path) as file:
                start = file.read(16)
            for magic, name in MAGICS.items():
                if start.startswith(magic):
                    return name, partial(read_binary, self.path, name)
            head = head_of(self.path)
            found = find_format(head, self.path)
        if not any(head):
            raise RecordingError(self.path, "there is no frame in it", 1)
        if found is None:
            raise RecordingError(self.path, "it is no recording of a known format", 1)
        self._counts_from_start = isinstance(found, Cando)

        def read() -> Iterator[Frame]:
            with Lines(open_binary(self.path)) as lines:
                self._lines = lines
                yield from found.read(lines, head)

        return found.name, read

    def _look(self, wanted: Collection[str] = ()) -> tuple[str, ...]:
        """Return the channels of the first frames, and the ``wanted`` ones, in their order."""
        found: dict[str, None] = {}
        count = 0
        try:
            for count, frame in enumerate(self._explained_frames(), 1):
                found[frame.channel] = None
                if count >= LOOKED_AT and all(find_channel(each, found) for each in wanted):
                    break
        except RecordingError:
            if not count:
                raise
        if not count:
            line = None if self._lines is None else 1
            raise RecordingError(self.path, "there is no frame with data in it", line)
        return tuple(found)

    def choose(self, given: Sequence[str] = (), buses: Collection[str] = ()) -> None:
        """Read only the channels that are ``given``, each as ``[BUS=]CHANNEL``.

        ``buses`` are those that the vehicle type names. Without any choice tell that several buses
        are in the recording, unless the type says which is which. Raise :class:`ChannelError` for a
        choice that does not fit the type, and :class:`RecordingError` if the recording does not
        have what is chosen or named.
        """
        choices = [split_choice(text, buses) for text in given]
        if choices:
            self.channels = self._look([channel for channel, _ in choices])
            for choice in choices:
                found, bus = self._find_choice(*choice)
                other = self._names.setdefault(found, bus)
                if other != bus:
                    raise ChannelError(f"{found} cannot be bus {other} and bus {bus}")
            self._wanted = frozenset(self._names)
        elif buses:
            self._names = name_channels(self.channels, buses)
            if not self._names and any(self.channels):
                raise RecordingError(self.path, self._unnamed(buses))
            self._tell_of_unread(buses)
        elif len(self.channels) > 1:
            self.tell(
                f"{self.path}: {len(self.channels)} buses are in it"
                f" ({list_channels(self.channels)}), and frames of all are read:"
                " --channel takes one"
            )

    def _tell_of_unread(self, buses: Collection[str]) -> None:
        """Tell of channels that may be a bus which no channel is."""
        unread = [each for each in self.channels if each and each not in self._names]
        missing = sorted(set(buses) - set(self._names.values()))
        if unread and missing and self._names:
            self.tell(
                f"{self.path}: no channel of it is bus {', '.join(missing)}, and"
                f" {list_channels(unread)} is not read: --channel {missing[0]}={unread[0]}?"
            )

    def _find_choice(self, channel: str, bus: str | None) -> tuple[str, str]:
        found = find_channel(channel, self.channels)
        if found is None:
            there = list_channels(self.channels)
            raise RecordingError(self.path, f"no frame of channel {channel} is in it: {there}")
        return found, found if bus is None else bus

    def _unnamed(self, buses: Collection[str]) -> str:
        bus = min(buses)
        return (
            f"the vehicle type reads bus {', '.join(sorted(buses))}, and the recording has"
            f" {list_channels(self.channels)}: say which is which, as in"
            f" --channel {bus}={self.channels[0]}"
        )

    @property
    def line(self) -> int | None:
        """The number of the line that was read last; ``None`` in a file without lines."""
        return None if self._lines is None else self._lines.number

    def frames(self) -> Iterator[Frame]:
        """Yield the frames in the order of the file, their times from its start on.

        A time that is far from the one before was set, and is skipped. Raise
        :class:`RecordingError` at what cannot be read, behind all that comes before it.
        """
        names, wanted, known = self._names, self._wanted, set(self.channels)
        for frame in self._steady():
            channel = frame.channel
            if wanted and channel not in wanted:
                continue
            if channel not in known:
                known.add(channel)
                self._tell_of_channel(channel)
            yield frame._replace(channel=names[channel]) if channel in names else frame

    def _tell_of_channel(self, channel: str) -> None:
        where = f"{self.path}:{self.line}" if self.line is not None else str(self.path)
        self.tell(f"{where}: from here on another bus is in it ({channel}): --channel takes one")

    def _steady(self) -> Iterator[Frame]:
        """Yield all frames with times that never go back."""
        ahead: float | None = None  # of the recorder's clock, s
        now = 0.0
        for frame in self._explained_frames():
            if ahead is None:
                is_start = self._counts_from_start and frame.time < GAP_LIMIT
                ahead = 0.0 if is_start else frame.time
            step = frame.time - ahead - now
            if step >= GAP_LIMIT or step < -REORDER_LIMIT:
                self._tell_of_clock(step)
                ahead = frame.time - now
            now = max(now, frame.time - ahead)
            yield frame._replace(time=now)

    def _tell_of_clock(self, step: float) -> None:
        where = f"{self.path}:{self.line}" if self.line is not None else str(self.path)
        way = "forward" if step > 0 else "back"
        self.tell(f"{where}: the clock was set {way} by {abs(step):.0f} s, which is skipped")

    def tell(self, text: str) -> None:
        """Tell a thing once, and no more than :data:`TOLD_LIMIT` of them."""
        if text not in self._told and len(self._told) < TOLD_LIMIT:
            self._told.add(text)
            self._note(text)

    def _explained_frames(self) -> Iterator[Frame]:
        lengths: dict[tuple[str, int], int] = {}
        with self._explained():
            for frame in self._read():
                length = len(frame.data)
                usual = lengths.setdefault((frame.channel, frame.id), length)
                if length != usual:
                    if self._lines is not None and self._lines.is_cut and length < usual:
                        raise ValueError(_cut(frame, usual))
                    lengths[frame.channel, frame.id] = 0  # it has no usual length
                yield frame

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise :class:`RecordingError` for whatever goes wrong in a reader."""
        try:
            yield
        except (RecordingError, GeneratorExit, ModuleNotFoundError):
            raise  # the last is python-can, which a slim installation lacks
        except OSError as error:
            raise RecordingError(self.path, error.strerror or _text(error), self.line) from error
        except (EOFError, zlib.error) as error:
            raise RecordingError(self.path, "the packed file is damaged", self.line) from error
        except ValueError as error:
            raise RecordingError(self.path, _text(error), self.line) from error
        except Exception as error:  # python-can's readers fail with whatever the damage causes
            text = f"python-can cannot read it: {_text(error)}"
            raise RecordingError(self.path, text, self.line) from error


def _cut(frame: Frame, usual: int) -> str:
    """Return what is wrong with a frame whose line has no end, and fewer bytes than all before."""
    return (
        f"it ends in half a line: {frame.id:X} has {len(frame.data)} data bytes,"
        f" and {usual} before that"
    )


def _text(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
