"""The outbox under crashes between any two steps: no saved alert is lost or sent twice."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.base.clock import ManualClock
from ovms.protocol.records.alert import Alert
from ovms.server.alerts.expansion import Expansion
from ovms.server.notify.channel import Channel, Notice
from ovms.server.notify.errors import NotDelivered
from ovms.server.notify.notifier import Notifier
from ovms.server.storage import keyfile, queries
from ovms.server.storage.limits import SubscriptionLimits
from ovms.server.storage.notify import NotifyStore
from ovms.server.storage.opening import FILE_NAME, open_database
from ovms.server.storage.subscriptions import put_subscription
from ovms.server.values import Vehicle
from tests.server.notify.fakes import TYPES, chance, clock

APPS = {"a": "expo", "b": "expo", "c": "mail"}

Act = tuple[str, float]


class World:
    """What outlasts a crash: the database, the receivers, the time; and what is known of them."""

    def __init__(self, store: NotifyStore, car: Vehicle) -> None:
        self.store = store
        self.car = car
        self.clock: ManualClock = clock()
        self.is_up = True
        self.raised = 0
        self.durable: list[str] = []
        self.received: dict[str, list[str]] = {app: [] for app in APPS}
        self.unsure: dict[str, list[str]] = {app: [] for app in APPS}
        """Received, and not yet removed from the outbox: a crash now sends it again."""
        self.forgiven: dict[str, Counter[str]] = {app: Counter() for app in APPS}
        self.left = 0
        self.crashed = asyncio.Event()

    async def point(self) -> None:
        """Pass a point at which the process may die: then nothing goes on from here."""
        self.left -= 1
        if self.left == 0:
            self.crashed.set()
        if self.crashed.is_set():
            await asyncio.Event().wait()


class MortalOutbox:
    """The store, with a point of death before and after each of its calls."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any) -> Any:
            world = self._world
            await world.point()
            result = await getattr(world.store, name)(*arguments)
            if name == "put_alerts":
                world.durable += [row[2] for row in arguments[0]]
            if name == "drop_waiting":
                world.unsure[arguments[1]] = []
            await world.point()
            return result

        return call


class Receiver(Channel):
    """A channel to receivers that may be down; the key is the app."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def send(self, key: str, notice: Notice) -> None:
        """Take a notice, or refuse it."""
        world = self._world
        await world.point()
        if not world.is_up:
            raise NotDelivered("down")
        texts = notice.body.split("\n")
        world.received[key] += texts
        world.unsure[key] = texts
        await world.point()


async def _live(world: World, acts: list[Act], crash_at: int) -> None:
    """Run a process until it has done everything or dies; then it is killed in any case."""
    world.left, world.crashed = crash_at, asyncio.Event()
    loop, threads = asyncio.get_running_loop(), ThreadPoolExecutor(4)
    loop.set_default_executor(threads)
    receiver = Receiver(world)
    channels = {"expo": receiver, "mail": receiver}
    outbox: Any = MortalOutbox(world)
    notifier = Notifier(
        outbox, TYPES, channels, Expansion({}), world.clock, chance(), alerts_a_vehicle=1000
    )
    life = asyncio.create_task(_act(world, notifier, acts))
    death = asyncio.create_task(world.crashed.wait())
    await asyncio.wait([life, death], return_when=asyncio.FIRST_COMPLETED)
    if not world.crashed.is_set():
        await life
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    threads.shutdown()  # threads die with their process, too
    loop.set_default_executor(ThreadPoolExecutor(4))
    for app, texts in world.unsure.items():
        world.forgiven[app].update(texts)
        world.unsure[app] = []


async def _act(world: World, notifier: Notifier, acts: list[Act]) -> None:
    for what, seconds in acts:
        if what == "raise":
            world.raised += 1
            notifier.raise_alert(world.car, Alert("A", f"alert {world.raised}"))
        elif what in ("up", "down"):
            world.is_up = what == "up"
        else:
            world.clock.advance(seconds)
            await notifier.step()
            if what == "settle":
                await notifier.settle()


async def _drain(world: World) -> None:
    """Run a process with luck until nothing waits any more."""
    world.is_up = True
    for _ in range(100):
        if not await world.store.list_heads(("expo", "mail"), 10):
            return
        await _live(world, [("settle", 1000.0)], 0)
    raise AssertionError("something waits for ever")


LIMITS = SubscriptionLimits()


@cache
def _empty() -> tuple[dict[str, bytes], Vehicle]:
    """Return a database and its key, with a vehicle and its subscriptions; made once."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        database.upgrade()
        with database.writing() as connection:
            bob = queries.add_owner(connection, "bob", 1.0)
            car = queries.add_vehicle(connection, "CAR1", bob, "one", 1.0)
            for app, push_type in APPS.items():
                put_subscription(connection, car, app, push_type, "", app, "Car1", 1.0, (), LIMITS)
        files = (FILE_NAME, keyfile.FILE_NAME)
        return {name: (Path(folder) / name).read_bytes() for name in files}, car


async def _story(lives: list[tuple[list[Act], int]], folder: Path) -> World:
    files, car = _empty()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / keyfile.FILE_NAME).chmod(0o600)
    world = World(NotifyStore(open_database(folder)), car)
    for acts, crash_at in lives:
        await _live(world, acts, crash_at)
    await _drain(world)
    return world


ACTS = st.tuples(
    st.sampled_from(["raise", "raise", "step", "settle", "settle", "up", "down"]),
    st.sampled_from([0.0, 1.0, 3.0, 20.0, 1000.0]),
)
LIVES = st.lists(st.tuples(st.lists(ACTS, max_size=12), st.integers(0, 40)), max_size=5)


@settings(max_examples=60)
@given(LIVES)
def test_nothing_is_lost_or_told_twice(lives: list[tuple[list[Act], int]]) -> None:
    """Every durable alert is received, in order; twice only if a crash came between."""
    with tempfile.TemporaryDirectory() as folder:
        world = asyncio.run(_story(lives, Path(folder)))
    for app in APPS:
        counts = Counter(world.received[app])
        assert set(world.durable) <= set(counts)
        for text, count in counts.items():
            assert count <= 1 + world.forgiven[app][text]
        firsts = list(dict.fromkeys(world.received[app]))
        assert firsts == sorted(firsts, key=lambda text: int(text.split()[1]))
