from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from ovms.server.rights import VehicleRight
from ovms.server.storage import outbox, owner_mail, push_devices, queries, subscriptions
from ovms.server.storage.notify import NotifyStore
from ovms.server.storage.push_devices import DEVICES_A_VEHICLE, DEVICES_AN_OWNER
from ovms.server.storage.push_names import app_of
from ovms.server.storage.schema import notifications

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database
    from ovms.server.values import Owner, PushDevice

PUSH = ("webpush",)
HOME = ("CAR1", "A", "Alarm at 51.12345,7.12345", 10.0, 13.0)
LOW = ("CAR1", "A", "12 V battery is low", 10.0, 13.0)


@pytest.fixture
def alice(database: Database) -> Owner:
    """Make another owner."""
    with database.writing() as connection:
        return queries.add_owner(connection, "alice", 1.0)


def device(connection: Connection, owner: str, name: str, now: float = 5.0) -> PushDevice:
    """Make or renew a device of an owner."""
    whose = queries.get_owner(connection, owner)
    key = json.dumps({"endpoint": f"https://push/{name}"})
    return push_devices.put_device(connection, whose.id, key, name, now)


def share(connection: Connection, owner: Owner, rights: VehicleRight, *more: float) -> None:
    """Share CAR1 with somebody."""
    car = queries.get_vehicle(connection, "CAR1")
    queries.put_share(connection, car, owner, rights, 6.0, *more)


def waiting(connection: Connection, *alerts: tuple[str, str, str, float, float]) -> dict[str, str]:
    """Put alerts into the outbox; return what then waits, by the names of devices."""
    unplaced = push_devices.prepare(connection, {each[0] for each in alerts}, 10.0)
    outbox.put_alerts(connection, alerts, PUSH, unplaced=unplaced)
    names = {
        app_of(each.id): each.name
        for number in (1, 2, 3)
        for each in push_devices.list_devices(connection, number)
    }
    found = {}
    for app_id in connection.scalars(select(notifications.c.app_id)):
        for each in outbox.list_waiting(connection, "CAR1", app_id):
            found[names[app_id]] = each.text
    return found


def test_a_device(database: Database) -> None:
    """It is made, renewed, and found with what is needed to push to it."""
    with database.writing() as connection:
        made = device(connection, "bob", "phone")
        renewed = device(connection, "bob", "phone", 9.0)
        assert (renewed.id, renewed.created, renewed.changed) == (made.id, 5.0, 9.0)
        assert push_devices.list_devices(connection, made.owner_id) == [renewed]
        assert json.loads(renewed.key) == {"endpoint": "https://push/phone"}
        assert push_devices.remove_device(connection, made.id, made.owner_id)
        assert not push_devices.remove_device(connection, made.id, made.owner_id)
        assert not push_devices.has_devices(connection, made.owner_id)


def test_another_owner_at_the_same_browser(database: Database, alice: Owner) -> None:
    """A device belongs to who logged in there last, under another number; others do not end it."""
    with database.writing() as connection:
        bobs = device(connection, "bob", "phone")
        hers = device(connection, "alice", "phone")
        assert push_devices.list_devices(connection, bobs.owner_id) == []
        assert push_devices.list_devices(connection, alice.id) == [hers]
        assert hers.id != bobs.id
        assert not push_devices.remove_device(connection, hers.id, bobs.owner_id)


def test_many_devices(database: Database) -> None:
    """Past the limit the one that was renewed longest ago gives way."""
    with database.writing() as connection:
        for number in range(DEVICES_AN_OWNER + 1):
            made = device(connection, "bob", f"phone{number}", 5.0 + number)
        names = [each.name for each in push_devices.list_devices(connection, made.owner_id)]
        assert names == [f"phone{number}" for number in range(DEVICES_AN_OWNER, 0, -1)]


