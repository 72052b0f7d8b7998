from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.audit import AuditFilter, list_audit
from tests.server.journeys.made import NOON, put_journeys, trip

if TYPE_CHECKING:
    from tests.cli.journeys.site import JourneySite


def test_edit(site: JourneySite) -> None:
    """What is said of a journey is changed, shown, and taken back."""
    made = site.good("edit", "car1", "1", "--note", "to the sea", "--purpose", "business")
    assert made == "changed: trip 1, 2025-06-15 15:06 to 15:36\n"
    row = site.table("trips", "CAR1")[0]
    assert (row["note"], row["purpose"], row["~"]) == ("to the sea", "business", "")
    site.good("edit", "CAR1", "1", "--energy", "3")
    row = site.table("trips", "CAR1")[0]
    assert (row["kWh"], row["~"]) == ("3.0", "*")
    (edit,) = site.table("edits", "CAR1")
    assert (edit["what"], edit["of"], edit["to"]) == (
        "change", "trip", "energy 3.0, purpose business, note to the sea",
    )  # fmt: skip
    site.good("edit", "CAR1", "1", "--note", "-", "--energy", "-")
    row = site.table("trips", "CAR1")[0]
    assert (row["note"], row["purpose"], row["kWh"]) == ("", "business", "2.0")
    assert site.good("undo", "CAR1", edit["number"]) == "undone: change of a trip\n"
    assert site.table("edits", "CAR1") == []
    assert site.table("trips", "CAR1")[0]["purpose"] == ""
    with site.database.reading() as connection:
        actions = [entry.action for entry, _ in list_audit(connection, AuditFilter(), limit=9)]
    assert actions == ["journey.undo", *["journey.change"] * 3]


def test_cost(site: JourneySite) -> None:
    """What a charge cost is as its owner says."""
    (charge,) = site.table("charges", "CAR1")
    site.good("edit", "CAR1", charge["id"], "--cost", "12.345", "--grid-energy", "8")
    row = site.table("charges", "CAR1")[0]
    assert (row["cost"], row["grid kWh"]) == ("12.345 EUR", "8.0")


def test_merge_and_split(site: JourneySite) -> None:
    """Trips become one, and one becomes two."""
    put_journeys(site.database, "CAR2", trip(NOON, NOON + 1800), trip(NOON + 2400, NOON + 4200))
    first, second = (row["id"] for row in site.table("trips", "CAR2"))
    made = site.good("merge", "CAR2", first, second)
    assert made == f"merged: trip {first}, 2025-06-15 15:06 to 16:16\n"
    assert [row["km"] for row in site.table("trips", "CAR2")] == ["20.0"]
    (edit,) = site.table("edits", "CAR2")
    site.good("undo", "CAR2", edit["number"])
    assert len(site.table("trips", "CAR2")) == 2
    first = site.table("trips", "CAR2")[0]["id"]
    site.good("split", "CAR2", first, "--at", "2025-06-15 15:20")
    assert [row["time"] for row in site.table("trips", "CAR2")] == ["0:13", "0:16", "0:30"]
    assert site.table("edits", "CAR2")[0]["to"] == "at 15:20:00"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("edit", "CAR1", "1"), "say what to change"),
        (("edit", "CAR1", "1", "--energy", "much"), "is no number"),
        (("edit", "CAR1", "1", "--cost", "much"), "is no amount"),
        (("split", "CAR1", "1", "--at", "noon"), "is no time"),
    ],
)
def test_wrong_usage(site: JourneySite, arguments: tuple[str, ...], text: str) -> None:
    """What cannot be meant is refused."""
    assert text in site.refused(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("edit", "CAR1", "1", "--cost", "5"), ("edit", "CAR1", "1", "--energy", "nan"),
        ("edit", "CAR1", "9", "--note", "x"), ("edit", "CAR1", "2", "--note", "x"),
        ("merge", "CAR1", "1"), ("merge", "CAR1", "1", "3"), ("split", "CAR1", "1", "--at", "1d"),
        ("undo", "CAR1", "7"),
    ],
)  # fmt: skip
def test_what_is_refused(site: JourneySite, arguments: tuple[str, ...]) -> None:
    """What cannot be corrected fails with one line."""
    assert site.failed(*arguments).count("\n") == 1
    assert site.table("edits", "CAR1") == []
