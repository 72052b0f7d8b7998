from __future__ import annotations

from typing import Any

import pytest

from ovms.server.migrate.merging import Merged, adopt_equal, merge
from ovms.server.migrate.report import KindReport, MovedKind


def run(taken: Any, there: Any, here: Any, adopts: Any = None) -> tuple[Merged, KindReport]:
    """Merge things that have a name each; ``None`` is one that is not there."""
    report = KindReport(MovedKind.VEHICLES, [])
    first, second, third = ({} if each is None else {"X": each} for each in (taken, there, here))
    return merge(first, second, third, report, adopts or adopt_equal), report


OLD, NEW, OURS = {"name": "old"}, {"name": "new"}, {"name": "ours"}


def test_new() -> None:
    """What is only there is added."""
    merged, report = run(None, NEW, None)
    assert (merged.added, merged.changed, merged.removed) == ({"X": NEW}, {}, [])
    assert merged.taken == {"X": NEW}
    assert merged.added["X"] is not merged.taken["X"]
    assert report.notes == []


def test_same() -> None:
    """What did not change there is left as it is here, whatever that is."""
    for here in (OLD, OURS):
        merged, report = run(OLD, OLD, here)
        assert (merged.added, merged.changed, merged.removed) == ({}, {}, [])
        assert (report.unchanged, report.notes) == (1, [])


def test_changed_there() -> None:
    """What changed there alone is changed here; what else is remembered stays."""
    merged, report = run({**OLD, "id": 5}, NEW, OLD)
    assert merged.changed == {"X": NEW}
    assert merged.taken == {"X": {"name": "new", "id": 5}}
    assert report.notes == []


def test_changed_on_both_sides() -> None:
    """What changed on both sides stays, and is told once; the same change is none."""
    merged, report = run(OLD, NEW, OURS)
    assert merged.changed == {}
    [note] = report.notes
    assert (note.name, note.reason) == ("X", "its name changed there and here")
    again, silent = run(merged.taken["X"], NEW, OURS)
    assert (again.changed, silent.notes) == ({}, [])
    assert run(OLD, NEW, NEW)[1].notes == []


def test_fields_are_merged_one_by_one() -> None:
    """A change there of one thing is taken beside a change here of another."""
    there, here = {"name": "old", "secret": "new"}, {"name": "ours", "secret": "old"}
    merged, report = run({"name": "old", "secret": "old"}, there, here)
    assert merged.changed == {"X": {"secret": "new"}}
    assert report.notes == []


def test_a_field_that_was_not_known() -> None:
    """A field that a newer version takes counts as changed here."""
    merged, report = run({}, NEW, OURS)
    assert merged.changed == {}
    assert [each.reason for each in report.notes] == ["its name changed there and here"]


def test_removed_here() -> None:
    """What was removed here does not come back; that it changed there is told."""
    merged, report = run(OLD, OLD, None)
    assert (merged.added, merged.taken, report.notes) == ({}, {"X": OLD}, [])
    assert report.reasons == {"removed here": 1}
    merged, report = run(OLD, NEW, None)
    assert (merged.added, merged.taken) == ({}, {"X": NEW})
    assert [each.reason for each in report.notes] == ["it changed there, and was removed here"]


def test_removed_there() -> None:
    """What was removed there goes, unless it changed here; then it is told."""
    merged, report = run({**OLD, "id": 3}, None, OLD)
    assert (merged.removed, merged.taken, report.notes) == (["X"], {}, [])
    merged, report = run(OLD, None, OURS)
    assert (merged.removed, merged.taken) == ([], {})
    assert [each.reason for each in report.notes] == [
        "it was removed there, and its name changed here"
    ]
    merged, report = run(OLD, None, None)
    assert (merged.removed, merged.taken, report.notes) == ([], {}, [])


def test_one_of_the_same_name() -> None:
    """What is here already stays: the same is adopted, another one is told."""
    merged, report = run(None, OLD, OLD)
    assert (merged.added, merged.taken, report.unchanged) == ({}, {"X": OLD}, 1)
    merged, report = run(None, NEW, OURS)
    assert (merged.added, merged.changed, merged.taken, report.left) == ({}, {}, {}, 1)
    assert [each.reason for each in report.notes] == ["there is another one of this name here"]


@pytest.mark.parametrize(("base", "changed"), [(OURS, {"X": NEW}), (NEW, {})])
def test_adopting(base: Any, changed: Any) -> None:
    """Whoever knows better says as what it was taken."""
    merged, report = run(None, NEW, OURS, lambda there, here: base)
    assert merged.changed == changed
    assert merged.taken == {"X": NEW}
    assert report.notes == []
