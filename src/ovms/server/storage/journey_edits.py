"""Corrections of journeys: making them, listing them, taking them back.

Each takes a connection inside a transaction, and shows what changed. What was said of one journey
several times is one correction. Whoever calls checks who may. Raises :class:`NotFound`,
:class:`InvalidValue` and :class:`QuotaReached`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, update

from ovms.protocol.spelling import composed
from ovms.server.journeys.codec import kind_of
from ovms.server.journeys.cutting import may_cut
from ovms.server.journeys.edits import Edit, EditKind
from ovms.server.journeys.shown import merge_problem
from ovms.server.journeys.values import JourneyKind, Purpose
from ovms.server.storage import journeys
from ovms.server.storage.edit_rows import edit_values, read_edits
from ovms.server.storage.errors import InvalidValue, NotFound, QuotaReached
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import journey_edits

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from ovms.server.journeys.shown import ShownJourney
    from ovms.server.storage.journeys import JourneyRow

EDITS_A_VEHICLE: Final = 50_000
"""Corrections of a vehicle: a purpose for each trip of ten years and more."""

MERGE_LIMIT: Final = 100
"""Journeys that become one at once."""

ENERGY_LIMIT: Final = 2000.0
"""kWh that somebody may say of a journey: some fillings of the largest lorry."""

COST_LIMIT: Final = Decimal(1_000_000)
"""In the currency's unit, that somebody may say of a charge."""

COST_DIGITS: Final = 3
"""Behind the point of a cost."""

NOTE_LIMIT: Final = 1000
"""Characters of a note."""

FIELDS: Final[dict[JourneyKind, tuple[str, ...]]] = {
    JourneyKind.TRIP: ("energy", "note", "purpose"),
    JourneyKind.CHARGE: ("energy", "grid_energy", "cost", "note"),
    JourneyKind.PARKED: ("note",),
}
"""What may be changed of each kind."""

