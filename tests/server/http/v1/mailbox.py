"""A mail server that takes what ``/api/v1`` sends, and what its mails say."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ovms.server.http.account_mail import AccountMailer
from ovms.server.notify.channels.mail import MailChannel
from ovms.server.storage import queries
from tests.server.notify.servers import MailReceiver
from tests.server.notify.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.server.http.v1.site import ApiSite

URL = "https://ovms.example.org"


class Mailbox:
    """The mails that a site has sent."""

    def __init__(self, v1: ApiSite, receiver: MailReceiver) -> None:
        self.v1 = v1
        self.receiver = receiver

    async def take(self) -> list[tuple[str, str, str]]:
        """Return receiver, subject and text of each mail since the last time."""
        await self.v1.context.desk.mailer.idle()
        mails, self.receiver.mails = self.receiver.mails, []
        return [
            (each.recipients[0], str(each.message["Subject"]), each.message.get_content())
            for each in mails
        ]

    async def code(self) -> str:
        """Return the code in the only mail since the last time."""
        ((_, _, text),) = await self.take()
        found = re.search(r"^Or enter this code: (\S+)$", text.replace("\r", ""), re.MULTILINE)
        assert found is not None
        return found[1]


@asynccontextmanager
async def open_mailbox(v1: ApiSite) -> AsyncIterator[Mailbox]:
    """Give a site a mail server, and Bob an address."""
    async with MailReceiver() as receiver:
        channel = MailChannel(Settings(mail_port=receiver.port))
        v1.context.desk.mailer = AccountMailer(channel, URL, v1.clock)
        with v1.database.writing() as connection:
            queries.set_owner(connection, "bob", v1.clock.time(), email="bob@example.org")
        yield Mailbox(v1, receiver)
