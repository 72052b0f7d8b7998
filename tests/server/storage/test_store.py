from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ovms.base.clock import ManualClock
from ovms.protocol.records.history import CONNECTION_TYPE
from ovms.server.storage import expiry, history, queries
from ovms.server.storage.database import Database
from ovms.server.storage.errors import NotADatabase, StoreClosed
from ovms.server.storage.limits import OwnerQuotas
from ovms.server.storage.opening import open_database
from ovms.server.storage.plausible import CLOCK_LEAP_LIMIT
from ovms.server.storage.store import CHANGE_OVERLAP, HOLD_LIMIT, USE_INTERVAL, Store
from ovms.server.values import DayTraffic, KeptRecord, LatestMessage, ProvisionRecord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands at 1000."""
    return ManualClock(1000.0)


@pytest.fixture
async def store(database: Database, clock: ManualClock) -> AsyncIterator[Store]:
    """Open the store of the test's database."""
    store = await Store.open(database, clock.time)
    yield store
    await store.close()


async def _codes(store: Store, vehicle_id: str = "car1") -> dict[str, bytes]:
    loaded = await store.load_vehicle(vehicle_id)
    assert loaded is not None
    return {row.code: row.data for row in loaded[1]}


async def test_reads_what_was_kept(store: Store) -> None:
    """A message that was just kept is loaded, saved or not, whatever the id's case."""
    store.put_message("CAR1", LatestMessage("S", b"1", 5.0))
    store.put_message("CAR1", LatestMessage("D", b"2", 5.0))
    assert await _codes(store) == {"D": b"2", "S": b"1"}
    await store.writer.flush()
    store.put_message("CAR1", LatestMessage("S", b"3", 5.0))
    assert await _codes(store) == {"D": b"2", "S": b"3"}


async def test_unknown_vehicle(store: Store) -> None:
    """A vehicle that nobody made is not there, nor is what was kept for it."""
    store.put_message("NONE", LatestMessage("S", b"1", 5.0))
    assert await store.load_vehicle("none") is None


@pytest.mark.parametrize("flush", [False, True])
async def test_paranoid_token(store: Store, flush: bool) -> None:
    """A sealed message counts while its token is the vehicle's; a plain one always."""
    store.put_message("CAR1", LatestMessage("F", b"plain", 5.0))
    store.put_token("CAR1", "one")
    store.put_message("CAR1", LatestMessage("S", b"sealed", 5.0, "one"))
    if flush:
        await store.writer.flush()
    assert await _codes(store) == {"F": b"plain", "S": b"sealed"}
    store.put_token("CAR1", "one")
    assert await _codes(store) == {"F": b"plain", "S": b"sealed"}
    store.put_token("CAR1", "two")
    assert await _codes(store) == {"F": b"plain"}
    loaded = await store.load_vehicle("car1")
    assert loaded is not None
    assert loaded[0].paranoid_token == "two"


async def test_survives_restart(database: Database, clock: ManualClock) -> None:
    """A store that is opened again has everything, and nobody connected."""
    store = await Store.open(database, clock.time)
    store.put_message("CAR1", LatestMessage("S", b"1", 5.0))
    store.put_presence("CAR1", car=True, apps=2, batch=0, heard=999.0)
    assert await store.close() == 0
    store = await Store.open(database, clock.time)
    assert await _codes(store) == {"S": b"1"}
    with database.reading() as connection:
        (status, _) = queries.list_vehicles(connection, clock.time())
    assert (status.online, status.apps, status.heard) == (False, 0, 999.0)
    await store.close()


async def test_online(database: Database, store: Store, clock: ManualClock) -> None:
    """A vehicle is online for as long as the server's heart beats, and no more after closing."""

    def online() -> bool:
        with database.reading() as connection:
            return queries.list_vehicles(connection, clock.time())[0].online

    store.put_presence("CAR1", car=True, apps=0, batch=0)
    await store.writer.flush()
    assert online()
    clock.advance(30)
    assert not online()
    store.heartbeat()
    await store.writer.flush()
    assert online()
    await store.close()
    assert not online()


