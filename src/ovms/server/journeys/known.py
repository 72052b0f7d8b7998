"""What is known of a vehicle at one time: the last values of its samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from ovms.server.journeys.samples import Sample

FIELDS: Final = (
    "soc", "capacity", "ideal_range", "estimated_range",
    "charge_state", "charge_mode", "plug", "charge_duration", "charge_energy", "grid_energy",
    "grid_energy_total", "charge_end_time",
    "is_on", "is_charging", "is_plugged", "is_conditioning",
    "odometer", "speed", "voltage_12v", "position", "altitude",
)  # fmt: skip
"""Those whose last value is kept: what trackers ask for. Each costs a little with each sample."""

TIMED: Final = frozenset({"is_on", "is_charging", "charge_state", "speed", "odometer", "position"})
"""Those of which is known when they were reported."""

_VALUES: Final = attrgetter(*FIELDS)


@dataclass(slots=True)
class Known:
    """The last value of each field and its time. A tracker gets it with its sample taken in."""

    values: Sample = field(default_factory=lambda: Sample(time=0))
    """Their ``time`` is that of the last sample."""
    times: dict[str, int] = field(default_factory=dict)
    """By field of :data:`TIMED`: when it was last reported, also if it was the same."""

    def take(self, sample: Sample) -> None:
        """Take in what a sample says."""
        values, times, time = self.values, self.times, sample.time
        values.time = time
        for name, value in zip(FIELDS, _VALUES(sample), strict=True):
            if value is not None:
                setattr(values, name, value)
                if name in TIMED:
                    times[name] = time

    def age(self, name: str) -> int | None:
        """Return the seconds since a field of :data:`TIMED` was reported, if it ever was."""
        assert name in TIMED, name
        reported = self.times.get(name)
        return None if reported is None else self.values.time - reported
