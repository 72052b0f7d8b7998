"""Making a vehicle's journeys anew, of all that is kept of what it reported.

The records are folded window by window, and what came out is written piece by piece, so nobody
waits long for the database. It goes beside a running server: the last piece tells the follower to
forget what it knew. A crash leaves whole journeys, some of before and some new.

What is kept of reports reaches less far back than journeys do. So those that began before all kinds
of reports are kept stay as they are; and so do the corrections, which hold on to times.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from ovms.server.journeys.codec import decode_journey
from ovms.server.journeys.values import JourneyKind, Parked
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.journey_fold import VehicleFold
from ovms.server.storage.journey_progress import (
    LOG_DAYS,
    Progress,
    count_records,
    followed,
    is_pic,
    lower_mark,
    newest_record,
    read_progress,
    whole_since,
    write_checkpoints,
    write_progress,
)
from ovms.server.storage.journeys import SINCE_EVER, raw_values, replace_span
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import raw_journeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from ovms.server.journeys.values import JourneyEnd
    from ovms.server.storage.database import Database
    from ovms.server.storage.journeys import RawValues

SETTLE: Final = 90
"""Seconds after which no report of a time comes any more but late: what waited for its minute."""

JOURNEYS_A_WRITE: Final = 50
"""Journeys that are replaced in one transaction: some 50 ms."""

r = raw_journeys.c


class RebuildOvertaken(Exception):
    """The vehicle's journeys were made anew, or erased, by somebody else meanwhile."""


@dataclass(slots=True)
class Rebuild:
    """Makes a vehicle's journeys anew: call the methods in this order, each in a transaction."""

    vehicle_id: str
    settled: int
    """Up to when all reports have come."""
    log_days: int = LOG_DAYS
    """Of telemetry of vehicles without their own."""
    total: int = 0
    """Records, about."""
    done: int = 0
    last_id: int = 0
    _fold: VehicleFold | None = None
    _progress: Progress | None = None
    _journeys: list[RawValues] = field(default_factory=list)
    _states: list[tuple[int, bytes]] = field(default_factory=list)
    _begin: int | None = None
    """From when on what is stored is to be replaced, once that is known."""

    @property
    def fold(self) -> VehicleFold:
        """The fold of what was read."""
        assert self._fold is not None, "begin first"
        return self._fold

    def begin(self, connection: Connection, last_id: int | None = None) -> None:
        """Note what there is. Nothing that is stored above ``last_id`` is read.

        Raises :class:`InvalidValue` for a vehicle of which no journeys are made.
        """
        if not followed(connection, [self.vehicle_id], self.log_days):
            raise InvalidValue(f"no journeys are made of vehicle {self.vehicle_id}")
        self.total = count_records(connection, self.vehicle_id)
        self.last_id = newest_record(connection) if last_id is None else last_id
        self._progress = read_progress(connection, self.vehicle_id)
        progress = self._progress or Progress(0, 0)
        version = max(progress.version + 1, self.settled)  # not one that was erased
        since = progress.since - 1
        self._fold = VehicleFold(
            self.vehicle_id, is_pic(connection, self.vehicle_id), since, version, time=since
        )

    def read(self, connection: Connection) -> bool:
        """Fold some records; return whether there are more."""
        fold = self.fold
        is_whole = fold.catch_up(connection, self.last_id, self.settled)
        self.done = min(self.total, fold.records)
        if is_whole:
            fold.mark()
        closed, states = [*fold.closed], [*fold.checkpoints]
        if fold.was_written():
            self._journeys += map(raw_values, closed)
            self._states += states
        if is_whole:
            self._journeys += map(raw_values, fold.folded().journeys)
            self._journeys.sort(key=lambda each: each[1])
        return not is_whole

    def write(self, connection: Connection) -> bool:
        """Replace some journeys; return whether there are more.

        Raises :class:`RebuildOvertaken`.
        """
        progress = read_progress(connection, self.vehicle_id)
        before = self._progress
        if (progress and progress.version) != (before and before.version):
            raise RebuildOvertaken(self.vehicle_id)
        if self._begin is None:
            every = {each[:2]: each[3] for each in self._journeys}
            self._begin, self._journeys = joined(connection, self.vehicle_id, self._journeys)
            for each in self._journeys:
                every.pop(each[:2], None)
            self._leave(connection, max((each or 0 for each in every.values()), default=0))
        count = JOURNEYS_A_WRITE
        rest = self._journeys
        while 0 < count < len(rest) and rest[count][1] == rest[count - 1][1]:
            count += 1  # those that begin at one moment are replaced together
        some, self._journeys = rest[:count], rest[count:]
        end = self._journeys[0][1] if self._journeys else None
        replace_span(connection, self.vehicle_id, self._begin, end, some)
        if end is not None:
            self._begin = max(end, self._begin)
            return True
        write_checkpoints(connection, self.vehicle_id, SINCE_EVER, self._states)
        write_progress(connection, self.vehicle_id, self.last_id, self.fold.version)
        lower_mark(connection, self.last_id)
        return False

    def _leave(self, connection: Connection, least: int) -> None:
        """Have the journeys that stay be over before any state of the fold, which has them too.

        So none that is gone back to replaces them, or tells once more what they tell: until
        ``least`` the fold had journeys in their place.
        """
        self._states = [each for each in self._states if each[0] >= least]
        if self._states:
            first = self._states[0][0]
            stay = (r.vehicle_id == self.vehicle_id, r.start < self._begin, r.closed > first)
            connection.execute(update(raw_journeys).where(*stay).values(closed=first))


