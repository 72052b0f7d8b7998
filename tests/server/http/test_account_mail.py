from __future__ import annotations

import pytest

from ovms.base.clock import ManualClock
from ovms.server.http import account_mail
from ovms.server.http.account_mail import (
    ALL_MAILS,
    NETWORK_MAILS,
    RECEIVER_MAILS,
    RECEIVER_REFILL,
    AccountMailer,
)
from ovms.server.http.errors import CallFailed
from ovms.server.notify.channel import Channel, Notice
from ovms.server.notify.errors import NotDelivered
from ovms.server.storage.mail_codes import MailPurpose


class FakeMail(Channel):
    """Keeps what is sent."""

    push_type = "mail"

    def __init__(self) -> None:
        self.sent: list[tuple[str, Notice]] = []
        self.is_away = False

    async def send(self, key: str, notice: Notice) -> None:
        """Keep a mail."""
        if self.is_away:
            raise NotDelivered("the mail server is away")
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


async def test_a_server_that_is_away() -> None:
    """A mail that was not sent does not count for its receiver."""
    mailer, mail, _ = _mailer()
    mail.is_away = True
    for _ in range(RECEIVER_MAILS + 1):
        assert not await mailer.send("a@b", "Hello")
    mail.is_away = False
    assert await mailer.send("a@b", "Hello")


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
    with pytest.raises(CallFailed) as caught:
        mailer.put(work)
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
