from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from ovms.cli.journeys import rebuild as module
from ovms.cli.journeys.rebuild import ProgressLine
from ovms.server.storage.audit import AuditFilter, list_audit
from ovms.server.storage.journey_rebuild import RebuildOvertaken
from ovms.server.storage.schema import vehicles

if TYPE_CHECKING:
    from tests.cli.journeys.site import JourneySite


def test_rebuild(site: JourneySite) -> None:
    """Journeys are made anew of what is kept, here of nothing, and the audit trail says so."""
    assert site.good("rebuild", "car2").startswith("CAR2: journeys made anew of 0 reports in ")
    with site.database.reading() as connection:
        ((entry, _),) = list_audit(connection, AuditFilter(), limit=5)
    assert (entry.action, entry.vehicle_id) == ("journey.rebuild", "CAR2")
    lines = site.good("rebuild", "--all").splitlines()
    assert [line[:4] for line in lines] == ["CAR1", "CAR2"]


def test_wrong_usage(site: JourneySite) -> None:
    """It is one vehicle, or all."""
    assert "name a vehicle, or --all" in site.refused("rebuild")
    assert "name a vehicle, or --all" in site.refused("rebuild", "CAR1", "--all")
    assert site.failed("rebuild", "CAR9").count("\n") == 1


def test_vehicles_without_journeys(site: JourneySite) -> None:
    """A vehicle of which none are made fails; among all it is only named."""
    with site.database.writing() as connection:
        connection.execute(update(vehicles).where(vehicles.c.id == "CAR1").values(journeys=False))
    assert "no journeys are made of vehicle CAR1" in site.failed("rebuild", "CAR1")
    result = site.run("rebuild", "--all")
    assert (result.exit_code, result.stdout[:5]) == (0, "CAR2:")
    assert "no journeys are made of vehicle CAR1" in result.stderr


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyboardInterrupt(), "ovms: interrupted: journeys of CAR2 are whole; run it again\n"),
        (RebuildOvertaken(), "ovms: the journeys of CAR2 were made anew by somebody else"),
    ],
)
def test_interrupted(
    site: JourneySite, monkeypatch: pytest.MonkeyPatch, error: BaseException, text: str
) -> None:
    """Who interrupts it, or is overtaken, is told what that means."""

    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(module, "rebuild", fail)
    assert site.failed("rebuild", "CAR2").startswith(text)


def test_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal shows how far it is in one line, which goes; a file gets nothing."""
    line = ProgressLine("CAR1")
    line.show(1, 4)
    line.clear()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    line.show(1, 4)
    line.show(0, 0)
    line.clear()
    shown = capsys.readouterr().err.split("\r")
    assert shown[1:3] == ["CAR1: 25 % of 4 reports", "CAR1: 100 % of 0 reports"]
    assert shown[-1] == ""
    assert shown[-2].strip() == ""
