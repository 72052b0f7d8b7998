from __future__ import annotations

import pytest

from ovms.server.notify.keys import (
    APP_ID_LIMIT,
    KEY_LIMIT,
    TYPES,
    active_types,
    app_id_problem,
    key_problem,
    masked,
)
from tests.server.notify.settings import Settings


def test_active_types() -> None:
    """Mail needs a server; apns and gcm have no channel yet."""
    assert active_types(Settings()) == ("mail", "expo", "apprise")
    assert active_types(Settings(mail_host=None)) == ("expo", "apprise")


@pytest.mark.parametrize(
    ("push_type", "key"),
    [
        ("mail", "bob@example.org"),
        ("mail", "bob+ovms@[broken"),
        ("mail", "bob"),
        ("mail", "a@b, c@d"),
        ("mail", "a@b\r\nBcc: c@d"),
        ("expo", ""),
        ("expo", "a\nb"),
        ("expo", "\udcff"),
        ("apprise", "http"),
        ("apprise", "://x"),
        ("apprise", "gotify://"),
    ],
)
def test_bad_keys(push_type: str, key: str) -> None:
    """What is no address, or could break a header, is refused without being repeated."""
    problem = key_problem(push_type, key)
    assert (problem is None) == (key == "bob@example.org")
    assert not key or key not in (problem or "")


@pytest.mark.parametrize("push_type", ["apns", "gcm", "expo"])
def test_longest_key(push_type: str) -> None:
    """A key may have as many characters as the limit says."""
    assert key_problem(push_type, "x" * KEY_LIMIT) is None
    assert str(KEY_LIMIT) in str(key_problem(push_type, "x" * (KEY_LIMIT + 1)))


def test_app_ids() -> None:
    """An app's id is one to 128 characters that can be printed."""
    assert app_id_problem("x" * APP_ID_LIMIT) is None
    assert app_id_problem("x" * (APP_ID_LIMIT + 1))
    assert app_id_problem("")
    assert app_id_problem("a\tb")


@pytest.mark.parametrize(
    ("push_type", "key", "shown"),
    [
        ("mail", "bob@example.org", "bob@example.org"),
        ("apprise", "ntfy://bob:secret@host/topic", "ntfy://***"),
        ("expo", "ExponentPushToken[abcdef]", "…def]"),
        ("gcm", "short", "***"),
    ],
)
def test_masked(push_type: str, key: str, shown: str) -> None:
    """Mail addresses are shown, passwords and tokens are not."""
    assert push_type in TYPES
    assert masked(push_type, key) == shown
