"""How records of the history are stored, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage.history_batch import (
    Acked,
    HistoryBatch,
    acknowledged,
    counts,
    record_row,
)
from ovms.server.storage.writer_connection import Find, Put

if TYPE_CHECKING:
    from ovms.server.storage.history_quota import HistoryQuota
    from ovms.server.storage.writer_connection import WriterConnection


def write_history(connection: WriterConnection, batch: HistoryBatch, quota: HistoryQuota) -> None:
    """Store a batch inside a transaction, within the bounds of each vehicle.

    Records of vehicles that are gone are left out.
    """
    if not batch.records:
        return
    living = connection.find(Find.LIVING, ((vehicle_id,) for vehicle_id in batch.records))
    waiting = [(id_, each) for (id_,) in living for each in batch.records[id_].values()]
    acked = acknowledged(waiting)
    copies = _copies(connection, acked)
    new = [(id_, each.record) for place, (id_, each) in enumerate(waiting) if place not in copies]
    new = quota.admitted(connection, new)
    connection.put(Put.RECORDS, (record_row(*each) for each in new))
    connection.put(Put.COUNTS, counts(new))
    quota.keep_within(connection, new)
    received = {key: each.received for _, key, each in quota.remembered(connection, acked)}
    connection.put(Put.ACKS, ((*key, last) for key, last in received.items()))


def _copies(connection: WriterConnection, acked: list[Acked]) -> set[int]:
    """Return the places of the records that are stored already."""
    known = ((place, *key, *each.window) for place, key, each in acked)
    copies = connection.find(Find.COPIES, known)
    late = (
        (place, *key[:4], each.record.data, *each.times)
        for place, key, each in acked
        if each.is_late and (place,) not in copies
    )
    copies |= connection.find(Find.LATE_COPIES, late)
    return {place for (place,) in copies}
