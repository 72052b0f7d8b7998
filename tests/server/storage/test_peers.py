from __future__ import annotations

from ovms.protocol.records.sync import OwnerRecord, VehicleRecord
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.peers import PAGE, PeerStatus, PeerStore, list_peers, note_peer
from ovms.server.storage.schema import SERVER_ROW, messages, server

OWNER = OwnerRecord(7, "alice", "", "hash", 1, False, 100)
CAR = VehicleRecord("NEW", 7, "pw", "*", False, 100)


def heartbeat(database: Database, time: float) -> None:
    """Have the server live."""
    with database.writing() as connection:
        connection.execute(server.insert().values(id=SERVER_ROW, started=1.0, heartbeat=time))


def peers(database: Database, now: float) -> list[PeerStatus]:
    """Return what is known of other servers."""
    with database.reading() as connection:
        return list_peers(connection, now)


def test_how_things_stand(database: Database) -> None:
    """What is noted is shown, and what is not noted again stays."""
    heartbeat(database, 100.0)
    with database.writing() as connection:
        note_peer(connection, "M", "calls", connected=True, address="h:1", since=90.0, vehicles=3)
        note_peer(connection, "M", "calls", heard=95.0, owner_time="1970-01-01 00:01:00")
        note_peer(connection, "S", "called", connected=True, address="h:2")
        note_peer(connection, "S", "called")
    calls, called = sorted(peers(database, 101.0), key=lambda peer: peer.id)
    assert calls == PeerStatus("M", "calls", "h:1", True, 90.0, 95.0, 0, 60, 3, 0, "")
    assert (called.id, called.direction, called.connected) == ("S", "called", True)


def test_nobody_is_linked_with_a_dead_server(database: Database) -> None:
    """After a server was killed, or without one, nobody counts as connected."""
    with database.writing() as connection:
        note_peer(connection, "M", "calls", connected=True, address="h:1")
    assert [peer.connected for peer in peers(database, 101.0)] == [False]
    heartbeat(database, 100.0)
    assert [peer.connected for peer in peers(database, 200.0)] == [False]


async def test_what_is_taken_is_on_disk_with_its_time(database: Database) -> None:
    """Records and the newest times are kept together, and named at the next login."""
    store = PeerStore(database)
    assert await store.newest("M") == (0, 0)
    taken = await store.take("M", [OWNER, CAR], (99, 98), 1000.0)
    assert [change.id for change in taken.changes] == ["NEW"]
    assert await PeerStore(database).newest("M") == (99, 98)
    assert await store.newest("S") == (0, 0)
    with database.reading() as connection:
        assert queries.get_vehicle(connection, "NEW").owner == "alice"


async def test_changes_are_given_in_pages(database: Database) -> None:
    """A page holds so many at most; the next goes on behind it."""
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        for number in range(PAGE):
            queries.add_vehicle(connection, f"X{number}", bob, "s", 2.0)
    store = PeerStore(database)
    first = await store.changed_vehicles("ME", (0.0, ""), 9.0)
    rest = await store.changed_vehicles("ME", first[-1][0], 9.0)
    assert (len(first), len(rest)) == (PAGE, 2)
    assert [record.name for _, record in await store.changed_owners((0.0, 0), 9.0)] == ["bob"]


async def test_a_start_forgets_who_is_not_called_any_more(database: Database) -> None:
    """Nobody is connected then; of a server that is called no more only its times are kept."""
    heartbeat(database, 100.0)
    store = PeerStore(database)
    for peer in ("M", "OLD"):
        await store.note(peer, "calls", connected=True, address="h:1")
    await store.take("OLD", [], (5, 6), 1.0)
    await store.reset(["M"])
    assert [(peer.id, peer.connected) for peer in peers(database, 101.0)] == [("M", False)]
    assert await store.newest("OLD") == (5, 6)


async def test_stored_messages_are_told(database: Database) -> None:
    """Plain ones of a server's vehicles, behind a place, that came after a time."""
    with database.writing() as connection:
        queries.set_server(connection, "CAR2", "OTHER", 2.0)
        for vehicle_id, code, time, token in (
            ("CAR1", "D", 10.0, ""), ("CAR1", "S", 20.0, ""), ("CAR1", "L", 20.0, "sealed"),
            ("CAR2", "S", 30.0, ""), ("GONE", "S", 30.0, ""),
        ):  # fmt: skip
            connection.execute(
                messages.insert().values(
                    vehicle_id=vehicle_id, code=code, data=b"x", time=time, token=token
                )
            )
    store = PeerStore(database)

    async def told(server: str, since: float, after: tuple[str, str] = ("", "")) -> list[str]:
        found = await store.stored_since(server, since, after)
        return [f"{vehicle_id} {latest.code}" for vehicle_id, latest in found]

    assert await told("ME", 0.0) == ["CAR1 D", "CAR1 S"]
    assert await told("OTHER", 10.0) == ["CAR1 S", "CAR2 S"]
    assert await told("OTHER", 0.0, ("CAR1", "D")) == ["CAR1 S", "CAR2 S"]
    found = await store.stored_of("ME", ["CAR1", "CAR2", "NOSUCH"])
    assert [(vehicle_id, latest.code) for vehicle_id, latest in found] == [
        ("CAR1", "D"), ("CAR1", "S"),
    ]  # fmt: skip
    assert await store.stored_of("ME", []) == []
    assert await store.heard("OTHER", "calls") == 0.0
    await store.note("OTHER", "calls", heard=77.5)
    assert await store.heard("OTHER", "calls") == 77.5
