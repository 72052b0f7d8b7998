from __future__ import annotations

from ovms.server.accounts.errors import AccountsError, Busy, LoginRefused, Throttled


def test_tree() -> None:
    """Too many tries are a refusal, being busy is none."""
    assert issubclass(Throttled, LoginRefused)
    assert not issubclass(Busy, LoginRefused)
    assert issubclass(LoginRefused, AccountsError)
    assert issubclass(Busy, AccountsError)


def test_text() -> None:
    """Each is a line that tells nothing of who tried; a wait is rounded up."""
    assert str(LoginRefused()) == "wrong name or password"
    assert str(Throttled(0.1)) == "too many tries; the next in 1 s"
    assert Throttled(0.1).wait == 0.1
    assert str(Busy()) == "too many logins at once"
