from __future__ import annotations

from ovms.server.storage.limits import OWN_TYPES, HistoryLimits
from ovms.server.values import ALERT_TYPE


def test_the_servers_own_types() -> None:
    """Alerts and the telemetry log have types that no bound of a car's types keeps out."""
    assert {ALERT_TYPE, "S", "D", "L"} <= OWN_TYPES
    assert not {"F", "P", "*-LOG-Trip"} & OWN_TYPES


def test_defaults() -> None:
    """A vehicle's history is bounded where nobody set anything."""
    assert HistoryLimits() == HistoryLimits(types=200, records=500_000, bytes=100_000_000)
