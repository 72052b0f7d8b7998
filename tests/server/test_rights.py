from __future__ import annotations

import pytest

from ovms.server.rights import (
    ALL_RIGHTS,
    NO_RIGHT,
    VehicleRight,
    format_rights,
    parse_rights,
    right_words,
)

R = VehicleRight


@pytest.mark.parametrize(
    ("text", "rights"),
    [
        ("view", R.VIEW),
        ("location", R.VIEW | R.LOCATION),
        ("pin", R.VIEW | R.COMMAND | R.PIN),
        (" Manage ,location", R.VIEW | R.MANAGE | R.LOCATION),
        ("view,location,command,pin,manage", ALL_RIGHTS),
    ],
)
def test_parse(text: str, rights: VehicleRight) -> None:
    """Words mean rights, with those without which they are worth nothing."""
    assert parse_rights(text) == rights
    assert parse_rights(format_rights(rights)) == rights


@pytest.mark.parametrize("text", ["", "all", "view,", "view location"])
def test_parse_other_words(text: str) -> None:
    """Anything else is refused, and the words are told."""
    with pytest.raises(ValueError, match="use some of view, location, command, pin, manage"):
        parse_rights(text)


def test_words() -> None:
    """Rights are told in the order of what they allow."""
    assert right_words(ALL_RIGHTS) == ["view", "location", "command", "pin", "manage"]
    assert format_rights(NO_RIGHT) == ""
