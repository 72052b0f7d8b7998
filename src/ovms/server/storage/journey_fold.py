"""The fold of one vehicle on top of its history: going on from where it was, live or again.

Records come in an order of their own: what waited for its minute is stored up to a minute late. So
the fold takes only what is older than that (its *base*); what is newer is kept as *recent*, and
folded from the base each time that journeys are asked for. A record from before the base sends it
back to a checkpoint. So what comes out never depends on when it came in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from ovms.base.logs import get_logger
from ovms.server.journeys.fold import Fold, FoldState, FoldVersionError, decode_state, encode_state
from ovms.server.journeys.reading import read_samples
from ovms.server.storage.journey_progress import (
    find_checkpoint,
    first_late,
    is_pic,
    read_progress,
    read_window,
    write_checkpoints,
    write_progress,
)
from ovms.server.storage.journeys import SINCE_EVER, keep_within, record_journeys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from ovms.server.journeys.samples import JourneyRecord, Sample
    from ovms.server.journeys.values import Journey

CHECKPOINT_RECORDS: Final = 1000
"""Records after which there is a checkpoint though nothing closed."""

log = get_logger("ovms.server.journeys")


class NoCheckpoint(Exception):
    """There is no state to go on from: all that is kept has to be folded again."""


@dataclass(slots=True)
class Folded:
    """What a vehicle's fold says now."""

    after: int
    """Journeys that were over then are as they were."""
    closed: list[Journey]
    ongoing: list[Journey]
    checkpoints: list[tuple[int, bytes]]

    @property
    def journeys(self) -> list[Journey]:
        """All that were not over at :attr:`after`."""
        return [*self.closed, *self.ongoing]


@dataclass(slots=True)
class VehicleFold:
    """The fold of a vehicle. What it told is forgotten when that :meth:`was_written`."""

    vehicle_id: str
    is_pic: bool
    since: int = SINCE_EVER
    """What was reported until then is not its owner's."""
    version: int = 0
    """That of its journeys in the database when it was loaded."""
    seen_id: int = 0
    """The highest id among the records that it knows."""
    time: int = SINCE_EVER
    """All records up to it are in the base, and none after it."""
    after: int = SINCE_EVER
    """Journeys that were over then are written."""
    fold: Fold = field(default_factory=Fold)
    recent: list[JourneyRecord] = field(default_factory=list)
    closed: list[Journey] = field(default_factory=list)
    """What closed in the base after :attr:`after`."""
    checkpoints: list[tuple[int, bytes]] = field(default_factory=list)
    """States of the base after :attr:`after`."""
    records: int = 0
    """How many were folded into the base."""
    _since_checkpoint: int = 0

    @classmethod
    def load(
        cls, connection: Connection, vehicle_id: str, before: int | None = None
    ) -> VehicleFold:
        """Return the fold as of the newest checkpoint, one before a time if that is given.

        It knows nothing newer: see :meth:`catch_up`. Raises :class:`NoCheckpoint`.
        """
        progress = read_progress(connection, vehicle_id)
        while progress is not None:
            found = find_checkpoint(connection, vehicle_id, before)
            if found is None:
                break
            time, data = found
            try:
                fold = Fold(decode_state(data))
            except FoldVersionError:
                break
            except (msgspec.MsgspecError, ValueError):
                log.warning("damaged checkpoint of journeys", vehicle=vehicle_id, time=time)
                before = time
                continue
            return cls(
                vehicle_id,
                is_pic(connection, vehicle_id),
                progress.since - 1,
                progress.version,
                progress.seen_id,
                time,
                time,
                fold,
            )
        raise NoCheckpoint(vehicle_id)

    def late(self, connection: Connection, last_id: int) -> int | None:
        """Return the time of the oldest record that came after all that is known, but is older."""
        ids = self.seen_id, last_id
        return first_late(connection, self.vehicle_id, *ids, self.since, self.time)

    def catch_up(self, connection: Connection, last_id: int, settled: int) -> bool:
        """Read some of the records that it does not know, and fold those up to ``settled``.

        Return whether it knows all of them now.
        """
        after = self.recent[-1].time if self.recent else self.time
        records, until = read_window(connection, self.vehicle_id, after, last_id)
        self.recent += records
        self.settle(settled)
        if until is None:
            self.seen_id = max(self.seen_id, last_id)
        return until is None

    def take(self, rows: Iterable[tuple[int, JourneyRecord]]) -> int | None:
        """Take records by id; return the time of the oldest that comes too late for the base."""
        late: int | None = None
        count = len(self.recent)
        for id_, record in rows:
            if id_ > self.seen_id:
                self.seen_id = id_
                if record.time <= self.since:
                    continue
                if record.time <= self.time:
                    late = record.time if late is None else min(late, record.time)
                else:
                    self.recent.append(record)
        if len(self.recent) > count:
            self.recent.sort()
        return late

    def settle(self, until: int) -> None:
        """Fold what is recent up to a time into the base."""
        old = [each for each in self.recent if each.time <= until]
        if not old:
            return
        self.recent = self.recent[len(old) :]
        self.records += len(old)
        for sample in self.samples(old):
            closed = self.fold.feed((sample,))
            self.closed += closed
            self._since_checkpoint += 1
            if closed or self._since_checkpoint >= CHECKPOINT_RECORDS:
                self._mark(sample.time)
        self.time = old[-1].time

    def mark(self) -> None:
        """Have a checkpoint of the base."""
        if self.time > self.after and (not self.checkpoints or self.checkpoints[-1][0] < self.time):
            self._mark(self.time)

    def _mark(self, time: int) -> None:
        if self.fold.state.held is None:
            self.checkpoints.append((time, encode_state(self.fold.state)))
            self._since_checkpoint = 0

    def folded(self) -> Folded:
        """Return the journeys as they are with what is recent."""
        recent = [*self.samples(self.recent)]
        fold, closed = self.fold, self.closed
        if recent:
            fold = Fold(copied(self.fold.state))
            closed = closed + fold.feed(recent)
        return Folded(self.after, [*closed], fold.ongoing(), [*self.checkpoints])

    def was_written(self) -> bool:
        """Forget what closed in the base: it is stored. Return whether it is forgotten.

        Not while the fold holds a sample back: that may close something at its own time.
        """
        if self.fold.state.held is not None:
            return False
        self.after = self.time
        self.closed.clear()
        self.checkpoints.clear()
        return True

    def samples(self, records: Sequence[JourneyRecord]) -> list[Sample]:
        """Return what sorted records say."""
        return [*read_samples(records, is_pic=self.is_pic)]


def store_folded(connection: Connection, fold: VehicleFold, folded: Folded) -> bool:
    """Store what a vehicle's fold says; return whether it still counts.

    It does not if its journeys were made anew, or erased, since it was loaded.
    """
    progress = read_progress(connection, fold.vehicle_id)
    if progress is None or progress.version != fold.version:
        return False
    record_journeys(connection, fold.vehicle_id, folded.after, folded.journeys)
    if folded.closed:
        keep_within(connection, fold.vehicle_id)
    write_checkpoints(connection, fold.vehicle_id, folded.after, folded.checkpoints)
    write_progress(connection, fold.vehicle_id, fold.seen_id, fold.version)
    return True


def copied(state: FoldState) -> FoldState:
    """Return a state that can be changed without the other."""
    return decode_state(encode_state(state))
