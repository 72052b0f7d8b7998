from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.notify.desk import ADDRESS_REFILL, TEST_ALERT, TESTS_AT_ONCE
from ovms.server.notify.errors import NotDelivered
from ovms.server.storage import queries
from ovms.server.storage.limits import MAILS_A_VEHICLE
from tests.server.notify.servers import load_apprise

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite

PATH = "/vehicles/CAR1/channels"
MAIL = {"type": "mail", "key": "bob@example.org"}
PUSH = {"type": "expo", "key": "ExponentPushToken[abcdefghijkl]"}


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a call that failed."""
    return answer.status_code, answer.json()["error"]["code"]


async def put(v1: ApiSite, channel_id: str, owner: str = "bob", **body: Any) -> httpx.Response:
    """Subscribe somebody to CAR1."""
    return await v1.call(f"PUT {PATH}/{channel_id}", owner, json=body)


async def test_kinds(v1: ApiSite) -> None:
    """All types are listed, with what a key looks like and who may use them."""
    kinds = {each.pop("type"): each for each in (await v1.call("GET /channels")).json()}
    assert kinds["mail"] == {
        "key": "a mail address, as bob@example.org", "is_active": True, "is_allowed": True,
    }  # fmt: skip
    assert (kinds["expo"]["is_active"], kinds["apprise"]["is_allowed"]) == (False, False)
    kinds = {each["type"]: each for each in (await v1.call("GET /channels", "root")).json()}
    assert kinds["apprise"]["is_allowed"]
    assert all(each["key"] for each in kinds.values())


async def test_a_channel(v1: ApiSite) -> None:
    """Somebody is subscribed, listed, changed and removed."""
    made = await put(v1, "me", **MAIL)
    assert made.json() == {
        "id": "me",
        "type": "mail",
        "key": "bob@example.org",
        "state": "active",
        "failing": None,
        "created": "2023-11-14T22:13:20.000Z",
        "changed": "2023-11-14T22:13:20.000Z",
    }
    await put(v1, "phone", **PUSH)
    listed = (await v1.call(f"GET {PATH}")).json()
    assert [(each["id"], each["key"], each["state"]) for each in listed] == [
        ("me", "bob@example.org", "active"), ("phone", "…jkl]", "waiting"),
    ]  # fmt: skip
    changed = await put(v1, "me", type="mail", key=" alice@example.org ")
    assert changed.json()["key"] == "alice@example.org"
    assert (await v1.call(f"DELETE {PATH}/me")).status_code == 204
    assert refused(await v1.call(f"GET {PATH}/me")) == (404, "no_channel")
    assert refused(await v1.call(f"DELETE {PATH}/me")) == (404, "no_channel")


async def test_the_owner(v1: ApiSite) -> None:
    """The owner's address is told where nobody else is, and cannot be removed here."""
    with v1.database.writing() as connection:
        queries.set_owner(connection, "bob", 5.0, email="bob@example.org")
    (owner,) = (await v1.call(f"GET {PATH}")).json()
    assert (owner["id"], owner["key"]) == ("owner", "bob@example.org")
    assert refused(await v1.call(f"DELETE {PATH}/owner")) == (409, "owner_channel")
    assert (await put(v1, "owner", **MAIL)).status_code == 422
    await put(v1, "me", **MAIL)
    assert [each["id"] for each in (await v1.call(f"GET {PATH}")).json()] == ["me"]


@pytest.mark.parametrize(
    ("channel_id", "body"),
    [("x", {"type": "pigeon", "key": "x"}), ("x", {"type": "mail", "key": "bob"}),
     ("x", {"type": "mail", "key": " "}), ("x", {"type": "mail"}), ("x" * 129, MAIL),
     ("a%0Ab", MAIL), ("x", {"type": "expo", "key": "a\nb"}), ("x", {**MAIL, "more": 1})],
)  # fmt: skip
async def test_what_cannot_be(v1: ApiSite, channel_id: str, body: dict[str, Any]) -> None:
    """It is refused, and nobody is subscribed."""
    assert (await put(v1, channel_id, **body)).status_code == 422
    assert (await v1.call(f"GET {PATH}")).json() == []


