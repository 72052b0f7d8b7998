"""Three states of the same things: as they were taken, as they are there, as they are here.

What changed there alone is taken; what changed here alone stays. What changed on both sides stays
as it is here, and is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ovms.server.storage.moved import Fields, TakenRows

if TYPE_CHECKING:
    from ovms.server.migrate.report import KindReport

Adopts = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any] | None]
"""Of something that was never taken, but is on both sides, there and here: as what it was taken
then, or ``None`` if it is something else of the same name."""


@dataclass(slots=True)
class Merged:
    """What is to be done, by key; ``taken`` is what was taken then."""

    added: TakenRows = field(default_factory=dict)
    changed: TakenRows = field(default_factory=dict)
    """The fields to change."""
    removed: list[str] = field(default_factory=list)
    taken: TakenRows = field(default_factory=dict)


def adopt_equal(there: Mapping[str, Any], here: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Adopt what is the same on both sides."""
    return there if all(here[name] == value for name, value in there.items()) else None


def merge(
    taken: Mapping[str, Fields],
    there: Mapping[str, Fields],
    here: Mapping[str, Fields],
    report: KindReport,
    adopts: Adopts = adopt_equal,
    name_of: Callable[[str], str] = str,
) -> Merged:
    """Return what is to be done here, and tell the report of what is not.

    ``taken`` may have more fields than ``there``, which stay.
    """
    merged = Merged()
    for key, fields in there.items():
        before, now = taken.get(key), here.get(key)
        if before is None and now is not None:
            adopted = adopts(fields, now)
            if adopted is None:
                report.leave(name_of(key), "there is another one of this name here")
                continue
            before = dict(adopted)
        if before is None:
            merged.added[key], merged.taken[key] = dict(fields), dict(fields)
            continue
        merged.taken[key] = {**before, **fields}
        if now is None:
            _tell_removed_here(before, fields, report, name_of(key))
        else:
            _merge_fields(key, before, fields, now, merged, report, name_of(key))
    for key in taken.keys() - there.keys():
        if key in here:
            _merge_removed(key, taken[key], here[key], merged, report, name_of(key))
    return merged


def _tell_removed_here(before: Fields, fields: Fields, report: KindReport, name: str) -> None:
    if _differing(before, fields):
        report.leave(name, "it changed there, and was removed here")
    else:
        report.leave_many("removed here")


def _merge_fields(
    key: str,
    before: Fields,
    fields: Fields,
    now: Fields,
    merged: Merged,
    report: KindReport,
    name: str,
) -> None:
    changes: Fields = {}
    for each in _differing(before, fields):
        if now[each] == before.get(each):
            changes[each] = fields[each]
        elif now[each] != fields[each]:
            report.keep(name, f"its {each} changed there and here")
    if changes:
        merged.changed[key] = changes
    else:
        report.unchanged += 1


def _merge_removed(
    key: str, before: Fields, now: Fields, merged: Merged, report: KindReport, name: str
) -> None:
    changed = [each for each in now if each in before and now[each] != before[each]]
    if changed:
        report.keep(name, f"it was removed there, and its {changed[0]} changed here")
    else:
        merged.removed.append(key)


def _differing(before: Fields, fields: Fields) -> list[str]:
    return [name for name, value in fields.items() if before.get(name) != value]