_NOT_IN_NOTES: Final = re.compile(
    "[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Controls, and what turns the direction of other text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyChange:
    """What to change of a journey; ``None`` is nothing. See :class:`Edit`."""

    energy: float | None = None
    grid_energy: float | None = None
    cost: Decimal | None = None
    note: str | None = None
    purpose: Purpose | None = None
    clears: Collection[str] = field(default=())
    """Names of the others that are to be as reported again."""


@dataclass(frozen=True, slots=True)
class MadeEdit:
    """A correction, and when it was made: Unix seconds."""

    edit: Edit
    created: float


# -- making ---------------------------------------------------------------------------------


def merge(
    connection: Connection, vehicle_id: str, journey_ids: Collection[int], now: float
) -> JourneyRow:
    """Make one journey of trips, or of charges, that follow each other; return it."""
    ids = {*journey_ids}
    if len(ids) < 2:
        raise InvalidValue("to merge takes two journeys or more")
    if len(ids) > MERGE_LIMIT:
        raise InvalidValue(f"more than {MERGE_LIMIT} journeys are not merged at once")
    found = [journeys.get_journey(connection, vehicle_id, each) for each in sorted(ids)]
    rows = sorted(found, key=lambda row: row.key)
    _check_neighbours(connection, vehicle_id, rows)
    start, end = rows[0].journey.start.time, rows[-1].journey.end.time
    edit = Edit(id=0, kind=EditKind.MERGE, journey_kind=rows[0].kind, start=start, end=end)
    _add(connection, vehicle_id, edit, now)
    return _at(connection, vehicle_id, rows[0].kind, start, end)


def split(
    connection: Connection, vehicle_id: str, journey_id: int, at: int, now: float
) -> tuple[JourneyRow, JourneyRow]:
    """Cut a trip or a charge in two at a time within it, in Unix seconds; return both."""
    row = journeys.get_journey(connection, vehicle_id, journey_id)
    if row.kind is JourneyKind.PARKED:
        raise InvalidValue("time parked is not split: it ends where a trip begins")
    _check_over(row)
    if not may_cut(row.journey, at):
        raise InvalidValue("the time to split at must be after the start and before the end")
    start, end = row.journey.start.time, row.journey.end.time
    edit = Edit(id=0, kind=EditKind.SPLIT, journey_kind=row.kind, start=start, end=end, at=at)
    _add(connection, vehicle_id, edit, now)
    first = _at(connection, vehicle_id, row.kind, start, at)
    return first, _at(connection, vehicle_id, row.kind, at, end)


def change(
    connection: Connection, vehicle_id: str, journey_id: int, what: JourneyChange, now: float
) -> JourneyRow:
    """Change what is said of a journey; return it."""
    row = journeys.get_journey(connection, vehicle_id, journey_id)
    what = _checked(row.kind, what)
    _check_over(row)
    span = row.journey.start.time, row.journey.end.time
    edit = Edit(
        id=0, kind=EditKind.CHANGE, journey_kind=row.kind, start=span[0], end=span[1],
        energy=what.energy, grid_energy=what.grid_energy, cost=what.cost, note=what.note,
        purpose=what.purpose, clears=tuple(sorted({*what.clears})),
    )  # fmt: skip
    mine, below = _said_before(connection, vehicle_id, row)
    for each in reversed(mine):
        edit = _on_top(each, edit)
    clears = tuple(name for name in edit.clears if any(name in each for each in map(_says, below)))
    _put(connection, vehicle_id, mine, replace(edit, clears=clears), now)
    journeys.reshow(connection, vehicle_id, *span)
    return journeys.get_journey(connection, vehicle_id, journey_id)


def undo(connection: Connection, vehicle_id: str, edit_id: int) -> Edit:
    """Take a correction back; return it.

    What was corrected later of the journeys that it merged or split goes before it.
    """
    edits = read_edits(connection, vehicle_id)
    edit = next((each for each in edits if each.id == edit_id), None)
    if edit is None:
        raise NotFound(f"there is no correction {edit_id} of {vehicle_key(vehicle_id)}")
    if edit.kind is not EditKind.CHANGE:
        later = [str(each.id) for each in edits if each.id > edit.id and _overlap(each, edit)]
        if later:
            raise InvalidValue(
                f"what was corrected later builds on it: undo {', '.join(reversed(later))} first"
            )
    connection.execute(delete(journey_edits).where(journey_edits.c.id == edit.id))
    journeys.reshow(connection, vehicle_id, edit.start, edit.end)
    return edit


# -- listing --------------------------------------------------------------------------------


def list_edits(
    connection: Connection, vehicle_id: str, journey_id: int | None = None
) -> list[MadeEdit]:
    """Return the corrections of a vehicle, in the order in which they count.

    With a journey it is those that count in it; without, also those whose journeys are gone.
    """
    edits = read_edits(connection, vehicle_id)
    if journey_id is not None:
        row = journeys.get_journey(connection, vehicle_id, journey_id)
        ids = _as_shown(connection, vehicle_id, row).edits
        edits = [each for each in edits if each.id in ids]
    e = journey_edits.c
    query = select(e.id, e.created).where(e.vehicle_id == vehicle_key(vehicle_id))
    created = {row.id: row.created for row in connection.execute(query)}
    return [MadeEdit(each, created[each.id]) for each in edits]


# -- checks ---------------------------------------------------------------------------------


def _check_neighbours(connection: Connection, vehicle_id: str, rows: Sequence[JourneyRow]) -> None:
    """Raise :class:`InvalidValue` unless they can become one."""
    kind = rows[0].kind
    other = next((row.kind for row in rows if row.kind is not kind), None)
    if other is not None:
        raise InvalidValue(f"a {kind.value} and a {other.value} cannot be merged")
    for row in rows:
        _check_over(row)
    start, end = rows[0].journey.start.time, rows[-1].journey.end.time
    between, _ = journeys.list_journeys(
        connection, vehicle_id, kinds=[kind], since=start, until=end, limit=2 * MERGE_LIMIT
    )
    ids = {row.id for row in rows}
    left_out = [row for row in between if row.id not in ids]
    if left_out and kind is not JourneyKind.PARKED:
        raise InvalidValue(f"{kind.value} {left_out[0].id} lies between: merge it as well")
    trips = journeys.raw_of(connection, vehicle_id, JourneyKind.TRIP, start, end)
    driven = [each.start.time for each in trips]
    if problem := merge_problem([row.journey for row in rows], driven):
        raise InvalidValue(problem)


def _check_over(row: JourneyRow) -> None:
    if row.journey.is_open:
        raise InvalidValue(f"{row.kind.value} {row.id} still goes on: correct it once it is over")


def _checked(kind: JourneyKind, what: JourneyChange) -> JourneyChange:
    """Return a change whose note is as it is stored. Raises :class:`InvalidValue`."""
    said = {
        name
        for name in FIELDS[JourneyKind.CHARGE] + ("purpose",)
        if getattr(what, name) is not None
    }
    clears = {*what.clears}
    if not said and not clears:
        raise InvalidValue("nothing is to be changed")
    if both := said & clears:
        raise InvalidValue(f"{min(both)} cannot be changed and cleared at once")
    if unknown := (said | clears) - {*FIELDS[kind]}:
        names = " and ".join(FIELDS[kind])
        raise InvalidValue(f"{min(unknown)} of a {kind.value} cannot be changed, only {names}")
    for name in ("energy", "grid_energy"):
        _check_energy(name, getattr(what, name))
    if what.cost is not None:
        _check_cost(what.cost)
    note = None if what.note is None else _note(what.note)
    # An empty note is no note: the same as to clear it.
    return replace(what, note=note or None, clears=clears | {"note"} if note == "" else clears)


def _check_energy(name: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and 0 <= value <= ENERGY_LIMIT):
        raise InvalidValue(f"{name} must be from 0 to {ENERGY_LIMIT:g} kWh")


def _check_cost(cost: Decimal) -> None:
    if not (cost.is_finite() and 0 <= cost <= COST_LIMIT):
        raise InvalidValue(f"a cost must be from 0 to {COST_LIMIT}")
    if cost != round(cost, COST_DIGITS):
        raise InvalidValue(f"a cost has at most {COST_DIGITS} digits behind the point")


def _note(text: str) -> str:
    note = composed(text.replace("\r\n", "\n")).strip()
    if len(note) > NOTE_LIMIT:
        raise InvalidValue(f"the note is longer than {NOTE_LIMIT} characters")
    if _NOT_IN_NOTES.search(note):
        raise InvalidValue("the note holds a character that is no text")
    return note


# -- rows -----------------------------------------------------------------------------------


def _add(connection: Connection, vehicle_id: str, edit: Edit, now: float) -> None:
    _insert(connection, vehicle_id, edit, now)
    journeys.reshow(connection, vehicle_id, edit.start, edit.end)


def _insert(connection: Connection, vehicle_id: str, edit: Edit, now: float) -> None:
    vehicle_id = vehicle_key(vehicle_id)
    which = journey_edits.c.vehicle_id == vehicle_id
    count = connection.scalar(select(func.count()).select_from(journey_edits).where(which)) or 0
    if count >= EDITS_A_VEHICLE:
        raise QuotaReached(f"vehicle {vehicle_id} has {EDITS_A_VEHICLE} corrections already")
    values = {"vehicle_id": vehicle_id, "created": now, **edit_values(edit)}
    connection.execute(insert(journey_edits).values(values))


def _put(
    connection: Connection, vehicle_id: str, before: Sequence[Edit], edit: Edit, now: float
) -> None:
    """Store a change instead of those before it; one that says nothing is none."""
    is_needed = bool(_says(edit) or edit.clears)
    kept = before[-1].id if before and is_needed else None
    gone = [each.id for each in before if each.id != kept]
    connection.execute(delete(journey_edits).where(journey_edits.c.id.in_(gone)))
    if kept is not None:
        row = update(journey_edits).where(journey_edits.c.id == kept)
        connection.execute(row.values(created=now, **edit_values(edit)))
    elif is_needed:
        _insert(connection, vehicle_id, edit, now)


def _at(
    connection: Connection, vehicle_id: str, kind: JourneyKind, start: int, end: int
) -> JourneyRow:
    """Return what a correction has made of a span."""
    rows, _ = journeys.list_journeys(
        connection, vehicle_id, kinds=[kind], since=start, until=max(end, start + 1), limit=10
    )
    spans = [(row.journey.start.time, row.journey.end.time) for row in rows]
    if (start, end) not in spans:
        raise InvalidValue("these journeys overlap others, and stay as they are")
    return rows[spans.index((start, end))]


def _as_shown(connection: Connection, vehicle_id: str, row: JourneyRow) -> ShownJourney:
    start, end = row.journey.start.time, row.journey.end.time
    around = journeys.shown_around(connection, vehicle_id, start, end)
    for each in around:
        journey = each.journey
        if kind_of(journey) is row.kind and (journey.start.time, journey.end.time) == (start, end):
            return each
    raise NotFound(f"{row.kind.value} {row.id} has just changed")


def _said_before(
    connection: Connection, vehicle_id: str, row: JourneyRow
) -> tuple[list[Edit], list[Edit]]:
    """Return the changes of this journey, and those of what it was merged of or split from."""
    ids = _as_shown(connection, vehicle_id, row).edits
    start, end = row.journey.start.time, row.journey.end.time
    found = [each for each in read_edits(connection, vehicle_id, start, end) if each.id in ids]
    last = max((each.id for each in found if each.kind is not EditKind.CHANGE), default=0)
    changes = [each for each in found if each.kind is EditKind.CHANGE]
    return [each for each in changes if each.id > last], [
        each for each in changes if each.id < last
    ]


def _says(edit: Edit) -> set[str]:
    """Return the names of what a change says; an empty note takes one away."""
    names = {
        name
        for name in ("energy", "grid_energy", "cost", "purpose")
        if getattr(edit, name) is not None
    }
    return names | {"note"} if edit.note else names


def _on_top(below: Edit, edit: Edit) -> Edit:
    """Return what two changes of one journey say together."""
    values = {
        name: getattr(edit, name) if getattr(edit, name) is not None else getattr(below, name)
        for name in ("energy", "grid_energy", "cost", "note", "purpose")
        if name not in edit.clears
    }
    said = {name for name, value in values.items() if getattr(edit, name) is not None}
    return replace(edit, **values, clears=tuple(sorted({*edit.clears, *below.clears} - said)))


def _overlap(one: Edit, other: Edit) -> bool:
    return (
        one.journey_kind is other.journey_kind
        and one.start < max(other.end, other.start + 1)
        and other.start < max(one.end, one.start + 1)
    )
