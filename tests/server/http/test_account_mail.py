from __future__ import annotations

import asyncio

import pytest

from ovms.base.clock import ManualClock
from ovms.server.http import account_mail
from ovms.server.http.account_mail import (
    ALL_MAILS,
    NETWORK_MAILS,
    RECEIVER_MAILS,
    RECEIVER_REFILL,
    REGISTRATION_MAILS,
    AccountMailer,
)
from ovms.server.http.errors import CallFailed
from ovms.server.notify.channel import Channel, Notice
from ovms.server.notify.errors import Gone, NotDelivered
from ovms.server.storage.mail_codes import MailPurpose
from tests.waiting import until


class FakeMail(Channel):
    """Keeps what is sent."""

    push_type = "mail"

    def __init__(self) -> None:
        self.sent: list[tuple[str, Notice]] = []
        self.tried: list[Notice] = []
        self.failures: list[Exception] = []
        self.hangs = False

    async def send(self, key: str, notice: Notice) -> None:
        """Keep a mail, unless it is to fail."""
        self.tried.append(notice)
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((key, notice))


def _mailer(url: str | None = None) -> tuple[AccountMailer, FakeMail, ManualClock]:
    mail, clock = FakeMail(), ManualClock(1000.0)
    return AccountMailer(mail, url, clock, lambda size: b"\x01" * size), mail, clock


async def test_send() -> None:
    """A mail begins with its subject, and its number tells nothing of its code."""
    mailer, mail, _ = _mailer()
    assert await mailer.send("bob@example.org", "Hello", "One.", "Two.")
    ((to, notice),) = mail.sent
    assert (to, notice.body) == ("bob@example.org", "Hello\n\nOne.\n\nTwo.")
    assert (notice.title, notice.created) == ("OVMS", 1000.0)
    assert not await AccountMailer(None, None, ManualClock(0.0)).send("a@b", "Hello")


async def test_receivers_are_bounded() -> None:
    """An address gets some mails, in whatever case, and one more an hour later."""
    mailer, mail, clock = _mailer()
    sent = [await mailer.send(each, "Hello") for each in ["a@b", "A@B"] * RECEIVER_MAILS]
    assert sum(sent) == RECEIVER_MAILS
    assert await mailer.send("c@d", "Hello")
    clock.advance(RECEIVER_REFILL)
    assert [await mailer.send("a@b", "Hello") for _ in range(2)] == [True, False]
    assert len(mail.sent) == RECEIVER_MAILS + 2


async def test_all_are_bounded() -> None:
    """So are all mails together."""
    mailer, mail, _ = _mailer()
    for number in range(ALL_MAILS + 5):
        await mailer.send(f"{number}@b", "Hello")
    assert len(mail.sent) == ALL_MAILS


async def test_a_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail that was not sent is sent later, the same one; its receiver gets no other instead."""
    monkeypatch.setattr(account_mail, "RETRIES", (0.0, 0.0))
    mailer, mail, _ = _mailer()
    mail.failures = [NotDelivered("away"), NotDelivered("away")]
    assert not await mailer.send("a@b", "Hello")
    await until(lambda: bool(mail.sent))
    assert len(mail.tried) == 3
    assert len({notice.id for notice in mail.tried}) == 1
    rest = [await mailer.send("a@b", "Hello") for _ in range(RECEIVER_MAILS)]
    assert rest == [True] * (RECEIVER_MAILS - 1) + [False]
    await mailer.close()


@pytest.mark.parametrize(
    ("failures", "tries"),
    [([Gone("unknown")], 1), ([NotDelivered("away")] * 3, 3)],
)
async def test_mails_that_are_given_up(
    monkeypatch: pytest.MonkeyPatch, failures: list[Exception], tries: int
) -> None:
    """A mail to nobody is not tried again, any other a few times; neither counts then."""
    monkeypatch.setattr(account_mail, "RETRIES", (0.0, 0.0))
    mailer, mail, _ = _mailer()
    mail.failures = list(failures)
    assert not await mailer.send("a@b", "Hello")
    await until(lambda: len(mail.tried) == tries)
    await mailer.idle()
    assert [await mailer.send("a@b", "Hello") for _ in range(RECEIVER_MAILS)] == (
        [True] * RECEIVER_MAILS
    )
    await mailer.close()


async def test_a_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server that does not come to an end is one that is away."""
    monkeypatch.setattr(account_mail, "SEND_TIMEOUT", 0.01)
    mailer, mail, _ = _mailer()
    mail.hangs = True
    assert not await mailer.send("a@b", "Hello")
    assert len(mailer._retries) == 1
    await mailer.close()
    assert not mailer._retries


async def test_has_room() -> None:
    """There is room for a mail while it would be sent."""
    mailer, _, _ = _mailer()
    for _ in range(RECEIVER_MAILS):
        assert mailer.has_room("A@b")
        await mailer.send("a@b", "Hello")
    assert not mailer.has_room("A@b")
    assert mailer.has_room("c@d")


async def test_registrations_are_bounded() -> None:
    """Strangers from everywhere who want accounts leave mails to owners."""
    mailer, _, _ = _mailer()

    async def work() -> None:
        return

    for number in range(REGISTRATION_MAILS):
        mailer.ask_registration(f"2001:db8:{number:x}::1", work)
        await mailer.idle()
    with pytest.raises(CallFailed):
        mailer.ask_registration("2001:db8:ffff::1", work)
    mailer.ask("2001:db8:ffff::1", work)
    await mailer.idle()


async def test_jobs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """One job too many is told to come again; jobs that fail end none of the others."""
    monkeypatch.setattr(account_mail, "MAIL_JOBS_LIMIT", 3)
    mailer, _, _ = _mailer()
    done: list[int] = []

    async def fail() -> None:
        raise ZeroDivisionError

    async def work() -> None:
        done.append(1)

    for job in (work, fail, work):
        mailer.put(job)
    assert not mailer.put(work)
    with pytest.raises(CallFailed) as caught:
        mailer.ask("192.0.2.7", work)
    assert caught.value.status == 429
    await mailer.idle()
    assert done == [1, 1]
    mailer.put(work)
    await mailer.close()
    await mailer.close()
    assert done == [1, 1]


async def test_networks_are_bounded() -> None:
    """A network may ask for some mails, whatever address of it asks."""
    mailer, _, _ = _mailer()

    async def work() -> None:
        return

    for number in range(NETWORK_MAILS):
        mailer.ask(f"2001:db8:1::{number}", work)
    with pytest.raises(CallFailed):
        mailer.ask("2001:db8:1::ffff", work)
    mailer.ask("2001:db8:2::1", work)
    await mailer.idle()


@pytest.mark.parametrize("url", [None, "https://ovms.example.org/app"])
def test_how_to(url: str | None) -> None:
    """A link is made of the setting alone; without it there is the code."""
    text = _mailer(url)[0].how_to(MailPurpose.RESET, "CODE", "an hour")
    assert text.endswith("CODE")
    assert (f"{url}/reset#code=CODE" in text) == (url is not None)


def test_codes() -> None:
    """Codes come from the chance that was given."""
    assert _mailer()[0].new_code().startswith("AQEB")