async def test_services_of_the_operator(v1: ApiSite) -> None:
    """What makes the server call any address only an administrator adds."""
    load_apprise()  # it warns of what will be gone from Python
    body = {"type": "apprise", "key": "json://127.0.0.1/secret"}
    assert refused(await put(v1, "x", **body)) == (403, "not_admin")
    with v1.database.writing() as connection:
        root = queries.get_owner(connection, "root")
        queries.add_vehicle(connection, "ROOTS", root, "secret", 5.0)
    await v1.http.accounts.check_logins()
    made = await v1.call("PUT /vehicles/ROOTS/channels/x", "root", json=body)
    assert made.json()["key"] == "json://***"
    answer = await v1.call("PUT /vehicles/ROOTS/channels/x", "root", "account,manage", json=body)
    assert refused(answer) == (403, "not_admin")


async def test_too_many_addresses(v1: ApiSite) -> None:
    """Strangers get no mail by the dozen: a vehicle has few addresses, and few new ones."""
    for at in range(MAILS_A_VEHICLE):
        assert (await put(v1, f"m{at}", type="mail", key=f"m{at}@example.org")).status_code == 200
    answer = await put(v1, "m0", type="mail", key="other@example.org")
    assert refused(answer) == (429, "too_many")
    assert answer.headers["retry-after"] == str(int(ADDRESS_REFILL))
    assert (await put(v1, "m0", type="mail", key="m0@example.org")).status_code == 200
    v1.clock.advance(ADDRESS_REFILL)
    answer = await put(v1, "m9", type="mail", key="other@example.org")
    assert answer.status_code == 422


async def test_a_test(v1: ApiSite, caplog: pytest.LogCaptureFixture) -> None:
    """It is sent at once, and what became of it is told; nothing of the key is logged."""
    caplog.set_level(logging.INFO)
    await put(v1, "me", **MAIL)
    answer = await v1.call(f"POST {PATH}/me/test")
    assert answer.json() == {"is_delivered": True, "reason": None}
    ((key, notice),) = v1.http.mail.sent
    assert (key, notice.body) == ("bob@example.org", TEST_ALERT)
    v1.http.mail.error = NotDelivered("the mail server refused (554)")
    answer = await v1.call(f"POST {PATH}/me/test")
    assert answer.json() == {"is_delivered": False, "reason": "the mail server refused (554)"}
    assert not [each for each in caplog.records if "bob@" in each.getMessage()]


async def test_a_test_that_waits(v1: ApiSite) -> None:
    """What the server cannot send by yet is not delivered; what is not there is not found."""
    await put(v1, "phone", **PUSH)
    answer = await v1.call(f"POST {PATH}/phone/test")
    assert answer.json() == {"is_delivered": False, "reason": "the server cannot send by expo"}
    assert refused(await v1.call(f"POST {PATH}/none/test")) == (404, "no_channel")


async def test_too_many_tests(v1: ApiSite) -> None:
    """An account has some at once."""
    await put(v1, "me", **MAIL)
    for _ in range(TESTS_AT_ONCE):
        await v1.call(f"POST {PATH}/me/test")
    answer = await v1.call(f"POST {PATH}/me/test")
    assert refused(answer) == (429, "too_many")
    assert answer.headers["retry-after"] == "600"
    assert len(v1.http.mail.sent) == TESTS_AT_ONCE


async def test_who_may(v1: ApiSite) -> None:
    """With whom a vehicle is shared to manage it sees, tests and removes channels, adds none."""
    v1.share("manage")
    assert refused(await put(v1, "me", "alice", **MAIL)) == (403, "not_owner")
    await put(v1, "me", **MAIL)
    assert (await v1.call(f"POST {PATH}/me/test", "alice")).json()["is_delivered"]
    assert (await v1.call(f"DELETE {PATH}/me", "alice")).status_code == 204