@pytest.mark.parametrize("is_killed", [False, True])
async def test_the_last_sign_of_life(database: Database, is_killed: bool) -> None:
    """It is known at the next start, however the server ended; a time in doubt does not count."""
    start, leap = 1_700_000_000.0, 10 * CLOCK_LEAP_LIMIT

    async def runs(now: float, *, trust_clock: bool = False) -> float | None:
        clock = ManualClock(now)
        store = await Store.open(database, clock.time, trust_clock=trust_clock)
        clock.advance(100)
        store.heartbeat()
        await store.writer.flush()
        await (store.writer if is_killed else store).close()
        return store.last_alive

    assert await runs(start) is None
    assert await runs(start + 200) == start + 100
    for _ in range(2):
        assert await runs(start + leap) == start + 300
    assert await runs(start + 400) == start + 300
    assert await runs(start + leap) == start + 500
    assert await runs(start + leap, trust_clock=True) is None
    assert await runs(start + leap + 200) == start + leap + 100


async def test_note_clock(database: Database) -> None:
    """Until when the clock was believed is stored, and that it is believed again."""
    clock = ManualClock(5000.0)
    lasts = []
    for doubted_at in (4000.0, None):
        store = await Store.open(database, clock.time)
        await store.note_clock(4000.0)
        await store.note_clock(doubted_at)
        await store.close()
        lasts.append(store.last_alive)
    store = await Store.open(database, clock.time)
    await store.close()
    assert [*lasts, store.last_alive] == [None, 4000.0, 5000.0]


async def test_changed_since(database: Database, store: Store) -> None:
    """Changes from the command line are seen, also those that committed late."""
    with database.writing() as connection:
        queries.set_secret(connection, "car1", "new", 500.0)
        queries.remove_vehicle(connection, "car2", 501.0)
    found = await store.changed_since(500.0 + CHANGE_OVERLAP)
    assert [(change.id, change.secret, change.deleted) for change in found] == [
        ("CAR1", "new", False),
        ("CAR2", "", True),
    ]
    assert await store.changed_since(501.5 + CHANGE_OVERLAP) == []


async def test_makes_database(tmp_path: Path, clock: ManualClock) -> None:
    """A server's first start makes the database, and leaves it open until it is closed."""
    (tmp_path / "new").mkdir()
    database = open_database(tmp_path / "new")
    store = await Store.open(database, clock.time)
    assert await store.load_vehicle("x") is None
    await store.close()
    assert await database.read(queries.list_owners) == []
    await database.close()
    with pytest.raises(StoreClosed):
        await store.load_vehicle("x")


async def test_not_a_database(tmp_path: Path, clock: ManualClock) -> None:
    """A file that is something else keeps the store from opening."""
    (tmp_path / "other.db").write_bytes(b"something else\n" * 100)
    with pytest.raises(NotADatabase):
        await Store.open(open_database(tmp_path, f"sqlite:///{tmp_path}/other.db"), clock.time)


async def test_closed(store: Store) -> None:
    """A closed store takes nothing; closing again is harmless."""
    await store.close()
    with pytest.raises(StoreClosed):
        store.put_message("CAR1", LatestMessage("S", b"1", 5.0))
    with pytest.raises(StoreClosed):
        await store.expire(2000.0)
    assert await store.close() == 0


def _record(number: int, expires: int = 2000) -> KeptRecord:
    return KeptRecord("S", number, number, expires, b"x", None, 1000.0)


async def test_history(store: Store) -> None:
    """History and traffic that were just kept are seen, whatever the id's case."""
    for number in (1, 2):
        assert store.put_history("CAR1", _record(number))
    store.put_traffic("CAR1", "2025-01-01", (1, 2, 3, 4))
    assert [each.total for each in await store.history_summary("Car1")] == [2]
    store.put_history("CAR1", _record(3))
    assert await store.history_count("Car1", "S", 1) == (2, 3)
    assert [each.number for each in await store.history_page("cAr1", "S", 1, None, 3, 9)] == [2, 3]
    assert await store.utilisation("cAr1") == [DayTraffic("2025-01-01", 1, 2, 3, 4)]


