"""Marks: what the start or the end of a journey has, as it is reported bit by bit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ovms.server.journeys.values import JourneyEnd, Position

if TYPE_CHECKING:
    from ovms.server.journeys.known import Known
    from ovms.server.journeys.samples import Sample


@dataclass(slots=True)
class Mark:
    """The last value of each, or the first."""

    time: int = 0
    position: Position | None = None
    altitude: float | None = None
    soc: float | None = None
    odometer: float | None = None
    ideal_range: float | None = None
    estimated_range: float | None = None
    voltage_12v: float | None = None

    def take(self, sample: Sample) -> None:
        """Take in a later sample."""
        self.time = sample.time
        if sample.position is not None:
            self.position, self.altitude = sample.position, sample.altitude
        if sample.odometer is not None:
            self.odometer = sample.odometer
        if sample.voltage_12v is not None:
            self.voltage_12v = sample.voltage_12v
        self.take_charge(sample)

    def take_charge(self, sample: Sample) -> None:
        """Take in what a later sample says of the battery."""
        if sample.soc is not None:
            self.soc = sample.soc
        if sample.ideal_range is not None:
            self.ideal_range = sample.ideal_range
        if sample.estimated_range is not None:
            self.estimated_range = sample.estimated_range

    def fill(self, sample: Sample, *, has_charge: bool = True) -> None:
        """Take in what is not known yet.

        ``has_charge`` is whether its state of charge and ranges count.
        """
        if self.position is None and sample.position is not None:
            self.position, self.altitude = sample.position, sample.altitude
        if self.odometer is None:
            self.odometer = sample.odometer
        if self.voltage_12v is None:
            self.voltage_12v = sample.voltage_12v
        if has_charge:
            if self.soc is None:
                self.soc = sample.soc
            if self.ideal_range is None:
                self.ideal_range = sample.ideal_range
            if self.estimated_range is None:
                self.estimated_range = sample.estimated_range

    def over(self, other: Mark) -> Mark:
        """Return this mark with what only the other one knows."""
        mine = self.position is not None
        return Mark(
            time=self.time,
            position=self.position if mine else other.position,
            altitude=self.altitude if mine else other.altitude,
            soc=other.soc if self.soc is None else self.soc,
            odometer=other.odometer if self.odometer is None else self.odometer,
            ideal_range=other.ideal_range if self.ideal_range is None else self.ideal_range,
            estimated_range=(
                other.estimated_range if self.estimated_range is None else self.estimated_range
            ),
            voltage_12v=other.voltage_12v if self.voltage_12v is None else self.voltage_12v,
        )

    def copy(self) -> Mark:
        """Return another one with the same values."""
        return replace(self)

    def at(self, time: int, odometer: float | None) -> JourneyEnd:
        """Return it as the start or end of a journey."""
        return JourneyEnd(
            time=time,
            position=self.position,
            altitude=self.altitude,
            soc=self.soc,
            odometer=odometer,
            ideal_range=self.ideal_range,
            estimated_range=self.estimated_range,
            voltage_12v=self.voltage_12v,
        )


def journey_end(time: int, known: Known) -> JourneyEnd:
    """Return the start or end of a journey with what is known."""
    values = known.values
    return JourneyEnd(
        time=time,
        position=values.position,
        altitude=values.altitude,
        soc=values.soc,
        odometer=values.odometer,
        ideal_range=values.ideal_range,
        estimated_range=values.estimated_range,
        voltage_12v=values.voltage_12v,
    )
