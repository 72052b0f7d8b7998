"""A bus that python-can reaches, on threads of its own, because its calls block.

One thread opens the bus, reads it, and opens it again when it is lost: an adapter may be unplugged,
or plugged in only after the car has started. Another thread sends, so that an adapter that does not
take a frame blocks nothing else. Whatever an interface's driver raises counts as a lost bus.

The contents of frames are never logged.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from ovms.base.backoff import Backoff
from ovms.base.logs import get_logger
from ovms.car.bus.place import BusPlace
from ovms.car.frames import Frame
from ovms.car.trust import Trust

if TYPE_CHECKING:
    import can

log = get_logger("ovms.car.bus")

QUEUE_LIMIT = 10_000
"""Frames that wait for the event loop: two seconds of the busiest bus. Beyond, the oldest go."""

MOST_FILTERS = 32
"""Ids that the interface is asked to filter by. With more ids, all frames on the bus are read."""

READ_TIMEOUT = 0.2
"""Seconds after which the reading thread checks whether it is to end."""

SEND_TIMEOUT = 1.0
"""Seconds that an interface may take for a frame."""

STUCK_AFTER = 3.0
"""Seconds after which frames count as not sent."""

FIRST_WAIT, MOST_WAIT = 1.0, 30.0
"""Seconds between attempts to open a bus: doubling, with jitter."""

NOISE_LIMIT = 1000
"""Unreadable frames in a row after which the bus is opened again."""

LONGEST_REST = 1024
"""Bytes of a serial adapter's incomplete line. A longer one is dropped."""

STEADY = 10.0
"""Seconds that a bus must stay open for the waits to begin at the shortest again."""

CLOSE_TIMEOUT = 0.8
"""Seconds to wait for a bus to close. One that hangs, or is being opened, is left to itself."""

Id = tuple[int, bool]
"""A frame's id, and whether it is an extended one."""


