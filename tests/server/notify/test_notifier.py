from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ovms.base import logs
from ovms.base.clock import ManualClock, SystemClock
from ovms.protocol.records.alert import Alert
from ovms.server.alerts.expansion import load
from ovms.server.alerts.text import BODY_LIMIT
from ovms.server.notify import notifier as module
from ovms.server.notify.channel import Channel
from ovms.server.notify.desk import ADDRESS_REFILL
from ovms.server.notify.notifier import ALERT_REFILL, ALERTS_A_VEHICLE, Notifier
from ovms.server.notify.registry import open_channels
from ovms.server.storage import queries
from ovms.server.storage.notify import NotifyStore
from ovms.server.storage.opening import open_database
from ovms.server.values import Subscription, Vehicle
from tests.server.notify.fakes import START, TYPES, FakeChannel, chance, clock
from tests.server.notify.servers import HttpReceiver, MailReceiver, Reply, until
from tests.server.notify.settings import Settings


class Scene:
    """A notifier with an Expo channel, driven step by step."""

    def __init__(self, store: NotifyStore) -> None:
        self.store = store
        self.clock: ManualClock = clock()
        self.expo = FakeChannel()
        self.notifier = Notifier(store, TYPES, {"expo": self.expo}, load(), self.clock, chance())

    async def vehicle(self, vehicle_id: str = "CAR1") -> Vehicle:
        """Return a vehicle."""
        return (await self.store.find_vehicles([vehicle_id]))[vehicle_id]

    async def subscribe(self, data: str, vehicle_id: str = "CAR1") -> None:
        """Send a ``p``."""
        await self.notifier.subscribe(await self.vehicle(vehicle_id), data.encode())

    async def found(self, vehicle_id: str = "CAR1", app_id: str = "app") -> Subscription | None:
        """Return a subscription."""
        return await self.store.find_subscription(vehicle_id, app_id)

    async def tell(self, *texts: str, kind: str = "A", vehicle_id: str = "CAR1") -> list[str]:
        """Raise alerts of a car; return them as people read them."""
        car = replace(await self.vehicle(), id=vehicle_id)
        return [self.notifier.raise_alert(car, Alert(kind, text)).text for text in texts]

    async def step(self, seconds: float = 3.0) -> None:
        """Write, let time pass, deliver."""
        await self.notifier.step()
        self.clock.advance(seconds)
        await self.notifier.step()
        await self.notifier.settle()


@pytest.fixture
def scene(store: NotifyStore) -> Scene:
    """Set the scene."""
    return Scene(store)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Collect what is logged, at every level."""
    stream = io.StringIO()
    logs.configure("debug", "json", stream)
    yield stream
    logs.configure("warning", "text")


async def test_alert_is_told_and_delivered(scene: Scene) -> None:
    """An error becomes a sentence at once, and is delivered with the other alerts of its event."""
    await scene.subscribe("app,expo,simple,KEY")
    (told,) = await scene.tell("TR,25,100", kind="E")
    assert told == "Logs are being copied to the USB stick: 100 % done."
    await scene.tell("two", kind="I")
    await scene.tell("three")
    await scene.step()
    assert scene.expo.bodies == [f"{told}\ntwo\nthree"]


async def test_repetition(scene: Scene) -> None:
    """The same alert within a minute is passed on but not delivered again."""
    await scene.subscribe("app,expo,simple,KEY")
    assert await scene.tell("one", "one") == ["one", "one"]
    await scene.step()
    await scene.tell("one")
    await scene.step(56.9)
    assert scene.expo.bodies == ["one"]
    scene.clock.advance(0.1)
    await scene.tell("one")
    await scene.step()
    assert scene.expo.bodies == ["one", "one"]


async def test_one_key_of_two_apps(scene: Scene) -> None:
    """A phone whose app was installed anew has one key under two ids, and is told once."""
    await scene.subscribe("app,expo,simple,KEY")
    scene.clock.advance(1.0)
    await scene.subscribe("new,expo,simple,KEY")
    await scene.subscribe("other,expo,simple,OTHER")
    await scene.tell("one")
    await scene.step()
    assert sorted(key for key, _ in scene.expo.sent) == ["KEY", "OTHER"]


async def test_a_channel_that_cannot_tell_receivers(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a channel's own code fails, keys are compared letter by letter."""

    def fail(key: str) -> str:
        raise RuntimeError(key)

    monkeypatch.setattr(scene.expo, "receiver", fail, raising=False)
    for app, key in (("a", "KEY"), ("b", "KEY"), ("c", "key")):
        await scene.subscribe(f"{app},expo,simple,{key}")
    await scene.tell("one")
    await scene.step()
    assert sorted(key for key, _ in scene.expo.sent) == ["KEY", "key"]


