"""Records of the history for tests of ``/api/v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.protocol.records.history import KeptRecord

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

LIFE = 30 * 86400


async def put(
    v1: ApiSite,
    record_type: str,
    *rows: tuple[int, bytes | str],
    number: int = 0,
    vehicle_id: str = "CAR1",
) -> None:
    """Put records that were made so many seconds from now; negative is before."""
    now = int(v1.clock.time())
    for at, data in rows:
        raw = data.encode() if isinstance(data, str) else data
        record = KeptRecord(record_type, number, now + at, now + LIFE, raw, None, float(now))
        v1.context.store.put_history(vehicle_id, record)
    await v1.context.store.writer.flush()
