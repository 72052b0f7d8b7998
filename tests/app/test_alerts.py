from __future__ import annotations

from collections.abc import Iterable

import pytest

from ovms.app.alerts import ALERT_LIMIT, AlertLog, TimedAlert, load_alerts
from ovms.app.snapshot import Snapshot
from ovms.protocol import Message
from ovms.protocol.records import Alert
from tests.app.scripted import ScriptedServer, rows

NOW = 1_795_000_000.0
STOPPED = Alert("A", "charge stopped")


def told(*times: float, alert: Alert = STOPPED) -> list[TimedAlert]:
    """Return the same alert at several times."""
    return [TimedAlert(time, alert) for time in times]


def test_the_last_alerts_are_remembered() -> None:
    """However many come, the last ones stay, oldest first."""
    log = AlertLog()
    for at in range(ALERT_LIMIT + 1):
        log.add(TimedAlert(at, STOPPED))
    assert [each.time for each in log.alerts] == [*range(1, ALERT_LIMIT + 1)]


@pytest.mark.parametrize(
    ("kept", "times"),
    [
        ((), [NOW]),
        (told(NOW - 100), [NOW - 100, NOW]),
        (told(NOW - 100, NOW + 1), [NOW - 100, NOW]),
        (told(NOW, alert=Alert("I", "charge stopped")), [NOW, NOW]),
    ],
)
def test_what_the_server_keeps_is_added(kept: Iterable[TimedAlert], times: list[float]) -> None:
    """An alert that came and that the server keeps, too, is there once."""
    log = AlertLog(told(NOW))
    log.merge(kept)
    assert [each.time for each in log.alerts] == times


def test_a_copy_does_not_change() -> None:
    """What comes later is not in a copy."""
    snapshot = Snapshot("CAR1")
    copy = snapshot.copy()
    snapshot.receive(Message("P", b"Acharge stopped"), NOW)
    assert copy.alert_log.alerts == []
    assert snapshot.alert_log.alerts == told(NOW)
    assert snapshot.as_json(NOW)["alerts"] == [
        {"time": "2026-11-18T11:06:40Z", "kind": "alert", "text": "charge stopped"}
    ]


def test_an_alert_is_no_word_of_the_car() -> None:
    """Servers and apps send alerts, too: the car was not heard by one."""
    snapshot = Snapshot("CAR1")
    snapshot.receive(Message("S", b"80"), NOW)
    snapshot.receive(Message("P", b"Acharge stopped"), NOW + 100)
    assert snapshot.updated == NOW


def test_another_vehicle_has_other_alerts() -> None:
    """A snapshot that is used for another vehicle forgets them."""
    snapshot = Snapshot("CAR1")
    snapshot.receive(Message("P", b"Acharge stopped"), NOW)
    snapshot.restart("CAR2")
    assert snapshot.alert_log.alerts == []


async def test_they_are_asked_for() -> None:
    """The server's alerts of the last days are read, with their commas and lines."""
    async with ScriptedServer() as server:
        kept = ["*-Log-Notification,2025-06-01 18:00:00,0,A,charge stopped\r80 %, 200 km"]
        server.on["C"] = rows(32, kept)
        async with server.open() as app:
            await load_alerts(app, NOW)
            log = app.snapshot.alert_log
        assert log.is_loaded
        assert [each.alert for each in log.alerts] == [Alert("A", "charge stopped\r80 %, 200 km")]
        assert server.codes("C") == [b"32,*-Log-Notification,2026-10-19 11:06:40"]


@pytest.mark.parametrize(
    ("answer", "is_loaded"),
    [(b"32,1,No historical data available", True), (b"32,1,database is away", False)],
)
async def test_a_server_that_has_none(answer: bytes, is_loaded: bool) -> None:
    """No alerts, and no word of them, are told apart; neither is an error."""
    async with ScriptedServer() as server:
        server.on["C"] = lambda message: [Message("c", answer)]
        async with server.open() as app:
            await load_alerts(app, NOW)
            assert app.snapshot.alert_log == AlertLog([], is_loaded)