async def test_not_for_people(scene: Scene) -> None:
    """Unknown kinds and alerts without text are passed on but not delivered."""
    await scene.subscribe("app,expo,simple,KEY")
    await scene.tell("data", kind="D")
    await scene.tell("", "\r")
    await scene.step()
    assert scene.expo.tries == 0


async def test_text_is_made_readable(scene: Scene) -> None:
    """What cannot be stored or shown as it came is made so, and bounded."""
    await scene.subscribe("app,expo,simple,KEY")
    await scene.tell("k\udce4lter\rnow", "x" * (BODY_LIMIT + 1))
    await scene.step()
    (body,) = scene.expo.bodies
    assert body.startswith("kälter\nnow\nxxx")
    assert len(body) == BODY_LIMIT


async def test_every_form(scene: Scene) -> None:
    """Subscriptions are kept with the app's spelling; mail with a minus ends one."""
    await scene.subscribe("app,gcm,,car1,one,K1,Car2,t,w,o,K2")
    await scene.subscribe("app,apns,x,Car2,t,w,o,K2")
    first, second = await scene.found(), await scene.found("CAR2")
    assert first is None  # neither reading proves CAR1: its message had commas and two vehicles
    assert second is not None
    assert (second.vehicle_name, second.push_type, second.key) == ("Car2", "apns", "K2")
    await scene.subscribe("app,mail,,CAR2,t,w,o,-")
    assert await scene.found("CAR2") is None
    await scene.subscribe("app,mail,simple,-")


async def test_waiting_for_a_channel(scene: Scene) -> None:
    """Subscriptions without a channel are kept, and nothing piles up for them."""
    await scene.subscribe("app,apns,production,CAR1,one,KEY")
    await scene.tell("one")
    await scene.step()
    assert await scene.found() is not None
    assert await scene.store.list_waiting("CAR1", "app") == []


async def test_what_waits_for_a_channel_is_logged(scene: Scene, log: io.StringIO) -> None:
    """Subscriptions that nothing can serve are one warning for each type when the server starts."""
    await scene.subscribe("one,apns,production,CAR1,one,KEY")
    await scene.subscribe("two,apns,production,CAR1,one,KEY")
    await scene.subscribe("app,expo,simple,KEY")
    await scene.notifier.start()
    await scene.notifier.close()
    warnings = [line for line in log.getvalue().splitlines() if "wait for a channel" in line]
    assert len(warnings) == 1
    assert '"channel":"apns"' in warnings[0].replace(" ", "")
    assert '"count":2' in warnings[0].replace(" ", "")


async def test_refusals_are_logged(scene: Scene, log: io.StringIO) -> None:
    """A wrong secret, a stranger's vehicle and rubbish are logged, without secrets."""
    for data in (
        "app,gcm,,CAR1,hidden,HIDDEN",
        "app,gcm,,CAR3,three,HIDDEN",
        "hidden",
        "app,apprise,simple,json://hidden",
    ):
        await scene.subscribe(data)
    lines = log.getvalue()
    assert lines.count("subscription refused") == 3  # the first two for the same reason
    assert "hidden" not in lines.lower()
    assert await scene.found("CAR3") is None


async def test_nothing_secret_is_logged(scene: Scene, log: io.StringIO) -> None:
    """Neither keys nor alerts reach the log, whatever becomes of them."""
    await scene.subscribe("app,expo,simple,HIDDEN")
    scene.expo.error = KeyError("HIDDEN")
    await scene.tell("HIDDEN")
    await scene.step()
    assert "not delivered" in log.getvalue()
    assert "HIDDEN" not in log.getvalue()


