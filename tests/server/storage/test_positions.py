from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.history import KeptRecord
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.positions import DAY, POSITION_INTERVAL, PositionExpiry
from ovms.server.values import ALERT_TYPE
from tests.server.storage.databases import apply, close, make_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ovms.server.storage.database import Database

NOW = 1_700_000_000.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Make a database with records of 10 and of 2 days ago, and with a last known position."""
    made = make_database(tmp_path)
    batch = Batch()
    for days in (10, 2):
        time = int(NOW) - days * DAY
        for name, data in (
            ("L", b"1"),
            ("S", b"1"),
            ("*-LOG-Trip", b"1"),
            ("own", b"1"),
            (ALERT_TYPE, b"A,at 50.123,8.123"),
            (ALERT_TYPE, b"A,full"),
        ):
            record = KeptRecord(name, 0, time, 2 * 10**9, data, None, float(time))
            for vehicle_id in ("CAR1", "CAR2"):
                batch.history.put(vehicle_id, record, None)
    for code in "LS":
        message = LatestMessage(code, b"1", NOW - 5 * DAY)
        batch.messages.setdefault("CAR1", {})[code] = message
    assert apply(made, batch) == 0
    yield made
    close(made)


def _left(database: Database, vehicle_id: str = "CAR1") -> dict[str, int]:
    with database.reading() as connection:
        return {each.type: each.total for each in queries.history_summary(connection, vehicle_id)}


ALL = {"L": 2, "S": 2, "*-LOG-Trip": 2, "own": 2, ALERT_TYPE: 4}
SOME = {"L": 1, "S": 2, "*-LOG-Trip": 1, "own": 1, ALERT_TYPE: 3}


def test_own_days(database: Database) -> None:
    """A vehicle's own days count for all that may say where it was, and for nothing else."""
    with database.writing() as connection:
        queries.set_log_days(connection, "CAR1", {"log_position_days": 5}, NOW)
    assert asyncio.run(PositionExpiry().run(database, NOW)) == 4
    assert (_left(database), _left(database, "CAR2")) == (SOME, ALL)
    with database.reading() as connection:
        found = queries.load_vehicle(connection, "CAR1")
    assert found is not None
    assert [each.code for each in found[1]] == ["S"]


def test_the_servers_days(database: Database) -> None:
    """The server's days count for those without their own."""
    with database.writing() as connection:
        queries.set_log_days(connection, "CAR1", {"log_position_days": 30}, NOW)
    asyncio.run(PositionExpiry(5).run(database, NOW))
    assert (_left(database), _left(database, "CAR2")) == (ALL, SOME)


def test_no_days(database: Database) -> None:
    """With 0 days nothing is kept that may say where a vehicle was."""
    asyncio.run(PositionExpiry(0).run(database, NOW))
    assert _left(database) == {"S": 2, ALERT_TYPE: 2}


def test_now_and_then(database: Database) -> None:
    """A pass over all vehicles is made once an hour, also after the clock was set back."""
    expiry = PositionExpiry(5)

    async def run() -> list[int]:
        times = (NOW - 9 * DAY, NOW, NOW + POSITION_INTERVAL - 1, NOW - DAY)
        return [await expiry.run(database, time) for time in times]

    assert asyncio.run(run()) == [0, 8, 0, 0]


def test_in_no_file(database: Database) -> None:
    """A position that is over is found in no file of the database any more."""

    def found() -> list[Path]:
        files = Path(database.name).parent.iterdir()
        return [each for each in files if b"50.123,8.123" in each.read_bytes()]

    assert found()
    asyncio.run(PositionExpiry(0).run(database, NOW))
    assert not found()
