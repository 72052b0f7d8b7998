"""What a proxy in front says of who asked it for a WebSocket."""

from __future__ import annotations

from ovms.net.forwarded import UNCHANGED, read_nothing


def test_nobody_is_believed_by_default() -> None:
    """A pump that is told nothing else believes no head."""
    assert read_nothing("192.0.2.7:1", lambda name: [name]) == UNCHANGED
