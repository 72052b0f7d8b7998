"""Through storage: records come late, in any order and batches; the journeys are the same."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ovms.base.clock import ManualClock
from ovms.server.journey_follower import JourneyFollower
from ovms.server.journeys.samples import JourneyRecord
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.storage.journey_rebuild import rebuild
from ovms.server.storage.journeys import list_journeys
from ovms.server.values import KeptRecord
from tests.server.journeys.test_properties import histories
from tests.server.storage.databases import close, make_database

DELAYS = (0, 0, 0, 0, 20, 60, 3600, 3 * 86400)
"""Seconds that records come late, each as likely as another."""

AFTERWARDS = (30, 120, 120)
"""Seconds for which the server goes on, from one look to the next."""


async def follow(
    database: Database, records: Sequence[JourneyRecord], random: Random, step: int
) -> float:
    """Store records as they arrive, and have them followed; return when that was done.

    Once in a while the server starts again, or a record arrives twice.
    """
    arrivals = [(each.time + random.choice(DELAYS), each) for each in records]
    arrivals += random.sample(arrivals, len(arrivals) // 20)
    random.shuffle(arrivals)
    clock = ManualClock(float(records[0].time))
    follower = JourneyFollower(database, clock)
    while arrivals:
        clock.advance(max(step * random.random(), min(time for time, _ in arrivals) - clock.time()))
        await store(database, [each for time, each in arrivals if time <= clock.time()])
        arrivals = [each for each in arrivals if each[0] > clock.time()]
        if random.random() < 0.1:
            follower = JourneyFollower(database, clock)
        await follower.check()
    for seconds in AFTERWARDS:
        clock.advance(seconds)
        await follower.check()
    return clock.time()


async def store(database: Database, records: Sequence[JourneyRecord]) -> None:
    """Put records into the history in this order."""
    batch = Batch()
    for each in records:
        kept = KeptRecord(each.type, each.number, each.time, 2**32, each.data, None, each.time)
        batch.history.put("CAR1", kept, None)
    assert await database.apply(batch) == 0


def shown(database: Database) -> list[tuple[int, object]]:
    """Return all journeys with their ids."""
    with database.reading() as connection:
        rows, _ = list_journeys(connection, "CAR1", limit=1000)
    return [(each.id, each.journey) for each in rows]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.integers(10, 150), st.sampled_from([60, 900, 20_000]))
@example(99999, 34, 60)  # what was made anew had left out how it began, and gone back lost it
def test_live_is_as_rebuilt(seed: int, count: int, step: int) -> None:
    """Live rows equal those that a rebuild makes, ids included."""
    random = Random(seed)  # noqa: S311 (hypothesis chooses it)
    history = random.choice(histories())
    first = random.randrange(max(1, len(history) - count))
    with tempfile.TemporaryDirectory() as folder:
        database = make_database(Path(folder))
        try:
            now = asyncio.run(follow(database, history[first : first + count], random, step))
            live = shown(database)
            rebuild(database, "CAR1", now)
            assert live == shown(database)
        finally:
            close(database)