def joined(
    connection: Connection, vehicle_id: str, new: list[RawValues]
) -> tuple[int, list[RawValues]]:
    """Return from when on raw journeys are replaced, and by which.

    Those that began before all kinds of reports are kept stay, but for one that goes on: parked
    time goes on as the new one says, and began when it began.
    """
    whole = whole_since(connection, vehicle_id)
    query = select(r.kind, r.start, r.end, r.closed, r.data, r.id)
    old = connection.execute(query.where(r.vehicle_id == vehicle_id, r.start < whole)).all()
    if not old:
        return SINCE_EVER, new
    ends: dict[str, int] = {}
    for kind, _, end, closed, _, _ in old:
        if closed is not None:
            ends[kind] = max(end, ends.get(kind, whole))
    added = [each for each in new if each[2] >= whole and each[1] >= ends.get(each[0], SINCE_EVER)]
    for kind, _, end, closed, data, id_ in old:
        if closed is None:
            connection.execute(delete(raw_journeys).where(r.id == id_))
            journey = decode_journey(JourneyKind(kind), data)
            after = next((each for each in added if each[0] == kind and each[1] <= end), None)
            if not isinstance(journey, Parked) or after is None:
                continue
            added.remove(after)
            added.insert(0, _from(journey.start, after))
    return whole, added


def _from(start: JourneyEnd, values: RawValues) -> RawValues:
    """Return a raw journey that began earlier."""
    journey = decode_journey(JourneyKind(values[0]), values[-1])
    return raw_values(replace(journey, start=start))


def rebuild(
    database: Database,
    vehicle_id: str,
    now: float,
    progress: Callable[[int, int], object] = lambda done, total: None,
    log_days: int = LOG_DAYS,
) -> None:
    """Make a vehicle's journeys anew; ``progress`` hears how many records of how many are done.

    Raises :class:`InvalidValue` for a vehicle of which no journeys are made, and
    :class:`RebuildOvertaken`.
    """
    work = Rebuild(vehicle_key(vehicle_id), int(now) - SETTLE, log_days)
    with database.reading() as connection:
        work.begin(connection)
    is_more = True
    while is_more:
        with database.reading() as connection:
            is_more = work.read(connection)
        progress(work.done, work.total)
    is_more = True
    while is_more:
        with database.writing() as connection:
            is_more = work.write(connection)
