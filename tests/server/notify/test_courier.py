from __future__ import annotations

import asyncio

import pytest

from ovms.base.clock import ManualClock
from ovms.server.notify import courier as module
from ovms.server.notify.courier import (
    DEAD_FAILURES,
    DEAD_TIME,
    FIRST_PAUSE,
    LAST_PAUSE,
    LIFE,
    SLOTS,
    Courier,
    is_dead,
    pause,
)
from ovms.server.notify.errors import Gone, NotDelivered
from ovms.server.storage.limits import SubscriptionLimits
from ovms.server.storage.notify import NotifyStore
from ovms.server.values import Subscription
from tests.server.notify.fakes import START, FakeChannel, chance, clock
from tests.server.notify.servers import until


class Scene:
    """A courier with a mail and an Expo channel, and subscriptions of CAR1."""

    def __init__(self, store: NotifyStore) -> None:
        self.store = store
        self.clock: ManualClock = clock()
        self.mail, self.expo = FakeChannel(), FakeChannel()
        channels = {"mail": self.mail, "expo": self.expo}
        self.done = 0
        self.courier = Courier(store, channels, self.clock, chance(), 3.0, self._count)

    def _count(self) -> None:
        self.done += 1

    async def subscribe(self, app_id: str, push_type: str = "expo", key: str = "") -> None:
        """Subscribe bob's app to CAR1."""
        name, now = "Car1", self.clock.time()
        key = key or f"key of {app_id}"
        assert await self.store.subscribe("CAR1", 1, app_id, push_type, "", key, name, now, ())

    async def put(self, *texts: str, vehicle: str = "CAR1") -> None:
        """Have alerts wait, due in three seconds."""
        now = self.clock.time()
        rows = [(vehicle, "A", text, now, now + 3.0) for text in texts]
        await self.store.put_alerts(rows, ("mail", "expo"))

    async def step(self, seconds: float = 0.0) -> float | None:
        """Let time pass, and deliver what is due."""
        self.clock.advance(seconds)
        wait = await self.courier.step()
        await self.courier.settle()
        return wait

    async def failing(self, app_id: str = "app") -> tuple[float | None, int]:
        """Return since when a subscription fails, and how often it did."""
        found = await self.store.find_subscription("CAR1", app_id)
        assert found is not None
        return found.failing, found.failures


@pytest.fixture
def scene(store: NotifyStore) -> Scene:
    """Set the scene."""
    return Scene(store)


async def test_one_delivery_for_three_alerts(scene: Scene) -> None:
    """Three alerts of one event become one delivery, each text once, in order."""
    await scene.subscribe("app")
    await scene.put("door", "alarm")
    scene.clock.advance(2.0)
    await scene.put("alarm", "12 V")
    assert await scene.step() == 1.0
    assert scene.expo.sent == []
    assert await scene.step(1.0) is None
    ((key, notice),) = scene.expo.sent
    assert key == "key of app"
    assert (notice.title, notice.vehicle_name) == ("Open Vehicles Car1", "Car1")
    assert (notice.body, notice.created) == ("door\nalarm\n12 V", START)
    assert notice.id.startswith("ovms-")
    assert await scene.store.list_waiting("CAR1", "app") == []
    assert await scene.step(100.0) is None


async def test_events_apart(scene: Scene) -> None:
    """What comes later is a delivery of its own, after the first."""
    await scene.subscribe("app")
    await scene.put("one")
    scene.clock.advance(4.0)
    await scene.put("two")
    await scene.step(10.0)
    assert scene.expo.bodies == ["one"]
    await scene.step()
    assert scene.expo.bodies == ["one", "two"]


