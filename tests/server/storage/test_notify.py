from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text

from ovms.server.storage import outbox, queries, subscriptions
from ovms.server.storage.database import Database
from ovms.server.storage.errors import InvalidValue, NotFound
from ovms.server.storage.limits import SUBSCRIPTION_LIMIT, SubscriptionLimits
from ovms.server.storage.notify import NotifyStore
from ovms.server.storage.schema import notifications
from ovms.server.storage.schema import outbox as outbox_table
from ovms.server.storage.subscriptions import RENEWAL
from ovms.server.values import Subscription
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

TYPES = ("mail", "expo")
ANY_MAILS = SubscriptionLimits(mails=None)
RENEWED = ("expo",)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Open a transaction on the database of the test's database."""
    with database.writing() as connection:
        yield connection


def _subscribe(
    connection: Connection,
    app: str,
    push_type: str = "expo",
    now: float = 5.0,
    key: str = "",
    vehicle: str = "CAR1",
    limits: SubscriptionLimits = ANY_MAILS,
) -> None:
    found = queries.get_vehicle(connection, vehicle)
    values = (found, app, push_type, "", key or f"key of {app}", "Car1", now)
    subscriptions.put_subscription(connection, *values, RENEWED, limits)


def _apps(connection: Connection, vehicle: str = "car1") -> list[str]:
    return [each.app_id for each in subscriptions.list_subscriptions(connection, vehicle)]


def _put(connection: Connection, *texts: str, vehicle: str = "car1") -> tuple[int, int]:
    rows = [(vehicle, "A", each, 10.0, 13.0) for each in texts]
    return outbox.put_alerts(connection, rows, TYPES)


def _texts(connection: Connection, app: str = "app") -> list[str]:
    return [each.text for each in outbox.list_waiting(connection, "CAR1", app)]


def _count(connection: Connection) -> tuple[int, ...]:
    tables = (notifications, outbox_table)
    counts = [connection.scalar(select(func.count()).select_from(table)) for table in tables]
    return tuple(count or 0 for count in counts)


def test_subscribe(connection: Connection) -> None:
    """A subscription is found by vehicle, in any case, and app, and does not show its key."""
    _subscribe(connection, "app", key="key")
    made = subscriptions.find_subscription(connection, "car1", "app")
    assert made == Subscription("CAR1", "app", "expo", "", "key", "Car1", 5.0, 5.0, None, 0)
    assert "key'" not in repr(made)
    assert subscriptions.find_subscription(connection, "car1", "App") is None
    assert subscriptions.list_subscriptions(connection) == [made]
    assert subscriptions.list_subscriptions(connection, "CAR2") == []


def test_one_row_a_vehicle_and_app(connection: Connection) -> None:
    """Subscribing again changes what is there; a new key begins without failures."""
    _subscribe(connection, "app")
    outbox.postpone(connection, "CAR1", "app", 6.0, 7.0)
    _subscribe(connection, "app", now=5.0 + RENEWAL - 1.0)
    (same,) = subscriptions.list_subscriptions(connection)
    assert (same.changed, same.failures) == (5.0, 1)
    _subscribe(connection, "app", now=5.0 + RENEWAL)
    (renewed,) = subscriptions.list_subscriptions(connection)
    assert (renewed.created, renewed.changed, renewed.failures) == (5.0, 5.0 + RENEWAL, 1)
    _subscribe(connection, "app", "mail", now=6.0, key="other")
    (other,) = subscriptions.list_subscriptions(connection)
    assert (other.push_type, other.key, other.changed) == ("mail", "other", 6.0)
    assert (other.failing, other.failures) == (None, 0)


def test_bound_of_subscriptions(connection: Connection) -> None:
    """Past the limit the app that was not heard of for the longest time gives way."""
    _subscribe(connection, "mail", "mail", now=1.0)
    for number in range(SUBSCRIPTION_LIMIT - 1):
        _subscribe(connection, f"app{number:02}", now=10.0 + number)
    assert len(_apps(connection)) == SUBSCRIPTION_LIMIT
    _subscribe(connection, "new", now=100.0)
    apps = _apps(connection)
    assert len(apps) == SUBSCRIPTION_LIMIT
    assert "app00" not in apps
    assert {"mail", "app01", "new"} <= set(apps)


