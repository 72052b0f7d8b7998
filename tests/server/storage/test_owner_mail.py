from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import outbox, owner_mail, queries, subscriptions
from ovms.server.storage.limits import SubscriptionLimits
from ovms.server.storage.notify import NotifyStore

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database

BOTH = ("mail", "expo")
ALERT = ("CAR1", "A", "Help", 10.0, 13.0)


@pytest.fixture
def known(database: Database) -> Database:
    """Return a database in which the owner of CAR1 has an address."""
    with database.writing() as connection:
        queries.set_owner(connection, "bob", 2.0, email="bob@example.org")
    return database


def _subscribe(connection: Connection, push_type: str = "expo") -> None:
    car = queries.get_vehicle(connection, "CAR1")
    values = (car, "app", push_type, "", "key", "Car1", 5.0)
    limits = SubscriptionLimits(mails=None)
    subscriptions.put_subscription(connection, *values, ("expo", "gcm"), limits)


def _defaults(connection: Connection) -> list[tuple[str, str]]:
    found = owner_mail.list_defaults(connection, BOTH, "car1")
    return [(each.app_id, each.key) for each in found]


def _made(connection: Connection, push_types: tuple[str, ...] = BOTH) -> list[tuple[str, str, str]]:
    owner_mail.prepare(connection, ["car1"], push_types, 9.0)
    found = subscriptions.list_subscriptions(connection, "CAR1")
    return [(each.app_id, each.push_type, each.key) for each in found]


MAIL = ("owner", "mail", "bob@example.org")


def test_the_owner_hears_what_nobody_else_hears(known: Database) -> None:
    """Without a subscription that can be delivered the owner is subscribed, else not."""
    with known.writing() as connection:
        assert _defaults(connection) == [("owner", "bob@example.org")]
        assert _made(connection) == [MAIL]
        _subscribe(connection, "gcm")
        assert MAIL in _made(connection)
        assert len(_defaults(connection)) == 1
        _subscribe(connection, "expo")
        assert _made(connection) == [("app", "expo", "key")]
        assert _defaults(connection) == []
        assert MAIL in _made(connection, ("mail",))


def test_what_waits_for_the_owner_is_delivered(known: Database) -> None:
    """Who subscribes meanwhile takes no alert from the owner."""
    with known.writing() as connection:
        _made(connection)
        outbox.put_alerts(connection, [ALERT], BOTH)
        _subscribe(connection)
        assert MAIL in _made(connection)
        outbox.drop_old(connection, 100.0)
        assert MAIL not in _made(connection)


def test_it_follows_the_address(known: Database) -> None:
    """A new address gets what waits, none ends it, and a new owner has an own one."""
    with known.writing() as connection:
        _made(connection)
        outbox.put_alerts(connection, [ALERT], BOTH)
        queries.set_owner(connection, "bob", 3.0, email="b@example.org")
        assert _made(connection) == [("owner", "mail", "b@example.org")]
        assert len(outbox.list_waiting(connection, "CAR1", "owner")) == 1
        eve = queries.add_owner(connection, "eve", 1.0, email="eve@example.org")
        queries.transfer_vehicle(connection, "CAR1", eve, 4.0, "new secret")
        assert _made(connection) == [("owner", "mail", "eve@example.org")]
        assert outbox.list_waiting(connection, "CAR1", "owner") == []
        queries.set_owner(connection, "eve", 5.0, email="")
        assert _made(connection) == []


def test_an_owner_without_an_address(database: Database) -> None:
    """Nobody is subscribed, and the write lock is left to others."""
    with database.writing() as connection:
        assert not owner_mail.is_wanted(connection, ["car1"])
        assert _made(connection) == []
        assert _defaults(connection) == []


@pytest.mark.parametrize(
    ("mails_owners", "push_types", "put"),
    [(True, BOTH, 1), (False, BOTH, 0), (True, ("expo",), 0)],
)
async def test_the_setting(
    known: Database, mails_owners: bool, push_types: tuple[str, ...], put: int
) -> None:
    """Owners are mailed where the settings say so, and mail can be sent."""
    store = NotifyStore(known, mails_owners=mails_owners)
    assert await store.put_alerts([ALERT], push_types) == (put, 0)
    assert len(await store.list_heads(push_types, 9)) == put
