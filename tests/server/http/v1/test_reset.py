from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from ovms.server.accounts.login import Pool
from ovms.server.accounts.passwords import verify_password
from ovms.server.accounts.places import Places
from ovms.server.http.account_mail import CONFIRM_TRIES, NETWORK_MAILS, RECEIVER_MAILS
from ovms.server.storage import queries
from ovms.server.storage.schema import mail_codes, owners, web_sessions
from tests.server.http.api import PASSWORD
from tests.server.http.v1.mailbox import URL, Mailbox, open_mailbox
from tests.server.http.v1.site import SESSION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.server.http.v1.site import ApiSite

JSON = {"content-type": "application/json"}
RESET = "POST /account/reset"
CONFIRM = "POST /account/reset/confirm"


@pytest.fixture
async def mailbox(v1: ApiSite) -> AsyncIterator[Mailbox]:
    """Give the site a mail server."""
    async with open_mailbox(v1) as opened:
        yield opened


def _password_is(v1: ApiSite, password: str) -> bool:
    with v1.database.reading() as connection:
        return verify_password(queries.get_owner(connection, "bob").password_hash, password).ok


@pytest.mark.parametrize("account", ["BOB", "Bob@Example.org"])
async def test_reset(v1: ApiSite, mailbox: Mailbox, account: str) -> None:
    """By name or address comes a mail whose code sets a password once, and ends all sessions."""
    answer = await v1.call(RESET, None, json={"account": account})
    assert answer.status_code == 202
    ((to, subject, text),) = await mailbox.take()
    assert (to, subject) == ("bob@example.org", "OVMS: Set a new password")
    code = text.split("Or enter this code: ")[1].split()[0]
    assert f"\n{URL}/reset#code={code}" in text.replace("\r", "")
    assert (await v1.call("GET /account/audit", "bob", SESSION)).status_code == 200
    body = {"code": code, "password": "newer"}
    assert (await v1.call(CONFIRM, None, json=body)).status_code == 204
    assert _password_is(v1, "newer")
    assert (await v1.call("GET /account/audit", "bob", SESSION)).status_code == 401
    with v1.database.reading() as connection:
        assert connection.execute(select(web_sessions.c.id)).all() == []
        assert connection.scalar(select(owners.c.email_confirmed)) == v1.clock.time()
    again = await v1.call(CONFIRM, None, json=body | {"password": "newest"})
    assert (again.status_code, again.json()["error"]["code"]) == (404, "no_code")
    assert _password_is(v1, "newer")


async def test_nobody_learns_who_is_there(v1: ApiSite, mailbox: Mailbox) -> None:
    """Without such an owner, an address or a password comes no mail, and the same answer."""
    with v1.database.writing() as connection:
        queries.set_owner(connection, "root", 1.0, email="root@example.org")
        queries.set_password(connection, "root", None, 1.0)
    answers = [
        await v1.call(RESET, None, json={"account": each})
        for each in ("bob", "alice", "root", "nobody", "nobody@example.org", "b\x00b")
    ]
    assert {(each.status_code, each.text) for each in answers} == {(202, answers[0].text)}
    assert [to for to, _, _ in await mailbox.take()] == ["bob@example.org"]


async def test_a_flood_of_questions(v1: ApiSite, mailbox: Mailbox) -> None:
    """Who asks for more mails than an address gets makes none of those void that have arrived."""
    for _ in range(RECEIVER_MAILS):
        await v1.call(RESET, None, json={"account": "bob"})
    mails = await mailbox.take()
    for _ in range(NETWORK_MAILS - RECEIVER_MAILS):
        await v1.call(RESET, None, json={"account": "bob"})
    assert (len(mails), await mailbox.take()) == (RECEIVER_MAILS, [])
    code = mails[0][2].split("Or enter this code: ")[1].split()[0]
    done = await v1.call(CONFIRM, None, json={"code": code, "password": "newer"})
    assert done.status_code == 204


async def test_an_address_as_a_name(v1: ApiSite, mailbox: Mailbox) -> None:
    """Who is called as somebody's address keeps no mail from them."""
    with v1.database.writing() as connection:
        queries.add_owner(
            connection, "bob@example.org", 1.0, password_hash="x", email="eve@example.org"
        )
    await v1.call(RESET, None, json={"account": "bob@example.org"})
    assert {to for to, _, _ in await mailbox.take()} == {"bob@example.org", "eve@example.org"}


