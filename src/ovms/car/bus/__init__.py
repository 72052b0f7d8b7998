"""A car's bus: frames in, and frames out as far as the module is trusted.

:class:`~ovms.car.bus.live.LiveBus` is one that python-can reaches, and
:class:`~ovms.car.bus.group.BusGroup` are several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ovms.car.frames import Frame
from ovms.car.trust import Trust


class Bus(Protocol):
    """A bus, as a driver sees it."""

    @property
    def name(self) -> str:
        """Where it is, as it was given: ``INTERFACE:CHANNEL``."""
        ...

    async def receive(self, patience: float) -> list[Frame]:
        """Wait for frames. Return those that have come, in order.

        Return none after ``patience`` seconds, or after :meth:`wake`.
        """
        ...

    async def send(self, frames: Sequence[Frame]) -> str | None:
        """Send frames. Return the reason if not all of them could be sent."""
        ...

    def wake(self) -> None:
        """End the waiting of :meth:`receive`, because there is something to send."""
        ...


class ManagedBus(Bus, Protocol):
    """A bus that is opened and closed, and says how it is."""

    @property
    def trust(self) -> Trust:
        """What may be sent to it."""
        ...

    @property
    def problem(self) -> str | None:
        """Why it is not open; ``None`` while it is."""
        ...

    def open(self) -> None:
        """Start to open and read it."""
        ...

    async def close(self) -> None:
        """Stop reading and close it."""
        ...
