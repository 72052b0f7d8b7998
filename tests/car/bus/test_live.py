"""The bus on its threads, over python-can's interface for one process."""

from __future__ import annotations

import asyncio
import fcntl
import os
import termios
import threading
import tty
from array import array
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import can
import pytest
import structlog.testing
from can.interfaces.virtual import VirtualBus

from ovms.car.bus import live
from ovms.car.bus.live import LiveBus
from ovms.car.bus.place import BusPlace
from ovms.car.frames import Frame
from ovms.car.trust import Trust
from tests.waiting import PATIENCE, until


@pytest.fixture
def other() -> Iterator[can.BusABC]:
    """Yield somebody else on the bus."""
    with VirtualBus("tests of live") as bus:
        yield bus


@asynccontextmanager
async def open_bus(trust: Trust = Trust.WRITE, **options: Any) -> AsyncIterator[LiveBus]:
    """Yield a bus that is open."""
    place = BusPlace("virtual", "tests of live", None, options.pop("options", {}))
    random = Random(1)  # noqa: S311 (jitter)
    bus = LiveBus(place, trust, options.pop("ids", ()), random=random, first_wait=0.01)
    bus.open()
    try:
        yield bus
    finally:
        await bus.close()
        assert not bus._reader.is_alive()


async def frames_of(bus: LiveBus, count: int) -> list[Frame]:
    """Wait for so many frames."""
    found: list[Frame] = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            found += await bus.receive(1)
    return found


def message(number: int, data: bytes = b"\x01", **more: Any) -> can.Message:
    """Make a frame for the other end."""
    return can.Message(arbitration_id=number, data=data, **{"is_extended_id": False, **more})


async def test_frames_come_and_go(other: can.BusABC) -> None:
    """In order, with id, data and kind; remote, error and empty ones are left out."""
    async with open_bus() as bus:
        await until(lambda: bus.problem is None)
        other.send(message(0x100, b"\x80\x50"))
        other.send(message(0x100, b"", is_remote_frame=True))
        other.send(message(0x100, is_error_frame=True))
        other.send(message(0x100, b""))
        other.send(message(0x18DAF110, is_extended_id=True))
        assert await frames_of(bus, 2) == [
            Frame(0, 0x100, b"\x80\x50"), Frame(0, 0x18DAF110, b"\x01", True)
        ]  # fmt: skip
        assert (
            await bus.send([Frame(0, 0x102, b"\x0a"), Frame(0, 0x1ABCDEF, b"\x0b", True)]) is None
        )
        for number, is_extended in ((0x102, False), (0x1ABCDEF, True)):
            sent = await asyncio.to_thread(other.recv, PATIENCE)
            assert sent is not None
            assert (sent.arbitration_id, sent.is_extended_id) == (number, is_extended)


async def test_only_ids_that_matter_are_read(other: can.BusABC) -> None:
    """Of those the right kind; with too many ids all are read."""
    async with open_bus(ids={(0x100, False), (0x7E8, True)}) as bus:
        await until(lambda: bus.problem is None)
        other.send(message(0x101))
        other.send(message(0x7E8))
        other.send(message(0x7E8, is_extended_id=True))
        other.send(message(0x100))
        assert [frame.id for frame in await frames_of(bus, 2)] == [0x7E8, 0x100]
    many = {(number, False) for number in range(live.MOST_FILTERS + 1)}
    async with open_bus(ids=many) as bus:
        await until(lambda: bus.problem is None)
        other.send(message(0x700))
        assert [frame.id for frame in await frames_of(bus, 1)] == [0x700]


async def test_who_only_listens_sends_nothing(other: can.BusABC) -> None:
    """Whoever asks for it."""
    async with open_bus(Trust.LISTEN) as bus:
        await until(lambda: bus.problem is None)
        assert await bus.send([Frame(0, 1, b"\x01")]) == "the bus is only listened to"
    assert other.recv(0) is None


async def test_waiting_ends_with_time_or_by_call() -> None:
    """Without a frame there is nothing, after the patience or as soon as somebody calls."""
    async with open_bus() as bus:
        assert await bus.receive(0.01) == []
        waiting = asyncio.create_task(bus.receive(PATIENCE * 10))
        await asyncio.sleep(0)
        bus.wake()
        assert await asyncio.wait_for(waiting, PATIENCE) == []


