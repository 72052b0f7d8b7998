from __future__ import annotations

from typing import Any

import pytest

from ovms.server.migrate.report import MovedKind
from ovms.server.storage import queries, subscriptions
from ovms.server.storage.database import Database
from ovms.server.values import Subscription
from tests.server.migrate.mariadb import OtherServer
from tests.server.migrate.moves import NOW, ON_BOTH, at, car, counts, move, owner, told


@pytest.fixture
def filled(other: OtherServer) -> OtherServer:
    """Give the other server a car."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "Car1", "one"))
    return other


def notify(
    app_id: str, kind: str = "gcm", key: str = "registration", **more: Any
) -> dict[str, Any]:
    """Return the row of a subscription."""
    return {"owner": 1, "vehicleid": "Car1", "appid": app_id, "pushtype": kind,
            "pushkeytype": "production", "pushkeyvalue": key,
            "lastupdated": "2026-11-20 00:00:00", **more}  # fmt: skip


def stored(ours: Database) -> dict[str, Subscription]:
    """Return the subscriptions here by app."""
    with ours.reading() as connection:
        return {each.app_id: each for each in subscriptions.list_subscriptions(connection)}


def test_taken(filled: OtherServer, ours: Database) -> None:
    """All channels of apps go on, with the id in the app's own spelling."""
    filled.put("notifies", notify("a", "apns", "device"), notify("g"),
               notify("m", "mail", "bob@example.org", pushkeytype=""),
               notify("e", "expo", "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]"))  # fmt: skip
    report = move(filled, ours)
    assert told(report) == []
    assert counts(report, MovedKind.SUBSCRIPTIONS) == (4, 0, 0, 0, 0)
    found = stored(ours)
    assert sorted(found) == ["a", "e", "g", "m"]
    one = found["a"]
    assert (one.vehicle_id, one.vehicle_name, one.push_type) == ("CAR1", "Car1", "apns")
    assert (one.key_type, one.key) == ("production", "device")
    assert one.changed == at("2026-11-20 00:00:00")
    assert move(filled, ours).is_empty


def test_left(filled: OtherServer, ours: Database) -> None:
    """What cannot be sent is left and told without its key; what ended is only counted."""
    filled.put("notifies", notify("a", "pigeon"), notify("b", "mail", "nobody"), notify(""),
               notify("d", active=0), notify("e", owner=2), notify("f", key=""))  # fmt: skip
    report = move(filled, ours)
    assert stored(ours) == {}
    assert report[MovedKind.SUBSCRIPTIONS].left == 6
    assert report[MovedKind.SUBSCRIPTIONS].reasons == {
        "ended there": 1, "of a vehicle that is left": 1,
    }  # fmt: skip
    assert sorted(each[1] for each in told(report)) == [
        "gcm of CAR1", "gcm of CAR1", "mail of CAR1", "pigeon of CAR1"
    ]  # fmt: skip
    assert "nobody" not in str(told(report))


def test_newest_have_the_room(filled: OtherServer, ours: Database) -> None:
    """A vehicle has at most so many, the newest ones."""
    filled.put("notifies", *(
        notify(f"app{number}", lastupdated=f"2026-11-{number:02} 00:00:00")
        for number in range(1, 6)
    ))  # fmt: skip
    report = move(filled, ours, subscriptions=3)
    assert sorted(stored(ours)) == ["app3", "app4", "app5"]
    assert report[MovedKind.SUBSCRIPTIONS].left == 2
    filled.put("notifies", notify("app6"))
    assert move(filled, ours, subscriptions=3)[MovedKind.SUBSCRIPTIONS].added == 0


@ON_BOTH
def test_changed_there(filled: OtherServer, ours: Database) -> None:
    """A new key is taken, what ended there ends here, and what changed here stays."""
    filled.put("notifies", notify("a"), notify("b"), notify("c"), notify("d"))
    move(filled, ours)
    with ours.writing() as connection:
        subscriptions.remove_subscription(connection, "CAR1", "d")
    filled.put("notifies", notify("a", key="new", pushkeytype="sandbox"), notify("b", active=0))
    filled.run("DELETE FROM ovms_notifies WHERE appid = 'c'")
    report = move(filled, ours, NOW + 1)
    assert counts(report, MovedKind.SUBSCRIPTIONS)[:3] == (0, 1, 2)
    found = stored(ours)
    assert [*found] == ["a"]
    assert (found["a"].key, found["a"].key_type) == ("new", "sandbox")


def test_vehicle_that_changed_hands_here(filled: OtherServer, ours: Database) -> None:
    """The former owner's subscriptions do not come back after a transfer here."""
    filled.put("notifies", notify("a"))
    move(filled, ours)
    with ours.writing() as connection:
        eve = queries.add_owner(connection, "eve", NOW)
        queries.transfer_vehicle(connection, "CAR1", eve, NOW, "another")
    filled.put("notifies", notify("b"))
    move(filled, ours, NOW + 1)
    assert stored(ours) == {}
