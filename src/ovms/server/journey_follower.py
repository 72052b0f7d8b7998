"""What makes journeys while the server runs: it reads the history behind the cars.

Four times a minute it reads what was stored since, folds it in a lane of its own, and writes what
came out: journeys, checkpoints and progress of a vehicle in one transaction. No car and no app
waits for it. What it knows in memory only spares it reading: after a crash it goes on from the
database, and nothing is lost or doubled.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from ovms.base.failures import FailureLog
from ovms.base.logs import get_logger
from ovms.protocol.phases import PHASED, phase_of
from ovms.server.journeys.samples import RECORD_TYPES
from ovms.server.storage.database import Lane
from ovms.server.storage.errors import (
    DatabaseLocked,
    DatabaseUnreachable,
    DatabaseUnwritable,
    InvalidValue,
    StoreClosed,
)
from ovms.server.storage.journey_fold import NoCheckpoint, VehicleFold, store_folded
from ovms.server.storage.journey_growing import only_grew, open_rows, store_grown
from ovms.server.storage.journey_progress import (
    ALL,
    LOG_DAYS,
    followed,
    last_record,
    newest_data,
    newest_record,
    read_progress,
    read_rows,
    unfolded_vehicles,
    write_progress,
)
from ovms.server.storage.journey_rebuild import Rebuild, RebuildOvertaken
from ovms.server.storage.stale_journeys import has_stale, refresh_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeVar

    from sqlalchemy import Connection

    from ovms.base.clock import Clock
    from ovms.server.journeys.samples import JourneyRecord
    from ovms.server.storage.database import Database
    from ovms.server.storage.journey_fold import Folded
    from ovms.server.storage.journey_growing import OpenRows
    from ovms.server.storage.journey_progress import StoredRecord

    T = TypeVar("T")

POLL: Final = 15.0
"""Seconds from one look for new records to the next. A look costs milliseconds, whatever is new."""

FRESH: Final = 5
"""Seconds for which records wait: more of the same second may come."""

SETTLE_MARGIN: Final = 30.0
"""Seconds beyond the telemetry's interval after which a report goes into the fold for good."""

REFRESH: Final = 300.0
"""Seconds from one writing of a vehicle's journeys to the next, unless it began or ended something.
A writing costs some milliseconds, as much as ten messages."""

NOTE_INTERVAL: Final = 60.0
"""Seconds from one storing of how far all vehicles are to the next."""

LATE_INTERVAL: Final = 60.0
"""Seconds from one going back of a vehicle's fold to the next."""

ROWS_A_READ: Final = 500
"""Records of all vehicles that are read at once."""

VEHICLES_A_WRITE: Final = 20
"""Vehicles whose journeys are written in one transaction."""

FOLDS_LIMIT: Final = 1000
"""Vehicles whose folds are kept in memory, some ten kilobytes each; others are loaded again."""

DAMAGED_PAUSE: Final = 600.0
"""Seconds for which a vehicle is left alone whose data could not be read."""

log = get_logger("ovms.server.journeys")


@dataclass(slots=True)
class FollowerCounts:
    """What the follower has done since the server started."""

    records: int = 0
    """Records that it took."""
    seconds: float = 0.0
    """Seconds that it took for them: reading, folding and writing."""
    failures: int = 0
    """Vehicles that it gave up for a while."""


class JourneyNews(Enum):
    """What became of a vehicle's journeys, as those are told who look at them."""

    BEGAN = "began"
    ENDED = "ended"
    GREW = "grew"


class StoreResult(Enum):
    """What became of the journeys of a vehicle."""

    WRITTEN = auto()
    OVERTAKEN = auto()
    """Others made them anew, or erased them."""
    FAILED = auto()


