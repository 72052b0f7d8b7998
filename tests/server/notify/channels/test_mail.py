from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from ovms.server.notify.channel import Notice
from ovms.server.notify.channels.mail import SUBJECT_LIMIT, MailChannel, as_sent, is_gone, subject
from ovms.server.notify.errors import Gone, NotDelivered
from tests.server.notify.servers import NOTICE, MailReceiver
from tests.server.notify.settings import Settings

TO = "bob@example.org"


def _certificate(folder: Path) -> Path:
    """Make a certificate of loopback with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


async def test_mail_is_utf8(mail_server: MailReceiver) -> None:
    """Subject, sender and body reach the mailbox letter by letter."""
    await MailChannel(Settings(mail_port=mail_server.port)).send(TO, NOTICE)
    (mail,) = mail_server.mails
    assert (mail.sender, mail.recipients) == ("ovms@example.org", [TO])
    assert mail.message["Subject"] == "Open Vehicles MyCar: Tür offen ⚡"
    assert mail.message["From"] == "Ärger <ovms@example.org>"
    assert mail.message["To"] == TO
    assert mail.message["Message-ID"] == "<ovms-7-1000@example.org>"
    assert mail.message["Date"] == "Thu, 01 Jan 1970 00:16:40 +0000"
    assert mail.message.get_content().splitlines() == ["Tür offen ⚡", "zweite"]


async def test_sender_without_setting(mail_server: MailReceiver) -> None:
    """Without a sender it is ovms at this machine."""
    await MailChannel(Settings(mail_port=mail_server.port, mail_from=None)).send(TO, NOTICE)
    assert mail_server.mails[0].sender.startswith("ovms@")


@pytest.mark.parametrize("how", ["tls", "starttls"])
async def test_tls_and_login(how: str, tmp_path: Path) -> None:
    """The server is spoken to in TLS from the start or after STARTTLS, and logged in to."""
    file = _certificate(tmp_path)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(file)
    settings = Settings(mail_tls="tls" if how == "tls" else "starttls", mail_user="ovms")
    settings.mail_password = SecretStr("päss")
    async with MailReceiver(ours, start_tls=how == "starttls", login=True) as server:
        settings.mail_port = server.port
        await MailChannel(settings, ssl.create_default_context(cafile=str(file))).send(TO, NOTICE)
        assert [mail.user for mail in server.mails] == ["ovms"]
        with pytest.raises(NotDelivered):  # a certificate that nobody vouches for
            await MailChannel(settings).send(TO, NOTICE)


async def test_wrong_password() -> None:
    """A login that the server refuses is no fault of the recipient."""
    settings = Settings(mail_user="ovms", mail_password=SecretStr("wrong"))
    async with MailReceiver(login=True) as server:
        settings.mail_port = server.port
        with pytest.raises(NotDelivered, match="answered 535") as caught:
            await MailChannel(settings).send(TO, NOTICE)
    assert not isinstance(caught.value, Gone)


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "551 moved", "554 nobody"])
async def test_recipient_is_gone(mail_server: MailReceiver, answer: str) -> None:
    """A recipient who is refused for good is gone; the reason does not tell the address."""
    mail_server.refuse[TO] = answer
    with pytest.raises(Gone) as caught:
        await MailChannel(Settings(mail_port=mail_server.port)).send(TO, NOTICE)
    assert TO not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "answer", "gone"),
    [
        (550, "5.1.1 unknown", True),
        (553, "bad name", True),
        (550, "5.7.1 policy", False),
        (550, "Relaying denied", False),
        (554, "relay access denied", False),
        (552, "5.2.2 mailbox full", False),
        (554, "5.2.2 mailbox full", False),
        (450, "try later", False),
        (530, "log in first", False),
    ],
)
def test_gone(code: int, answer: str, gone: bool) -> None:
    """Only what is about the recipient, and for good, ends a subscription."""
    assert is_gone(code, answer) is gone


async def test_later(mail_server: MailReceiver) -> None:
    """A refusal for now, of the recipient or of the mail, may be tried again."""
    channel = MailChannel(Settings(mail_port=mail_server.port))
    mail_server.refuse[TO] = "450 greylisted"
    with pytest.raises(NotDelivered, match="450"):
        await channel.send(TO, NOTICE)
    mail_server.refuse.clear()
    mail_server.answer = "554 spam"
    with pytest.raises(NotDelivered, match="answered 554") as caught:
        await channel.send(TO, NOTICE)
    assert not isinstance(caught.value, Gone)
    assert mail_server.mails == []


async def test_no_server(mail_server: MailReceiver) -> None:
    """A server that is down is named as the reason."""
    await mail_server.down()
    channel = MailChannel(Settings(mail_port=mail_server.port))
    with pytest.raises(NotDelivered, match=r"no mail by 127\.0\.0\.1"):
        await channel.send(TO, NOTICE)
    await channel.close()
    await channel.close()


@pytest.mark.parametrize(
    ("key", "other", "is_same"),
    [
        ("Bob@Example.ORG", "bob@example.org", True),
        ("bob@bücher.example", "bob@xn--bcher-kva.example", True),
        ("m\u00fcller@example.org", "mu\u0308ller@example.org", True),
        ("bob@example.org", "bob@example.com", False),
        ("bob@example.org", "rob@example.org", False),
        ("bob@a..b", "BOB@a..b", True),
    ],
)
def test_one_mailbox(key: str, other: str, is_same: bool) -> None:
    """An address in another spelling is the same receiver."""
    assert (MailChannel.receiver(key) == MailChannel.receiver(other)) is is_same


async def test_domain_with_accents(mail_server: MailReceiver) -> None:
    """Mail to and from a domain with accents needs nothing of the mail server."""
    mail_server.is_international = False
    settings = Settings(mail_port=mail_server.port, mail_from="Ärger <ovms@müller.example>")
    await MailChannel(settings).send("bob@bücher.example", NOTICE)
    (mail,) = mail_server.mails
    assert mail.sender == "ovms@xn--mller-kva.example"
    assert mail.recipients == ["bob@xn--bcher-kva.example"]
    assert mail.message["From"] == "Ärger <ovms@xn--mller-kva.example>"


def test_domain_of_two_readings() -> None:
    """A domain is left as it is if its old encoding is another domain."""
    assert as_sent("bob@stra\u00dfe.example") == "bob@stra\u00dfe.example"


@pytest.mark.parametrize(
    ("setting", "reason"),
    [({"mail_tls": "starttls"}, "STARTTLS"), ({"mail_user": "ovms"}, "answered 535"),
     ({"mail_tls": "tls"}, "Error connecting to 127.0.0.1")],
)  # fmt: skip
async def test_what_is_set_wrong_is_told(
    mail_server: MailReceiver, setting: dict[str, str], reason: str
) -> None:
    """TLS or a login that the server does not know is named, not only that it failed."""
    settings = Settings(mail_port=mail_server.port).model_copy(update=setting)
    with pytest.raises(NotDelivered, match=reason):
        await MailChannel(settings).send(TO, NOTICE)


async def test_server_lacks_something(mail_server: MailReceiver) -> None:
    """What a mail server cannot do, and the mail needs, is named."""
    mail_server.is_international = False
    with pytest.raises(NotDelivered, match="SMTPUTF8 is not supported"):
        await MailChannel(Settings(mail_port=mail_server.port)).send("jéns@example.org", NOTICE)


@pytest.mark.parametrize(
    "key", ["a,b@x.example", "a@b@c", "Bob <b@x>", "b@.x", "b@x..y", "b@", "@"]
)
def test_no_address(key: str) -> None:
    """What is no single address is no key."""
    assert MailChannel.key_problem(key) is not None


def test_subject_is_bounded() -> None:
    """A subject has at most as many characters as the limit says."""
    room = SUBJECT_LIMIT - len("T: ")
    assert subject(Notice("", "", "T", "x" * room, 0.0)) == "T: " + "x" * room
    cut = subject(Notice("", "", "T", "x" * (room + 1), 0.0))
    assert (len(cut), cut[-1]) == (SUBJECT_LIMIT, "…")