async def test_an_owner_with_too_much(database: Database, store: Store) -> None:
    """Nothing more is kept, the car hears that it was taken, and so it is until there is room."""
    saved: list[int] = []
    store.put_history("CAR1", _record(1), lambda: saved.append(1))
    await store.writer.flush()
    await store.check_quotas(OwnerQuotas(0, 1))
    assert store.put_history("CAR1", _record(2), lambda: saved.append(2))
    assert store.put_history("CAR1", _record(3))
    assert saved == [1, 2]
    store.count_dropped()
    assert [*store.dropped.values()] == [2]
    assert (await store.history_count("CAR1", "S"))[0] == 1
    await store.check_quotas(OwnerQuotas(0, 1000))
    store.put_history("CAR1", _record(4))
    assert (await store.history_count("CAR1", "S"))[0] == 2


async def test_owners_read_in_turn(store: Store, database: Database) -> None:
    """However much one owner reads, with any number of vehicles, another waits for one page."""
    with database.writing() as connection:
        alice = queries.add_owner(connection, "alice", 1.0)
        queries.add_vehicle(connection, "CAR3", alice, "secret", 1.0)
    for vehicle_id in ("CAR1", "CAR2", "CAR3"):
        store.put_history(vehicle_id, _record(1))
        await store.load_vehicle(vehicle_id)
    await store.writer.flush()
    done: list[str] = []

    async def read(vehicle_id: str) -> None:
        assert len(await store.history_page(vehicle_id, "S", None, None, 9, 9)) == 1
        done.append(vehicle_id)

    await asyncio.gather(*map(read, ["CAR1", "car1", "CAR2"] * 5 + ["car3", "CAR3"]))
    assert [place for place, each in enumerate(done) if each.upper() == "CAR3"] == [1, 3]


async def test_a_summary_is_read_in_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two parts of a long summary others have their turn, and no type is missing."""
    monkeypatch.setattr(history, "TYPES_A_PAGE", 2)
    for number in range(7):
        store.put_history("CAR1", KeptRecord(f"T{number}", 1, 1, 2000, b"x", None, 1000.0))
    store.put_history("CAR2", _record(1))
    await store.writer.flush()
    done: list[str] = []

    async def summary(vehicle_id: str) -> None:
        types = await store.history_summary(vehicle_id)
        done.append(",".join(each.type for each in types))

    await asyncio.gather(summary("CAR1"), summary("CAR2"))
    assert done == ["S", "T0,T1,T2,T3,T4,T5,T6"]


async def test_expire(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is over goes, in chunks, and batches come in between."""
    monkeypatch.setattr(expiry, "CHUNK", 3)
    for number in range(10):
        store.put_history("CAR1", _record(number))
    await store.writer.flush()
    expiring = asyncio.ensure_future(store.expire(2000.0))
    store.put_history("CAR1", _record(99, 3000))
    await store.writer.flush()
    assert await expiring == 4 + 5
    assert [each.total for each in await store.history_summary("car1")] == [1]


async def test_holding_expiry(store: Store) -> None:
    """While somebody holds them records stay, though not for ever; the rest goes."""
    store.put_history("CAR1", _record(1))
    store.put_traffic("CAR1", "1969-01-01", (1, 2, 3, 4))
    await store.writer.flush()
    with store.holding_expiry(), store.holding_expiry():
        await store.expire(3000.0)
        assert await store.history_count("car1", "S") == (1, 1)
        assert await store.utilisation("car1") == []
    await store.expire(3000.0)
    assert await store.history_summary("car1") == []
    store.put_history("CAR1", _record(2))
    await store.writer.flush()
    with store.holding_expiry():
        for now in (5000.0, 4999.0 + HOLD_LIMIT):
            await store.expire(now)
            assert await store.history_count("car1", "S") == (1, 2)
        await store.expire(5000.0 + HOLD_LIMIT)
        assert await store.history_count("car1", "S") == (0, 0)


