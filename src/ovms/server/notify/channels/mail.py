"""Mail, by any SMTP server. The key of a subscription is the address."""

from __future__ import annotations

import socket
import ssl
import unicodedata
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

from ovms.server.notify.channel import Channel, Notice
from ovms.server.notify.errors import Gone, NotDelivered
from ovms.server.storage.names import is_mail_address

MAIL_TIMEOUT: Final = 20.0
"""Seconds for each step of the conversation with the mail server."""

SUBJECT_LIMIT: Final = 120
"""Characters of a subject; mail programs show some 70."""

REASON_LIMIT: Final = 200
"""Characters of what is told of a mail that could not be sent."""

GONE_CODES: Final = frozenset((550, 551, 553, 554))
"""A server's answers to a recipient that it will never accept (RFC 5321, 4.2.3)."""


TWO_READINGS: Final = frozenset("\u00df\u03c2\u200c\u200d")
"""Characters of a domain that the encoding at hand makes another domain's of (ß is ss there)."""


class MailSettings(BaseModel):
    """Settings of the server, at their top level."""

    mail_host: str | None = Field(
        default=None,
        description="Mail server for alerts and accounts; without one, nothing is mailed.",
    )
    mail_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=587, description="Port of the mail server."
    )
    mail_tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How to speak to the mail server: starttls, tls or none."
    )
    mail_user: str | None = Field(default=None, description="User at the mail server, if any.")
    mail_password: SecretStr | None = Field(
        default=None, description="Password at the mail server."
    )
    mail_from: str | None = Field(
        default=None, description="Sender of mailed alerts; ovms at this machine unless given."
    )
    mail_owners: bool = Field(
        default=True,
        description="Mail alerts that nobody else gets to the vehicle's owner, who has an address.",
    )
    operator_mail: str | None = Field(
        default=None,
        description="Address that hears of the server's own troubles: a full disk, a certificate"
        " that ends, another server that is lost.",
    )

    @field_validator("operator_mail")
    @classmethod
    def _is_mail_address(cls, text: str | None) -> str | None:
        if text is not None and not is_mail_address(text):
            raise ValueError("is no mail address")
        return text


class MailChannel(Channel):
    """Sends mail, each over its own connection, because alerts are rare.

    ``tls`` is the context for TLS, the system's certificates without one.
    """

    push_type = "mail"
    key_hint = "a mail address, as bob@example.org"
    settings = MailSettings
    is_for_apps = True

    def __init__(self, settings: MailSettings, tls: ssl.SSLContext | None = None) -> None:
        self._own = settings
        self._tls = tls
        self._host = socket.gethostname() or "localhost"
        sender = settings.mail_from or f"ovms@{self._host}"
        address = parseaddr(sender)[1]
        self._from = sender.replace(address, as_sent(address)) if address else sender

    @classmethod
    def key_problem(cls, key: str) -> str | None:
        """Return that a key is no address."""
        return None if is_mail_address(key) else "the key is no mail address"

    @classmethod
    def receiver(cls, key: str) -> str:
        """Return the address in small letters. No mail server in use tells them from capitals."""
        return as_sent(unicodedata.normalize("NFC", key).casefold())

    @classmethod
    def mask(cls, key: str) -> str:
        """Return the address."""
        return key

    @classmethod
    def missing(cls, settings: Any) -> str | None:
        """Return that no server is set."""
        return None if settings.mail_host else "no mail server is set (mail_host)"

    async def send(self, key: str, notice: Notice) -> None:
        """Send a mail."""
        import aiosmtplib  # only here: others need not wait for it

        try:
            await self._send(as_sent(key), self._compose(as_sent(key), notice))
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            if is_gone(refused.code, refused.message):
                raise Gone(f"the mail server knows no such recipient ({refused.code})") from None
            raise NotDelivered(f"the mail server refused ({refused.code})") from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotDelivered(f"the mail server answered {error.code}") from None
        except aiosmtplib.SMTPException as error:  # it says what: a port, TLS, a login, letters
            raise NotDelivered(f"no mail by {self._own.mail_host}: {_words(error)}") from None
        except (OSError, ValueError) as error:
            kind = type(error).__name__
            raise NotDelivered(f"no mail by {self._own.mail_host}: {kind}") from None

    async def _send(self, key: str, mail: EmailMessage) -> None:
        import aiosmtplib

        settings = self._own
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


def _words(error: Exception) -> str:
    """Return what an error says, in one line, or what it is called."""
    return " ".join(str(error).split())[:REASON_LIMIT] or type(error).__name__


def as_sent(address: str) -> str:
    """Return an address with its domain as it is looked up, in ASCII: any mail server takes that.

    Letters that are not ASCII in front of the ``@`` stay; few servers take those.
    """
    user, _, domain = address.rpartition("@")
    if TWO_READINGS.intersection(domain):
        return address
    try:
        return f"{user}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def is_gone(code: int, answer: str) -> bool:
    """Return whether a server's answer means that a recipient does not exist.

    It does not if it is about us, with the enhanced code 5.7 (policy) or about a relay, or about a
    full mailbox (5.2.2).
    """
    if code not in GONE_CODES:
        return False
    words = answer.lower()
    return not words.startswith(("5.7", "5.2.2")) and "relay" not in words
