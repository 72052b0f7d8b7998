"""Journeys as they are shown: those that the fold made, with the corrections of the owner.

A correction holds on to times. It is about the journey that shares more than half of both their
spans: after a rebuild that moves an end by a minute that is still the same, and never a neighbour.
Where there is none, it does nothing, and counts again when there is.

Corrections apply in the order of their ids, each to what those before it have made.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ovms.server.journeys.codec import kind_of
from ovms.server.journeys.cutting import cut_charge, cut_trip, may_cut
from ovms.server.journeys.edits import Edit, EditKind
from ovms.server.journeys.merging import merged_charges, merged_trips
from ovms.server.journeys.values import Charge, JourneyKind, Parked, Trip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ovms.server.journeys.values import Journey, Purpose

MILLS: Final = Decimal("0.001")
"""Costs are whole thousandths of the currency's unit."""

NOTE_SEPARATOR: Final = "; "
"""Stands between the notes of journeys that became one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownJourney:
    """A journey with what its owner says of it."""

    journey: Journey
    """With the energies that the owner says."""
    is_edited: bool = False
    """Whether it is otherwise than reported: merged, split, another energy or cost. A note and a
    purpose add to what was reported, and change nothing."""
    note: str = ""
    purpose: Purpose | None = None
    cost_override: Decimal | None = None
    """What it cost as the owner says; ``None`` is by the tariff."""
    edits: tuple[int, ...] = ()
    """The ids of the corrections that count in it."""


@dataclass(slots=True)
class _Draft:
    """A journey while corrections are applied; ``None`` is as reported."""

    journey: Journey
    is_rebuilt: bool = False
    """Merged or split."""
    energy: float | None = None
    grid_energy: float | None = None
    cost: Decimal | None = None
    note: str = ""
    purpose: Purpose | None = None
    edits: tuple[int, ...] = ()

    @property
    def start(self) -> int:
        return self.journey.start.time

    @property
    def end(self) -> int:
        return self.journey.end.time

    @property
    def length(self) -> int:
        return _length(self.start, self.end)

    def corrected(self) -> Journey:
        """Return the journey with the energies that its owner says."""
        journey = self.journey
        if isinstance(journey, Trip) and self.energy is not None:
            used = self.energy + (journey.energy_recovered or 0.0)
            return replace(journey, energy_used=used, estimated=_without(journey, {"energy_used"}))
        if isinstance(journey, Charge):
            energy = journey.energy if self.energy is None else self.energy
            grid = journey.grid_energy if self.grid_energy is None else self.grid_energy
            names = ("energy", "grid_energy")
            said = {name for name in names if getattr(self, name) is not None}
            return replace(
                journey, energy=energy, grid_energy=grid, estimated=_without(journey, said)
            )
        return journey

    def shown(self) -> ShownJourney:
        """Return what it became."""
        said = (self.energy, self.grid_energy, self.cost)
        return ShownJourney(
            journey=self.corrected(),
            is_edited=self.is_rebuilt or any(each is not None for each in said),
            note=self.note,
            purpose=self.purpose,
            cost_override=self.cost,
            edits=self.edits,
        )


def shown(raws: Iterable[Journey], edits: Iterable[Edit]) -> list[ShownJourney]:
    """Return the journeys of a vehicle with its corrections, by time.

    Those of one kind must not overlap, and do not afterwards. What lies in part of a span is shown
    as in the whole if all that is :func:`touched` by it is there.
    """
    drafts: dict[JourneyKind, list[_Draft]] = {kind: [] for kind in JourneyKind}
    for raw in sorted(raws, key=_by_time):
        drafts[kind_of(raw)].append(_Draft(raw))
    driven = [each.start for each in drafts[JourneyKind.TRIP]]
    for edit in sorted(edits, key=lambda each: each.id):
        _apply(drafts[edit.journey_kind], edit, driven)
    drafts[JourneyKind.PARKED] = _outside(drafts[JourneyKind.PARKED], drafts[JourneyKind.TRIP])
    found = (each.shown() for kind in JourneyKind for each in drafts[kind])
    return sorted(found, key=lambda each: _by_time(each.journey))


def is_about(edit: Edit, start: int, end: int) -> bool:
    """Return whether a span is the one that a correction was made of: most of each is in both."""
    mine, its = _length(edit.start, edit.end), _length(start, end)
    shared = min(edit.start + mine, start + its) - max(edit.start, start)
    return 2 * shared > mine and 2 * shared > its


def _by_time(journey: Journey) -> tuple[int, int]:
    return journey.start.time, journey.end.time


def _length(start: int, end: int) -> int:
    """Return the seconds of a span; one that has none counts as one."""
    return max(1, end - start)


def touched(start: int, end: int, spans: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Return a span with all that overlap it, and those that overlap them.

    ``spans`` are those of journeys of all kinds and of corrections.
    """
    end = start + _length(start, end)
    first, last = start, end
    for each_start, each_end in _islands(spans):
        if each_start < end and each_end > start:
            first, last = min(first, each_start), max(last, each_end)
    return first, last


