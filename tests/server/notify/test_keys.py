from __future__ import annotations

import pytest

from ovms.server.notify.keys import APP_ID_LIMIT, KEY_LIMIT, app_id_problem, key_problem
from tests.server.notify.fakes import TYPES


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
        ("apprise", "nothing://x"),
    ],
)
def test_bad_keys(push_type: str, key: str) -> None:
    """What is no address, or could break a header, is refused without being repeated."""
    problem = key_problem(TYPES[push_type], key)
    assert (problem is None) == (key == "bob@example.org")
    assert not key or key not in (problem or "")


@pytest.mark.parametrize("push_type", ["apns", "gcm", "expo"])
def test_longest_key(push_type: str) -> None:
    """A key may have as many characters as the limit says."""
    assert key_problem(TYPES[push_type], "x" * KEY_LIMIT) is None
    assert str(KEY_LIMIT) in str(key_problem(TYPES[push_type], "x" * (KEY_LIMIT + 1)))


def test_app_ids() -> None:
    """An app's id is one to 128 characters that can be printed, and not the owner's."""
    assert app_id_problem("owner")
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
def test_masks(push_type: str, key: str, shown: str) -> None:
    """Mail addresses are shown, passwords and tokens are not."""
    assert TYPES[push_type].mask(key) == shown