async def test_a_code_is_over(v1: ApiSite, mailbox: Mailbox) -> None:
    """It holds for an hour, and only while the owner has the address it was sent to."""
    for change in ("time", "address"):
        await v1.call(RESET, None, json={"account": "bob"})
        code = await mailbox.code()
        if change == "time":
            v1.clock.advance(3601)
        else:
            with v1.database.writing() as connection:
                queries.set_owner(connection, "bob", 1.0, email="bob@elsewhere.example")
        answer = await v1.call(CONFIRM, None, json={"code": code, "password": "newer"})
        assert answer.json()["error"]["code"] == "no_code"
    assert _password_is(v1, "right")


async def test_other_codes_end(v1: ApiSite, mailbox: Mailbox) -> None:
    """With a new password no older code holds."""
    codes = []
    for _ in range(2):
        await v1.call(RESET, None, json={"account": "bob"})
        codes.append(await mailbox.code())
    bodies = [{"code": each, "password": "newer"} for each in codes]
    statuses = [(await v1.call(CONFIRM, None, json=each)).status_code for each in bodies]
    assert statuses == [204, 404]
    with v1.database.reading() as connection:
        assert connection.execute(select(mail_codes.c.digest)).all() == []


@pytest.mark.parametrize("password", ["a b", "ü" * 257, "a\x07", "\ud800"])
async def test_bad_passwords(v1: ApiSite, mailbox: Mailbox, password: str) -> None:
    """A password that no app can send is refused, and the code still holds."""
    await v1.call(RESET, None, json={"account": "bob"})
    code = await mailbox.code()
    body = {"code": code, "password": password}
    refused = await v1.call(CONFIRM, None, content=json.dumps(body), headers=JSON)
    assert refused.status_code == 422
    body["password"] = "newer"
    assert (await v1.call(CONFIRM, None, json=body)).status_code == 204


async def test_without_mail(v1: ApiSite) -> None:
    """A server without mail says so, whoever is asked for."""
    answer = await v1.call(RESET, None, json={"account": "bob"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "mail_off")


async def test_bounds(v1: ApiSite, mailbox: Mailbox) -> None:
    """An address gets five mails an hour; a network may ask ten times and try twenty codes."""
    answers = [await v1.call(RESET, None, json={"account": "bob"}) for _ in range(NETWORK_MAILS)]
    assert {each.status_code for each in answers} == {202}
    assert len(await mailbox.take()) == 5
    late = await v1.call(RESET, None, json={"account": "nobody"})
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 300
    body = {"code": "wrong", "password": "newer"}
    tried = [await v1.call(CONFIRM, None, json=body) for _ in range(CONFIRM_TRIES + 1)]
    assert [each.status_code for each in tried] == [404] * CONFIRM_TRIES + [429]


async def test_is_noted(v1: ApiSite, mailbox: Mailbox) -> None:
    """The owner sees in the audit trail that the password was set by mail."""
    await v1.call(RESET, None, json={"account": "bob"})
    body = {"code": await mailbox.code(), "password": "newer"}
    await v1.call(CONFIRM, None, json=body)
    noted = (await v1.call("GET /account/audit")).json()["items"]
    assert "password.reset" in [each["action"] for each in noted]


async def test_busy(v1: ApiSite, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many new passwords at once are told to come again, whoever sets them; no code is lost."""
    await v1.call(RESET, None, json={"account": "bob"})
    code = await mailbox.code()
    await v1.session()
    calls: list[tuple[str, str | None, str, dict[str, str]]] = [
        (CONFIRM, None, "*", {"code": code, "password": "longer-than-ever"}),
        ("POST /account/password", "bob", SESSION,
         {"old_password": PASSWORD, "new_password": "longer-than-ever"}),
        ("POST /admin/owners", "root", "*", {"name": "eve", "password": "longer-than-ever"}),
        ("PATCH /admin/owners/bob", "root", "*", {"password": "longer-than-ever"}),
    ]  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setitem(v1.http.accounts._hash_places, Pool.NEW, Places(0))
        for call, owner, permit, body in calls:
            answer = await v1.call(call, owner, permit, json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
            assert "retry-after" in answer.headers
    assert _password_is(v1, PASSWORD)
    assert (await v1.call(CONFIRM, None, json=calls[0][3])).status_code == 204