def _islands(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the spans, those that overlap each other as one."""
    start = end = None
    for next_start, next_end in sorted(spans):
        next_end = next_start + _length(next_start, next_end)
        if start is not None and end is not None and next_start < end:
            end = max(end, next_end)
            continue
        if start is not None and end is not None:
            yield start, end
        start, end = next_start, next_end
    if start is not None and end is not None:
        yield start, end


def _near(drafts: list[_Draft], start: int, end: int) -> slice:
    """Return which of the journeys, sorted by time, overlap a span."""
    last = bisect_left(drafts, start + _length(start, end), key=lambda each: each.start)
    first = last
    while first and drafts[first - 1].start + drafts[first - 1].length > start:
        first -= 1
    return slice(first, last)


def _apply(drafts: list[_Draft], edit: Edit, driven: list[int]) -> None:
    near = _near(drafts, edit.start, edit.end)
    if edit.kind is EditKind.MERGE:
        _merge(drafts, near, edit, driven)
        return
    for number in range(near.start, near.stop):
        draft = drafts[number]
        if not is_about(edit, draft.start, draft.end):
            continue
        if edit.kind is EditKind.CHANGE:
            _change(draft, edit)
        elif edit.at is not None and may_cut(draft.journey, edit.at):
            drafts[number : number + 1] = _split(draft, edit, edit.at)
        return


def _merge(drafts: list[_Draft], near: slice, edit: Edit, driven: list[int]) -> None:
    """Make one of the journeys that are for the most part in the span."""
    inside = [
        number
        for number in range(near.start, near.stop)
        if 2 * _inside(edit, drafts[number]) > drafts[number].length
    ]
    if len(inside) < 2:
        return
    parts = drafts[inside[0] : inside[-1] + 1]
    if not is_about(edit, parts[0].start, parts[-1].end):
        return
    journeys = [each.journey for each in parts]
    if merge_problem(journeys, driven):
        return
    drafts[inside[0] : inside[-1] + 1] = [_merged(parts, edit.id)]


def _inside(edit: Edit, draft: _Draft) -> int:
    end = edit.start + _length(edit.start, edit.end)
    return min(end, draft.start + draft.length) - max(edit.start, draft.start)


def merge_problem(journeys: Sequence[Journey], driven: Sequence[int]) -> str | None:
    """Return why journeys of one kind that follow each other cannot become one.

    ``driven`` are the sorted starts of the trips of that time.
    """
    first, last = journeys[0], journeys[-1]
    if isinstance(first, Parked):
        return "time parked ends where a trip begins: merge the trips beside it instead"
    if isinstance(first, Charge):
        number = bisect_left(driven, first.end.time)
        if number < len(driven) and driven[number] < last.start.time:
            return "the vehicle drove between these charges"
    return None


def _merged(parts: Sequence[_Draft], edit_id: int) -> _Draft:
    journeys = [each.journey for each in parts]
    trips = [each for each in journeys if isinstance(each, Trip)]
    charges = [each for each in journeys if isinstance(each, Charge)]
    purposes = {each.purpose for each in parts}
    costs = [each.cost for each in parts]
    return _Draft(
        journey=merged_trips(trips) if trips else merged_charges(charges),
        is_rebuilt=True,
        energy=_total(parts, "energy"),
        grid_energy=_total(parts, "grid_energy"),
        cost=sum((each or Decimal(0) for each in costs), Decimal(0)) if None not in costs else None,
        note=NOTE_SEPARATOR.join(dict.fromkeys(each.note for each in parts if each.note)),
        purpose=purposes.pop() if len(purposes) == 1 else None,
        edits=_ids([number for each in parts for number in each.edits] + [edit_id]),
    )


def _total(parts: Sequence[_Draft], name: str) -> float | None:
    """Return what the owner says of journeys that become one, if they say it of any of them."""
    if all(getattr(each, name) is None for each in parts):
        return None
    energies: list[float | None] = [getattr(each.corrected(), name) for each in parts]
    known = [each for each in energies if each is not None]
    return sum(known) if len(known) == len(energies) else None


def _split(draft: _Draft, edit: Edit, at: int) -> list[_Draft]:
    journey = draft.journey
    pieces: tuple[Journey, Journey]
    if isinstance(journey, Trip):
        pieces = cut_trip(journey, at)
    elif isinstance(journey, Charge):
        pieces = cut_charge(journey, at)
    else:
        return [draft]
    share = _share(journey, pieces[0], ("grid_energy", "energy"))
    first = _scaled(draft.energy, _share(journey, pieces[0], ("energy",)))
    grid = _scaled(draft.grid_energy, _share(journey, pieces[0], ("grid_energy",)))
    cost = None if draft.cost is None else (draft.cost * Decimal(share)).quantize(MILLS)
    edits = _ids([*draft.edits, edit.id])
    return [
        replace(draft, journey=pieces[0], is_rebuilt=True, energy=first, grid_energy=grid,
                cost=cost, edits=edits),
        replace(draft, journey=pieces[1], is_rebuilt=True, energy=_rest(draft.energy, first),
                grid_energy=_rest(draft.grid_energy, grid), cost=_rest_cost(draft.cost, cost),
                edits=edits),
    ]  # fmt: skip


def _share(whole: Journey, first: Journey, names: Iterable[str]) -> float:
    """Return what part of a number the first piece has, else what part of the time."""
    for name in names:
        total, part = getattr(whole, name, None), getattr(first, name, None)
        if total and part is not None:
            return float(min(1.0, max(0.0, part / total)))
    return first.duration / whole.duration


def _scaled(value: float | None, share: float) -> float | None:
    return None if value is None else value * share


def _rest(value: float | None, part: float | None) -> float | None:
    return None if value is None or part is None else value - part


def _rest_cost(value: Decimal | None, part: Decimal | None) -> Decimal | None:
    return None if value is None or part is None else value - part


def _change(draft: _Draft, edit: Edit) -> None:
    for name in edit.clears:
        setattr(draft, name, "" if name == "note" else None)
    for name in ("energy", "grid_energy", "cost", "note", "purpose"):
        if (value := getattr(edit, name)) is not None:
            setattr(draft, name, value)
    draft.edits = _ids([*draft.edits, edit.id])


def _outside(parked: list[_Draft], trips: Iterable[_Draft]) -> list[_Draft]:
    """Return the parked time that is in no trip that was merged or split."""
    for trip in trips:
        if trip.is_rebuilt:
            near = _near(parked, trip.start, trip.end)
            parked[near] = [left for each in parked[near] for left in _beside(each, trip)]
    return parked


def _beside(parked: _Draft, trip: _Draft) -> Iterator[_Draft]:
    """Yield what of a time parked is before a trip, and after it."""
    journey = parked.journey
    if parked.start < trip.start:
        closed = trip.start if journey.closed is None else journey.closed
        yield replace(parked, journey=replace(journey, end=trip.journey.start, closed=closed))
    if parked.end > trip.end:
        yield replace(parked, journey=replace(journey, start=trip.journey.end))


def _ids(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))


def _without(journey: Journey, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(each for each in journey.estimated if each not in {*names})