@dataclass(slots=True)
class Followed:
    """A vehicle whose fold is in memory. Times are monotonic."""

    fold: VehicleFold
    phases: dict[str, object] = field(default_factory=dict)
    """What the last record of each type said that the vehicle is doing."""
    unwritten: int | None = None
    """The id of the first record that its journeys in the database do not know."""
    is_urgent: bool = False
    """It began or ended something."""
    written: float = float("-inf")
    rows: OpenRows | None = None
    """Those of its journeys that go on, where these only have to grow."""
    going: frozenset[int] | None = None
    """When those began that went on when it was last told of."""

    def is_due(self, now: float) -> bool:
        """Return whether its journeys are to be written."""
        return self.unwritten is not None and (
            self.is_urgent or not 0 <= now - self.written < REFRESH
        )

    def note(self, rows: Iterable[tuple[int, JourneyRecord]]) -> None:
        """Note that there are new records."""
        for id_, record in rows:
            self.unwritten = id_ if self.unwritten is None else min(id_, self.unwritten)
            phase = phase_of(record.type, record.data)
            if phase is not None and phase != self.phases.get(record.type):
                self.is_urgent = True
                self.phases[record.type] = phase


@dataclass(slots=True)
class Behind:
    """A vehicle whose fold is to be loaded, or has to go back."""

    first_id: int
    """The first record of it that its journeys do not know."""
    due: float = float("-inf")
    """When it may be done."""
    known: Followed | None = None
    """What was known of it, with another fold."""