async def test_back_off(scene: Scene) -> None:
    """A receiver that is down is tried again, later and later; then it gets everything in order."""
    await scene.subscribe("app")
    await scene.put("one")
    scene.expo.error = NotDelivered("down")
    await scene.step(3.0)
    assert (scene.expo.tries, await scene.failing()) == (1, (START + 3.0, 1))
    wait = await scene.step()
    assert wait is not None
    assert FIRST_PAUSE / 2 <= wait <= FIRST_PAUSE
    await scene.step(wait)
    later = await scene.step()
    assert later is not None
    assert FIRST_PAUSE <= later <= 2 * FIRST_PAUSE
    assert (scene.expo.tries, await scene.failing()) == (2, (START + 3.0, 2))
    await scene.put("two")
    scene.expo.error = None
    await scene.step(later)
    await scene.step()
    assert scene.expo.bodies == ["one", "two"]
    assert await scene.failing() == (None, 0)


async def test_a_failing_app_stops_no_other(scene: Scene) -> None:
    """Subscriptions do not wait for each other."""
    await scene.subscribe("a", "mail")
    await scene.subscribe("b")
    await scene.put("one")
    scene.mail.error = NotDelivered("down")
    await scene.step(3.0)
    assert (scene.mail.bodies, scene.expo.bodies) == ([], ["one"])


async def test_gone_is_removed(scene: Scene) -> None:
    """A subscription whose device is gone is removed, with what waits for it."""
    await scene.subscribe("app")
    await scene.put("one")
    scene.expo.error = Gone("device")
    await scene.step(3.0)
    assert await scene.store.find_subscription("CAR1", "app") is None
    assert await scene.store.list_waiting("CAR1", "app") == []
    assert await scene.step() is None


async def test_renewed_while_it_went(scene: Scene) -> None:
    """An app that has subscribed with a new key meanwhile stays, and gets its alerts there."""
    await scene.subscribe("app")
    await scene.put("one")
    scene.expo.error, scene.expo.hold = Gone("device"), asyncio.Event()
    scene.clock.advance(3.0)
    await scene.courier.step()
    await until(lambda: scene.expo.tries == 1)
    await scene.subscribe("app", key="new")
    scene.expo.hold.set()
    await scene.courier.settle()
    scene.expo.error = None
    await scene.step()
    assert [key for key, _ in scene.expo.sent] == ["new"]


@pytest.mark.parametrize(("age", "sent"), [(LIFE, ["one", "two"]), (LIFE + 1.0, ["two"])])
async def test_given_up_after_a_day(scene: Scene, age: float, sent: list[str]) -> None:
    """What is older than a day is no news any more; the rest goes on."""
    await scene.subscribe("app")
    await scene.put("one")
    scene.clock.advance(10.0)
    await scene.put("two")
    await scene.step(age - 10.0)
    await scene.step()
    assert scene.expo.bodies == sent


async def test_week_of_failures(scene: Scene) -> None:
    """A subscription that fails for a week is removed, in the end."""
    await scene.subscribe("app")
    scene.expo.error = NotDelivered("down")
    for _ in range(DEAD_FAILURES):
        assert await scene.store.find_subscription("CAR1", "app") is not None
        await scene.put("one")
        await scene.step(DEAD_TIME / (DEAD_FAILURES - 2))
    assert await scene.store.find_subscription("CAR1", "app") is None


@pytest.mark.parametrize(
    ("failures", "seconds", "dead"),
    [
        (DEAD_FAILURES, DEAD_TIME, True),
        (DEAD_FAILURES - 1, DEAD_TIME, False),
        (DEAD_FAILURES, DEAD_TIME - 1.0, False),
    ],
)
def test_dead(failures: int, seconds: float, dead: bool) -> None:
    """Both a week and many failures are needed."""
    subscription = Subscription("V", "a", "expo", "", "k", "V", 0.0, 0.0, 5.0, failures)
    assert is_dead(subscription, 5.0 + seconds) is dead


def test_pauses() -> None:
    """Pauses double up to the longest, drawn from the upper half of their step."""
    random = chance()
    for attempts, step in ((0, FIRST_PAUSE), (1, 30.0), (5, 480.0), (6, LAST_PAUSE), (999, 900.0)):
        drawn = [pause(attempts, random) for _ in range(100)]
        assert step / 2 <= min(drawn) < max(drawn) <= step