def test_who_hears(database: Database, alice: Owner) -> None:
    """The owner hears all, others what is shared with them; where the car is needs its right."""
    with database.writing() as connection:
        device(connection, "bob", "bob's")
        device(connection, "alice", "hers")
        assert waiting(connection, HOME) == {"bob's": HOME[2]}
        share(connection, alice, VehicleRight.VIEW)
        assert waiting(connection, HOME) == {"bob's": HOME[2], "hers": outbox.WITHOUT_PLACE}
        assert waiting(connection, LOW) == {"bob's": LOW[2], "hers": LOW[2]}
        share(connection, alice, VehicleRight.VIEW | VehicleRight.LOCATION)
        assert waiting(connection, HOME)["hers"] == HOME[2]


def test_what_waits_when_a_share_ends(database: Database, alice: Owner) -> None:
    """It is dropped, whether the share is ended, changed, or over by itself."""
    with database.writing() as connection:
        device(connection, "alice", "hers")
        share(connection, alice, VehicleRight.LOCATION)
        assert waiting(connection, HOME)
        queries.end_share(connection, "CAR1", alice, 7.0)
        assert outbox.count_by_type(connection) == {}
        assert waiting(connection, HOME) == {}
        share(connection, alice, VehicleRight.LOCATION, 20.0)
        assert waiting(connection, HOME)
        push_devices.drop_unshared(connection, 19.0)
        assert outbox.count_by_type(connection) == {"webpush": 1}
        push_devices.drop_unshared(connection, 21.0)
        assert outbox.count_by_type(connection) == {}


def test_devices_of_an_owner_who_is_removed(database: Database, alice: Owner) -> None:
    """They go, and what waits for them of others' vehicles."""
    with database.writing() as connection:
        for name in ("hers", "old"):
            device(connection, "alice", name)
        kept = device(connection, "bob", "his")
        share(connection, alice, VehicleRight.LOCATION)
        assert {*waiting(connection, HOME)} == {"hers", "old", "his"}
        queries.remove_owner(connection, "alice", 7.0)
        assert connection.scalars(select(notifications.c.app_id)).all() == [app_of(kept.id)]


def test_not_among_subscriptions(database: Database) -> None:
    """Devices take no room of the apps, and are not listed with them; mail is not needed then."""
    with database.writing() as connection:
        queries.set_owner(connection, "bob", 2.0, email="bob@example.org")
        types = ("mail", "webpush")
        assert owner_mail.list_defaults(connection, types, "CAR1")
        device(connection, "bob", "phone")
        push_devices.prepare(connection, ["CAR1"], 5.0)
        assert subscriptions.list_subscriptions(connection) == []
        assert owner_mail.list_defaults(connection, types, "CAR1") == []
        assert owner_mail.list_defaults(connection, ("mail",), "CAR1")


def test_no_more_than_some(database: Database, alice: Owner) -> None:
    """An alert goes to so many devices at most, the owner's among them."""
    with database.writing() as connection:
        device(connection, "bob", "bob's", 1.0)
        for number in range(3):
            owner = queries.add_owner(connection, f"friend{number}", 1.0)
            share(connection, owner, VehicleRight.VIEW)
            for each in range(DEVICES_AN_OWNER):
                device(connection, owner.name, f"{number}.{each}")
        push_devices.prepare(connection, ["CAR1"], 10.0)
        apps = list(connection.scalars(select(notifications.c.app_id)))
        assert len(apps) == DEVICES_A_VEHICLE
        assert app_of(1) in apps


async def test_a_device_that_is_gone(database: Database) -> None:
    """It ends for all vehicles, unless it was renewed with another key meanwhile."""
    store = NotifyStore(database)
    with database.writing() as connection:
        made = device(connection, "bob", "phone")
    alerts = [LOW, ("CAR2", *LOW[1:])]
    assert await store.put_alerts(alerts, PUSH) == (2, 0)
    app_id = app_of(made.id)
    found = await store.find_subscription("CAR2", app_id)
    assert found is not None
    assert not await store.unsubscribe("CAR2", app_id, "another")
    assert await store.unsubscribe("CAR2", app_id, found.key)
    assert not await store.unsubscribe("CAR2", app_id, found.key)
    with database.reading() as connection:
        assert push_devices.list_devices(connection, made.owner_id) == []
        assert outbox.count_by_type(connection) == {}
