"""What a car truly did against the journeys that were made of its reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ovms.car.vehicles.sim.ledger import LedgerCharge, LedgerEntry
from ovms.protocol.records.environment import Doors1
from ovms.protocol.records.logs import TRIP_TYPE
from ovms.server.journeys.fold import Fold, FoldState
from ovms.server.journeys.reading import read_samples
from ovms.server.journeys.samples import JourneyRecord
from ovms.server.journeys.values import Charge, Journey, Trip


def fold(records: Iterable[JourneyRecord], *, is_pic: bool = False) -> list[Journey]:
    """Return the journeys that records tell of, those that go on last."""
    folded = Fold(FoldState())
    closed = folded.feed(read_samples(records, is_pic=is_pic))
    return [*closed, *folded.ongoing()]


Kind = TypeVar("Kind", Trip, Charge)


@dataclass(slots=True)
class Pair(Generic[Kind]):
    """A journey, and what it tells of: more than one entry where nothing of the stop was heard."""

    entries: list[LedgerEntry]
    journey: Kind

    @property
    def distance(self) -> float:
        """Km that were truly driven."""
        return sum(each.distance for each in self.entries)

    @property
    def used(self) -> float:
        """KWh that the battery truly lost."""
        return sum(each.energy_used - each.energy_recovered for each in self.entries)

    @property
    def energy(self) -> float:
        """KWh that truly left the charger."""
        return sum(each.energy for each in self.entries if isinstance(each, LedgerCharge))

    @property
    def grid_energy(self) -> float:
        """KWh that truly came from the grid."""
        return sum(each.grid_energy for each in self.entries if isinstance(each, LedgerCharge))


@dataclass(slots=True)
class Comparison(Generic[Kind]):
    """Which journeys tell of which entries."""

    pairs: list[Pair[Kind]] = field(default_factory=list)
    missing: list[LedgerEntry] = field(default_factory=list)
    """Entries of which no journey tells."""
    surplus: list[Journey] = field(default_factory=list)
    """Journeys that tell of nothing, or of what another one tells of."""


Interval = tuple[float, float]


def compare_trips(entries: Sequence[LedgerEntry], journeys: Iterable[Journey]) -> Comparison[Trip]:
    """Return which trips tell of which entries: by the odometer."""
    trips = [each for each in journeys if isinstance(each, Trip)]
    return _compare(
        [(each, (each.start.odometer, each.end.odometer)) for each in entries],
        [(each, (each.start.odometer or 0, each.end.odometer or 0)) for each in trips],
    )


def compare_charges(
    entries: Sequence[LedgerEntry], journeys: Iterable[Journey], late: float
) -> Comparison[Charge]:
    """Return which charges tell of which entries: by the time; reports may be ``late``."""
    charges = [each for each in journeys if isinstance(each, Charge)]
    return _compare(
        [(each, (each.start.time, each.end.time)) for each in entries],
        [(each, (each.start.time, each.end.time + 1)) for each in charges],
        late,
    )


def _compare(
    entries: Sequence[tuple[LedgerEntry, Interval]],
    journeys: Sequence[tuple[Kind, Interval]],
    slack: float = 0.0,
) -> Comparison[Kind]:
    """Return which journey each entry shares most with, or is nearest to within a ``slack``.

    What shares nothing is left over.
    """
    found: Comparison[Kind] = Comparison()
    told: dict[int, list[LedgerEntry]] = {at: [] for at in range(len(journeys))}
    for entry, (begin, end) in entries:
        shared = [min(end, last) - max(begin, first) for _, (first, last) in journeys]
        most = max(shared, default=-slack)
        if most > -slack:
            told[shared.index(most)].append(entry)
        else:
            found.missing.append(entry)
    for at, (journey, _) in enumerate(journeys):
        if told[at]:
            found.pairs.append(Pair(told[at], journey))
        else:
            found.surplus.append(journey)
    return found


def was_heard_off(records: Iterable[JourneyRecord], begin: float, end: float) -> bool:
    """Return whether the server heard between two times that the car was off, or of a trip's end.

    Else nobody can tell that the trips before and after are two.
    """
    return any(
        begin < record.time < end and (record.type == TRIP_TYPE or _says_off(record))
        for record in records
    )


def _says_off(record: JourneyRecord) -> bool:
    return record.type == "D" and not int(record.data.split(b",")[0]) & Doors1.CAR_ON
