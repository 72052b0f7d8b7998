from __future__ import annotations

import asyncio
import logging

import pytest

from ovms.server.notify.channel import NoSettings
from ovms.server.notify.channels import apprise
from ovms.server.notify.channels.apprise import AppriseChannel, is_service, scheme
from ovms.server.notify.errors import NotDelivered
from tests.server.notify.servers import NOTICE, HttpReceiver, Reply, until


async def test_webhook(http_server: HttpReceiver) -> None:
    """A webhook gets title and body."""
    await AppriseChannel(NoSettings()).send(f"json://{http_server.url}/hook", NOTICE)
    (request,) = http_server.requests
    assert request.path == "/hook"
    assert request.json["title"] == "Open Vehicles MyCar"
    assert request.json["message"] == "Tür offen ⚡\nzweite"


async def test_ntfy(http_server: HttpReceiver) -> None:
    """So does an ntfy server, with user and password."""
    await AppriseChannel(NoSettings()).send(f"ntfy://user:pass@{http_server.url}/topic", NOTICE)
    (request,) = http_server.requests
    assert request.json["topic"] == "topic"
    assert request.json["message"] == "Tür offen ⚡\nzweite"
    assert request.headers["authorization"].startswith("Basic ")


async def test_refused(http_server: HttpReceiver, caplog: pytest.LogCaptureFixture) -> None:
    """A service that does not take it is named without its address, in the log too."""
    caplog.set_level(logging.DEBUG, "apprise")
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    http_server.replies = [Reply(500)]
    for url in (f"json://user:hidden@{http_server.url}/", "bad://hidden", "json://[hidden"):
        with pytest.raises(NotDelivered, match=f"^{scheme(url)} did not accept it$"):
            await AppriseChannel(NoSettings()).send(url, NOTICE)
    assert "hidden" not in caplog.text


async def test_silence_and_threads(
    http_server: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that hangs is left after the time-out; its thread counts until it ends."""
    monkeypatch.setattr(apprise, "THREAD_LIMIT", 1)
    hold = asyncio.Event()
    http_server.replies = [Reply(hold=hold), Reply()]
    channel, url = AppriseChannel(NoSettings(), timeout=0.05), f"json://{http_server.url}/"
    with pytest.raises(NotDelivered, match="did not answer in time"):
        await channel.send(url, NOTICE)
    with pytest.raises(NotDelivered, match="too many"):
        await channel.send(url, NOTICE)
    hold.set()
    await until(lambda: not channel._running)
    await AppriseChannel(NoSettings()).send(url, NOTICE)
    await channel.close()


@pytest.mark.parametrize(
    ("url", "known"),
    [("ntfy://host/topic", True), ("json://host", True), ("nothing://x", False), ("", False)],
)
def test_services(url: str, known: bool) -> None:
    """URLs of services that the library knows are recognised."""
    assert is_service(url) is known


@pytest.mark.parametrize(
    ("url", "other", "is_same"),
    [
        ("ntfy://Host.example/topic", "NTFY://host.example/topic/", True),
        ("json://user:Pass@localhost:80/x", "json://user:Pass@LOCALHOST:80/x", True),
        ("json://user:Pass@host:80/x", "json://user:pass@host:80/x", False),
        ("ntfy://host.example/topic", "ntfy://host.example/Topic", False),
        ("ntfy://topic", "ntfy://Topic", False),
        ("ntfy://topic", "ntfys://topic", False),
    ],
)
def test_one_service(url: str, other: str, is_same: bool) -> None:
    """A URL in another spelling is the same receiver; topics and passwords keep their capitals."""
    assert (AppriseChannel.receiver(url) == AppriseChannel.receiver(other)) is is_same


async def test_module_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a service's module raises is a failure like any other."""

    def fail(url: str, notice: object) -> bool:
        raise RuntimeError(url)

    monkeypatch.setattr(apprise, "notify", fail)
    with pytest.raises(NotDelivered, match=r"^json did not accept it$"):
        await AppriseChannel(NoSettings()).send("json://hidden", NOTICE)
