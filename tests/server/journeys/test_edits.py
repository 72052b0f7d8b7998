"""Corrections: what is not changed stays unknown to them."""

from __future__ import annotations

from ovms.server.journeys.edits import Edit, EditKind
from ovms.server.journeys.values import JourneyKind


def test_a_change_says_only_what_it_changes() -> None:
    """An empty note is a change, no note is none."""
    edit = Edit(id=1, kind=EditKind.CHANGE, journey_kind=JourneyKind.TRIP, start=1, end=2, note="")
    assert edit.note == ""
    assert (edit.energy, edit.cost, edit.purpose, edit.clears) == (None, None, None, ())
