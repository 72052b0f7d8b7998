"""Mail, by any SMTP server. The key of a subscription is the address."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Final

import aiosmtplib

from ovms.server.notify.errors import Gone, NotDelivered

if TYPE_CHECKING:
    from ovms.server.notify.interfaces import ChannelSettings, Notice

MAIL_TIMEOUT: Final = 20.0
"""Seconds for each step of the conversation with the mail server."""

SUBJECT_LIMIT: Final = 120
"""Characters of a subject; mail programs show some 70."""

GONE_CODES: Final = frozenset((550, 551, 553, 554))
"""What a server answers to a recipient that it will never take (RFC 5321, 4.2.3)."""


class MailChannel:
    """Sends mail; a connection each, for alerts are rare.

    ``tls`` is the context for TLS, the system's certificates without one.
    """

    def __init__(self, settings: ChannelSettings, tls: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._tls = tls
        self._host = socket.gethostname() or "localhost"
        self._from = settings.mail_from or f"ovms@{self._host}"

    async def send(self, key: str, notice: Notice) -> None:
        """Hand a mail to the server."""
        try:
            await self._send(key, self._compose(key, notice))
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            if is_gone(refused.code, refused.message):
                raise Gone(f"the mail server knows no such recipient ({refused.code})") from None
            raise NotDelivered(f"the mail server refused ({refused.code})") from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotDelivered(f"the mail server answered {error.code}") from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            kind = type(error).__name__
            raise NotDelivered(f"no mail by {self._settings.mail_host}: {kind}") from None

    async def close(self) -> None:
        """Do nothing: no connection is kept."""

    async def _send(self, key: str, mail: EmailMessage) -> None:
        settings = self._settings
        password = settings.mail_password
        await aiosmtplib.send(
            mail,
            sender=parseaddr(self._from)[1],
            recipients=[key],
            hostname=settings.mail_host,
            port=settings.mail_port,
            username=settings.mail_user,
            password=password.get_secret_value() if password is not None else None,
            use_tls=settings.mail_tls == "tls",
            start_tls=settings.mail_tls == "starttls",
            tls_context=self._tls,
            local_hostname=self._host,
            timeout=MAIL_TIMEOUT,
        )

    def _compose(self, key: str, notice: Notice) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._from
        mail["To"] = key
        mail["Subject"] = subject(notice)
        mail["Date"] = format_datetime(datetime.fromtimestamp(notice.created, UTC))
        # The same when it is sent again, so that mail programs show it once.
        mail["Message-ID"] = f"<{notice.id}@{parseaddr(self._from)[1].rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(notice.body + "\n")
        return mail


def subject(notice: Notice) -> str:
    """Return the subject: the title, and the first line of the alert."""
    text = f"{notice.title}: {notice.body.split(chr(10), 1)[0]}"
    return text if len(text) <= SUBJECT_LIMIT else text[: SUBJECT_LIMIT - 1] + "…"


def is_gone(code: int, answer: str) -> bool:
    """Tell from a server's answer to a recipient whether there is nobody, and never will be.

    Not when the answer is about us: enhanced codes 5.7 (policy), or a relay that we may not use;
    nor for a full mailbox (5.2.2).
    """
    if code not in GONE_CODES:
        return False
    words = answer.lower()
    return not words.startswith(("5.7", "5.2.2")) and "relay" not in words
