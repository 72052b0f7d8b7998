from __future__ import annotations

import re
from pathlib import Path

import pytest

from ovms.net.handler import UnexpectedTls
from ovms.protocol.errors import AuthenticationFailed, LineTooLong
from ovms.server.accounts.errors import Busy, LoginRefused, Throttled
from ovms.server.hub.hub import Removed
from ovms.server.refusals import (
    ALL_REASONS,
    REASONS,
    NoWelcome,
    Refusal,
    Repeated,
    Stopping,
    TlsOnly,
    reason_of_refusal,
)
from ovms.server.storage.errors import DatabaseError


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (None, "left"),
        (ConnectionResetError(), "left"),
        (AuthenticationFailed("wrong"), "wrong_secret"),
        (LoginRefused(), "wrong_password"),
        (Throttled(5.0), "throttled"),
        (Busy(), "busy"),
        (Repeated(), "repeated_welcome"),
        (TlsOnly(), "tls_only"),
        (Refusal("unknown vehicle"), "unknown_vehicle"),
        (Removed(), "vehicle_changed"),
        (DatabaseError("away"), "database"),
        (NoWelcome(), "no_welcome_in_time"),
        (UnexpectedTls(), "tls_at_plain_port"),
        (LineTooLong(9000), "no_protocol"),
        (Stopping(), "stopping"),
        (ValueError(), "other"),
    ],
)
def test_reasons(error: Exception | None, reason: str) -> None:
    """What ends a caller before its welcome is counted under few words."""
    assert reason_of_refusal(error) == reason
    assert reason in ALL_REASONS


def test_each_name_is_an_exception() -> None:
    """Every name of the table is a class of the package, so none is left over after a change."""
    source = Path(__file__).parents[2] / "src" / "ovms"
    text = "".join(path.read_text("utf-8") for path in source.rglob("*.py"))
    assert [name for name in REASONS if not re.search(rf"^class {name}\b", text, re.M)] == []