async def test_a_bus_that_is_away_is_opened_anew(
    monkeypatch: pytest.MonkeyPatch, other: can.BusABC
) -> None:
    """Not there at first, lost later, and back each time; meanwhile nothing is sent."""
    fails, opened = [True], 0

    class Fragile(VirtualBus):
        def __init__(self, **options: Any) -> None:
            nonlocal opened
            if fails[0]:
                raise can.CanInitializationError("no such\ndevice")
            opened += 1
            super().__init__("tests of live")

        def _recv_internal(self, timeout: float | None) -> Any:
            if fails[0]:
                raise RuntimeError("unplugged")
            return super()._recv_internal(timeout)

    monkeypatch.setattr(can, "ThreadSafeBus", Fragile)
    async with open_bus() as bus:
        await until(lambda: bus.problem == "no such device")
        assert await bus.send([Frame(0, 1, b"\x01")]) == "the bus is away: no such device"
        fails[0] = False
        await until(lambda: bus.problem is None)
        fails[0] = True
        await until(lambda: bus.problem is not None)
        fails[0] = False
        await until(lambda: bus.problem is None)
        assert opened == 2
        other.send(message(7))
        assert [frame.id for frame in await frames_of(bus, 1)] == [7]


async def test_the_same_trouble_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that stays away for days must not fill the log."""
    tries = 0

    class Absent(VirtualBus):
        def __init__(self, **options: Any) -> None:
            nonlocal tries
            tries += 1
            raise can.CanInitializationError("gone" if tries < 4 else "broken")

    monkeypatch.setattr(can, "ThreadSafeBus", Absent)
    monkeypatch.setattr(live, "MOST_WAIT", 0.01)
    with structlog.testing.capture_logs() as logged:
        async with open_bus():
            await until(lambda: tries > 5)
    told = [each["reason"] for each in logged if each["log_level"] == "warning"]
    assert told == ["gone", "broken"]


async def test_noise_is_left_out_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a line of a serial adapter is no loss of the bus, nothing but that is one."""
    noise, opened = [live.NOISE_LIMIT - 1], 0

    class Noisy(VirtualBus):
        def __init__(self, **options: Any) -> None:
            nonlocal opened
            opened += 1
            super().__init__("noisy")

        def _recv_internal(self, timeout: float | None) -> Any:
            if noise[0]:
                noise[0] -= 1
                raise ValueError("invalid literal")
            return message(1), False

    monkeypatch.setattr(can, "ThreadSafeBus", Noisy)
    async with open_bus() as bus:
        await frames_of(bus, 1)
        assert opened == 1
        noise[0] = live.NOISE_LIMIT
        await until(lambda: opened == 2)