class JourneyFollower:
    """Makes journeys of what cars report. Belongs to the event loop.

    ``interval`` and ``log_days`` are those of the telemetry log.
    """

    def __init__(
        self, database: Database, clock: Clock, interval: float = 60.0, log_days: int = LOG_DAYS
    ) -> None:
        self._log_days = log_days
        self.counts = FollowerCounts()
        self._database = database
        self._clock = clock
        self._settle = interval + SETTLE_MARGIN
        self._followed: OrderedDict[str, Followed] = OrderedDict()
        self._behind: dict[str, Behind] = {}
        self._damaged: dict[str, float] = {}
        self._last: int | None = None
        """All records up to it were taken."""
        self._stored: int | None = None
        """The same, as the database has it."""
        self._noted = float("-inf")
        """When that was stored last."""
        self._is_stale = False
        self._failures = FailureLog(log, "making journeys failed")
        self.on_written: Callable[[str, str], None] = lambda vehicle_id, change: None
        """Called with a vehicle whose journeys were written, and what became of them."""

    @property
    def behind(self) -> int:
        """How many vehicles wait for their journeys."""
        return len(self._behind)

    async def check(self) -> None:
        """Take what is new, and write what is due; call it each :data:`POLL` seconds."""
        began = self._clock.monotonic()
        if self._last is None:
            await self._start()
        is_more = True
        while is_more:
            is_more = await self._take_new()
            await self._write_due()
        await self._catch_up()
        await self._write_due()
        await self._note()
        if self._is_stale:
            await refresh_all(self._database)
        self.counts.seconds += self._clock.monotonic() - began

    # -- new records ------------------------------------------------------------------------

    async def _start(self) -> None:
        """Find where to go on, and vehicles whose records nobody has read yet."""
        mark, newest, unfolded = await self._read(_where)
        self._last = self._stored = newest if mark is None else mark
        if mark is None:
            await self._database.write(
                partial(write_progress, vehicle_id=ALL, seen_id=newest, version=0)
            )
        for vehicle_id in unfolded:
            self._behind[vehicle_id] = Behind(0)

    async def _take_new(self) -> bool:
        """Take some new records; return whether there are more."""
        now = int(self._clock.time())
        look = await self._read(
            partial(
                _look,
                after=self._last or 0,
                settled=now - FRESH,
                now=now,
                log_days=self._log_days,
            )
        )
        self._is_stale = look.is_stale
        if look.mark is not None and self._stored is not None and look.mark < self._stored:
            # A vehicle's journeys were made anew by somebody who did not know what came since.
            self._followed.clear()
            self._behind.clear()
            self._last = self._stored = look.mark
            return True
        by_vehicle: dict[str, list[tuple[int, JourneyRecord]]] = {}
        for row in look.rows:
            if row.vehicle_id not in look.followed:
                self._forget(row.vehicle_id)  # what it knew would lack this record
            elif row.record.type in RECORD_TYPES:
                by_vehicle.setdefault(row.vehicle_id, []).append((row.id, row.record))
        for vehicle_id, records in by_vehicle.items():
            self._take(vehicle_id, records)
        is_more = len(look.rows) == ROWS_A_READ
        self._last = look.rows[-1].id if is_more else max(self._last or 0, look.last_id)
        self.counts.records += sum(map(len, by_vehicle.values()))
        return is_more

    def _take(self, vehicle_id: str, records: list[tuple[int, JourneyRecord]]) -> None:
        """Have a vehicle's fold know new records, or be loaded with them."""
        if vehicle_id in self._damaged:
            if self._clock.monotonic() < self._damaged[vehicle_id]:
                return
            del self._damaged[vehicle_id]
        known = self._followed.get(vehicle_id)
        if vehicle_id in self._behind:
            return
        if known is None:
            self._behind[vehicle_id] = Behind(records[0][0])
            return
        self._followed.move_to_end(vehicle_id)
        new = [each for each in records if each[0] > known.fold.seen_id]
        known.note(new)
        if new and known.fold.take(new) is not None:
            self._go_back(vehicle_id, known)

    def _go_back(self, vehicle_id: str, known: Followed) -> None:
        """Have a vehicle's fold loaded as of before a record that came late, once a minute."""
        del self._followed[vehicle_id]
        assert known.unwritten is not None, "the late record is not written"
        due = known.written + LATE_INTERVAL
        self._behind[vehicle_id] = Behind(known.unwritten, due, known)

    # -- writing ----------------------------------------------------------------------------

    async def _write_due(self) -> None:
        now = self._clock.monotonic()
        due = [each for each in self._followed.values() if each.is_due(now)]
        for start in range(0, len(due), VEHICLES_A_WRITE):
            await self._write_some(due[start : start + VEHICLES_A_WRITE])

    async def _write_some(self, due: Sequence[Followed]) -> None:
        """Fold and write what some vehicles did."""
        settled = int(self._clock.time() - self._settle)
        folded = await self._read(lambda _: self._fold(due, settled))
        results = await self._write(partial(self._store, folded=folded))
        for known, found in folded:
            vehicle_id = known.fold.vehicle_id
            if results[vehicle_id] is StoreResult.FAILED:
                self._give_up(vehicle_id)
            elif results[vehicle_id] is StoreResult.OVERTAKEN:
                self._followed.pop(vehicle_id, None)
                self._behind[vehicle_id] = Behind(known.unwritten or 0)
            else:
                known.fold.was_written()
                known.unwritten, known.is_urgent = None, False
                known.written = self._clock.monotonic()
                self._tell(known, found)

    def _tell(self, known: Followed, found: Folded) -> None:
        """Tell what became of a vehicle's journeys."""
        before, known.going = known.going, frozenset(each.start.time for each in found.ongoing)
        change = JourneyNews.GREW
        if found.closed:
            change = JourneyNews.ENDED
        elif before is not None and known.going != before:
            change = JourneyNews.BEGAN
        try:
            self.on_written(known.fold.vehicle_id, change.value)
        except Exception as error:
            self._failures.failed("telling of journeys", error)

    def _fold(self, due: Sequence[Followed], settled: int) -> list[tuple[Followed, Folded]]:
        """Fold what is new of vehicles; one whose data cannot be read is given up."""
        folded = []
        for known in due:
            try:
                known.fold.settle(settled)
                folded.append((known, known.fold.folded()))
            except Exception as error:
                self._fail(known.fold.vehicle_id, error)
        return folded

    def _store(
        self, connection: Connection, folded: Sequence[tuple[Followed, Folded]]
    ) -> dict[str, StoreResult]:
        """Write journeys, checkpoints and progress of vehicles, each whole or not at all."""
        grown = [each for each in folded if only_grew(each[0].rows, each[1])]
        results = {}
        if grown and self._grow(connection, grown):
            results = {known.fold.vehicle_id: StoreResult.WRITTEN for known, _ in grown}
        for known, found in folded:
            vehicle_id = known.fold.vehicle_id
            if vehicle_id in results:
                continue
            try:
                with connection.begin_nested():
                    is_ours = store_folded(connection, known.fold, found)
                    known.rows = open_rows(connection, vehicle_id, known.fold.time)
                results[vehicle_id] = StoreResult.WRITTEN if is_ours else StoreResult.OVERTAKEN
            except Exception as error:
                self._failures.failed(f"journeys of {vehicle_id}", error)
                results[vehicle_id] = StoreResult.FAILED
        return results

    def _grow(self, connection: Connection, grown: Sequence[tuple[Followed, Folded]]) -> bool:
        """Let the journeys of vehicles grow; return ``False`` if nothing was written."""
        rows = [(known.fold, found, known.rows or {}) for known, found in grown]
        try:
            with connection.begin_nested() as savepoint:
                if store_grown(connection, rows):
                    return True
                savepoint.rollback()  # one was made anew: each is looked at by itself
        except Exception as error:
            self._failures.failed("journeys that go on", error)
        return False

    # -- vehicles that are behind -----------------------------------------------------------

    async def _catch_up(self) -> None:
        """Load the folds of vehicles that are behind, one after another, with pauses."""
        now = self._clock.monotonic()
        for vehicle_id in [each for each, behind in self._behind.items() if behind.due <= now]:
            behind = self._behind.get(vehicle_id)
            if behind is None:
                continue
            if self._clock.monotonic() - now > POLL:
                return  # what is new has its turn
            try:
                known = await self._load(vehicle_id, behind)
            except (DatabaseLocked, DatabaseUnreachable, DatabaseUnwritable, StoreClosed):
                raise  # of no one vehicle
            except Exception as error:
                self._fail(vehicle_id, error)
                continue
            if self._behind.pop(vehicle_id, None) is not None and known is not None:
                await self._follow(vehicle_id, known)

    async def _load(self, vehicle_id: str, behind: Behind) -> Followed | None:
        """Return a vehicle with a fold that knows all; ``None`` of one without journeys."""
        fold: VehicleFold | None
        try:
            fold = await self._load_fold(vehicle_id)
        except NoCheckpoint:
            fold = await self._rebuild(vehicle_id)
        except InvalidValue:
            return None
        if fold is None:
            return None
        known = behind.known or Followed(fold)
        known.fold, known.unwritten, known.is_urgent = fold, behind.first_id, True
        known.rows = None
        known.phases = await self._read(
            partial(_phases, vehicle_id=vehicle_id, last_id=fold.seen_id)
        )
        return known

    async def _load_fold(self, vehicle_id: str) -> VehicleFold:
        last_id, settled = self._last or 0, int(self._clock.time() - self._settle)
        fold = await self._read(
            partial(_load, vehicle_id=vehicle_id, last_id=last_id, log_days=self._log_days)
        )
        is_whole = False
        while not is_whole:
            is_whole = await self._read(
                partial(fold.catch_up, last_id=last_id, settled=settled), pauses=True
            )
        return fold

    async def _rebuild(self, vehicle_id: str) -> VehicleFold | None:
        """Make all journeys of a vehicle; return its fold, ``None`` of one that has none."""
        work = Rebuild(vehicle_id, int(self._clock.time() - self._settle), self._log_days)
        try:
            await self._read(partial(work.begin, last_id=self._last))
        except InvalidValue:
            return None
        while await self._read(work.read, pauses=True):
            pass
        with suppress(RebuildOvertaken):
            while await self._write(work.write):
                pass
            return work.fold
        return await self._load_fold(vehicle_id)

    async def _follow(self, vehicle_id: str, known: Followed) -> None:
        """Keep a vehicle's fold; write the one that was used longest ago if there are too many."""
        self._followed[vehicle_id] = known
        self._followed.move_to_end(vehicle_id)
        while len(self._followed) > FOLDS_LIMIT:
            oldest = next(iter(self._followed.values()))
            if oldest.unwritten is not None:
                await self._write_some([oldest])
            self._followed.pop(oldest.fold.vehicle_id, None)

    # -- the rest ---------------------------------------------------------------------------

    async def _note(self) -> None:
        """Store up to which record all journeys are written, once a minute."""
        now = self._clock.monotonic()
        unwritten = [each.unwritten for each in self._followed.values() if each.unwritten]
        unwritten += [each.first_id for each in self._behind.values() if each.first_id]
        mark = min([*(each - 1 for each in unwritten), self._last or 0])
        if mark == self._stored or 0 <= now - self._noted < NOTE_INTERVAL:
            return
        is_ours = await self._write(partial(_move_mark, before=self._stored or 0, mark=mark))
        if is_ours:
            self._stored = mark
        self._noted = now

    def _fail(self, vehicle_id: str, error: Exception) -> None:
        """Leave a vehicle alone for a while whose data could not be read."""
        self._failures.failed(f"fold of {vehicle_id}", error)
        self._give_up(vehicle_id)

    def _forget(self, vehicle_id: str) -> None:
        self._followed.pop(vehicle_id, None)
        self._behind.pop(vehicle_id, None)

    def _give_up(self, vehicle_id: str) -> None:
        self.counts.failures += 1
        self._forget(vehicle_id)
        if len(self._damaged) >= FOLDS_LIMIT:
            del self._damaged[next(iter(self._damaged))]
        self._damaged[vehicle_id] = self._clock.monotonic() + DAMAGED_PAUSE

    async def _read(self, query: Callable[[Connection], T], *, pauses: bool = False) -> T:
        """Run a query in the lane of journeys; pause as long as it took, for others' work."""
        began = self._clock.monotonic()
        result = await self._database.read(query, Lane.JOURNEYS)
        if pauses:
            await asyncio.sleep(self._clock.monotonic() - began)
        return result

    async def _write(self, query: Callable[[Connection], T]) -> T:
        return await self._database.write(query)


