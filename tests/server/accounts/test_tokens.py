from __future__ import annotations

import pytest

from ovms.server.accounts.tokens import (
    DEFAULT_PERMIT,
    RIGHTS,
    allows,
    covers,
    field_rights,
    make_token,
    parse_permit,
)
from ovms.server.rights import ALL_RIGHTS, NO_RIGHT, VehicleRight
from ovms.server.storage import names
from ovms.server.storage.errors import InvalidValue


@pytest.mark.parametrize(
    ("permit", "right", "is_allowed"),
    [
        ("*", "v2", True),
        ("v3,*", "session", True),
        ("v2", "v2", True),
        ("v2", "session", False),
        ("session, v2", "v2", True),
        ("admin", "token.admin", True),
        ("token.admin", "admin", True),
        ("mqtt", "v3", True),
        ("v3", "mqtt", True),
        ("v3", "admin", False),
        ("auth", "v2", False),
        ("auth", "", True),
        ("", "", True),
        ("", "v2", False),
        ("v22", "v2", False),
        ("other", "other", True),
        ("V2", "v2", False),
        ("auth", "*", False),
    ],
)
def test_allows(permit: str, right: str, is_allowed: bool) -> None:
    """A permit allows its words under either name, ``*`` all, and any what needs no right."""
    assert allows(permit, right) is is_allowed


def test_every_right() -> None:
    """All rights that there are can be given, and one token can have them all."""
    assert parse_permit(",".join(RIGHTS)) == ",".join(RIGHTS)
    assert parse_permit(DEFAULT_PERMIT) == DEFAULT_PERMIT
    assert parse_permit(" v2, session,v2 ") == "v2,session"


@pytest.mark.parametrize("permit", ["", "v4", "v2,all", "V2", "v2 v3", "*,,"])
def test_no_right(permit: str) -> None:
    """A word that is no right is refused."""
    with pytest.raises(InvalidValue):
        parse_permit(permit)


def test_make_token() -> None:
    """A token is all of the random bytes that were asked for, in the stored form."""
    token = make_token(lambda count: bytes(range(count)))
    assert token == bytes(range(32)).hex() == names.api_token(token)


@pytest.mark.parametrize(
    ("permit", "wanted", "is_covered"),
    [("*", "*", True), ("view", "*", False), ("pin", "view,command,pin", True),
     ("view", "location", False), ("admin", "token.admin", True), ("v2", "auth", True),
     ("v2", "v3", False), ("manage", "pin", False), ("account", "auth", False),
     ("view", "auth", False), ("location", "auth", True), ("auth,account", "auth", True)],
)  # fmt: skip
def test_covers(permit: str, wanted: str, is_covered: bool) -> None:
    """Rights cover those that they hold under any name, and what they include."""
    assert covers(permit, wanted) == is_covered


@pytest.mark.parametrize(
    ("permit", "rights"),
    [("*", ALL_RIGHTS), ("auth", ALL_RIGHTS), ("", ALL_RIGHTS), ("session,view", ALL_RIGHTS),
     ("home", ALL_RIGHTS), ("view", VehicleRight.VIEW), ("account,server.admin", NO_RIGHT),
     ("location, account", VehicleRight.VIEW | VehicleRight.LOCATION)],
)  # fmt: skip
def test_field_rights(permit: str, rights: VehicleRight) -> None:
    """In the field's API a token sees everything, but one with rights of /api/v1 only."""
    assert field_rights(permit) == rights
