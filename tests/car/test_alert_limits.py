from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from ovms.car.alert_limits import DEFAULTS, TABLES, changed_limits, known_limits

DOCS = Path(__file__).parents[2] / "docs" / "alerts.md"

Problems = list[tuple[str, str]]


def changed(**written: object) -> tuple[object, Problems]:
    """Return limits with those that are written, and what is wrong with them."""
    problems = Problems()

    def report(path: tuple[str | int, ...], problem: str) -> None:
        problems.append((".".join(map(str, path)), problem))

    return changed_limits(DEFAULTS, written, report), problems


def test_what_is_written_counts() -> None:
    """Other limits stay as they are, and a whole number is one, too."""
    limits = changed_limits(DEFAULTS, {"charge": {"ends": 90}, "soc": {}}, lambda *_: None)
    assert (limits.charge.ends, limits.charge.begins) == (90.0, DEFAULTS.charge.begins)
    assert (limits.soc, limits.moved) == (DEFAULTS.soc, DEFAULTS.moved)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"tyres": {}}, ("tyres", "no alert 'tyres': there are charge, trip,")),
        ({"charge": 5}, ("charge", "charge should be a table")),
        ({"charge": {"end": 5}}, ("charge.end", "no key 'end': there are begins, ends")),
        ({"charge": {"ends": "5"}}, ("charge.ends", "ends is a number")),
        ({"charge": {"ends": True}}, ("charge.ends", "ends is a number")),
        ({"charge": {"ends": -1}}, ("charge.ends", "ends: 0 to 86400 s")),
        ({"charge": {"ends": float("nan")}}, ("charge.ends", "ends: 0 to 86400 s")),
        ({"moved": {"readings": 101}}, ("moved.readings", "readings: 0 to 100")),
    ],
)
def test_mistakes(written: dict[str, object], problem: tuple[str, str]) -> None:
    """Each is told at its place, and the others count."""
    limits, problems = changed(**{"valet": {"distance": 3}, **written})
    ((where, text),) = problems
    assert where == problem[0]
    assert text.startswith(problem[1])
    assert limits.valet.distance == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize("table", TABLES)
def test_the_page_has_every_limit(table: str) -> None:
    """docs/alerts.md lists each with its default and its unit, and no other."""
    rows = re.findall(
        rf"^\| `{table}` \| `(\w+)` \| ([\d.]+) ?(\S*) \|", DOCS.read_text("utf-8"), re.MULTILINE
    )
    ours = getattr(DEFAULTS, table)
    known = known_limits(table)
    assert [(key, float(value), unit) for key, value, unit in rows] == [
        (each.name, getattr(ours, each.name), known[each.name].unit) for each in fields(ours)
    ]
