"""A bus that python-can reaches, on threads of its own: they may wait, the event loop may not.

One thread opens the bus, reads it, and opens it anew when it is lost: an adapter may be unplugged,
or not be there yet when the car starts. Another sends, so that an adapter that does not take a
frame holds up nobody. Whatever an interface's driver raises, it is the bus that is away.

Contents of frames are logged nowhere.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import Any

import can

from ovms.base.backoff import Backoff
from ovms.base.logs import get_logger
from ovms.car.bus.place import BusPlace
from ovms.car.frames import Frame
from ovms.car.trust import Trust

log = get_logger("ovms.car.bus")

QUEUE_LIMIT = 10_000
"""Frames that wait for the event loop: two seconds of the busiest bus. Then the oldest go."""

MOST_FILTERS = 32
"""Ids that the interface is asked to choose by; with more, all that is on the bus is read."""

READ_TIMEOUT = 0.2
"""Seconds after which the reading thread looks whether it is to end."""

SEND_TIMEOUT = 1.0
"""Seconds that an interface may take for a frame."""

STUCK_AFTER = 3.0
"""Seconds after which frames count as not sent, whatever becomes of them."""

FIRST_WAIT, MOST_WAIT = 1.0, 30.0
"""Seconds between attempts to open a bus: doubling, with jitter."""

NOISE_LIMIT = 1000
"""Unreadable frames in a row after which the bus is opened anew."""

Id = tuple[int, bool]
"""A frame's id, and whether it is an extended one."""


class LiveBus:
    """A bus at a place. ``ids`` are those that matter; the others need not be read.

    It is open from :meth:`open` to :meth:`close`, both to be called on the event loop.
    """

    def __init__(
        self,
        place: BusPlace,
        trust: Trust,
        ids: Collection[Id] = (),
        *,
        random: Random,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self.place = place
        self._trust = trust
        self._ids = ids
        self._waits = Backoff(first_wait, max(first_wait, MOST_WAIT), random=random)
        self._bus: can.BusABC | None = None
        self._problem = "it is being opened"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._come: deque[Frame] = deque(maxlen=QUEUE_LIMIT)
        self._news = asyncio.Event()
        self._is_called = False
        self._has_dropped = False
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._work, name=f"bus {place}", daemon=True)
        self._sender: ThreadPoolExecutor | None = None
        self._sending: asyncio.Future[None] | None = None

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
        """Why the bus is away; ``None`` while it is there."""
        return self._problem if self._bus is None else None

    def open(self) -> None:
        """Begin to open and read it."""
        self._loop = asyncio.get_running_loop()
        self._sender = ThreadPoolExecutor(1, "bus sender")
        self._reader.start()

    async def close(self) -> None:
        """End it; a bus that hangs is left alone."""
        self._ended.set()
        if self._sender is not None:
            self._sender.shutdown(wait=False, cancel_futures=True)
            await asyncio.to_thread(self._reader.join, STUCK_AFTER)

    # -- the event loop's side --------------------------------------------------------------

    async def receive(self, patience: float) -> list[Frame]:
        """See :class:`~ovms.car.bus.Bus`."""
        if not self._come:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._news.wait()
        self._news.clear()
        self._is_called = False
        return [self._come.popleft() for _ in range(len(self._come))]

    def wake(self) -> None:
        """See :class:`~ovms.car.bus.Bus`."""
        self._news.set()

    async def send(self, frames: Sequence[Frame]) -> str | None:
        """See :class:`~ovms.car.bus.Bus`. Whom we only listen to gets nothing, whoever asks."""
        bus = self._bus
        if self._trust < Trust.ASK:
            return "the bus is only listened to"
        if bus is None or self._loop is None:
            return f"the bus is away: {self._problem}"
        if self._sending is not None and not self._sending.done():
            return "the bus takes no frame"
        self._sending = self._loop.run_in_executor(self._sender, _send, bus, tuple(frames))
        done, _ = await asyncio.wait([self._sending], timeout=STUCK_AFTER)
        if not done:
            return "the bus takes no frame"
        error = self._sending.exception()
        return None if error is None else f"not sent: {_text(error)}"

    # -- the reading thread -----------------------------------------------------------------

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                bus = self._open_bus()
            except Exception as error:  # whatever an interface's driver raises
                self._wait("bus cannot be opened", _text(error))
                continue
            self._waits.reset()
            log.info("bus open", bus=str(self.place), trust=self._trust.word)
            self._bus = bus
            reason = self._read(bus)
            self._bus = None
            with suppress(Exception):
                bus.shutdown()
            if reason is not None:
                self._wait("bus lost", reason)

    def _open_bus(self) -> can.BusABC:
        place, options = self.place, dict(self.place.options)
        if place.bitrate is not None:
            options["bitrate"] = place.bitrate
        if place.interface == "slcan" and self._trust is Trust.LISTEN:
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
        """Read until the end; give the reason if the bus was lost."""
        noise = 0
        while not self._ended.is_set():
            try:
                message = bus.recv(READ_TIMEOUT)
            except (ValueError, IndexError) as error:  # half a line of a serial adapter
                noise += 1
                if noise >= NOISE_LIMIT:
                    return f"nothing readable: {_text(error)}"
                continue
            except Exception as error:  # whatever an interface's driver raises
                return _text(error)
            if message is not None:
                noise = 0
                self._take(message)
        return None

    def _take(self, message: can.Message) -> None:
        if message.is_error_frame or message.is_remote_frame or not message.data:
            return
        if len(self._come) == QUEUE_LIMIT and not self._has_dropped:
            self._has_dropped = True
            log.warning("frames are lost: this machine is too slow for the bus")
        data = bytes(message.data)
        self._come.append(Frame(0.0, message.arbitration_id, data, message.is_extended_id))
        if not self._is_called and self._loop is not None:
            self._is_called = True
            with suppress(RuntimeError):  # the loop is closed: nobody reads any more
                self._loop.call_soon_threadsafe(self._news.set)

    def _wait(self, event: str, reason: str) -> None:
        seconds = self._waits.next()
        self._problem = reason
        log.warning(event, bus=str(self.place), reason=reason, again_in=round(seconds, 1))
        self._ended.wait(seconds)


def _send(bus: can.BusABC, frames: Sequence[Frame]) -> None:
    for frame in frames:
        message = can.Message(
            arbitration_id=frame.id, is_extended_id=frame.is_extended, data=frame.data
        )
        bus.send(message, timeout=SEND_TIMEOUT)


def _text(error: BaseException) -> str:
    """Say what went wrong, in a line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
