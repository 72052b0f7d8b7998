from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.storage.audit import AuditFilter, list_audit

if TYPE_CHECKING:
    from tests.cli.journeys.site import JourneySite


def rules(site: JourneySite, *arguments: str) -> dict[str, Any]:
    """Change what is told of CAR1; return all rules."""
    found: dict[str, Any] = json.loads(site.good("alerts", "car1", "--json", *arguments))
    return found


def test_shown(site: JourneySite) -> None:
    """Without options it is shown what is told, and nothing changes."""
    shown = [[*row.values()] for row in site.table("alerts", "CAR1")]
    assert [row[:2] for row in shown] == [
        ["places", "off"], ["charge-stopped", "off"], ["charge-missed", "off"],
        ["arrival-soc", "off"], ["parked-loss", "off"], ["service", "on"],
    ]  # fmt: skip
    assert shown[2][2] == "no charge begins from 22:00 until 23:00, SOC below 80 %"
    with site.database.reading() as connection:
        assert list_audit(connection, AuditFilter(), limit=5) == []


def test_places(site: JourneySite) -> None:
    """All places count, or those that are named."""
    site.good("places", "add", "Work", "--at", "52.1,13.1")
    assert rules(site, "--places", "on")["places"]["places"] is None
    assert rules(site, "--places", "work, Home,1")["places"]["places"] == [1, 2]
    assert rules(site, "--places", "off")["places"] == {
        "is_on": False, "entering": True, "leaving": True, "places": [1, 2],
    }  # fmt: skip
    assert site.table("alerts", "CAR1")[0]["when"] == "it enters or leaves Home, Work"
    assert "bob has no place 'pub'" in site.failed("alerts", "CAR1", "--places", "pub")


def test_charges(site: JourneySite) -> None:
    """Charges that stop, and windows in which none began."""
    assert rules(site, "--charge-stopped", "on")["charge_stopped"] == {"is_on": True}
    window = rules(
        site, "--charge-missed", "23:30-05:00", "--charge-below", "60", "--charge-place", "home"
    )["charge_missed"]
    assert window == {
        "is_on": True, "start": "23:30", "end": "05:00", "below": 60.0, "place": site.home,
    }  # fmt: skip
    assert site.table("alerts", "CAR1")[2]["when"].endswith("SOC below 60 %, at Home")
    changed = rules(site, "--charge-missed", "off", "--charge-place", "anywhere")["charge_missed"]
    assert (changed["is_on"], changed["place"], changed["start"]) == (False, None, "23:30")


def test_numbers(site: JourneySite) -> None:
    """A number switches a rule on, too."""
    changed = rules(site, "--arrival-soc", "15%", "--parked-loss", "3")
    assert changed["arrival_soc"] == {"is_on": True, "below": 15.0}
    assert changed["parked_loss"] == {"is_on": True, "days": 1.0, "factor": 3.0}
    changed = rules(site, "--arrival-soc", "off", "--parked-loss", "on")
    assert changed["arrival_soc"] == {"is_on": False, "below": 15.0}
    assert changed["parked_loss"]["factor"] == 3.0
    with site.database.reading() as connection:
        details = [entry.detail for entry, _ in list_audit(connection, AuditFilter(), limit=5)]
    assert details == ["arrival_soc", "arrival_soc, parked_loss"]


def test_service(site: JourneySite) -> None:
    """Intervals of a service count since the last one, in km or miles."""
    changed = rules(
        site, "--service-every", "20000km,24months", "--service-last", "2025-05-01,41200km"
    )["service"]
    expected = {"is_on": True, "every_km": 20_000.0, "every_months": 24,
                "since_odometer": 41_200.0, "since_date": "2025-05-01"}  # fmt: skip
    assert expected.items() <= changed.items()
    assert site.table("alerts", "CAR1")[5]["when"] == (
        "a service is due as the car says, or every 20000 km (last at 41200 km) and "
        "24 months (last on 2025-05-01)"
    )
    changed = rules(site, "--service-every", "12500mi", "--service-last", "30000mi")["service"]
    assert (changed["every_km"], changed["every_months"]) == (20_116.8, None)
    assert changed["since_odometer"] == 48_280.3
    changed = rules(site, "--service", "off", "--service-every", "off")["service"]
    assert (changed["is_on"], changed["every_km"]) == (False, None)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--charge-stopped", "maybe"), "is on or off"),
        (("--charge-missed", "evening"), "a window such as"),
        (("--arrival-soc", "low"), "on, off or a number"),
        (("--service", "soon"), "is on or off"),
        (("--service-every", "20000"), "is neither 20000km nor"),
        (("--service-last", "May"), "is neither 2025-05-01 nor"),
    ],
)
def test_wrong_usage(site: JourneySite, arguments: tuple[str, str], text: str) -> None:
    """What cannot be meant is refused, and nothing changes."""
    before = rules(site)
    assert text in site.refused("alerts", "CAR1", *arguments)
    assert rules(site) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("--charge-missed", "25:00-26:00"), ("--arrival-soc", "0"), ("--parked-loss", "nan"),
        ("--service-every", "20000km"), ("--charge-below", "200"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(site: JourneySite, arguments: tuple[str, str]) -> None:
    """Settings that make no sense fail with one line, and nothing changes."""
    before = rules(site)
    assert site.failed("alerts", "CAR1", "--places", "on", *arguments).count("\n") == 1
    assert rules(site) == before
