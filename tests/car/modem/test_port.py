from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from ovms.car.modem.port import OUT_LIMIT, PortGone, SerialPort
from tests.waiting import PATIENCE


class Line:
    """A pty: what the port under test is on, and its other end."""

    def __init__(self) -> None:
        self.master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self.came: asyncio.Queue[bytes] = asyncio.Queue()

    async def open(self) -> SerialPort:
        """Open the port."""
        return await SerialPort.open(self.path, 115200, self.came.put_nowait)

    def unplug(self) -> None:
        """Close both ends."""
        if self.master >= 0:
            os.close(self.master)
            os.close(self._slave)
            self.master = -1


@pytest.fixture
def line() -> Iterator[Line]:
    """Yield a pty."""
    made = Line()
    yield made
    made.unplug()


async def test_bytes_go_both_ways(line: Line) -> None:
    """What is written arrives as it is, and what comes is given on."""
    port = await line.open()
    port.write(b"AT\r\x00\x1a")
    assert await asyncio.to_thread(os.read, line.master, 100) == b"AT\r\x00\x1a"
    os.write(line.master, b"\r\nOK\x00\xff\r\n")
    assert await asyncio.wait_for(line.came.get(), PATIENCE) == b"\r\nOK\x00\xff\r\n"
    port.close()


async def test_an_unplugged_port_is_gone(line: Line) -> None:
    """Its end is told once with a reason; writing and closing do no harm then."""
    port = await line.open()
    line.unplug()
    assert await asyncio.wait_for(port.gone, PATIENCE)
    port.write(b"x")
    port.close()
    port.close()


async def test_a_closed_port_says_so(line: Line) -> None:
    """Closing ends it, may come again, and leaves the port to others."""
    port = await line.open()
    port.close()
    port.close()
    port.write(b"x")
    assert await port.gone == "closed"
    (await line.open()).close()


@pytest.mark.parametrize("name", ["missing", "file", "folder"])
async def test_what_is_no_port_has_a_reason(tmp_path: Path, name: str) -> None:
    """A path without a port on it cannot be opened, and the reason names what is wrong."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(PortGone, match="port"):
        await SerialPort.open(str(tmp_path / name), 115200, lambda data: None)


async def test_a_port_is_ours_alone(line: Line) -> None:
    """Nobody else who asks for it gets it while we have it."""
    port = await line.open()
    with pytest.raises(PortGone, match="lock"):
        await line.open()
    port.close()


async def test_a_modem_that_takes_nothing_is_gone(line: Line) -> None:
    """What it does not take waits up to the bound, and goes out later; one byte more ends it."""
    port = await line.open()
    os.set_blocking(line.master, False)
    while not port._out:
        port.write(b"x" * 1000)
    port.write(b"y" * (OUT_LIMIT - len(port._out)))
    assert not port.gone.done()
    async with asyncio.timeout(PATIENCE):
        while port._out:
            os.read(line.master, 4096)
            await asyncio.sleep(0)
    while not port._out:
        port.write(b"x" * 1000)
    port.write(b"y" * (OUT_LIMIT - len(port._out) + 1))
    assert "no more" in await port.gone
    port.close()
