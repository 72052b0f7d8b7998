"""Journeys that only grow: what is stored of many vehicles by four statements.

A car that drives or stands has the same journeys each few minutes, a little longer. To replace them
costs five milliseconds a vehicle, most of it in the making of statements; these are made once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, or_, select, update

from ovms.server.journeys.codec import encode_journey, kind_of
from ovms.server.journeys.values import JourneyKind
from ovms.server.storage.edit_rows import read_edits
from ovms.server.storage.journey_context import journey_context
from ovms.server.storage.journey_rows import growing_values
from ovms.server.storage.schema import journey_progress, journeys, raw_journeys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

    from ovms.server.storage.journey_fold import Folded, VehicleFold


class OpenRow(NamedTuple):
    """The rows of a journey that goes on."""

    raw_id: int
    id: int
    has_start: bool
    """It is known where it began; otherwise that may become known yet."""


OpenRows = dict[tuple[str, int], OpenRow]
"""The rows of a vehicle's journeys that go on, by kind and start."""

r = raw_journeys.c
j = journeys.c
p = journey_progress.c

_GROWN: Final = ("end", "end_latitude", "end_longitude", "certainty", "data", "distance", "energy",
                 "energy_used", "energy_recovered", "grid_energy", "moving_time")  # fmt: skip


def _growing(table: Table, names: Sequence[str], *where: Any) -> Any:
    return update(table).where(*where).values({each: bindparam(f"new_{each}") for each in names})


_NOT_OVER: Final = select(r.id, r.kind, r.start, r.closed).where(
    r.vehicle_id == bindparam("vehicle"), or_(r.closed.is_(None), r.closed > bindparam("after"))
)
_GOING_ON: Final = select(j.kind, j.start, j.id, j.start_latitude).where(
    j.vehicle_id == bindparam("vehicle"), j.is_open.is_(True), j.start >= bindparam("first")
)
_RAW: Final = _growing(
    raw_journeys,
    ("end", "data"),
    r.id == bindparam("row"),
    r.start == bindparam("began"),
    r.kind == bindparam("of_kind"),
    r.closed.is_(None),
)
_SHOWN: Final = _growing(
    journeys,
    _GROWN,
    j.id == bindparam("row"),
    j.start == bindparam("began"),
    j.kind == bindparam("of_kind"),
    j.is_open.is_(True),
)
_PROGRESS: Final = _growing(
    journey_progress,
    ("seen_id",),
    p.vehicle_id == bindparam("vehicle"),
    p.version == bindparam("known"),
)


def open_rows(connection: Connection, vehicle_id: str, after: int) -> OpenRows | None:
    """Return the rows of a vehicle's journeys that go on, to let them grow.

    ``None`` while more than growth may be due: a journey that was over after ``after`` may not be
    yet, a correction may be about what goes on, a charge may have a price.
    """
    raws = connection.execute(_NOT_OVER, {"vehicle": vehicle_id, "after": after}).all()
    if not raws or any(each.closed is not None for each in raws):
        return None
    start = min(each.start for each in raws)
    if read_edits(connection, vehicle_id, start):
        return None
    has_charge = any(each.kind == JourneyKind.CHARGE.value for each in raws)
    if has_charge and journey_context(connection, vehicle_id).has_prices:
        return None
    going = connection.execute(_GOING_ON, {"vehicle": vehicle_id, "first": start})
    shown = {(kind, begin): (id_, latitude is not None) for kind, begin, id_, latitude in going}
    found = {(each.kind, each.start): each.id for each in raws}
    if found.keys() != shown.keys():
        return None
    return {key: OpenRow(raw_id, *shown[key]) for key, raw_id in found.items()}


def only_grew(rows: OpenRows | None, folded: Folded) -> bool:
    """Return whether a vehicle has the journeys of before, and no others."""
    if rows is None or folded.closed or folded.checkpoints:
        return False
    now = {
        (kind_of(each).value, each.start.time): each.start.position is not None
        for each in folded.ongoing
    }
    return now == {key: row.has_start for key, row in rows.items()}


def store_grown(
    connection: Connection, grown: Sequence[tuple[VehicleFold, Folded, OpenRows]]
) -> bool:
    """Store journeys that :func:`only_grew`.

    Return whether all rows were as they are known: if not, nothing must be kept of it.
    """
    raw, shown, progress = [], [], []
    for fold, folded, rows in grown:
        for journey in folded.ongoing:
            kind, begun = kind_of(journey).value, journey.start.time
            key = {"of_kind": kind, "began": begun}
            row = rows[kind, begun]
            data = {"new_end": journey.end.time, "new_data": encode_journey(journey)}
            raw.append({"row": row.raw_id, **key, **data})
            values = {f"new_{name}": value for name, value in growing_values(journey).items()}
            shown.append({"row": row.id, **key, **values})
        seen = {"vehicle": fold.vehicle_id, "known": fold.version, "new_seen_id": fold.seen_id}
        progress.append(seen)
    return all(
        connection.execute(statement, parameters).rowcount == len(parameters)
        for statement, parameters in ((_RAW, raw), (_SHOWN, shown), (_PROGRESS, progress))
    )
