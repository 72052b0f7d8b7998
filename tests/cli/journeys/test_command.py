from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from ovms.cli.journeys import command
from ovms.server.storage.schema import vehicles
from tests.server.journeys.made import NOON, put_journeys, trip

if TYPE_CHECKING:
    from tests.cli.journeys.site import JourneySite


def test_trips(site: JourneySite) -> None:
    """Trips are listed with places, figures and how sure they are, the newest at the end."""
    first, second = site.table("trips", "car1")
    assert first == {
        "id": "1", "start": "2025-06-15 15:06", "time": "0:30", "from": "Home", "to": "",
        "km": "10.0", "kWh": "2.0", "kWh/100 km": "20.0", "SOC %": "80 → 75", "km/h": "20",
        "max km/h": "98", "out °C": "12", "purpose": "", "~": "", "sure": "measured", "note": "",
    }  # fmt: skip
    assert (second["start"], second["~"]) == ("2025-06-16 15:06", "?>")
    assert second["sure"] == "gaps: distance"


def test_charges(site: JourneySite) -> None:
    """Charges are listed with their energies and power."""
    (row,) = site.table("charges", "CAR1")
    shown = {"place": "Home", "kWh": "6.3", "grid kWh": "7.0", "%": "90", "SOC %": "60 → 70",
             "max kW": "6.5", "kW": "6.3", "plug": "type2", "ended": "unknown"}  # fmt: skip
    assert shown.items() <= row.items()


def test_parked(site: JourneySite) -> None:
    """Parked time is listed with what was lost a day."""
    (row,) = site.table("parked", "CAR1")
    shown = {"time": "23:30", "place": "Home", "SOC %": "80 → 79", "lost % a day": "1.0"}
    assert shown.items() <= row.items()


def test_units(site: JourneySite) -> None:
    """Tables are in the units that are asked for; JSON is not."""
    row = site.table("trips", "CAR1", "--units", "imperial", "--limit", "1")[0]
    assert (row["mi"], row["mi/kWh"], row["start"][:10]) == ("6.2", "3.1", "2025-06-16")
    (listed,) = site.listed("trips", "CAR1", "--units", "imperial", "--limit", "1")
    assert listed["trip"]["distance"] == 10.0
    assert "is none of car, metric" in site.refused("trips", "CAR1", "--units", "leagues")


def test_spans(site: JourneySite) -> None:
    """A span has those that begin in it, in the owner's time zone."""
    assert [row["id"] for row in site.table("trips", "CAR1", "--since", "2025-06-16")] == ["2"]
    assert [row["id"] for row in site.table("trips", "CAR1", "--until", "2025-06-16")] == ["1"]
    begin = ("--since", "2025-06-15 15:06:40", "--until", "2025-06-15 15:06:41")
    assert [row["id"] for row in site.table("trips", "CAR1", *begin)] == ["1"]
    assert "is no time" in site.refused("trips", "CAR1", "--since", "soon")
    assert "before --since" in site.refused("trips", "CAR1", "--since", "1d", "--until", "2d")


def test_many(site: JourneySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table has the newest 25; a span, a limit and JSON have what they say, page by page."""
    put_journeys(
        site.database, "CAR2", *(trip(NOON + at * 3600, NOON + at * 3600 + 60) for at in range(60))
    )
    monkeypatch.setattr("ovms.cli.journeys.reader.PAGE", 7)
    monkeypatch.setattr(command, "CHUNK", 13)
    assert len(site.table("trips", "CAR2")) == 25
    assert len(site.table("trips", "CAR2", "--limit", "40")) == 40
    assert len(site.table("trips", "CAR2", "--since", "2025-06-01")) == 60
    starts = [each["start"]["time"] for each in site.listed("trips", "CAR2")]
    assert (len(starts), starts) == (60, sorted(starts))


def test_json(site: JourneySite) -> None:
    """JSON is what the API tells."""
    first, second = site.listed("trips", "CAR1")
    assert (first["kind"], first["start"]["place"], first["charge"]) == (
        "trip", {"id": site.home, "name": "Home"}, None,
    )  # fmt: skip
    assert second["is_open"] is True
    assert site.listed("charges", "CAR1")[0]["charge"]["plug"] == "type2"


def test_show(site: JourneySite) -> None:
    """One journey is shown with all that is known of it, and as JSON with its track or curve."""
    text = site.good("show", "CAR1", "1")
    assert "trip 1 of CAR1\nstart        2025-06-15 15:06, Home\n" in text
    assert "speed        20 km/h in motion, 98 km/h at most\n" in text
    assert "52.10000 13.10000" in text
    assert len(site.listed("show", "CAR1", "1")["track"]) == 4
    (charge,) = site.table("charges", "CAR1")
    assert "power   6.3 kW, 6.5 kW at most" in site.good("show", "CAR1", charge["id"]).replace(
        "power       ", "power   "
    )
    assert len(site.listed("show", "CAR1", charge["id"])["curve"]) == 61
    assert site.failed("show", "CAR1", "99") == "ovms: there is no journey 99 of CAR1\n"


def test_no_journeys(site: JourneySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are none, the reason is said beside what a program reads."""

    def told(*arguments: str) -> tuple[str, str]:
        result = site.run(*arguments)
        assert result.exit_code == 0
        return result.stdout, result.stderr.removeprefix("ovms: ")[:30]

    nothing = "nothing\n"
    assert told("trips", "CAR2") == (nothing, "no journeys yet: they are made")
    assert told("trips", "CAR2", "--format", "json")[0] == "[]\n"
    assert told("trips", "CAR1", "--until", "2020-01-01") == (nothing, "")
    for values, reason in (
        ({"log_days": 0}, "no telemetry of this vehicle i"),
        ({"paranoid_token": "x"}, "the vehicle is in paranoid mod"),
        ({"journeys": False}, "journeys are switched off for "),
    ):
        with site.database.writing() as connection:
            connection.execute(update(vehicles).values(values))
        assert told("trips", "CAR2") == (nothing, reason)
        assert told("trips", "CAR1")[1] == reason
    monkeypatch.setenv("OVMS_JOURNEYS", "false")
    assert told("charges", "CAR2") == (nothing, "this server makes no journeys ")


def test_what_is_not_there(site: JourneySite) -> None:
    """An unknown vehicle and a folder that is not there fail with one line."""
    assert site.failed("trips", "CAR9").count("\n") == 1
    site.folder /= "nowhere"
    assert "there is no data directory" in site.failed("trips", "CAR1")