async def test_store_refuses(
    scene: Scene, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk refuses, alerts stay noted, and a subscription fails without an exception."""

    async def fail(*_: object) -> None:
        raise OSError("full")

    await scene.subscribe("app,expo,simple,KEY")
    with monkeypatch.context() as patch:
        patch.setattr(scene.store, "put_alerts", fail)
        patch.setattr(scene.store, "subscribe", fail)
        await scene.subscribe("app2,expo,simple,KEY")
        assert "subscription not saved" in log.getvalue()
        await scene.tell("one")
        with pytest.raises(OSError, match="full"):
            await scene.notifier.step()
    await scene.tell("two")
    await scene.step()
    assert scene.expo.bodies == ["one\ntwo"]


async def test_noted_is_bounded(
    scene: Scene, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the limit all alerts are kept, past it new ones are left out and logged once."""
    monkeypatch.setattr(module, "NOTED_LIMIT", 3)
    await scene.subscribe("app,expo,simple,KEY")
    await scene.tell("a", "b", "c")
    assert "too many wait" not in log.getvalue()
    await scene.tell("d", "e")
    assert log.getvalue().count("too many wait") == 1
    await scene.step()
    assert scene.expo.bodies == ["a\nb\nc"]


async def test_one_vehicle_does_not_take_all_the_room(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past its bound a vehicle's alerts are left out, also while the disk refuses."""

    async def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(module, "NOTED_A_VEHICLE", 2)
    await scene.subscribe("app,expo,simple,KEY")
    await scene.tell("a", "b", "c")
    await scene.tell("d", vehicle_id="CAR2")
    noted = [(vehicle_id, text) for vehicle_id, _, text, *_ in scene.notifier._noted]
    assert noted == [("CAR1", "a"), ("CAR1", "b"), ("CAR2", "d")]
    with monkeypatch.context() as patch:
        patch.setattr(scene.store, "put_alerts", fail)
        with pytest.raises(OSError, match="full"):
            await scene.notifier.step()
    await scene.tell("e")
    await scene.step()
    await scene.tell("f")
    await scene.step()
    assert scene.expo.bodies == ["a\nb", "f"]


async def test_full_outbox_is_logged(
    scene: Scene, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full outbox is logged, but not for each alert."""
    monkeypatch.setattr("ovms.server.storage.outbox.WAITING_LIMIT", 1)
    await scene.subscribe("app,expo,simple,KEY")
    for text in "abc":
        await scene.tell(text)
        await scene.notifier.step()
    assert log.getvalue().count("too many wait") == 1


async def test_subscribing_is_bounded(
    scene: Scene, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many apps may subscribe at once, and one more is logged."""
    monkeypatch.setattr(module, "SUBSCRIBING_LIMIT", 2)
    car = await scene.vehicle()
    calls = [scene.notifier.subscribe(car, b"a%d,expo,simple,KEY" % n) for n in range(3)]
    await asyncio.gather(*calls)
    kept = [n for n in range(3) if await scene.found(app_id=f"a{n}")]
    assert kept == [0, 1]
    assert log.getvalue().count("too many at once") == 1


async def test_one_vehicle_does_not_take_all_subscribing(
    scene: Scene, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past a vehicle's share its subscriptions are dropped, and another owner's has its turn."""
    monkeypatch.setattr(module, "SUBSCRIBING_A_VEHICLE", 2)
    car, other = await scene.vehicle(), await scene.vehicle("CAR3")
    calls = [scene.notifier.subscribe(car, b"a%d,expo,simple,KEY" % n) for n in range(5)]
    await asyncio.gather(*calls, scene.notifier.subscribe(other, b"b,expo,simple,KEY"))
    assert [n for n in range(5) if await scene.found(app_id=f"a{n}")] == [0, 1]
    assert await scene.found("CAR3", "b")
    assert log.getvalue().count("too many at once") == 1
    await scene.subscribe("a9,expo,simple,KEY")
    assert await scene.found(app_id="a9")


async def test_new_mail_addresses_take_time(scene: Scene, log: io.StringIO) -> None:
    """An app that goes from one address to the next soon has to wait; a known one is renewed."""
    for number in range(6):
        await scene.subscribe(f"app,mail,simple,m{number}@example.com")
    found = await scene.found()
    assert found is not None
    assert found.key == "m2@example.com"
    await scene.subscribe("app,mail,simple,m2@example.com")
    assert log.getvalue().count("too many new addresses") == 1
    scene.clock.advance(ADDRESS_REFILL)
    await scene.subscribe("app,mail,simple,m9@example.com")
    found = await scene.found()
    assert found is not None
    assert found.key == "m9@example.com"


async def test_alerts_of_a_vehicle_are_bounded(scene: Scene, log: io.StringIO) -> None:
    """A flood of a kind is delivered up to a bound; other kinds are, and more after a while."""
    await scene.subscribe("app,expo,simple,KEY")
    await scene.tell(*(f"flood {n}" for n in range(ALERTS_A_VEHICLE + 5)), kind="I")
    await scene.tell("alarm", "alarm", "alarm")
    assert log.getvalue().count("too many of one vehicle") == 1
    await scene.step()
    (body,) = scene.expo.bodies
    lines = [f"flood {n}" for n in range(ALERTS_A_VEHICLE)]
    assert body.splitlines() == [*lines, "alarm"]
    scene.clock.advance(ALERT_REFILL)
    await scene.tell("flood later", "flood last", kind="I")
    await scene.step()
    assert scene.expo.bodies[1:] == ["flood later"]


async def test_other_owner(scene: Scene, tmp_path: Path) -> None:
    """Subscriptions of a former owner get no alerts."""
    await scene.subscribe("app,expo,simple,KEY")
    await scene.tell("one")
    await scene.notifier.step()
    with open_database(tmp_path).writing() as connection:
        eve = queries.get_owner(connection, "eve")
        queries.transfer_vehicle(connection, "CAR1", eve, 2.0)
    await scene.tell("two")
    await scene.step()
    assert (scene.expo.tries, await scene.found()) == (0, None)
    await scene.subscribe("app,expo,simple,KEY")
    await scene.tell("three")
    await scene.step()
    assert scene.expo.bodies == ["three"]


# -- the task, with real clocks and servers --------------------------------------------------


Make = Callable[..., Notifier]


@pytest.fixture
async def make(store: NotifyStore) -> AsyncIterator[Make]:
    """Make notifiers with real clocks, and close them in the end."""
    made: list[Notifier] = []

    def new(channels: dict[str, Channel], window: float = 0.0) -> Notifier:
        parts = (store, TYPES, channels, load(), SystemClock(), chance())
        made.append(Notifier(*parts, window=window, repeat=0.0))
        return made[-1]

    yield new
    for each in made:
        await each.close()


async def _car(store: NotifyStore) -> Vehicle:
    return (await store.find_vehicles(["CAR1"]))["CAR1"]


async def test_real_channels(
    store: NotifyStore, make: Make, mail_server: MailReceiver, http_server: HttpReceiver
) -> None:
    """An alert reaches mail, Expo and Apprise, in UTF-8, with a pause in the worker between."""
    settings = Settings(mail_port=mail_server.port, expo_url=f"http://{http_server.url}/expo")
    http_server.tickets({"status": "ok"})
    notifier, car = make(open_channels(TYPES, settings)), await _car(store)
    await notifier.start()
    await notifier.subscribe(car, b"m,mail,simple,bob@example.org")
    await notifier.subscribe(car, b"e,expo,simple,ExponentPushToken[x]")
    url = f"json://{http_server.url}/hook"
    assert await store.subscribe("CAR1", car.owner_id, "a", "apprise", "", url, "Car1", START, ())
    notifier.raise_alert(car, Alert("A", "Tür offen ⚡"))

    def is_done() -> bool:
        return len(mail_server.mails) == 1 and len(http_server.requests) == 2

    await until(is_done)
    assert mail_server.mails[0].message.get_content().strip() == "Tür offen ⚡"
    by_path = {request.path: request.json for request in http_server.requests}
    assert by_path["/expo"]["body"] == by_path["/hook"]["message"] == "Tür offen ⚡"
    await notifier.settle()
    for app_id in "mea":
        assert await store.list_waiting("CAR1", app_id) == []


async def test_restart_in_the_middle(store: NotifyStore, make: Make) -> None:
    """What was raised before a stop is delivered after the start, once."""
    first, car, expo = make({"expo": FakeChannel()}, window=60.0), await _car(store), FakeChannel()
    await first.start()
    await first.subscribe(car, b"app,expo,simple,KEY")
    first.raise_alert(car, Alert("A", "one"))
    await first.close()
    await first.close()
    assert first.raise_alert(car, Alert("A", "late")).text == "late"
    (waiting,) = await store.list_waiting("CAR1", "app")
    await store.postpone("CAR1", "app", waiting.created, waiting.created)
    second = make({"expo": expo})
    await second.start()
    await until(lambda: bool(expo.sent))
    await second.close()
    assert expo.bodies == ["one"]
    assert expo.closed == 1
    assert await store.list_waiting("CAR1", "app") == []


async def test_down_then_up(
    store: NotifyStore, make: Make, http_server: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that comes back gets the alert, once, from the running task."""
    monkeypatch.setattr("ovms.server.notify.courier.FIRST_PAUSE", 0.01)
    settings = Settings(expo_url=f"http://{http_server.url}/")
    http_server.replies = [Reply(503), Reply(200, b'{"data": {"status": "ok"}}')]
    await http_server.down()
    notifier, car = make(open_channels(TYPES, settings)), await _car(store)
    await notifier.start()
    await notifier.subscribe(car, b"app,expo,simple,KEY")
    notifier.raise_alert(car, Alert("A", "one"))
    failures = 0

    async def look() -> None:
        nonlocal failures
        found = await store.find_subscription("CAR1", "app")
        failures = found.failures if found else 0

    await until(lambda: failures > 0, look)
    await http_server.up()
    await until(lambda: failures == 0, look)
    assert [request.json["body"] for request in http_server.requests] == ["one", "one"]


async def test_task_survives_the_disk(
    store: NotifyStore, make: Make, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    """While the outbox cannot be used the task tries again; closing then says what is lost."""
    monkeypatch.setattr(module, "RETRY_PAUSE", 0.001)
    expo = FakeChannel()
    notifier, car = make({"expo": expo}), await _car(store)
    await notifier.start()
    await notifier.subscribe(car, b"app,expo,simple,KEY")
    refused = 0

    async def fail(*_: object) -> None:
        nonlocal refused
        refused += 1
        raise OSError("full")

    with monkeypatch.context() as patch:
        patch.setattr(store, "put_alerts", fail)
        notifier.raise_alert(car, Alert("A", "one"))
        await until(lambda: refused > 1)
    await until(lambda: bool(expo.sent))
    monkeypatch.setattr(store, "put_alerts", fail)
    notifier.raise_alert(car, Alert("A", "two"))
    await notifier.close()
    assert "alerts lost" in log.getvalue()


async def test_channels_that_do_not_close(
    store: NotifyStore, make: Make, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    """A channel that fails or hangs when it is closed does not hold up others."""
    monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.01)

    class Failing(FakeChannel):
        push_type = "failing"

        async def close(self) -> None:
            raise RuntimeError("HIDDEN")

    class Hanging(FakeChannel):
        push_type = "hanging"

        async def close(self) -> None:
            await asyncio.Event().wait()

    good = FakeChannel()
    notifier = make({"failing": Failing(), "hanging": Hanging(), "fake": good})
    await notifier.start()
    await notifier.close()
    assert good.closed == 1
    assert log.getvalue().count("channel not closed") == 2
    assert "HIDDEN" not in log.getvalue()


async def test_alerts_are_counted(scene: Scene) -> None:
    """What vehicles raise counts by kind, be it news or not; so does what is one too many."""
    await scene.subscribe("app,expo,CAR1,secret,ExponentPushToken[x]")
    await scene.tell("door", "door")
    await scene.tell("charged", kind="I")
    await scene.tell("odd", kind="q")
    assert scene.notifier.counts.raised == {"A": 2, "I": 1, "other": 1}
    assert scene.notifier.noted == 2
    await scene.step()
    assert scene.notifier.noted == 0
    await scene.tell(*(f"door {n}" for n in range(ALERTS_A_VEHICLE + 1)))
    assert scene.notifier.counts.refused == 2
