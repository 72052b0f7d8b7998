from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.protocol import Role
from ovms.server.connected import end_connection, list_connections
from tests.waiting import until

if TYPE_CHECKING:
    from tests.server.sites import Site


async def test_who_is_connected(site: Site) -> None:
    """A stranger, a car and an owner's app are told from each other, in the order they came."""
    site.accounts.owners["me"] = ("pw", ("CAR2",))
    await site.calls()
    await site.enters(Role.CAR)
    app = await site.calls()
    await app.says(b"MP-A 1 me pw *\r\n")
    await until(lambda: site.hub.rooms.get("CAR2"))
    site.clock.advance(5)
    found = [*list_connections(site.acceptor)]
    assert [(each.role, each.vehicle_id, each.owner) for each in found] == [
        ("stranger", "", ""), ("car", "CAR1", ""), ("app", "CAR2", "me"),
    ]  # fmt: skip
    assert {(each.address, each.transport) for each in found} == {("127.0.0.1", "plain")}
    assert all(each.seconds >= 5 for each in found)
    assert (found[0].bytes_received, found[1].bytes_received > 0) == (0, True)


async def test_ending(site: Site) -> None:
    """One is closed, the others stay; of a number that nobody has nothing is."""
    await site.enters(Role.CAR)
    await site.enters(Role.APP)
    car, app = list_connections(site.acceptor)
    assert end_connection(site.acceptor, car.number) == car
    await until(lambda: len(site.acceptor.connections) == 1)
    assert [each.number for each in list_connections(site.acceptor)] == [app.number]
    assert end_connection(site.acceptor, car.number) is None
