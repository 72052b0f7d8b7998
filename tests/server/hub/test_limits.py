from __future__ import annotations

from ovms.server.hub.limits import HubLimits
from tests.server.hub.fakes import Place


def test_a_room_has_bounds_unless_told() -> None:
    """The bounds of a room are those of the table where nobody set others."""
    assert Place().context.limits == HubLimits(apps=50, batch=50, groups=32, group_messages=2000)
