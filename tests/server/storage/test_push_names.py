from __future__ import annotations

from ovms.server.storage.push_names import app_of, device_of


def test_names() -> None:
    """The id of an app says which device it is, if it is one."""
    assert device_of(app_of(12)) == 12
    assert [device_of(each) for each in ("phone", "webpush:", "webpush:x", "webpush:²")] == [
        None
    ] * 4
