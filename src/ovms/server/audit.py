"""What was done, by whom and to what: gathered, and written off the event loop.

Nobody waits for it. What can be repeated without end is bounded: equal failures within an hour are
two entries, the second with their number; log-ins by the same token from the same address are one
entry a day; and of what one caller does without pause some is counted only.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ovms.base.buckets import Buckets
from ovms.base.logs import get_logger
from ovms.protocol.commands import BY_NUMBER
from ovms.server.storage.audit import add_audit, forget_audit
from ovms.server.storage.errors import StoreClosed, StoreError
from ovms.server.storage.expiry import CHUNK
from ovms.server.values import AuditEntry

if TYPE_CHECKING:
    from ovms.base.clock import Clock
    from ovms.server.storage.database import Database

AUDIT_DAYS: Final = 90
"""Days that entries are kept."""

GATHER: Final = 1.0
"""Seconds in which entries are gathered for one transaction."""

RETRY: Final = 10.0
"""Seconds until what the database refused is tried again."""

QUEUE_LIMIT: Final = 10_000
"""Entries that wait while the database is slow, some 3 MB; more are counted."""

BURST: Final = 200
"""Entries of one actor at one account at once."""

REFILL: Final = 20.0
"""Seconds until there may be one more: some 4,000 a day, 400,000 in 90 days."""

BUCKET_LIMIT: Final = 10_000
"""Actors whose entries are counted."""

REPEAT_TIME: Final = 3600.0
"""Seconds in which equal failures are counted in one entry."""

REPEAT_LIMIT: Final = 500
"""Failures at known accounts that are counted apart; more are counted together, without a place."""

UNKNOWN_LIMIT: Final = 50
"""The same of failures at accounts that do not exist: 100,000 entries in 90 days."""

DAY: Final = 86400.0

COMMAND: Final = "command"
"""The action of a command to a car."""

DAILY_LIMIT: Final = 20_000
"""What is noted once a day at most, and remembered: the oldest is forgotten."""

log = get_logger("ovms.server.audit")


def command_words(number: int | None) -> str:
    """Return what an entry says of a command: its number and name; a sealed one shows neither."""
    if number is None:
        return "sealed"
    spec = BY_NUMBER.get(number)
    return f"{number} {spec.name}" if spec is not None else f"{number}"


Key = tuple[int | None, str]


@dataclass(slots=True)
class _Repeats:
    """Failures that are equal but for their time."""

    since: float
    last: AuditEntry
    more: int = 0


class Audit:
    """Keeps what was done. Belongs to the event loop that made it."""

    def __init__(self, database: Database, clock: Clock, days: float = AUDIT_DAYS) -> None:
        self._database = database
        self._clock = clock
        self._days = days
        self._queue: list[AuditEntry] = []
        self._lost = 0
        self._buckets: Buckets[Key] = Buckets(BURST, REFILL, BUCKET_LIMIT)
        self._skipped: Counter[Key] = Counter()
        self._repeats: dict[AuditEntry, _Repeats] = {}
        self._daily: dict[AuditEntry, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._is_refused = False
        """The database has not taken what was tried last, and the log says so."""

    def put(
        self,
        action: str,
        *,
        actor: str = "",
        owner_id: int | None = None,
        vehicle_id: str | None = None,
        detail: str = "",
        address: str = "",
    ) -> None:
        """Note something that was done. ``detail`` must not say what nobody else may know."""
        key = owner_id, actor or address
        if self._buckets.take(key, self._clock.monotonic()):
            if key in self._skipped or len(self._skipped) < BUCKET_LIMIT:
                self._skipped[key] += 1
            return
        now = self._clock.time()
        self._append(AuditEntry(now, action, actor, owner_id, vehicle_id, detail, address))

    def put_daily(
        self,
        action: str,
        *,
        actor: str,
        owner_id: int,
        detail: str = "",
        address: str = "",
    ) -> None:
        """Note something that was done, unless the same was noted within a day."""
        key = AuditEntry(0.0, action, actor, owner_id, None, detail, address)
        now = self._clock.monotonic()
        last = self._daily.get(key)
        if last is not None and now - last < DAY:
            return
        self._daily.pop(key, None)
        self._daily[key] = now
        if len(self._daily) > DAILY_LIMIT:
            del self._daily[next(iter(self._daily))]
        self.put(action, actor=actor, owner_id=owner_id, detail=detail, address=address)

    def put_failure(
        self,
        action: str,
        *,
        owner_id: int | None,
        detail: str = "",
        address: str = "",
    ) -> None:
        """Note what somebody tried in vain; the same again within an hour is only counted."""
        entry = AuditEntry(self._clock.time(), action, "", owner_id, None, detail, address)
        key = self._repeat_key(entry)
        repeats = self._repeats.get(key)
        now = self._clock.monotonic()
        if repeats is not None and now - repeats.since < REPEAT_TIME:
            repeats.last = replace(key, time=entry.time)
            repeats.more += 1
            return
        if repeats is not None:
            self._tell_repeats(self._repeats.pop(key))
        first = replace(key, time=entry.time)
        self._repeats[key] = _Repeats(now, first)
        self._append(first)

    def _repeat_key(self, entry: AuditEntry) -> AuditEntry:
        """Return what equal failures have in common; where many are, not where they came from."""
        key = replace(entry, time=0.0)
        if key in self._repeats:
            return key
        is_known = entry.owner_id is not None
        like = sum((each.owner_id is not None) == is_known for each in self._repeats)
        if like < (REPEAT_LIMIT if is_known else UNKNOWN_LIMIT):
            return key
        return AuditEntry(0.0, entry.action, detail="from many places")

    def _tell_repeats(self, repeats: _Repeats) -> None:
        if repeats.more:
            said = f"{repeats.last.detail}; " if repeats.last.detail else ""
            self._append(replace(repeats.last, detail=f"{said}{repeats.more} more since the first"))

    def sweep(self) -> None:
        """Tell what was counted only, once its time is over. Call it about once a minute."""
        now = self._clock.monotonic()
        for key in [*self._repeats]:
            if self._closed or now - self._repeats[key].since >= REPEAT_TIME:
                self._tell_repeats(self._repeats.pop(key))
        for bucket, count in [*self._skipped.items()]:
            if self._closed or not self._buckets.take(bucket, now):
                del self._skipped[bucket]
                owner_id, who = bucket
                detail = f"{count} more by {who or 'somebody'} were not kept"
                self._append(
                    AuditEntry(self._clock.time(), "audit.skipped", "", owner_id, None, detail)
                )

    async def expire(self, now: float) -> None:
        """Delete what is over at ``now`` (Unix seconds), in chunks, and :meth:`sweep`."""
        self.sweep()
        before = now - self._days * DAY
        chunk = partial(forget_audit, before=before, limit=CHUNK)
        while await self._database.write(chunk) >= CHUNK:
            pass

    async def settle(self) -> None:
        """Have all that was noted written, as far as the database takes it."""
        if self._task is not None:
            await asyncio.wait([self._task])
        if self._queue:
            self._start()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Write what waits, and note no more. Calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        self.sweep()
        await self.settle()
        if self._timer is not None:
            self._timer.cancel()
        if self._queue:
            log.error("the database did not take all of the audit trail", rows=len(self._queue))

    def _append(self, entry: AuditEntry) -> None:
        if len(self._queue) >= QUEUE_LIMIT:
            self._lost += 1
            return
        self._queue.append(entry)
        if self._timer is None and (self._task is None or self._task.done()):
            self._wait(GATHER)

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None or self._task.done():
            name = "audit trail"
            self._task = asyncio.get_running_loop().create_task(self._write(), name=name)

    async def _write(self) -> None:
        while self._queue:
            entries, self._queue = self._queue, []
            lost, self._lost = self._lost, 0
            if lost:
                detail = f"{lost} entries were lost while the database was away"
                entries.append(AuditEntry(self._clock.time(), "audit.lost", detail=detail))
            try:
                await self._database.write(partial(add_audit, entries=entries))
            except StoreError as error:
                self._put_back(entries, lost, error)
                return
            if self._is_refused:
                log.info("the audit trail is kept again")
            self._is_refused = False

    def _put_back(self, entries: list[AuditEntry], lost: int, error: StoreError) -> None:
        kept = [each for each in entries if each.action != "audit.lost"]
        room = QUEUE_LIMIT - len(self._queue)
        self._lost += lost + max(0, len(kept) - room)
        self._queue[:0] = kept[:room]
        if not (self._closed or isinstance(error, StoreClosed)):
            if not self._is_refused:
                log.warning("the audit trail waits for the database", reason=str(error))
            self._is_refused = True
            self._wait(RETRY)
