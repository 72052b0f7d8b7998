from __future__ import annotations

from base64 import b64encode

import pytest

from ovms.server.http.credentials import basic, named_in, session_ids

ID = "9ed66d0e-5768-414e-b06d-476f13be40ff"


@pytest.mark.parametrize(
    "header",
    [
        f"ovmsapisession={ID}",
        f'ovmsapisession="{ID}"',
        f"ovmsapisession={ID.upper()}",
        f"ovmsapisession = {ID} ",
        f"ovmsapisession={ID};",
        f"ovmsapisession={ID}; Path=/api; HttpOnly; Expires=Thu, 01 Jan 2026 00:00:00 GMT",
        f"ovmsapisession={ID};path=/api",
        f"first=1; ovmsapisession={ID}; last=2",
        f"first=1;ovmsapisession={ID}",
        f"first=1, ovmsapisession={ID}, last=2",
        f'$Version="1"; ovmsapisession="{ID}"; $Path="/api"',
    ],
)
def test_a_session(header: str) -> None:
    """A session's id is found however the client puts it, whatever else it sends."""
    assert session_ids([header]) == [ID]


@pytest.mark.parametrize(
    ("headers", "ids"),
    [
        ([], []),
        (["ovmsapisession="], []),
        (["ovmsapisession"], []),
        ([f"notovmsapisession={ID}; other=ovmsapisession"], []),
        (["a=1; ovmsapisession=one; ovmsapisession=two"], ["one", "two"]),
        (["ovmsapisession=one", "ovmsapisession=two"], ["one", "two"]),
    ],
)
def test_no_session_and_several(headers: list[str], ids: list[str]) -> None:
    """Other cookies are none, and of several all are found, in order."""
    assert session_ids(headers) == ids


def test_named() -> None:
    """Name and password count together; half of them is nothing."""
    assert named_in({"username": "bob", "password": "pw", "x": "y"}) == ("bob", "pw")
    for fields in ({}, {"username": "bob"}, {"username": "", "password": "pw"}):
        assert named_in(fields) is None


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Basic " + b64encode(b"bob:pw:w").decode(), ("bob", "pw:w")),
        ("basic  " + b64encode("bob:pässe".encode()).decode(), ("bob", "pässe")),
        ("Basic " + b64encode("bob:pässe".encode("latin-1")).decode(), ("bob", "pässe")),
        ("Basic " + b64encode(b"bob").decode(), None),
        ("Basic " + b64encode(b":pw").decode(), None),
        ("Basic ???", None),
        ("Basic", None),
        ("Bearer " + b64encode(b"bob:pw").decode(), None),
        ("", None),
    ],
)
def test_basic(header: str, found: tuple[str, str] | None) -> None:
    """Name and password are read in UTF-8 or Latin-1, and nothing of another scheme."""
    assert basic(header) == found
