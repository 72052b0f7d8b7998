from __future__ import annotations

from ovms.server.storage.totp import totp_place


def test_place() -> None:
    """The key of an owner's codes opens in that owner's row only."""
    assert totp_place(7) != totp_place(8)
