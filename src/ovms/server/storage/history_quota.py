"""What keeps each vehicle's history within its bounds, in the transaction that adds to it.

When a vehicle has too much, the oldest records go of the type that it has most of. So a flood
makes room at its own expense, and what is kept under other types stays. A record of one type too
many is left out.

How much a vehicle has is counted once from the tables, which takes 100 ms for the largest, and
then added up in memory. Records that expire are not taken off; so before anything goes, the tables
are asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from ovms.base.logs import get_logger
from ovms.server.storage.history_batch import COPY_WINDOW, Acked, Counts
from ovms.server.storage.limits import OWN_TYPES, HistoryLimits
from ovms.server.storage.writer_connection import Find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ovms.server.storage.writer_connection import WriterConnection

CHUNK: Final = 1000
"""Records that go by one statement: some 20 ms."""

CHUNKS_A_BATCH: Final = 20
"""Such statements for a vehicle in one transaction; if that is not enough, more go in the next."""

SLACK: Final = 100
"""One part in so many goes beyond the bound, or each batch would have to make room again."""

ACKS_A_VEHICLE: Final = 10_000
"""Acknowledgements of a vehicle that are remembered in ten minutes; at five a second a car needs
3000. Copies of what came beyond may be stored again."""

VEHICLES_LIMIT: Final = 100_000
"""Vehicles whose counts are remembered, some 500 bytes each; then all are counted again."""

log = get_logger("ovms.server.storage")


@dataclass(slots=True)
class VehicleUse:
    """What a vehicle has: at least as many records and bytes as there are."""

    records: int
    bytes: int
    acks: int = 0
    acks_since: float = 0.0
    types: frozenset[str] = frozenset()
    """Types of which there were records when it was looked, and since when none was added."""


def _vehicle_of(acked: Acked) -> str:
    return acked[1][0]


class HistoryQuota:
    """The bounds of each vehicle's history. Belongs to the writer's thread."""

    def __init__(self, limits: HistoryLimits) -> None:
        self._limits = limits
        self._uses: dict[str, VehicleUse] = {}
        self._told: set[tuple[str, str]] = set()

    def refused(
        self, connection: WriterConnection, types: Iterable[tuple[str, str, int]]
    ) -> set[tuple[str, str]]:
        """Return which of vehicles, types and numbers are of types too many, without number."""
        named = {(id_, name) for id_, name, _ in types}
        asked = {each for each in named if not self._is_known(*each)}
        if not asked:
            return set()
        known = connection.find(Find.TYPES, asked)
        if new := {id_ for id_, _ in asked - known}:
            # What is known of these may have gone, and takes room again beside what is new.
            more = {each for each in named - asked if each[0] in new and each[1] not in OWN_TYPES}
            if more:
                asked |= more
                known |= connection.find(Find.TYPES, more)
        refused: set[tuple[str, str]] = set()
        rooms: dict[str, int] = {}
        for id_, name in known:
            if use := self._uses.get(id_):
                use.types |= {name}
        for id_, name in sorted(asked - known):
            if id_ not in rooms:
                rooms[id_] = self._limits.types - self._count_types(connection, id_)
            if rooms[id_] > 0:
                rooms[id_] -= 1
                if use := self._uses.get(id_):
                    use.types = frozenset()  # others may have gone, and count no longer
            else:
                refused.add((id_, name))
                self._tell(id_, "records not kept: too many types")
        return refused

    def remembered(self, connection: WriterConnection, acked: list[Acked]) -> list[Acked]:
        """Return the acknowledgements that are to be remembered."""
        kept: list[Acked] = []
        for vehicle_id, group in groupby(acked, _vehicle_of):
            records = list(group)
            use = self._uses.get(vehicle_id) or self._count(connection, vehicle_id)
            if not 0 <= records[0][2].received - use.acks_since < COPY_WINDOW:
                use.acks, use.acks_since = 0, records[0][2].received
            kept += records[: max(0, ACKS_A_VEHICLE - use.acks)]
            use.acks += len(records)
        return kept

    def keep_within(self, connection: WriterConnection, new: Counts) -> None:
        """Count records that were just stored, and let the oldest go where there are too many."""
        if len(self._uses) > VEHICLES_LIMIT:
            self._uses.clear()
        sums: dict[str, tuple[int, int]] = {}
        for (id_, _, _), (more, bytes_) in new.items():
            records, size = sums.get(id_, (0, 0))
            sums[id_] = records + more, size + bytes_
        for id_, (records, size) in sums.items():
            use = self._uses.get(id_)
            if use is None:
                use = self._count(connection, id_)
            else:
                use.records += records
                use.bytes += size
            if use.records > self._limits.records or use.bytes > self._limits.bytes:
                self._make_room(connection, id_, use)

    def forget(self, vehicle_ids: Iterable[str]) -> None:
        """Count vehicles again: what was added to them has not been committed."""
        for id_ in vehicle_ids:
            self._uses.pop(id_, None)

    def _is_known(self, id_: str, name: str) -> bool:
        """Return whether records of a type need no look: those of 1,000 cars took a tenth."""
        if name in OWN_TYPES:
            return True
        use = self._uses.get(id_)
        return use is not None and name in use.types

    def _count(self, connection: WriterConnection, id_: str) -> VehicleUse:
        use = self._uses[id_] = VehicleUse(*connection.use(id_))
        return use

    def _count_types(self, connection: WriterConnection, id_: str) -> int:
        limit = self._limits.types + len(OWN_TYPES)
        return sum(name not in OWN_TYPES for name in connection.types(id_, limit))

    def _make_room(self, connection: WriterConnection, id_: str, use: VehicleUse) -> None:
        sums = connection.use_by_type(id_)
        types = {name: VehicleUse(records, size) for name, records, size in sums}
        use.records = sum(each.records for each in types.values())
        use.bytes = sum(each.bytes for each in types.values())
        limits = self._limits
        if use.records <= limits.records and use.bytes <= limits.bytes:
            return  # some have expired
        self._tell(id_, "history is full: the oldest records of its largest type go")
        for _ in range(CHUNKS_A_BATCH):
            records = use.records - (limits.records - limits.records // SLACK)
            size = use.bytes - (limits.bytes - limits.bytes // SLACK)
            if records <= 0 and size <= 0:
                return
            if records > 0:
                name = max(types, key=lambda each: types[each].records)
            else:
                name = max(types, key=lambda each: types[each].bytes)
                records = -(-size * types[name].records // types[name].bytes)
            if not self._drop(connection, id_, name, min(records, CHUNK), (use, types[name])):
                return

    def _drop(
        self,
        connection: WriterConnection,
        id_: str,
        name: str,
        rows: int,
        uses: tuple[VehicleUse, VehicleUse],
    ) -> int:
        """Delete a type's oldest records, and take them off both counts; return how many went."""
        records, size = connection.drop_oldest(id_, name, rows)
        for use in uses:
            use.records -= records
            use.bytes -= size
        return records

    def _tell(self, id_: str, what: str) -> None:
        """Log what happened to a vehicle, once."""
        if (id_, what) not in self._told and len(self._told) < VEHICLES_LIMIT:
            self._told.add((id_, what))
            log.warning(what, vehicle=id_)
