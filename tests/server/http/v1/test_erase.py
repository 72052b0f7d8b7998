from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from ovms.protocol import Role
from ovms.server.storage import queries
from ovms.server.storage.limits import SubscriptionLimits
from ovms.server.storage.outbox import put_alerts
from ovms.server.storage.schema import audit, history, messages, outbox, vehicles
from ovms.server.storage.subscriptions import put_subscription
from tests.server.http.v1.records import put
from tests.server.http.v1.site import SESSION

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


def queue_alert(v1: ApiSite) -> None:
    """Have an alert of CAR1 wait for somebody who is told by mail."""
    with v1.database.writing() as connection:
        vehicle = queries.get_vehicle(connection, "CAR1")
        whose = (vehicle, "a", "mail", "", "a@example.org", "CAR1", 1.0)
        put_subscription(connection, *whose, (), SubscriptionLimits())
        put, _ = put_alerts(connection, [("CAR1", "A", "At 50,8", 1.0, 1.0)], ["mail"])
        assert put == 1


async def test_data(v1: ApiSite) -> None:
    """All that a vehicle has sent is gone, from memory too; the vehicle stays, and its car."""
    _, line = await v1.http.report("S50,K", "L51.512345,8,0,0,1,9")
    await put(v1, "x", *((at, "y") for at in range(-1500, 0)))
    await put(v1, "L", *((at, "51.512345,8,0,0,1,9") for at in range(-300, 0)))
    queue_alert(v1)
    await v1.call("GET /vehicles/CAR1/series?fields=latitude")
    assert v1.context.store.series_cache.size
    answer = await v1.call("DELETE /vehicles/CAR1/data")
    assert not v1.context.store.series_cache.size
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await v1.call("GET /vehicles/CAR1/history")).json() == []
    found = await v1.context.store.load_vehicle("CAR1")
    assert found is not None
    assert found[1] == []
    with v1.database.reading() as connection:
        assert not connection.execute(select(outbox.c.id)).all()
    assert not v1.context.hub.rooms["CAR1"].latest.by_code
    await v1.context.store.expire(v1.clock.time())  # the rest of a large history
    assert await v1.database.forget_deleted()
    files = Path(v1.database.name).parent.iterdir()
    assert not [each for each in files if each.is_file() and b"51.512345" in each.read_bytes()]
    assert not line.is_closed


async def test_account(v1: ApiSite) -> None:
    """An account goes with its vehicles, their data and connections, and leaves no name."""
    _, line = await v1.http.report("S50,K")
    _, app = await v1.http.enter(Role.APP)
    await put(v1, "x", (0, "y"))
    await v1.call("POST /account/tokens", json={"rights": ["auth"]})
    assert (await v1.call("DELETE /account", permit=SESSION)).status_code == 204
    assert (await v1.call("GET /vehicles")).status_code == 401
    assert line.is_closed
    assert app.is_closed
    with v1.database.reading() as connection:
        assert queries.find_owner(connection, "bob") is None
        assert not connection.execute(select(history.c.id)).all()
        assert not connection.execute(select(messages.c.code)).all()
        left = select(vehicles.c.id).where(vehicles.c.deleted.is_(None))
        assert connection.scalars(left).all() == ["CAR3"]
        actors = connection.scalars(select(audit.c.actor)).all()
    assert actors
    assert "Bob" not in actors


async def test_the_last_administrator(v1: ApiSite) -> None:
    """The last administrator cannot go, another one can."""
    answer = await v1.call("DELETE /account", "root", SESSION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "last_admin")
    with v1.database.writing() as connection:
        queries.set_owner(connection, "alice", 1.0, admin=True)
    assert (await v1.call("DELETE /account", "root", SESSION)).status_code == 204