async def test_log_days(database: Database, store: Store) -> None:
    """A running server learns how long telemetry is to be kept."""
    with database.writing() as connection:
        queries.set_log_days(connection, "car1", {"log_days": 7, "log_position_days": 0}, 500.0)
    loaded = await store.load_vehicle("car1")
    assert loaded is not None
    (change,) = await store.changed_since(500.0 + CHANGE_OVERLAP)
    for found in (loaded[0], change):
        assert (found.log_days, found.log_position_days) == (7, 0)


async def test_an_older_token_that_comes_back(store: Store) -> None:
    """What a different token has voided stays void, also when the first token comes again."""
    store.put_token("CAR1", "one")
    store.put_message("CAR1", LatestMessage("S", b"sealed", 5.0, "one"))
    await store.writer.flush()
    store.put_token("CAR1", "two")
    assert await _codes(store) == {}
    await store.writer.flush()
    store.put_token("CAR1", "one")
    assert await _codes(store) == {}
    await store.writer.flush()
    assert await _codes(store) == {}


def _provision_used(database: Database) -> float | None:
    with database.reading() as connection:
        return queries.get_provision(connection, "VIN1").last_used


async def test_find_provision(database: Database, store: Store, clock: ManualClock) -> None:
    """A car's record is found in any case, and that it was asked for is kept, once a minute."""
    record = ProvisionRecord("t", "d", "r")
    assert await store.find_provision("vin1") is None
    with database.writing() as connection:
        queries.add_provision(connection, "VIN1", record, 5.0)
    assert await store.find_provision("vin1") == record
    await store.writer.flush()
    assert _provision_used(database) == 1000.0
    for passed, used in ((USE_INTERVAL - 1, 1000.0), (1, 1000.0 + USE_INTERVAL)):
        clock.advance(passed)
        assert await store.find_provision("Vin1") == record
        await store.writer.flush()
        assert _provision_used(database) == used
    with database.writing() as connection:
        queries.remove_provision(connection, "VIN1")
    assert await store.find_provision("VIN1") is None


async def test_find_provision_beside_a_writer(database: Database, store: Store) -> None:
    """While another process keeps the database locked a record is found all the same."""
    with database.writing() as connection:
        queries.add_provision(connection, "VIN1", ProvisionRecord("t", "d", "r"), 5.0)
    with database.writing():
        assert await store.find_provision("VIN1") is not None
    await store.writer.flush()
    assert _provision_used(database) == 1000.0


@pytest.mark.parametrize(("is_killed", "is_there"), [(True, True), (True, False), (False, True)])
async def test_connections_that_a_killed_server_left(
    database: Database, clock: ManualClock, is_killed: bool, is_there: bool
) -> None:
    """They ended when it was last alive; one whose end it logged has that alone."""
    store = await Store.open(database, clock.time)
    states = [(900, b"1"), (950, b"0"), (1000, b"1"), *([] if is_there else [(1000, b"0")])]
    for time, state in states:
        record = KeptRecord(CONNECTION_TYPE, 0, time, time + 500, state, None, float(time))
        store.put_history("CAR1", record)
    store.put_presence("CAR1", car=is_killed, apps=0, batch=0)
    clock.advance(30)
    store.heartbeat()
    clock.advance(50)
    await (store.writer if is_killed else store).close()
    store = await Store.open(database, clock.time)
    assert await store.history_summary("CAR1") == []
    _, last_id = await store.history_count("CAR1", CONNECTION_TYPE)
    found = await store.history_page("CAR1", CONNECTION_TYPE, None, None, last_id, 9)
    ends = [(1030, b"0")] if is_killed and is_there else []
    assert [(each.time, each.data) for each in found] == [*states, *ends]
    await store.close()
