from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete

from ovms.server.http.account_mail import CONFIRM_TRIES
from ovms.server.http.desk import SetupToken
from ovms.server.storage import queries
from ovms.server.storage.schema import owners, vehicles

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

TOKEN = "01" * 16
ROOT = {"token": TOKEN, "name": "root", "password": "right"}


@pytest.fixture
def fresh(v1: ApiSite) -> ApiSite:
    """Return a site that has started without owners."""
    with v1.database.writing() as connection:
        connection.execute(delete(vehicles))
        connection.execute(delete(owners))
    v1.context.desk.setup = SetupToken(lambda size: b"\x01" * size)
    return v1


async def _is_open(v1: ApiSite) -> bool:
    answer = (await v1.call("GET /setup", None)).json()
    assert (answer["registration"], answer["mail"]) == (False, False)
    return bool(answer["is_open"])


async def test_set_up(fresh: ApiSite) -> None:
    """Who knows the token makes the first administrator, once."""
    assert await _is_open(fresh)
    answer = await fresh.call("POST /setup", None, json=ROOT)
    assert (answer.status_code, answer.json()) == (201, {"name": "root"})
    login = await fresh.http.accounts.log_in("root", "right", "", "192.0.2.8")
    assert login.admin
    assert not await _is_open(fresh)
    again = await fresh.call("POST /setup", None, json=ROOT | {"name": "eve"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "setup_over")


@pytest.mark.parametrize("is_late", [False, True])
async def test_set_up_already(v1: ApiSite, is_late: bool) -> None:
    """A server with owners has none to set up, also if they came after its start."""
    if is_late:
        v1.context.desk.setup = SetupToken(lambda size: b"\x01" * size)
    assert not await _is_open(v1)
    answer = await v1.call("POST /setup", None, json=ROOT)
    assert answer.json()["error"]["code"] == "setup_over"


@pytest.mark.parametrize("token", ["02" * 16, "ü", TOKEN[:-1], f"{TOKEN}0"])
async def test_wrong_token(fresh: ApiSite, token: str) -> None:
    """A wrong token makes nobody."""
    answer = await fresh.call("POST /setup", None, json=ROOT | {"token": token})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "bad_token")
    with fresh.database.reading() as connection:
        assert not queries.has_owners(connection)


async def test_tries_are_bounded(fresh: ApiSite) -> None:
    """A network has some tries."""
    body = ROOT | {"token": "wrong"}
    statuses = [
        (await fresh.call("POST /setup", None, json=body)).status_code
        for _ in range(CONFIRM_TRIES + 1)
    ]
    assert statuses == [403] * CONFIRM_TRIES + [429]


@pytest.mark.parametrize(
    "wrong", [{"name": "a b"}, {"password": "a b"}, {"email": "none"}, {"name": 1}]
)
async def test_wrong_values(fresh: ApiSite, wrong: dict[str, Any]) -> None:
    """Set-up stays open when what is said of the administrator is wrong."""
    assert (await fresh.call("POST /setup", None, json=ROOT | wrong)).status_code == 422
    assert await _is_open(fresh)
    assert (await fresh.call("POST /setup", None, json=ROOT)).status_code == 201