class LiveBus:
    """A bus at a place. Only frames with the given ``ids`` need to be read.

    It is open from :meth:`open` to :meth:`close`. Both are called on the event loop. One of several
    has a name, ``bus``, which its frames get, and sets the event ``news`` when some have come.
    """

    def __init__(
        self,
        place: BusPlace,
        trust: Trust,
        ids: Collection[Id] = (),
        *,
        random: Random,
        first_wait: float = FIRST_WAIT,
        bus: str = "",
        news: asyncio.Event | None = None,
    ) -> None:
        self.place = place
        self._channel = bus
        self._trust = trust
        self._ids = ids
        self._waits = Backoff(first_wait, max(first_wait, MOST_WAIT), random=random)
        self._bus: can.BusABC | None = None
        self._problem = "it is being opened"
        self._told = ("", "")
        """Why the bus is not open, as it was last logged."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._come: deque[Frame] = deque(maxlen=QUEUE_LIMIT)
        self._news = news or asyncio.Event()
        self._is_called = False
        self._has_dropped = False
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._work, name=f"bus {place}", daemon=True)
        self._sending: asyncio.Future[str | None] | None = None

    @property
    def name(self) -> str:
        """See :class:`~ovms.car.bus.Bus`."""
        return str(self.place)

    @property
    def trust(self) -> Trust:
        """What may be sent to it."""
        return self._trust

    @property
    def problem(self) -> str | None:
        """Why the bus is not open; ``None`` while it is."""
        return self._problem if self._bus is None else None

    def open(self) -> None:
        """Start to open and read the bus."""
        self._loop = asyncio.get_running_loop()
        self._reader.start()

    async def close(self) -> None:
        """Stop reading and close the bus."""
        self._ended.set()
        if self._loop is not None:
            await asyncio.to_thread(self._reader.join, CLOSE_TIMEOUT)

    # -- the event loop's side --------------------------------------------------------------

    async def receive(self, patience: float) -> list[Frame]:
        """See :class:`~ovms.car.bus.Bus`."""
        if not self._come:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._news.wait()
        self._news.clear()
        return self.take()

    def take(self) -> list[Frame]:
        """Return the frames that have come, in order."""
        self._is_called = False
        return [self._come.popleft() for _ in range(len(self._come))]

    def wake(self) -> None:
        """See :class:`~ovms.car.bus.Bus`."""
        self._news.set()

    async def send(self, frames: Sequence[Frame]) -> str | None:
        """See :class:`~ovms.car.bus.Bus`. Refuse if the trust is only to listen.

        Each call uses its own thread, which does not keep the program from ending.
        """
        bus = self._bus
        if self._trust < Trust.ASK:
            return "the bus is only listened to"
        if bus is None or self._loop is None:
            return f"the bus is away: {self._problem}"
        if self._sending is not None and not self._sending.done():
            return "the bus takes no frame"
        self._sending = self._loop.create_future()
        letter = SendJob(bus, tuple(frames), self._loop, self._sending)
        threading.Thread(target=letter.send, name="bus sender", daemon=True).start()
        try:
            done, _ = await asyncio.wait([self._sending], timeout=STUCK_AFTER)
        finally:
            letter.is_given_up = True
        return self._sending.result() if done else "the bus takes no frame"

    # -- the reading thread -----------------------------------------------------------------

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                bus = self._open_bus()
            except Exception as error:  # whatever an interface's driver raises
                self._wait("bus cannot be opened", _text(error))
                continue
            self._told = ("", "")
            log.info("bus open", bus=str(self.place), trust=self._trust.word)
            self._bus = bus
            began = time.monotonic()
            reason = self._read(bus)
            self._bus = None
            with suppress(Exception):
                bus.shutdown()
            if time.monotonic() - began >= STEADY:
                self._waits.reset()
            if reason is not None:
                self._wait("bus lost", reason)

    def _open_bus(self) -> can.BusABC:
        import can  # only here: a simulated car works without it

        place, options = self.place, dict(self.place.options)
        if place.bitrate is not None:
            options["bitrate"] = place.bitrate
        if place.interface == "slcan":
            options.setdefault("timeout", READ_TIMEOUT)  # else it looks a thousand times a second
            if self._trust is Trust.LISTEN:
                options.setdefault("listen_only", True)
        return can.ThreadSafeBus(
            interface=place.interface, channel=place.channel, ignore_config=True,
            can_filters=self._filters(), **options,
        )  # fmt: skip

    def _filters(self) -> list[dict[str, Any]] | None:
        if not 0 < len(self._ids) <= MOST_FILTERS:
            return None
        return [
            {"can_id": number, "can_mask": 0x1FFFFFFF if is_extended else 0x7FF,
             "extended": is_extended}
            for number, is_extended in sorted(self._ids)
        ]  # fmt: skip

    def _read(self, bus: can.BusABC) -> str | None:
        """Read until the bus is closed. Return the reason if the bus was lost."""
        noise = 0
        while not self._ended.is_set():
            try:
                message = bus.recv(READ_TIMEOUT)
            except Exception as error:  # whatever an interface's driver raises
                if not _is_noise(error):
                    return _text(error)
                noise += 1
                if noise >= NOISE_LIMIT:
                    return f"nothing readable: {_text(error)}"
                _rest(bus).clear()
                continue
            if message is not None:
                noise = 0
                self._take(message)
            elif len(_rest(bus)) > LONGEST_REST:
                _rest(bus).clear()
        return None

    def _take(self, message: can.Message) -> None:
        if message.is_error_frame or message.is_remote_frame or not message.data:
            return
        if len(message.data) != message.dlc:  # part of a serial adapter's line is missing
            return
        if len(self._come) == QUEUE_LIMIT and not self._has_dropped:
            self._has_dropped = True
            log.warning("frames are lost: this machine is too slow for the bus")
        data = bytes(message.data)
        self._come.append(
            Frame(0.0, message.arbitration_id, data, message.is_extended_id, self._channel)
        )
        if not self._is_called and self._loop is not None:
            self._is_called = True
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._news.set)

    def _wait(self, event: str, reason: str) -> None:
        """Wait until the next try. The same reason is logged once, because it may last for days."""
        seconds = self._waits.next()
        tell = log.debug if (event, reason) == self._told else log.warning
        self._told, self._problem = (event, reason), reason
        tell(event, bus=str(self.place), reason=reason, again_in=round(seconds, 1))
        self._ended.wait(seconds)


@dataclass
class SendJob:
    """Frames to send to a bus, and a future for the outcome."""

    bus: can.BusABC
    frames: tuple[Frame, ...]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[str | None]
    """Takes the reason if not all frames are sent."""
    is_given_up: bool = False
    """Whether the frames count as not sent. Those that have not gone yet are dropped."""

    def send(self) -> None:
        """Send the frames; the body of a thread."""
        problem = None
        try:
            for frame in self.frames:
                if not self.is_given_up:
                    self.bus.send(_message(frame), timeout=SEND_TIMEOUT)
        except Exception as error:  # whatever an interface's driver raises
            problem = f"not sent: {_text(error)}"
        with suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self._tell, problem)

    def _tell(self, problem: str | None) -> None:
        if not self.done.done():
            self.done.set_result(problem)


def _message(frame: Frame) -> can.Message:
    import can

    return can.Message(arbitration_id=frame.id, is_extended_id=frame.is_extended, data=frame.data)


def _is_noise(error: Exception) -> bool:
    """Return whether an error comes from an incomplete or unreadable line of a serial adapter."""
    return isinstance(error, ValueError | IndexError) or isinstance(
        error.__cause__, UnicodeDecodeError
    )


def _rest(bus: can.BusABC) -> bytearray:
    """Return the bytes of a serial adapter's incomplete line.

    The library does not bound them, and keeps among them what it cannot decode.
    """
    rest: bytearray = getattr(bus, "_buffer", bytearray())
    return rest


def _text(error: BaseException) -> str:
    """Return an error's text, and its cause if the library gives one, in one line."""
    text, cause = str(error), str(error.__cause__ or "")
    if cause and cause not in text:
        text = f"{text}: {cause}"
    return " ".join(text.split())[:200] or type(error).__name__
