"""A serial port on the event loop. pyserial only opens and configures it, because it blocks."""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol, Self

READ_SIZE = 4096

OUT_LIMIT = 4096
"""Bytes that may wait for a modem to read them: many commands."""

_ERRORS = (OSError, ValueError, termios.error)  # serial.SerialException is an OSError


class PortGone(Exception):
    """The port cannot be opened, or is lost; the text says why."""


class Device(Protocol):
    """A serial port of pyserial."""

    def fileno(self) -> int:
        """Return its file descriptor, which does not block."""
        ...

    def close(self) -> None:
        """Close it."""


class SerialPort:
    """An open port. Received bytes go to ``on_data``; ``gone`` gets the reason of its end."""

    def __init__(self, device: Device, on_data: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._device = device
        self._fd = device.fileno()
        self._on_data = on_data
        self._out = bytearray()
        self._is_open = True
        self.gone: asyncio.Future[str] = self._loop.create_future()
        self._loop.add_reader(self._fd, self._read)

    @classmethod
    async def open(cls, path: str, baud: int, on_data: Callable[[bytes], None]) -> Self:
        """Open the port ``path`` exclusively. Raise :class:`PortGone` if that fails."""
        import serial  # only here: a car without a modem works without it

        opening = partial(serial.Serial, path, baud, timeout=0, exclusive=True)
        try:  # a port whose driver has lost its device may take seconds to say so
            device = await asyncio.get_running_loop().run_in_executor(None, opening)
        except _ERRORS as error:
            raise PortGone(str(error)) from error
        return cls(device, on_data)

    def write(self, data: bytes) -> None:
        """Send bytes, now or as soon as the port accepts them. A lost port drops them."""
        if not self._is_open or self.gone.done():
            return
        self._out += data
        if len(self._out) > OUT_LIMIT:
            self._lose("it takes no more")
        else:
            self._flush()

    def close(self) -> None:
        """Close the port and drop what is not sent yet. It may be called again."""
        if not self._is_open:
            return
        self._is_open = False
        self._forget()
        with suppress(*_ERRORS):  # or closing would wait until the modem has read it
            termios.tcflush(self._fd, termios.TCIOFLUSH)
        with suppress(*_ERRORS):
            self._device.close()
        if not self.gone.done():
            self.gone.set_result("closed")

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(str(error))
            return
        if data:
            self._on_data(data)
        else:
            self._lose("it was unplugged")

    def _flush(self) -> None:
        try:
            sent = os.write(self._fd, self._out)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._lose(str(error))
            return
        del self._out[:sent]
        if self._out:
            self._loop.add_writer(self._fd, self._flush)
        else:
            self._loop.remove_writer(self._fd)

    def _lose(self, reason: str) -> None:
        self._forget()
        if not self.gone.done():
            self.gone.set_result(reason)

    def _forget(self) -> None:
        self._out.clear()
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
