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
    from ovms.server.storage.writer_connection import Row, WriterConnection


class _KnownCopy(Exception):
    """An acknowledgement is remembered already."""


def write_history(connection: WriterConnection, batch: HistoryBatch, quota: HistoryQuota) -> None:
    """Store a batch inside a transaction, within the bounds of each vehicle.

    Records of vehicles that are gone are left out.
    """
    if not batch.records:
        return
    living = connection.find(Find.LIVING, ((vehicle_id,) for vehicle_id in batch.records))
    waiting = [(id_, each) for (id_,) in living for each in batch.records[id_].values()]
    copies = _remember(connection, acknowledged(waiting), quota)
    new = [(id_, each.record) for place, (id_, each) in enumerate(waiting) if place not in copies]
    sums = counts(new)
    if refused := quota.refused(connection, sums):
        new = [(id_, each) for id_, each in new if (id_, each.type) not in refused]
        sums = counts(new)
    connection.put(Put.RECORDS, (record_row(*each) for each in new))
    connection.put(Put.COUNTS, ((*key, *values) for key, values in sums.items()))
    quota.keep_within(connection, sums)


def _remember(connection: WriterConnection, acked: list[Acked], quota: HistoryQuota) -> set[int]:
    """Remember acknowledgements; return the places of the records that are stored already.

    Nearly always all are new: that costs a sixth less than to look for them first.
    """
    if not acked:
        return set()
    remembered = quota.remembered(connection, acked)
    last = {key: each.received for _, key, each in remembered}
    rows = [(*key, received) for key, received in last.items()]
    copies: set[Row] = set()
    if len(rows) < len(acked) or not _add(connection, rows):
        known = ((place, *key, *each.window) for place, key, each in acked)
        copies = connection.find(Find.COPIES, known)
        connection.put(Put.ACKS, rows)
    late = (
        (place, *key[:4], each.record.data, *each.times)
        for place, key, each in acked
        if each.is_late and (place,) not in copies
    )
    copies |= connection.find(Find.LATE_COPIES, late)
    return {place for (place,) in copies}


def _add(connection: WriterConnection, rows: list[Row]) -> bool:
    """Remember acknowledgements of which none is known; else change nothing and return false."""
    try:
        with connection.savepoint():
            if connection.put(Put.NEW_ACKS, rows) < len(rows):
                raise _KnownCopy
    except _KnownCopy:
        return False
    return True
