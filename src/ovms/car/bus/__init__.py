"""A car's bus: frames in, and frames out as far as the module is trusted.

:class:`~ovms.car.bus.live.LiveBus` is one that python-can reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ovms.car.frames import Frame


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
