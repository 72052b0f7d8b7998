from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert

from ovms.protocol.records.history import KeptRecord
from ovms.server.storage import sizes
from ovms.server.storage.batch import Batch
from ovms.server.storage.schema import messages
from ovms.server.storage.sizes import VehicleSize, history_sizes, journey_bytes, vehicle_sizes
from tests.server.journeys.made import NOON, charge, put_journeys, trip
from tests.server.storage.databases import apply

if TYPE_CHECKING:
    import pytest

    from ovms.server.storage.database import Database


def test_sizes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each vehicle has its own, also one of which there is nothing, however many are asked for."""
    monkeypatch.setattr(sizes, "IDS_A_QUERY", 2)
    batch = Batch()
    for name, data in (("S", b"80"), ("L", b"1,2"), ("L", b"3,4"), ("*-GPS", b"5")):
        time = len(batch.history)
        batch.history.put("CAR1", KeptRecord(name, 0, time, 10**9, data, None, time), None)
    assert apply(database, batch) == 0
    with database.writing() as connection:
        for car, code in (("CAR1", "S"), ("CAR2", "S"), ("CAR2", "D")):
            row = {"vehicle_id": car, "code": code, "data": b"80", "time": 1.0}
            connection.execute(insert(messages).values(row))
    put_journeys(database, "CAR2", trip(NOON), charge(NOON + 86400))
    with database.reading() as connection:
        found = vehicle_sizes(connection, ["CAR1", "NOSUCH", "CAR2"])
        size = 4 * (20 + 4) + len("S80L1,2L3,4*-GPS5")
        assert found == {
            "CAR1": VehicleSize(4, size, positions=3, messages=1),
            "NOSUCH": VehicleSize(),
            "CAR2": VehicleSize(messages=2, journeys=2),
        }
        assert history_sizes(connection) == {"CAR1": (4, size)}
        assert journey_bytes(connection, "CAR2") > 100
        assert journey_bytes(connection, "CAR1") == 0
