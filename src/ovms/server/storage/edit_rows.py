"""Corrections of journeys as rows, and back. Each takes a connection inside a transaction."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import bindparam, select

from ovms.server.journeys.edits import Edit, EditKind
from ovms.server.journeys.values import JourneyKind, Purpose
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import journey_edits

if TYPE_CHECKING:
    from sqlalchemy import Connection

FIRST_TIME: Final = -(2**62)
LAST_TIME: Final = 2**62

e: Final = journey_edits.c

# Made once: it is asked with each writing of a journey, and to make it takes longer than to run it.
_EDITS: Final = (
    select(e.id, e.kind, e.journey_kind, e.start, e.end, e.data)
    .where(
        e.vehicle_id == bindparam("vehicle"),
        e.end >= bindparam("first"),
        e.start <= bindparam("last"),
    )
    .order_by(e.id)
)


class EditContent(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What a row's JSON says."""

    at: int | None = None
    energy: float | None = None
    grid_energy: float | None = None
    cost: Decimal | None = None
    note: str | None = None
    purpose: Purpose | None = None
    clears: tuple[str, ...] = ()


def read_edits(
    connection: Connection, vehicle_id: str, start: int | None = None, end: int | None = None
) -> list[Edit]:
    """Return the corrections of a vehicle's journeys whose span shares a moment with another one.

    They are in the order in which they count. Without a span it is all of them.
    """
    span = {
        "vehicle": vehicle_key(vehicle_id),
        "first": FIRST_TIME if start is None else start,
        "last": LAST_TIME if end is None else end,
    }
    return [_edit(row) for row in connection.execute(_EDITS, span)]


def edit_values(edit: Edit) -> dict[str, Any]:
    """Return the columns of a correction, all but its id, its vehicle and when it was made."""
    content = EditContent(
        at=edit.at,
        energy=edit.energy,
        grid_energy=edit.grid_energy,
        cost=edit.cost,
        note=edit.note,
        purpose=edit.purpose,
        clears=edit.clears,
    )
    return {
        "kind": edit.kind.value,
        "journey_kind": edit.journey_kind.value,
        "start": edit.start,
        "end": edit.end,
        "data": msgspec.json.encode(content).decode(),
    }


def _edit(row: Any) -> Edit:
    content = msgspec.json.decode(row.data, type=EditContent)
    return Edit(
        id=row.id,
        kind=EditKind(row.kind),
        journey_kind=JourneyKind(row.journey_kind),
        start=row.start,
        end=row.end,
        at=content.at,
        energy=content.energy,
        grid_energy=content.grid_energy,
        cost=content.cost,
        note=content.note,
        purpose=content.purpose,
        clears=content.clears,
    )
