"""Journeys of the database as exports take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.journeys.exports.rows import ExportRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ovms.server.storage.journeys import JourneyRow


def export_row(row: JourneyRow, names: Mapping[int, str]) -> ExportRow:
    """Return a journey with the names of its places, of those that are given.

    The caller has taken out of the row what its reader may not see.
    """
    start, end = row.start_place, row.end_place
    return ExportRow(
        id=row.id,
        journey=row.journey,
        start_place=None if start is None else names.get(start),
        end_place=None if end is None else names.get(end),
        cost=row.cost,
        currency=row.currency,
        purpose=row.purpose,
        note=row.note,
        is_edited=row.is_edited,
    )
