from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import names
from ovms.server.storage.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD: list[tuple[Callable[[str], str], str, str]] = [
    (names.vehicle_id, "demo-1", "DEMO-1"),
    (names.vehicle_id, "x" * 32, "X" * 32),
    (names.owner_name, "Bob", "Bob"),
    (names.owner_name, "b" * 64, "b" * 64),
    (names.vehicle_name, "", ""),
    (names.vehicle_name, "My car, the red one", "My car, the red one"),
    (names.secret, "a b,c", "a b,c"),
    (names.secret, "s" * 255, "s" * 255),
    (names.email, "", ""),
    (names.email, "b@x", "b@x"),
    (names.vehicle_type, "server", "server"),
    (names.server_name, "*", "*"),
    (names.server_name, "eu-1", "EU-1"),
    (names.provision_key, "vin1", "VIN1"),
    (names.provision_key, "x" * 64, "X" * 64),
    (names.api_token, "AB" * 32, "ab" * 32),
    (names.token_label, "", ""),
    (names.token_label, "x" * 255, "x" * 255),
    (names.permit, "*", "*"),
    (names.permit, " v2 ,admin,v2", "v2,admin"),
    (names.permit, "r" * 255, "r" * 255),
]

BAD: list[tuple[Callable[[str], str], str, str]] = [
    (names.vehicle_id, "", "empty"),
    (names.vehicle_id, "x" * 33, "longer than 32"),
    (names.vehicle_id, "ß" * 17, "longer than 32"),
    *((names.vehicle_id, f"A{c}B", "may not hold") for c in " \t\n,*/\\\u00a0"),
    (names.vehicle_id, "A\x00B", "printed"),
    (names.vehicle_id, "A\udc80B", "printed"),
    (names.owner_name, "", "empty"),
    (names.owner_name, "a b", "may not hold"),
    (names.owner_name, "a,b", "may not hold"),
    (names.owner_name, "b" * 65, "longer than 64"),
    (names.vehicle_name, "a\nb", "printed"),
    (names.vehicle_name, "b" * 65, "longer than 64"),
    (names.secret, "", "empty"),
    (names.secret, "s" * 256, "longer than 255"),
    (names.secret, "a\nb", "printed"),
    (names.email, "nobody", "is none"),
    (names.email, "@x", "is none"),
    (names.email, "a,b@x", "is none"),
    (names.email, "a@b@x", "is none"),
    (names.email, "<b@x>", "is none"),
    (names.email, "a b@x", "may not hold"),
    (names.vehicle_type, "bus", "neither"),
    (names.server_name, "", "empty"),
    (names.server_name, "**", "may not hold"),
    (names.server_name, "a*", "may not hold"),
    (names.server_name, "x" * 33, "longer than 32"),
    (names.provision_key, "", "empty"),
    (names.provision_key, "a b", "may not hold"),
    (names.provision_key, "x" * 65, "longer than 64"),
    (names.api_token, "ab" * 31 + "a", "64 hexadecimal"),
    (names.api_token, "xy" * 32, "64 hexadecimal"),
    (names.token_label, "a\rb", "printed"),
    (names.permit, "", "empty"),
    (names.permit, "v2,,v3", "empty"),
    (names.permit, "v2 v3", "may not hold"),
    (names.permit, "r" * 256, "longer than 255"),
    (names.permit, "a," + "r" * 254, "longer than 255"),
]


@pytest.mark.parametrize(("check", "text", "stored"), GOOD)
def test_good(check: Callable[[str], str], text: str, stored: str) -> None:
    """What is allowed comes back as it is stored."""
    assert check(text) == stored


@pytest.mark.parametrize(("check", "text", "reason"), BAD)
def test_bad(check: Callable[[str], str], text: str, reason: str) -> None:
    """What is not allowed is refused with a reason that is one line."""
    with pytest.raises(InvalidValue, match=reason) as caught:
        check(text)
    assert "\n" not in str(caught.value)


def test_secret_is_not_repeated() -> None:
    """A refused secret does not show in the error."""
    with pytest.raises(InvalidValue) as caught:
        names.secret("hunter2\x00")
    assert "hunter2" not in str(caught.value)
