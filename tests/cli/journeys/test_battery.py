from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ovms.server.journeys.values import JourneyEnd
from tests.server.journeys.made import NOON, charge, put_journeys

if TYPE_CHECKING:
    from tests.cli.journeys.site import JourneySite

MONTH = 31 * 86400


def fill(site: JourneySite) -> None:
    """Have CAR2 a charge of 30 kWh a month that fills half of its battery."""
    made = []
    for month in range(3):
        start = NOON + month * MONTH
        ends = (JourneyEnd(time=start, soc=30.0), JourneyEnd(time=start + 9000, soc=80.0))
        whole = charge(start, start + 9000, energy=30.0, grid_energy=33.0, soh=96.0)
        made.append(replace(whole, start=ends[0], end=ends[1]))
    put_journeys(site.database, "CAR2", *made)


def test_months(site: JourneySite) -> None:
    """Each month has the capacity that its charges show; a line says what is known in all."""
    fill(site)
    head, *lines, summary = site.good("battery", "CAR2").splitlines()
    columns = head.split("\t")
    rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]
    assert [row["month"] for row in rows] == ["2025-06", "2025-07", "2025-08"]
    assert {(row["capacity kWh"], row["SOH %"], row["charges"]) for row in rows} == {
        ("60.0", "96.0", "1")
    }
    assert summary == "1.5 cycles, 60.0 kWh today, 91 % of the grid's energy got into it"


def test_formats(site: JourneySite) -> None:
    """JSON has all that is known, CSV a line a month."""
    fill(site)
    listed = site.listed("battery", "CAR2", "--since", "2025-07-01")
    assert (listed["capacity"], len(listed["months"])) == (60.0, 2)
    lines = site.good("battery", "CAR2", "--format", "csv").splitlines()
    assert (lines[0][:15], lines[1][:13], len(lines)) == ("month,capacity,", "2025-06,60.0,", 4)


def test_nothing(site: JourneySite) -> None:
    """Without journeys there is nothing, and it is said why."""
    result = site.run("battery", "CAR2")
    assert (result.exit_code, result.stdout) == (0, "nothing\n")
    assert "no journeys yet" in result.stderr
