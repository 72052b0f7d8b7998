from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from ovms.server.http import account_mail
from ovms.server.http.account_mail import RECEIVER_MAILS
from ovms.server.storage import queries
from ovms.server.storage.schema import mail_codes, owners
from tests.server.http.v1.mailbox import Mailbox, open_mailbox
from tests.server.http.v1.site import SESSION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.server.http.v1.site import ApiSite

REGISTER = "POST /account/registration"
CONFIRM = "POST /account/registration/confirm"
EMAIL = "POST /account/email"
NEW = {"email": "bob@new.example"}
EVE = {"name": "Eve", "email": "eve@example.org", "password": "right"}


@pytest.fixture
async def mailbox(v1: ApiSite) -> AsyncIterator[Mailbox]:
    """Give the site a mail server, and open it to strangers."""
    v1.context.desk.registration = True
    async with open_mailbox(v1) as opened:
        yield opened


async def test_registration(v1: ApiSite, mailbox: Mailbox) -> None:
    """There is an account once the code of the mail came back; then its password logs in."""
    answer = await v1.call(REGISTER, None, json=EVE)
    assert answer.status_code == 202
    code = await mailbox.code()
    with v1.database.reading() as connection:
        assert queries.find_owner(connection, "eve") is None
    made = await v1.call(CONFIRM, None, json={"code": code})
    assert (made.status_code, made.json()) == (201, {"name": "Eve"})
    login = await v1.http.accounts.log_in("eve", "right", "", "192.0.2.8")
    assert (login.vehicles, login.admin) == ((), False)
    with v1.database.reading() as connection:
        row = connection.execute(
            select(owners.c.email, owners.c.email_confirmed).where(owners.c.name_key == "eve")
        ).one()
    assert row == ("eve@example.org", v1.clock.time())
    assert (await v1.call(CONFIRM, None, json={"code": code})).status_code == 404


@pytest.mark.parametrize("name", ["BOB", "super"])
async def test_a_taken_name(v1: ApiSite, mailbox: Mailbox, name: str) -> None:
    """The answer is the same; the mail tells to choose another, and has no code."""
    v1.context.desk.reserved = frozenset({"super"})
    free = await v1.call(REGISTER, None, json=EVE)
    await mailbox.take()
    taken = await v1.call(REGISTER, None, json=EVE | {"name": name})
    assert (free.status_code, free.text) == (taken.status_code, taken.text)
    ((to, subject, text),) = await mailbox.take()
    assert (to, subject) == ("eve@example.org", "OVMS: Choose another name")
    assert "code" not in text


async def test_taken_meanwhile(v1: ApiSite, mailbox: Mailbox) -> None:
    """Of two who asked for a name the first to confirm has it."""
    codes = []
    for _ in range(2):
        await v1.call(REGISTER, None, json=EVE)
        codes.append(await mailbox.code())
    answers = [await v1.call(CONFIRM, None, json={"code": each}) for each in codes]
    assert [each.status_code for each in answers] == [201, 409]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"name": "a b"}, "bad_name"), ({"name": "a,b"}, "bad_name"), ({"email": "eve"}, "bad_email"),
     ({"email": "a@b, c@d"}, "bad_email"), ({"email": "a@b\r\nBcc: c@d"}, "bad_email"),
     ({"name": "a:b"}, "bad_name"), ({"name": "a/b"}, "bad_name"),
     ({"name": "bob@example.org"}, "bad_name"), ({"password": "a b"}, "bad_password"),
     ({"name": ""}, "invalid"), ({"more": 1}, "invalid")],
)  # fmt: skip
async def test_wrong_values(
    v1: ApiSite, mailbox: Mailbox, wrong: dict[str, Any], code: str
) -> None:
    """What cannot be an owner is refused at once."""
    answer = await v1.call(REGISTER, None, json=EVE | wrong)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert await mailbox.take() == []


