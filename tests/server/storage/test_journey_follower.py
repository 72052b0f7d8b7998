"""The follower: journeys soon after the records, whatever comes, stops and breaks meanwhile."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from ovms.base.clock import ManualClock
from ovms.server import journey_follower
from ovms.server.journey_follower import REFRESH, JourneyFollower
from ovms.server.journeys.values import JourneyKind
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.journey_fold import Folded, VehicleFold
from ovms.server.storage.journey_progress import read_progress
from ovms.server.storage.journey_rebuild import rebuild
from ovms.server.storage.journeys import list_journeys
from ovms.server.values import KeptRecord
from tests.server.journeys.commute import DAY, MONDAY, days, doors, drive, status
from tests.server.storage.databases import close, execute, make_database, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ovms.server.storage.database import Database
    from ovms.server.storage.journeys import JourneyRow
    from tests.server.journeys.commute import Reported


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Make a database with owner ``bob`` and his vehicles ``CAR1`` and ``CAR2``."""
    database = make_database(tmp_path)
    yield database
    close(database)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock at the first midnight."""
    return ManualClock(float(MONDAY))


@pytest.fixture
def follower(database: Database, clock: ManualClock) -> JourneyFollower:
    """Return a follower that has done nothing yet."""
    return JourneyFollower(database, clock)


async def _keep(database: Database, records: Iterable[Reported], vehicle_id: str = "CAR1") -> None:
    batch = Batch()
    for time, record_type, data in records:
        record = KeptRecord(record_type, 0, time, 2**32, data.encode(), None, float(time))
        batch.history.put(vehicle_id, record, None)
    assert await database.apply(batch) == 0


def _listed(database: Database, vehicle_id: str = "CAR1", *kinds: JourneyKind) -> list[JourneyRow]:
    with database.reading() as connection:
        return list_journeys(connection, vehicle_id, kinds=kinds, limit=1000)[0]


def _shown(database: Database, vehicle_id: str = "CAR1") -> list[object]:
    return [each.journey for each in _listed(database, vehicle_id)]


async def _live(
    database: Database,
    clock: ManualClock,
    follower: JourneyFollower,
    arriving: Iterable[tuple[int, Reported]],
    until: int,
) -> JourneyFollower:
    """Store records when they arrive, and have the follower look each half minute."""
    waiting = sorted(arriving)
    while clock.time() < until:
        clock.advance(30)
        now = clock.time()
        come = [record for time, record in waiting if time <= now]
        waiting = waiting[len(come) :]
        if come:
            await _keep(database, come)
        if come or follower.behind or int(now) % 3600 == 0:
            await follower.check()
    return follower


def _rebuilt(database: Database, now: float) -> list[object]:
    rebuild(database, "CAR1", now)
    return _shown(database)


async def test_live_is_as_rebuilt(
    database: Database, clock: ManualClock, follower: JourneyFollower
) -> None:
    """Of records that come up to a minute late, some doubled, some hours late; it is soon there.

    Whoever listens is told when journeys began, ended and grew, however it fails.
    """
    told = []

    def listen(vehicle_id: str, change: str) -> None:
        told.append((vehicle_id, change))
        raise ZeroDivisionError

    follower.on_written = listen
    random = Random(1)  # noqa: S311 (of a test)
    records = [(time + random.randint(0, 60), record) for record in days(2) for time in record[:1]]
    records += [(MONDAY + 22 * 3600, records[10][1]), (MONDAY + 23 * 3600, records[60][1])]
    late = {n: MONDAY + 30 * 3600 + n for n in random.sample(range(len(records)), 12)}
    arriving = [(late.get(n, time), record) for n, (time, record) in enumerate(records)]
    until = MONDAY + 19 * 3600
    await _live(database, clock, follower, arriving, until)
    assert len(_listed(database, "CAR1", JourneyKind.TRIP)) == 2
    await _live(database, clock, follower, [x for x in arriving if x[0] > until], MONDAY + 2 * DAY)
    clock.advance(120)
    await follower.check()
    live = _shown(database)
    assert live == _rebuilt(database, clock.time())
    assert len(live) >= 8
    assert follower.counts.records > len(live)
    assert {*told} == {("CAR1", "began"), ("CAR1", "ended"), ("CAR1", "grew")}


async def test_a_crash_at_any_moment(
    database: Database, clock: ManualClock, follower: JourneyFollower
) -> None:
    """A new follower goes on from the database: nothing is lost, doubled, or has another id."""
    arriving = [(record[0], record) for record in days(1)]
    for hour in range(1, 25):
        now = MONDAY + hour * 3600
        some = [each for each in arriving if now - 3600 < each[0] <= now or hour == 1 == each[0]]
        await _live(database, clock, follower, some, now)
        follower = JourneyFollower(database, clock)
    await _live(database, clock, follower, [], int(clock.time()) + 300)
    before = _listed(database)
    assert [each.journey for each in before] == _rebuilt(database, clock.time())
    assert [each.id for each in _listed(database)] == [each.id for each in before]


async def test_a_trip_is_seen_while_it_goes_on(
    database: Database, clock: ManualClock, follower: JourneyFollower
) -> None:
    """It is shown within seconds of its start, grows each few minutes, and is then over; one id."""
    clock.advance(8 * 3600)
    await _keep(database, [(MONDAY + 7 * 3600, "D", doors(is_on=False, odometer=1000.0))])
    await follower.check()
    ids, ends = set(), []
    for time, record_type, data in [*drive(MONDAY + 8 * 3600, 1000.0, 80.0)]:
        clock.advance(max(0.0, time - clock.time()))
        await _keep(database, [(time, record_type, data)])
        clock.advance(6)
        await follower.check()
        for row in _listed(database, "CAR1", JourneyKind.TRIP):
            ids.add(row.id)
            ends.append(row.journey.end.time)
            assert row.journey.is_open
    assert len(ids) == 1
    assert len(set(ends)) >= 4
    clock.advance(600)
    await _keep(database, [(int(clock.time()) - 6, "D", doors(is_on=False, odometer=1020.0))])
    await follower.check()
    (row,) = _listed(database, "CAR1", JourneyKind.TRIP)
    assert not row.journey.is_open
    assert {row.id} == ids


async def test_rows_of_an_open_journey_are_written_each_few_minutes(
    database: Database, clock: ManualClock, follower: JourneyFollower
) -> None:
    """What is only a little further is not written at once; what begins or ends is."""
    await _keep(database, [(MONDAY, "D", doors(is_on=False, odometer=1000.0))])
    clock.advance(10)
    await follower.check()

    async def written(record_type: str, data: str) -> bool:
        before = rows(database, "SELECT seen_id FROM journey_progress WHERE vehicle_id = 'CAR1'")
        await _keep(database, [(int(clock.time()), record_type, data)])
        clock.advance(6)
        await follower.check()
        query = "SELECT seen_id FROM journey_progress WHERE vehicle_id = 'CAR1'"
        return rows(database, query) != before

    assert await written("S", status(80.0))
    assert not await written("D", doors(is_on=False, odometer=1000.0, parked=60))
    assert not await written("S", status(79.5))
    assert await written("D", doors(is_on=True, odometer=1000.0))
    assert not await written("S", status(79.0))
    clock.advance(REFRESH)
    await follower.check()
    assert not await written("S", status(78.5))


async def test_records_that_no_journey_is_made_of(
    database: Database, clock: ManualClock, follower: JourneyFollower
) -> None:
    """They cost a vehicle nothing: it is first read with a record that says what it does."""
    await follower.check()
    await _keep(database, [(MONDAY, "*-LOG-Other", "1"), (MONDAY, "F", "3.3,VIN,9,1,OBDII,o2")])
    clock.advance(60)
    await follower.check()
    assert follower.counts.records == 0
    with database.reading() as connection:
        assert read_progress(connection, "CAR1") is None
    await _keep(
        database,
        [(MONDAY + 60, "D", doors(is_on=False, odometer=1)), (MONDAY + 60, "S", status(80))],
    )
    clock.advance(60)
    await follower.check()
    assert follower.counts.records == 2
    with database.reading() as connection:
        assert read_progress(connection, "CAR1") is not None


@pytest.mark.parametrize("is_on", [True, False])
async def test_what_a_car_did_before_a_restart_is_known(
    database: Database, clock: ManualClock, follower: JourneyFollower, is_on: bool
) -> None:
    """After a restart a switch-on is written at once, and that it goes on as it was is not."""
    await _keep(database, [(MONDAY, "D", doors(is_on=False, odometer=1000.0))])
    clock.advance(10)
    await follower.check()
    follower = JourneyFollower(database, clock)
    await _keep(database, [(MONDAY + 60, "S", status(80.0))])
    clock.advance(60)
    await follower.check()
    await _keep(database, [(MONDAY + 70, "D", doors(is_on=is_on, odometer=1000.0))])
    before = rows(database, "SELECT seen_id FROM journey_progress WHERE vehicle_id = 'CAR1'")
    clock.advance(10)
    await follower.check()
    query = "SELECT seen_id FROM journey_progress WHERE vehicle_id = 'CAR1'"
    assert (rows(database, query) != before) is is_on


async def test_records_of_before_this_server(
    database: Database, clock: ManualClock, follower: JourneyFollower
) -> None:
    """Vehicles whose history nobody has read get their journeys at the first look."""
    await _keep(database, days(2))
    await _keep(database, days(1), "CAR2")
    clock.advance(2 * DAY)
    await follower.check()
    assert len(_listed(database, "CAR1", JourneyKind.TRIP)) == 4
    assert len(_listed(database, "CAR2", JourneyKind.TRIP)) == 2
    assert follower.behind == 0


async def test_a_rebuild_beside_it(
    database: Database, clock: ManualClock, follower: JourneyFollower
) -> None:
    """It forgets what it knew, and reads again what the rebuild did not know."""
    records = days(1)
    morning = [each for each in records if each[0] < MONDAY + 9 * 3600]
    await _keep(database, morning)
    clock.advance(9 * 3600)
    await follower.check()
    execute(database, "DELETE FROM raw_journeys")
    execute(database, "DELETE FROM journeys")
    rebuild(database, "CAR1", clock.time())
    await _keep(database, [each for each in records if each[0] >= MONDAY + 9 * 3600])
    clock.advance(DAY)
    await follower.check()
    live = _shown(database)
    assert len(_listed(database, "CAR1", JourneyKind.TRIP)) == 2
    assert live == _rebuilt(database, clock.time())
    await follower.check()
    assert _shown(database) == live


async def test_erased_while_it_knows(
    database: Database, clock: ManualClock, follower: JourneyFollower
) -> None:
    """What was erased does not come back with the next record."""
    await _keep(database, days(1))
    clock.advance(DAY)
    await follower.check()
    with database.writing() as connection:
        queries.erase_data(connection, "CAR1")
    await _keep(database, [(int(clock.time()), "D", doors(is_on=False, odometer=1040.0))])
    for _ in range(3):
        clock.advance(70)
        await follower.check()
    found = _listed(database)
    assert all(each.journey.start.time >= MONDAY + DAY for each in found)
    assert len(rows(database, "SELECT * FROM raw_journeys")) == len(found) <= 1


@pytest.mark.parametrize(
    "how", ["UPDATE vehicles SET journeys = FALSE", "UPDATE vehicles SET paranoid_token = 'x'"]
)
async def test_who_wants_none(
    database: Database, clock: ManualClock, follower: JourneyFollower, how: str
) -> None:
    """A vehicle has no new journeys; with them again it gets those of all that is kept."""
    records = days(1)
    await _keep(database, records[:5])
    clock.advance(6 * 3600)
    await follower.check()
    execute(database, how)
    await _keep(database, records[5:-5])
    clock.advance(14 * 3600)
    await follower.check()
    assert _listed(database, "CAR1", JourneyKind.TRIP) == []
    execute(database, "UPDATE vehicles SET journeys = 1, paranoid_token = ''")
    await _keep(database, records[-5:])
    clock.advance(DAY)
    await follower.check()
    assert len(_listed(database, "CAR1", JourneyKind.TRIP)) == 2
    live = _shown(database)
    assert live == _rebuilt(database, clock.time())


async def test_damaged_data_of_one_vehicle(
    database: Database,
    clock: ManualClock,
    follower: JourneyFollower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The others go on; it is tried again later."""
    folded = VehicleFold.folded
    broken = {"CAR1"}

    def breaking(fold: VehicleFold) -> Folded:
        if fold.vehicle_id in broken:
            raise ValueError("damaged")
        return folded(fold)

    monkeypatch.setattr(VehicleFold, "folded", breaking)
    for vehicle_id in ("CAR1", "CAR2"):
        await _keep(database, [(MONDAY, "D", doors(is_on=False, odometer=1.0))], vehicle_id)
    clock.advance(60)
    await follower.check()
    for vehicle_id in ("CAR1", "CAR2"):
        await _keep(database, drive(MONDAY + 60, 1000.0, 80.0), vehicle_id)
    clock.advance(1800)
    await follower.check()
    trips = [_listed(database, each, JourneyKind.TRIP) for each in ("CAR1", "CAR2")]
    assert [len(each) for each in trips] == [0, 1]
    assert follower.counts.failures == 2
    broken.clear()
    clock.advance(journey_follower.DAMAGED_PAUSE)
    await _keep(database, [(int(clock.time()), "S", status(70.0))])
    clock.advance(10)
    await follower.check()
    assert len(_listed(database, "CAR1", JourneyKind.TRIP)) == 1


