"""What stands for a real car on a bus, so that a module can be tried without one.

``ovms vehicle-type simulate NAME`` puts one on a bus.
"""

from __future__ import annotations

from typing import Protocol

from ovms.car.frames import Frame


class Simulation(Protocol):
    """A car as its bus shows it. Pure; ``now`` is in seconds and never goes back."""

    def receive(self, frame: Frame, now: float) -> list[Frame]:
        """Take in what somebody else has put on the bus; give the frames that answer it at once.

        Never fails: what the car would not understand is ignored.
        """
        ...

    def poll(self, now: float) -> list[Frame]:
        """Let time pass, some tenths of a second; give the frames that the car sends by itself."""
        ...
