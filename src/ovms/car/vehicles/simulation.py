"""Simulated cars on a bus, for trying a module without a car.

``ovms vehicle-type simulate NAME`` puts one on a bus.
"""

from __future__ import annotations

from typing import Protocol

from ovms.car.frames import Frame


class Simulation(Protocol):
    """A car on its bus. Pure. ``now`` is in seconds and never goes back."""

    def receive(self, frame: Frame, now: float) -> list[Frame]:
        """Handle a frame from another device. Return the frames that answer it at once.

        It never fails. What the car would not understand is ignored.
        """
        ...

    def poll(self, now: float) -> list[Frame]:
        """Move the car forward by a fraction of a second. Return the frames that it sends."""
        ...
