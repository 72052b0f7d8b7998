from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from ovms.cli.journeys import exports
from ovms.cli.journeys.command import app
from ovms.cli.main import main
from ovms.server.journeys.exports.trip_log import TooManyTrips

if TYPE_CHECKING:
    from tests.cli.journeys.site import JourneySite


@pytest.mark.parametrize("kind", ["trips", "charges", "parked"])
def test_csv(site: JourneySite, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Journeys are written as CSV, a line each, with the names of places."""
    monkeypatch.setattr(exports, "CHUNK", 1)
    lines = site.good(kind, "CAR1", "--format", "csv").splitlines()
    assert len(lines) == (3 if kind == "trips" else 2)
    assert "Home" in lines[1]


def test_gpx(site: JourneySite) -> None:
    """The tracks of trips are written as GPX, a segment each."""
    root = ElementTree.fromstring(site.good("trips", "CAR1", "--format", "gpx"))  # noqa: S314 (ours)
    segments = root.findall(".//{*}trkseg")
    assert [len(each) for each in segments] == [4, 3]


def test_pdf(site: JourneySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of trips is written as PDF, to a file only, and of so many trips only."""
    arguments = ["trips", "CAR1", "--format", "pdf", "--data", str(site.folder)]
    assert CliRunner().invoke(app, arguments).stdout_bytes.startswith(b"%PDF-")

    german = CliRunner().invoke(app, [*arguments, "--language", "de"]).stdout_bytes
    assert b"/Lang (de)" in german

    def fail(*of: object) -> bytes:
        raise TooManyTrips("more than 5 trips")

    monkeypatch.setattr("ovms.server.journeys.exports.paper.trip_log_pdf", fail)
    assert "name a shorter span" in site.failed("trips", "CAR1", "--format", "pdf")
    monkeypatch.setattr(exports, "_is_terminal", lambda: True)
    assert "> log.pdf" in site.refused("trips", "CAR1", "--format", "pdf")


def test_pdf_without_the_extra(site: JourneySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package is missing, one line says which extra brings it."""
    arguments = ["trips", "CAR1", "--format", "pdf", "--data", str(site.folder)]
    monkeypatch.delitem(sys.modules, "ovms.server.journeys.exports.paper", raising=False)
    monkeypatch.setitem(sys.modules, "fpdf", None)
    monkeypatch.setattr(sys, "argv", ["ovms", "journeys", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    line = "ovms: this needs the package fpdf2, which is not installed: pip install 'ovms[pdf]'"
    assert ended.value.code == line


def test_wrong_formats(site: JourneySite) -> None:
    """Charges have no tracks, and one journey is no table of several."""
    assert site.run("charges", "CAR1", "--format", "gpx").exit_code == 2
    assert "as a table or as json" in site.refused("show", "CAR1", "1", "--format", "csv")
