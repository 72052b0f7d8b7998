from __future__ import annotations

from ovms.protocol import Role
from ovms.protocol.records.alert import Alert
from tests.server.hub.fakes import Place


class Ear:
    """A listener that counts what it hears, and fails if a test wants."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.changes = 0
        self.alerts: list[str] = []
        self.is_broken = is_broken

    def state_changed(self) -> None:
        """Count it."""
        self.changes += 1
        if self.is_broken:
            raise KeyError

    def alert_raised(self, alert: Alert) -> None:
        """Remember it."""
        self.alerts.append(alert.text)
        if self.is_broken:
            raise KeyError


def test_a_listener_hears_all() -> None:
    """It hears of what is stored, of who comes and goes, of a token and of alerts."""
    place, ear = Place(), Ear()
    place.context.listeners.add("CAR1", ear)
    car = place.joins(Role.CAR)
    for said in ("S80", "ETtoken", "PAToo hot"):
        before = ear.changes, len(ear.alerts)
        car.says(said)
        assert (ear.changes, len(ear.alerts)) != before
    before_leaving = ear.changes
    car.leaves()
    assert ear.changes == before_leaving + 1
    assert ear.alerts == ["Too hot"]
    place.context.listeners.remove("CAR1")
    place.joins(Role.CAR).says("S80")
    assert ear.changes == before_leaving + 1


def test_a_listener_that_fails() -> None:
    """The room notices nothing."""
    place = Place()
    place.context.listeners.add("CAR1", Ear(is_broken=True))
    car, app = place.joins(Role.CAR), place.joins(Role.APP)
    car.says("S80", "PAToo hot")
    assert {"S80", "PAToo hot"} <= {*app.hears()}
