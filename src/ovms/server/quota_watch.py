"""Owners hear of it when they have nearly too much history, and when nothing more of it is kept.

They hear of each once: by an alert of one of their vehicles, which goes where its alerts go, and by
an entry in the audit trail. How many records were not kept stands there, too: cars were told that
they arrived.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ovms.base.logs import get_logger
from ovms.protocol.records.alert import Alert, AlertKind
from ovms.server.storage.database import Lane
from ovms.server.storage.errors import StoreError
from ovms.server.storage.quotas import (
    NEAR,
    ByteNews,
    ByteState,
    byte_news,
    note_told,
    vehicle_to_tell,
)

if TYPE_CHECKING:
    from ovms.base.clock import Clock
    from ovms.server.audit import Audit
    from ovms.server.hub.hub import Hub
    from ovms.server.storage.limits import OwnerQuotas
    from ovms.server.storage.store import Store

DROPPED_AGAIN: Final = 86400.0
"""Seconds between two entries that say how many of an owner's records were not kept."""

ACTIONS: Final = {
    ByteState.CLEAR: "history.room",
    ByteState.NEAR: "history.near",
    ByteState.OVER: "history.full",
}

log = get_logger("ovms.server")


class QuotaWatch:
    """Sees to it that nobody has too much history. Belongs to one event loop."""

    def __init__(
        self, store: Store, hub: Hub, audit: Audit, clock: Clock, quotas: OwnerQuotas
    ) -> None:
        self._store = store
        self._hub = hub
        self._audit = audit
        self._clock = clock
        self._quotas = quotas
        self._told: dict[int, float] = {}
        """When it was last told how many records of an owner were not kept."""

    async def check(self) -> None:
        """Keep no more of who has too much, and tell them. Call it each few minutes.

        Raises :class:`~ovms.server.storage.errors.StoreError`.
        """
        query = partial(byte_news, defaults=self._quotas)
        for news in await self._store.database.read(query, Lane.HISTORY):
            await self._tell(news)  # first, so that the alert itself is kept
        await self._store.check_quotas(self._quotas)
        self._tell_dropped()

    def close(self) -> None:
        """Tell what was counted so far."""
        self._store.count_dropped()
        self._told.clear()
        self._tell_dropped()

    async def _tell(self, news: ByteNews) -> None:
        """Tell an owner; what is not stored as told is told again."""
        if news.state > news.told:
            find = partial(vehicle_to_tell, owner_id=news.owner_id)
            vehicle_id = await self._store.database.read(find, Lane.HISTORY)
            if vehicle_id is not None:
                await self._alert(vehicle_id, _text(news))
        await self._store.database.write(
            partial(note_told, owner_id=news.owner_id, state=news.state)
        )
        detail = f"{news.bytes} of {news.limit} bytes" if news.limit else "no limit"
        self._audit.put(ACTIONS[news.state], owner_id=news.owner_id, detail=detail)

    async def _alert(self, vehicle_id: str, text: str) -> None:
        try:
            room = await self._hub.find(vehicle_id)
        except StoreError as error:
            log.warning("an owner was not told of too much history", reason=str(error))
            return
        if room is not None:
            room.raise_alert(Alert(AlertKind.ALERT.value, text))
            self._hub.release(room)

    def _tell_dropped(self) -> None:
        now = self._clock.monotonic()
        for owner_id, count in [*self._store.dropped.items()]:
            if now - self._told.get(owner_id, now - DROPPED_AGAIN) >= DROPPED_AGAIN:
                del self._store.dropped[owner_id]
                self._told[owner_id] = now
                detail = f"{count} records were not kept"
                self._audit.put("history.dropped", owner_id=owner_id, detail=detail)


def _text(news: ByteNews) -> str:
    size = f"{_megabytes(news.bytes)} of {_megabytes(news.limit)} MB"
    if news.state is ByteState.OVER:
        return (
            f"Your vehicles' history is full ({size}). No new records and telemetry are kept"
            " until there is room. Live data and alerts go on"
        )
    return (
        f"More than {NEAR}% of your vehicles' history is used ({size})."
        " When it is full, no new records and telemetry are kept"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.3g}" if size < 1e9 else f"{size / 1e6:.0f}"