def _where(connection: Connection) -> tuple[int | None, int, list[str]]:
    """Return where to go on, the newest record, and the vehicles that nobody has read yet."""
    progress = read_progress(connection, ALL)
    mark = None if progress is None else progress.seen_id
    return mark, newest_record(connection), unfolded_vehicles(connection)


class Look(NamedTuple):
    """What there is since the last look."""

    mark: int | None
    """Up to which record all journeys are written, as the database has it."""
    last_id: int
    """Up to where is read."""
    rows: list[StoredRecord]
    followed: set[str]
    """Those of the rows' vehicles of which journeys are made."""
    is_stale: bool
    """There are journeys that a change of places or prices has touched."""


def _look(connection: Connection, after: int, settled: int, now: int, log_days: int) -> Look:
    progress = read_progress(connection, ALL)
    last_id = last_record(connection, after, settled, now)
    rows = read_rows(connection, after, last_id, ROWS_A_READ)
    ids = followed(connection, {row.vehicle_id for row in rows}, log_days)
    mark = None if progress is None else progress.seen_id
    return Look(mark, last_id, rows, ids, has_stale(connection))


def _load(connection: Connection, vehicle_id: str, last_id: int, log_days: int) -> VehicleFold:
    """Return a vehicle's fold as of a checkpoint that all it does not know is later than."""
    if not followed(connection, [vehicle_id], log_days):
        raise InvalidValue(vehicle_id)
    fold = VehicleFold.load(connection, vehicle_id)
    while (late := fold.late(connection, last_id)) is not None:
        fold = VehicleFold.load(connection, vehicle_id, late)
    return fold


def _phases(connection: Connection, vehicle_id: str, last_id: int) -> dict[str, object]:
    """Return what a vehicle's newest records say that it is doing."""
    said = newest_data(connection, vehicle_id, PHASED, last_id)
    return {each: phase_of(each, data) for each, data in said.items()}


def _move_mark(connection: Connection, before: int, mark: int) -> bool:
    """Store up to where all is written; return false if somebody has set it back meanwhile."""
    progress = read_progress(connection, ALL)
    if progress is not None and progress.seen_id < before:
        return False
    write_progress(connection, ALL, mark, 0)
    return True
