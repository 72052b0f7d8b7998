"""What a car reports, as records of the history: days with a way to work and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ovms.protocol.records.history import KeptRecord
from ovms.server.storage.batch import Batch
from tests.server.storage.databases import apply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ovms.server.storage.database import Database

MONDAY: Final = 1_750_032_000
"""2025-06-16, midnight UTC."""

DAY: Final = 86400

Reported = tuple[int, str, str]
"""Time, type, data."""


def doors(*, is_on: bool, odometer: float, parked: int = 0, speed: int = 0) -> str:
    """Return the data of a ``D``."""
    first = 0x20 + (0x80 if is_on else 0x40)
    return f"{first},8,4,30,30,25,0,{round(odometer * 10)},{speed},{parked},15,1,1,1,12.8,0,12.8,0"


def status(soc: float) -> str:
    """Return the data of an ``S``."""
    return f"{soc},K,0,0,stopped,standard,{soc * 3:.0f},{soc * 3:.0f},16,0,0,0,13,21,0,0,0,0,120"


def place(kilometres: float, speed: int = 0) -> str:
    """Return the data of an ``L``, so many kilometres north of home."""
    return f"{52 + kilometres / 111.195:.6f},13.000000,0,50,1,1,{speed},0,0,0,0,0,0,0"


def drive(start: int, odometer: float, soc: float, *, is_back: bool = False) -> Iterator[Reported]:
    """Yield a drive of 20 km in 20 minutes, and the report that it is over."""
    for minute in range(21):
        way = 20 - minute if is_back else minute
        time = start + 60 * minute
        yield time, "D", doors(is_on=True, odometer=odometer + minute, speed=60)
        yield time, "L", place(way, 60)
        yield time, "S", status(soc - minute / 4)
    end = start + 1230
    yield end, "D", doors(is_on=False, odometer=odometer + 20, parked=30)


def days(count: int, start: int = MONDAY) -> list[Reported]:
    """Return days with two drives each, and a report each two hours between them."""
    found: list[Reported] = []
    odometer = 1000.0
    for day in range(count):
        midnight = start + day * DAY
        for hours in range(0, 24, 2):
            time = midnight + hours * 3600
            if hours == 8:
                found += drive(time, odometer, 80.0)
                odometer += 20
            elif hours == 18:
                found += drive(time, odometer, 75.0, is_back=True)
                odometer += 20
            else:
                found.append((time, "D", doors(is_on=False, odometer=odometer, parked=3600)))
                found.append((time, "S", status(80.0 - day % 2)))
    return found


def keep(database: Database, vehicle_id: str, records: Iterable[Reported]) -> None:
    """Store records in this order, in one commit."""
    batch = Batch()
    for time, record_type, data in records:
        record = KeptRecord(record_type, 0, time, 2**32, data.encode(), None, float(time))
        batch.history.put(vehicle_id, record, None)
    assert apply(database, batch) == 0
