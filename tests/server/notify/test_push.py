from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ovms.protocol.records.alert import Alert
from ovms.server.alerts.expansion import Expansion
from ovms.server.notify.channels.webpush import WebPushChannel, WebPushSettings
from ovms.server.notify.notifier import Notifier
from ovms.server.notify.push import contact_of, prepare_push, push_channel
from ovms.server.storage import push_devices, queries
from ovms.server.storage.notify import NotifyStore
from tests.server.notify.devices import Browser, claims_of
from tests.server.notify.fakes import TYPES, FakeChannel, chance, clock
from tests.server.notify.servers import HttpReceiver, Reply
from tests.server.storage.databases import make_database

if TYPE_CHECKING:
    from pathlib import Path


def test_contact() -> None:
    """Push services hear of the operator, if there is an address."""
    assert contact_of("ops@example.org") == "mailto:ops@example.org"
    assert contact_of(None).startswith("mailto:ovms@")


def test_no_channel() -> None:
    """Another channel under that name is another package's: it needs no key of ours."""
    assert push_channel({}) is push_channel({"webpush": FakeChannel()}) is None


async def test_an_alert(tmp_path: Path, http_server: HttpReceiver) -> None:
    """An alert of a car reaches its owner's browser, and a browser that is gone hears no more."""
    http_server.replies = [Reply(503, b""), Reply(201, b""), Reply(410, b"")]
    database = make_database(tmp_path)
    browser = Browser(f"http://{http_server.url}/x")
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO server (id, started, heartbeat) VALUES (1, 1, 2)")
        bob = queries.get_owner(connection, "bob")
        car = queries.get_vehicle(connection, "CAR1")
        push_devices.put_device(connection, bob.id, json.dumps(browser.subscription), "", 1.0)
    channels = {"webpush": WebPushChannel(WebPushSettings(private=True))}
    await prepare_push(channels, database, "ops@example.org")
    now = clock()
    notifier = Notifier(NotifyStore(database), TYPES, channels, Expansion({}), now, chance())
    requests = http_server.requests
    for text, count in (("12 V is low", 2), ("Charge stopped", 3)):
        notifier.raise_alert(car, Alert("A", text))
        while len(requests) < count:
            now.advance(1000.0)
            await notifier.step()
            await notifier.settle()
    vapid = channels["webpush"].vapid
    assert vapid is not None
    assert [claims_of(each, vapid.public)["sub"] for each in requests] == [
        "mailto:ops@example.org"
    ] * 3
    assert [browser.read(each)["text"] for each in requests] == [
        "12 V is low", "12 V is low", "Charge stopped",
    ]  # fmt: skip
    with database.reading() as connection:
        assert not push_devices.has_devices(connection, bob.id)
    await notifier.close()
    await database.close()
