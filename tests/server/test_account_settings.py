from __future__ import annotations

import pytest
from pydantic import ValidationError

from ovms.server.account_settings import AccountSettings
from ovms.server.storage.limits import OwnerQuotas


@pytest.mark.parametrize(
    ("given", "kept"),
    [("https://ovms.example.org/", "https://ovms.example.org"),
     ("http://[::1]:6868", "http://[::1]:6868"), ("https://x/ovms", "https://x/ovms"),
     (None, None)],
)  # fmt: skip
def test_public_url(given: str | None, kept: str | None) -> None:
    """An address of pages is kept without a slash at its end."""
    assert AccountSettings(public_url=given).public_url == kept


@pytest.mark.parametrize(
    "url",
    ["", "example.org", "ftp://x", "https://", "https://x:port", "https://x:0", "https://x?a=b",
     "https://x#a", "https://a@x", "https://x y", "https://x\n", "https://[x"],
)  # fmt: skip
def test_urls_that_are_none(url: str) -> None:
    """What is no address of pages is refused."""
    with pytest.raises(ValidationError):
        AccountSettings(public_url=url)


def test_quotas() -> None:
    """What owners may have comes from two settings; registration is off."""
    settings = AccountSettings(vehicles_per_owner=3, bytes_per_owner=4)
    assert settings.owner_quotas() == OwnerQuotas(3, 4)
    assert not settings.registration


@pytest.mark.parametrize(("days", "is_right"), [(0, False), (1, True), (3650, True), (3651, False)])
def test_audit_days(days: int, is_right: bool) -> None:
    """The audit trail is kept for a day at least."""
    if is_right:
        assert AccountSettings(audit_days=days).audit_days == days
    else:
        with pytest.raises(ValidationError):
            AccountSettings(audit_days=days)