@pytest.mark.parametrize("error", [can.CanOperationError("full"), RuntimeError("driver")])
async def test_what_cannot_be_sent_is_told(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever the interface's driver raises."""

    def fail(self: object, msg: can.Message, timeout: float | None = None) -> None:
        raise error

    monkeypatch.setattr(VirtualBus, "send", fail)
    async with open_bus() as bus:
        await until(lambda: bus.problem is None)
        assert await bus.send([Frame(0, 1, b"\x01")]) == f"not sent: {error}"


async def test_an_adapter_that_hangs_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that it does not take counts as not sent, and the next is not even tried.

    Nor is it later, when whoever wanted it sent has been told that it was not.
    """
    release, tries = threading.Event(), 0

    def hang(self: object, msg: can.Message, timeout: float | None = None) -> None:
        nonlocal tries
        tries += 1
        release.wait(PATIENCE)

    monkeypatch.setattr(VirtualBus, "send", hang)
    monkeypatch.setattr(live, "STUCK_AFTER", 0.05)
    async with open_bus() as bus:
        await until(lambda: bus.problem is None)
        for _ in range(2):
            two = [Frame(0, 1, b"\x01"), Frame(0, 2, b"\x01")]
            assert await bus.send(two) == "the bus takes no frame"
        release.set()
        await until(lambda: bus._sending is not None and bus._sending.done())
        assert tries == 1
        assert await bus.send([Frame(0, 1, b"\x01")]) is None
        monkeypatch.setattr(live, "STUCK_AFTER", PATIENCE)


async def test_too_many_frames_push_out_the_oldest(
    monkeypatch: pytest.MonkeyPatch, other: can.BusABC
) -> None:
    """What nobody takes is bounded."""
    monkeypatch.setattr(live, "QUEUE_LIMIT", 3)
    async with open_bus() as bus:
        await until(lambda: bus.problem is None)
        for number in range(5):
            other.send(message(number))
        await until(lambda: bool(bus._come) and bus._come[-1].id == 4)
        assert [frame.id for frame in await bus.receive(1)] == [2, 3, 4]


async def test_a_bus_that_is_lost_again_at_once_is_waited_for_ever_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An interface that is down can be opened; the log is not to be filled with that."""

    class Down(VirtualBus):
        def _recv_internal(self, timeout: float | None) -> Any:
            raise can.CanOperationError("Network is down")

    monkeypatch.setattr(can, "ThreadSafeBus", lambda **_: Down("down"))
    with structlog.testing.capture_logs() as logs:
        async with open_bus():
            await until(lambda: any(entry.get("again_in", 0) >= 0.1 for entry in logs))
    assert {entry["reason"] for entry in logs if "reason" in entry} == {"Network is down"}


async def test_a_bus_that_was_good_is_opened_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while that it was open the waits begin anew."""
    lost = 0

    class Fragile(VirtualBus):
        def _recv_internal(self, timeout: float | None) -> Any:
            nonlocal lost
            lost += 1
            raise can.CanOperationError("gone")

    monkeypatch.setattr(can, "ThreadSafeBus", lambda **_: Fragile("fragile"))
    monkeypatch.setattr(live, "STEADY", 0)
    with structlog.testing.capture_logs() as logs:
        async with open_bus():
            await until(lambda: lost > 20)
    assert all(entry.get("again_in", 0) == 0 for entry in logs)


class Adapter:
    """A serial adapter that the test plays, and a bus on it."""

    def __init__(self) -> None:
        self.outer, self._inner = os.openpty()
        tty.setraw(self._inner)
        place = BusPlace("slcan", os.ttyname(self._inner), None, {"sleep_after_open": 0})
        self.bus = LiveBus(place, Trust.ASK, random=Random(1))  # noqa: S311 (jitter)

    async def __aenter__(self) -> Adapter:
        """Open the bus."""
        self.bus.open()
        await until(lambda: self.bus.problem is None)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all."""
        await self.bus.close()
        os.close(self.outer)
        os.close(self._inner)

    def say(self, data: bytes) -> None:
        """Send bytes to the computer."""
        os.write(self.outer, data)


@pytest.mark.parametrize(
    "noise",
    [
        b"\xff\xfe\x80\r",
        b"t1\r",
        b"t10\xff8\r",
        b"\a\a\rzz\r",
        b"t1008\r",
        b"t10080102\r",
        b"t1008010203040506070\r",
        b"T18DAF1108AA\r",
        b"x" * (live.LONGEST_REST - 1) + b"\r",
    ],
)
async def test_noise_of_a_serial_adapter_costs_nothing_else(noise: bytes) -> None:
    """Bytes that are no text, and lines of which a part is lost, are left out; the next is read."""
    async with Adapter() as adapter:
        adapter.say(b"t10028050\r")
        assert await frames_of(adapter.bus, 1) == [Frame(0, 0x100, b"\x80\x50")]
        adapter.say(noise)
        await until(lambda: not unread(adapter))
        adapter.say(b"t10028051\r")
        assert await frames_of(adapter.bus, 1) == [Frame(0, 0x100, b"\x80\x51")]
        assert adapter.bus.problem is None


async def test_a_line_without_an_end_is_forgotten() -> None:
    """What an adapter says is bounded, and what it says then is read."""
    async with Adapter() as adapter:
        for _ in range(20):
            adapter.say(b"t1008" * 200)
            await until(lambda: not unread(adapter))
        bus = adapter.bus._bus
        assert bus is not None
        await until(lambda: len(live._rest(bus)) <= live.LONGEST_REST)
        adapter.say(b"\rt10028051\r")
        assert await frames_of(adapter.bus, 1) == [Frame(0, 0x100, b"\x80\x51")]


def unread(adapter: Adapter) -> int:
    """Return how many bytes the computer has not read."""
    waiting = array("i", [0])
    fcntl.ioctl(adapter._inner, termios.FIONREAD, waiting)
    return waiting[0]


async def test_an_idle_serial_adapter_costs_no_time() -> None:
    """It is looked at some times a second, not a thousand times."""
    async with Adapter() as adapter:
        port: Any = getattr(adapter.bus._bus, "serialPortOrig", None)
        assert port.timeout == live.READ_TIMEOUT


async def test_a_program_ends_whatever_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a bus that is being opened nor one that takes no frame holds it up."""
    release = threading.Event()

    class Hanging(VirtualBus):
        def send(self, msg: can.Message, timeout: float | None = None) -> None:
            release.wait(PATIENCE)

        def _recv_internal(self, timeout: float | None) -> Any:
            release.wait(PATIENCE)
            return None, False

    monkeypatch.setattr(can, "ThreadSafeBus", lambda **_: Hanging("hanging"))
    monkeypatch.setattr(live, "STUCK_AFTER", 0.01)
    monkeypatch.setattr(live, "CLOSE_TIMEOUT", 0.01)
    bus = LiveBus(BusPlace("virtual", "x"), Trust.WRITE, random=Random(1))  # noqa: S311 (jitter)
    bus.open()
    await until(lambda: bus.problem is None)
    await bus.send([Frame(0, 1, b"\x01")])
    await bus.close()
    hanging = [each for each in threading.enumerate() if each.name.startswith("bus ")]
    assert len(hanging) == 2
    assert all(each.daemon for each in hanging)
    release.set()
    for each in hanging:
        await asyncio.to_thread(each.join, PATIENCE)
