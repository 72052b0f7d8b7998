from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.journeys.made import NOON, charge, put_journeys, trip

if TYPE_CHECKING:
    from tests.cli.journeys.site import JourneySite


def test_months(site: JourneySite) -> None:
    """A month has its trips, charges and costs."""
    site.good("places", "tariff", "Home", "--price", "0.30")
    (row,) = site.table("sums", "CAR1")
    assert row == {
        "month": "2025-06", "trips": "2", "km": "20.0", "kWh": "4.0", "kWh/100 km": "20.0",
        "hours": "0:50", "business km": "", "private km": "", "charges": "1", "kWh charged": "6.3",
        "at home": "6.3", "away": "", "elsewhere": "", "from grid": "7.0", "cost": "2.10 EUR",
    }  # fmt: skip
    (listed,) = site.listed("sums", "CAR1")
    assert (listed["month"], listed["distance"], listed["costs"]) == (
        "2025-06", 20.0, {"EUR": "2.100"},
    )  # fmt: skip
    head, line = site.good("sums", "CAR1", "--format", "csv").splitlines()
    assert head.startswith("month,trips,distance,energy,")
    assert line.endswith(",7.0,2.100 EUR")


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("day", ["2025-06-15", "2025-06-16"]), ("week", ["2025-W24", "2025-W25"]),
        ("year", ["2025"]), ("place", ["elsewhere", "Home"]), ("all", ["all"]),
    ],
)  # fmt: skip
def test_by(site: JourneySite, by: str, keys: list[str]) -> None:
    """Journeys are summed up by days, weeks, years, places and all together."""
    assert [row[by] for row in site.table("sums", "CAR1", "--by", by)] == keys


def test_spans(site: JourneySite) -> None:
    """Days and a place say what counts."""
    assert site.table("sums", "CAR1", "--since", "2025-06-16", "--by", "all")[0]["trips"] == "1"
    assert site.table("sums", "CAR1", "--until", "2025-06-16", "--by", "all")[0]["trips"] == "1"
    (row,) = site.table("sums", "CAR1", "--place", "home")
    assert (row["trips"], row["charges"]) == ("0", "1")
    assert "bob has no place" in site.failed("sums", "CAR1", "--place", "pub")
    assert "is no time" in site.refused("sums", "CAR1", "--since", "May")


def test_what_is_lacking(site: JourneySite) -> None:
    """A sum that some journeys lack is marked; one that all lack is empty."""
    put_journeys(
        site.database, "CAR2",
        trip(NOON, NOON + 60), trip(NOON + 3600, NOON + 3660, distance=None, energy_used=None),
        charge(NOON + 7200, NOON + 7300, energy=None, grid_energy=None),
    )  # fmt: skip
    (row,) = site.table("sums", "CAR2", "--units", "mi")
    assert (row["mi"], row["kWh"], row["kWh charged"], row["cost"]) == ("6.2+", "2.0+", "", "")


def test_nothing(site: JourneySite) -> None:
    """Without journeys there is nothing, and it is said why."""
    result = site.run("sums", "CAR2")
    assert (result.exit_code, result.stdout) == (0, "nothing\n")
    assert "no journeys yet" in result.stderr