async def test_few_folds_in_memory(
    database: Database,
    clock: ManualClock,
    follower: JourneyFollower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of more vehicles than there is room for are loaded again; nothing differs."""
    monkeypatch.setattr(journey_follower, "FOLDS_LIMIT", 1)
    for time, *rest in days(1):
        clock.advance(max(0.0, time - clock.time()))
        for vehicle_id in ("CAR1", "CAR2"):
            await _keep(database, [(time, *rest)], vehicle_id)  # type: ignore[list-item]
        if time % 7 == 0:
            clock.advance(6)
            await follower.check()
    clock.advance(600)
    await follower.check()
    assert _shown(database) == _shown(database, "CAR2")
    assert len(_listed(database, "CAR1", JourneyKind.TRIP)) == 2


async def test_where_it_goes_on(
    database: Database, clock: ManualClock, follower: JourneyFollower
) -> None:
    """The mark in the database is never beyond what is written, and moves once a minute."""
    await _keep(database, [(MONDAY, "D", doors(is_on=False, odometer=1000.0))])
    clock.advance(10)
    await follower.check()
    for _ in range(5):
        await _keep(database, [(int(clock.time()), "S", status(80.0))])
        clock.advance(20)
        await follower.check()
    with database.reading() as connection:
        mark, vehicle = read_progress(connection, ""), read_progress(connection, "CAR1")
    assert mark is not None
    assert vehicle is not None
    assert 1 <= mark[0] <= vehicle[0] <= 6
