from __future__ import annotations

import json

from ovms.app.api.live import LiveStates
from ovms.app.api.sse import ServerEvent


def test_a_change_of_the_unknown() -> None:
    """An event of a vehicle whose state never came has none; a kind of event that is new passes."""
    event = ServerEvent("honk", json.dumps({"vehicle_id": "CAR1", "loud": True}), "1")
    [seen] = LiveStates().take(event)
    assert (seen.type, seen.vehicle_id, seen.state, seen.changed) == ("honk", "CAR1", None, ())
    assert seen.data["loud"]


def test_what_means_nothing() -> None:
    """Pings and ends are no events of a vehicle."""
    assert list(LiveStates().take(ServerEvent("ping", "{}", ""))) == []
    assert list(LiveStates().take(ServerEvent("end", '{"reason": "too_old"}', ""))) == []
