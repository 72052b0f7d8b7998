from __future__ import annotations

from ovms.server.notify.vapid import VapidKey, make_vapid_key
from tests.server.notify.devices import unbase64url


def test_a_key() -> None:
    """The same text is the same key, for another server start; its public part is a point."""
    text = make_vapid_key()
    assert text != make_vapid_key()
    assert len(unbase64url(text)) == 32
    public = VapidKey(text, "mailto:a@example.org").public
    assert public == VapidKey(text, "mailto:b@example.org").public
    assert (len(unbase64url(public)), unbase64url(public)[0]) == (65, 4)