async def test_an_address_as_name(v1: ApiSite, mailbox: Mailbox) -> None:
    """Somebody may be called as the own address, which the mail confirms."""
    body = EVE | {"name": "Eve@example.org"}
    assert (await v1.call(REGISTER, None, json=body)).status_code == 202
    made = await v1.call(CONFIRM, None, json={"code": await mailbox.code()})
    assert made.json() == {"name": "Eve@example.org"}


async def test_off(v1: ApiSite, mailbox: Mailbox) -> None:
    """Unless the operator opens it, nobody registers, not even by a code of before."""
    await v1.call(REGISTER, None, json=EVE)
    code = await mailbox.code()
    v1.context.desk.registration = False
    for call, body in ((REGISTER, EVE), (CONFIRM, {"code": code})):
        answer = await v1.call(call, None, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "registration_off")


async def test_another_address(v1: ApiSite, mailbox: Mailbox) -> None:
    """It counts once the code that went there came back, and the old address is told."""
    answer = await v1.call(EMAIL, "bob", SESSION, json=NEW)
    assert answer.status_code == 202
    ((to, _, text),) = await mailbox.take()
    assert to == "bob@new.example"
    code = text.split("Or enter this code: ")[1].split()[0]
    done = await v1.call("POST /account/email/confirm", None, json={"code": code})
    assert (done.status_code, done.json()) == (200, {"email": "bob@new.example"})
    ((to, subject, text),) = await mailbox.take()
    assert (to, subject) == ("bob@example.org", "OVMS: Your mail address was changed")
    assert "new.example" not in text
    with v1.database.reading() as connection:
        assert queries.get_owner(connection, "bob").email == "bob@new.example"
    again = await v1.call("POST /account/email/confirm", None, json={"code": code})
    assert again.status_code == 404


async def test_another_address_while_many_mails_wait(
    v1: ApiSite, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is changed, and the answer says so, even if the old one cannot be told."""
    await v1.call(EMAIL, "bob", SESSION, json=NEW)
    code = await mailbox.code()
    monkeypatch.setattr(account_mail, "MAIL_JOBS_LIMIT", 0)
    done = await v1.call("POST /account/email/confirm", None, json={"code": code})
    assert (done.status_code, done.json()) == (200, {"email": "bob@new.example"})
    audit = await v1.call("GET /account/audit", params={"action": "email.changed"})
    assert len(audit.json()["items"]) == 1


@pytest.mark.parametrize("call", [REGISTER, EMAIL])
async def test_a_full_mailbox(v1: ApiSite, mailbox: Mailbox, call: str) -> None:
    """An address that got many mails gets no further one, and no code is stored for it."""
    for number in range(RECEIVER_MAILS):
        await v1.context.desk.mailer.send("eve@example.org", f"Mail {number}")
    body, owner = (EVE, None) if call == REGISTER else ({"email": EVE["email"]}, "bob")
    await mailbox.take()
    assert (await v1.call(call, owner, SESSION, json=body)).status_code == 202
    assert await mailbox.take() == []
    with v1.database.reading() as connection:
        assert connection.execute(select(mail_codes.c.digest)).all() == []


async def test_a_fresh_proof_is_needed(v1: ApiSite, mailbox: Mailbox) -> None:
    """A browser that was left open, or a token, changes no address."""
    await v1.call(EMAIL, "bob", SESSION, json=NEW)
    await mailbox.take()
    v1.clock.advance(3600)
    for permit, code in ((SESSION, "proof_needed"), ("*", "session_needed")):
        answer = await v1.call(EMAIL, "bob", permit, json=NEW)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, code)
    assert await mailbox.take() == []


async def test_a_code_for_another_purpose(v1: ApiSite, mailbox: Mailbox) -> None:
    """A code that confirms an address sets no password."""
    await v1.call(EMAIL, "bob", SESSION, json=NEW)
    body = {"code": await mailbox.code(), "password": "newer"}
    assert (await v1.call("POST /account/reset/confirm", None, json=body)).status_code == 404