def test_bound_of_mail_addresses(connection: Connection) -> None:
    """Apps subscribe so many; one that is there already may change its address, an app's not."""
    few = SubscriptionLimits(mails=2)
    _subscribe(connection, "phone", limits=few)
    for app in ("one", "two"):
        _subscribe(connection, app, "mail", limits=few)
    for app in ("three", "phone"):
        with pytest.raises(InvalidValue, match="CAR1 has 2 subscriptions by mail already"):
            _subscribe(connection, app, "mail", limits=few)
    _subscribe(connection, "one", "mail", key="other", limits=few)
    _subscribe(connection, "three", limits=few)
    _subscribe(connection, "one", "mail", vehicle="CAR2", limits=few)
    with pytest.raises(InvalidValue):
        _subscribe(connection, "x", "mail", vehicle="CAR2", limits=SubscriptionLimits(mails=0))


def test_a_bound_that_was_lowered(connection: Connection) -> None:
    """As many apps give way as there are too many."""
    for number in range(6):
        _subscribe(connection, f"app{number}", now=10.0 + number)
    _subscribe(connection, "new", now=100.0, limits=SubscriptionLimits(total=3))
    assert _apps(connection) == ["app4", "app5", "new"]


def test_bound_of_deliberate_subscriptions(connection: Connection) -> None:
    """Mail and Apprise never give way; past the limit another one is refused."""
    for number in range(SUBSCRIPTION_LIMIT):
        _subscribe(connection, f"app{number}", "mail")
    _subscribe(connection, "app0", "apprise", now=9.0)
    with pytest.raises(InvalidValue, match="CAR1 has 20 subscriptions"):
        _subscribe(connection, "new")
    _subscribe(connection, "new", vehicle="CAR2")


def test_remove(connection: Connection) -> None:
    """Ending a subscription drops what waits for it; another key's is left alone."""
    _subscribe(connection, "app")
    _subscribe(connection, "other")
    _put(connection, "one")
    with pytest.raises(NotFound):
        subscriptions.remove_subscription(connection, "CAR1", "app", "old key")
    subscriptions.remove_subscription(connection, "car1", "app", "key of app")
    assert _apps(connection) == ["other"]
    assert _count(connection) == (1, 1)
    with pytest.raises(NotFound, match="CAR1 has no subscription 'app'"):
        subscriptions.remove_subscription(connection, "car1", "app")


def test_a_receiver_is_told_once(connection: Connection) -> None:
    """Of several apps with one key, one waits: the one renewed last, unless it fails."""
    _subscribe(connection, "old", now=5.0, key="token")
    _subscribe(connection, "new", now=9.0, key="token")
    _subscribe(connection, "another", now=5.0, key="Token")
    _subscribe(connection, "by mail", "mail", now=5.0, key="token")
    _subscribe(connection, "old", now=5.0, key="token", vehicle="CAR2")
    assert _put(connection, "one", "two") == (6, 0)
    apps = ("old", "new", "another", "by mail")
    assert [len(_texts(connection, app)) for app in apps] == [0, 2, 2, 2]
    assert _put(connection, "one", vehicle="CAR2") == (1, 0)
    outbox.postpone(connection, "CAR1", "new", 10.0, 20.0)
    assert _put(connection, "three") == (3, 0)
    assert [len(_texts(connection, app)) for app in apps] == [1, 2, 3, 3]


def test_a_receiver_may_be_spelled_in_several_ways(connection: Connection) -> None:
    """Which keys name the same receiver is said by their type."""
    _subscribe(connection, "a", "mail", now=5.0, key="Bob@Example.org")
    _subscribe(connection, "b", "mail", now=6.0, key="bob@example.org")
    _subscribe(connection, "c", "expo", now=6.0, key="Token")
    _subscribe(connection, "d", "expo", now=6.0, key="token")

    def receiver(push_type: str, key: str) -> str:
        return key.lower() if push_type == "mail" else key

    rows = [("CAR1", "A", "one", 10.0, 13.0)]
    assert outbox.put_alerts(connection, rows, TYPES, receiver) == (3, 0)
    assert [len(_texts(connection, app)) for app in "abcd"] == [0, 1, 1, 1]