async def test_slots(scene: Scene) -> None:
    """A channel that hangs has so many deliveries at once, and leaves the other channel its own."""
    scene.store._limits = SubscriptionLimits(mails=None)
    for number in range(SLOTS + 1):
        await scene.subscribe(f"m{number}", "mail")
    await scene.subscribe("e")
    await scene.put("one")
    scene.mail.hold = asyncio.Event()
    scene.clock.advance(3.0)
    assert await scene.courier.step() is None
    await until(lambda: scene.done == 1 and scene.mail.tries == SLOTS)
    assert await scene.courier.step() is None
    assert scene.expo.bodies == ["one"]
    assert scene.mail.tries == SLOTS
    scene.mail.hold.set()
    await scene.courier.settle()
    await scene.step()
    assert len(scene.mail.sent) == SLOTS + 1
    assert scene.done == SLOTS + 2


async def test_clock_set_back(scene: Scene) -> None:
    """After the clock was set back by years, what waits is not kept for years."""
    await scene.subscribe("app")
    now = START + 1e8
    await scene.store.put_alerts([("CAR1", "A", "one", now, now)], ("expo",))
    await scene.step()
    assert scene.expo.bodies == ["one"]


async def test_channel_that_breaks(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel's bug, or its endless silence, is a failure like others."""
    await scene.subscribe("app")
    await scene.put("one")
    scene.expo.error = KeyError("bug")
    await scene.step(3.0)
    assert (await scene.failing())[1] == 1
    monkeypatch.setattr(module, "SEND_TIMEOUT", 0.01)
    scene.expo.hold = asyncio.Event()
    await scene.step(FIRST_PAUSE)
    assert (await scene.failing())[1] == 2


async def test_disk_refuses_after_delivery(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was delivered is not sent again because the disk refused to take note of it."""
    monkeypatch.setattr(module, "SAVE_PAUSE", 0.0)
    await scene.subscribe("app")
    await scene.put("one")
    drop, refusals = scene.store.drop_waiting, [OSError("full"), OSError("full")]

    async def refuse(*arguments: object) -> None:
        if refusals:
            raise refusals.pop()
        await drop(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(scene.store, "drop_waiting", refuse)
    await scene.step(3.0)
    await scene.step(100.0)
    assert scene.expo.bodies == ["one"]


async def test_outbox_that_cannot_be_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A delivery that fails inside waits before it is tried again."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.0)
    await scene.subscribe("app")
    await scene.put("one")

    async def fail(*_: object) -> None:
        raise OSError("disk")

    with monkeypatch.context() as patch:
        patch.setattr(scene.store, "list_waiting", fail)
        await scene.step(3.0)
    assert scene.expo.tries == 0
    await scene.step()
    assert scene.expo.bodies == ["one"]


async def test_channel_gone_meanwhile(scene: Scene) -> None:
    """An app that changed to a type without a channel gets nothing more, and nothing breaks."""
    await scene.subscribe("app")
    await scene.put("one")
    await scene.subscribe("app", "apns")
    assert await scene.step(3.0) is None
    assert scene.expo.tries == 0
    await scene.put("two")
    waiting = await scene.store.list_waiting("CAR1", "app")
    assert [each.text for each in waiting] == ["one"]


async def test_close(scene: Scene) -> None:
    """Closing waits for what is under way, then cancels it; it stays in the outbox."""
    await scene.courier.close(1.0)
    await scene.subscribe("app")
    await scene.put("one")
    scene.expo.hold = asyncio.Event()
    scene.clock.advance(3.0)
    await scene.courier.step()
    await scene.courier.close(0.01)
    assert len(await scene.store.list_waiting("CAR1", "app")) == 1
    assert await scene.failing() == (None, 0)