@pytest.mark.parametrize("how", ["transfer", "remove", "again"])
def test_ends_with_the_owner(connection: Connection, how: str) -> None:
    """It counts no more when the vehicle is another's or gone, nor when its id is used again."""
    _subscribe(connection, "app")
    _put(connection, "one")
    if how == "transfer":
        eve = queries.add_owner(connection, "eve", 2.0)
        queries.transfer_vehicle(connection, "CAR1", eve, 2.0)
    else:
        queries.remove_vehicle(connection, "CAR1", 2.0)
    if how == "again":
        bob = queries.get_owner(connection, "bob")
        queries.add_vehicle(connection, "CAR1", bob, "s", 3.0)
        assert _count(connection) == (0, 0)
    assert subscriptions.list_subscriptions(connection) == []
    assert outbox.list_heads(connection, "expo", 9) == []
    assert _put(connection, "two") == (0, 0)
    assert outbox.postpone(connection, "CAR1", "app", 1.0, 2.0) is None
    subscriptions.drop_ended(connection)
    assert _count(connection) == (0, 0)


def test_new_owner_inherits_nothing(connection: Connection) -> None:
    """The same app under a new owner does not get the old one's alerts."""
    _subscribe(connection, "app")
    _put(connection, "one")
    eve = queries.add_owner(connection, "eve", 2.0)
    queries.transfer_vehicle(connection, "CAR1", eve, 2.0)
    _subscribe(connection, "app", now=3.0)
    assert _texts(connection) == []
    assert subscriptions.list_subscriptions(connection)[0].created == 3.0


def test_a_former_owner_who_comes_back(connection: Connection) -> None:
    """A vehicle that is transferred there and back has none of the old subscriptions."""
    _subscribe(connection, "app")
    bob, eve = queries.get_owner(connection, "bob"), queries.add_owner(connection, "eve", 2.0)
    queries.transfer_vehicle(connection, "CAR1", eve, 2.0)
    queries.transfer_vehicle(connection, "CAR1", bob, 3.0)
    assert subscriptions.list_subscriptions(connection) == []


def test_put(connection: Connection) -> None:
    """An alert waits once for each subscription of its vehicle that has a channel."""
    for app, push_type in (("a", "expo"), ("b", "mail"), ("c", "apns")):
        _subscribe(connection, app, push_type)
    _subscribe(connection, "app", vehicle="CAR2")
    assert _put(connection, "one", "two") == (4, 0)
    assert [_texts(connection, app) for app in "abc"] == [["one", "two"], ["one", "two"], []]
    (first, _) = outbox.list_waiting(connection, "car1", "a")
    assert (first.kind, first.created, first.due, first.attempts) == ("A", 10.0, 13.0, 0)
    assert "one" not in repr(first)


def test_bound_a_subscription(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit of a subscription all wait; past it, new ones are refused, of it alone."""
    monkeypatch.setattr(outbox, "WAITING_LIMIT", 2)
    _subscribe(connection, "app")
    assert _put(connection, "one", "two") == (2, 0)
    _subscribe(connection, "new")
    assert _put(connection, "three") == (1, 1)
    assert (_texts(connection), _texts(connection, "new")) == (["one", "two"], ["three"])


def test_bound_in_all(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds for the outbox as a whole."""
    monkeypatch.setattr(outbox, "OUTBOX_LIMIT", 3)
    _subscribe(connection, "app")
    _subscribe(connection, "app", vehicle="CAR2")
    assert _put(connection, "one", "two") == (2, 0)
    assert _put(connection, "three", "four", vehicle="CAR2") == (1, 1)
    assert _put(connection, "five") == (0, 1)


def test_heads(connection: Connection) -> None:
    """Of each subscription the first that waits counts; the soonest due comes first."""
    for app, push_type in (("a", "expo"), ("b", "expo"), ("c", "mail")):
        _subscribe(connection, app, push_type)
    _put(connection, "one", "two")
    outbox.postpone(connection, "CAR1", "a", 14.0, 99.0)
    heads = outbox.list_heads(connection, "expo", 9)
    assert [(head.app_id, head.due) for head in heads] == [("b", 13.0), ("a", 99.0)]
    assert outbox.list_heads(connection, "expo", 1) == heads[:1]


def test_failures_and_success(connection: Connection) -> None:
    """A failure postpones all that waits and is counted; a delivery ends the count."""
    _subscribe(connection, "app")
    _put(connection, "one", "two")
    for now in (20.0, 30.0):
        failing = outbox.postpone(connection, "CAR1", "app", now, now + 5.0)
    assert failing is not None
    assert (failing.failing, failing.failures) == (20.0, 2)
    one, two = outbox.list_waiting(connection, "CAR1", "app")
    assert (two.due, two.attempts) == (35.0, 2)
    outbox.drop_waiting(connection, "CAR1", "app", [one.id], delivered=False)
    assert subscriptions.list_subscriptions(connection)[0].failures == 2
    outbox.drop_waiting(connection, "CAR1", "app", [two.id], delivered=True)
    (after,) = subscriptions.list_subscriptions(connection)
    assert (after.failing, after.failures) == (None, 0)
    assert _texts(connection) == []


def test_ids_are_never_used_again(connection: Connection) -> None:
    """The id of a delivered alert does not name another one later."""
    _subscribe(connection, "app")
    ids = []
    for _ in range(2):
        _put(connection, "one")
        (waiting,) = outbox.list_waiting(connection, "CAR1", "app")
        outbox.drop_waiting(connection, "CAR1", "app", [waiting.id])
        ids.append(waiting.id)
    assert ids[0] < ids[1]


async def test_store(database: Database) -> None:
    """The server's calls do the same, each durable when it returns."""
    store = NotifyStore(database)
    vehicles = await store.find_vehicles(["CAR1", "NONE"])
    assert list(vehicles) == ["CAR1"]
    owner = vehicles["CAR1"].owner_id
    place = ("CAR1", "app")
    assert not await store.subscribe(
        "CAR1", owner + 1, "app", "expo", "", "k", "Car1", 1.0, RENEWED
    )
    assert not await store.subscribe("NONE", owner, "app", "expo", "", "k", "Car1", 1.0, RENEWED)
    alert = ("CAR1", "A", "one", 10.0, 13.0)
    assert await store.put_alerts([alert], TYPES) == (0, 0)
    assert await store.subscribe("CAR1", owner, "app", "expo", "", "k", "Car1", 1.0, RENEWED)
    assert await store.put_alerts([alert, alert], TYPES) == (2, 0)
    assert [head.app_id for head in await store.list_heads(TYPES, 4)] == ["app"]
    assert (await store.postpone(*place, 14.0, 20.0)) == await store.find_subscription(*place)
    first, second = await store.list_waiting(*place)
    await store.drop_waiting(*place, [first.id], True)
    with database.reading() as connection:
        assert [each.id for each in outbox.list_waiting(connection, *place)] == [second.id]
    await store.tidy(10.0)
    assert len(await store.list_waiting(*place)) == 1
    await store.tidy(10.1)
    assert await store.list_waiting(*place) == []
    assert not await store.unsubscribe(*place, "other key")
    assert await store.unsubscribe(*place)
    assert not await store.unsubscribe(*place)


def test_one_owner_does_not_fill_the_outbox(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past an owner's share nothing more waits for any of his vehicles; others' alerts do."""
    monkeypatch.setattr(outbox, "OUTBOX_AN_OWNER", 2)
    alice = queries.add_owner(connection, "alice", 1.0)
    queries.add_vehicle(connection, "CAR3", alice, "secret", 1.0)
    for vehicle in ("CAR1", "CAR2", "CAR3"):
        _subscribe(connection, "app", vehicle=vehicle)
    assert _put(connection, "one") == (1, 0)
    assert _put(connection, "two", "three", vehicle="car2") == (1, 1)
    assert _put(connection, "four") == (0, 1)
    assert _put(connection, "five", "six", "seven", vehicle="car3") == (2, 1)


async def test_store_is_full(database: Database) -> None:
    """A subscription that finds no room is refused without an exception."""
    store = NotifyStore(database, ANY_MAILS)
    for number in range(SUBSCRIPTION_LIMIT):
        assert await store.subscribe("CAR1", 1, f"a{number}", "mail", "", "k", "Car1", 1.0, RENEWED)
    assert not await store.subscribe("CAR1", 1, "new", "mail", "", "k", "Car1", 1.0, RENEWED)


async def test_nobody_wants_it(database: Database) -> None:
    """An alert that nobody wants does not wait for the write lock."""
    store = NotifyStore(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE vehicles SET name = 'x'"))
        async with asyncio.timeout(PATIENCE):
            assert await store.put_alerts([("CAR1", "A", "one", 1.0, 1.0)], TYPES) == (0, 0)


def test_what_waits_by_channel(connection: Connection) -> None:
    """Alerts are counted by the type of the subscription that they wait for."""
    _subscribe(connection, "phone")
    _subscribe(connection, "post", "mail")
    _subscribe(connection, "other", vehicle="CAR2")
    assert outbox.count_by_type(connection) == {}
    _put(connection, "door", "alarm")
    _put(connection, "door", vehicle="car2")
    assert outbox.count_by_type(connection) == {"expo": 3, "mail": 2}
