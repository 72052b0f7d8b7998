"""Whether the server can serve, and why not, in words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from ovms.server.storage.errors import StoreError

if TYPE_CHECKING:
    from ovms.server.http.monitor.sources import MonitorSources
    from ovms.server.storage.store import Store

ANSWER_TIMEOUT: Final = 2.0
"""Seconds that the database has to answer."""

COMMIT_TIMEOUT: Final = 15.0
"""Seconds of one commit after which the writer counts as stuck."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the server is."""

    reasons: Mapping[str, str]
    """Why it cannot serve now, in words, by a name each; none if it can."""
    troubles: Mapping[str, str]
    """All that its operator should see to, those included."""

    @property
    def is_ready(self) -> bool:
        """Return whether it can serve."""
        return not self.reasons


async def take_health(sources: MonitorSources) -> Health:
    """Find out how the server is."""
    reasons, troubles = await asyncio.gather(reasons_against(sources), _troubles(sources))
    return Health(reasons, {**reasons, **troubles})


async def reasons_against(sources: MonitorSources) -> dict[str, str]:
    """Return why the server cannot serve now, in words, by a name each."""
    found = dict(_at_once(sources))
    reason = await _of_database(sources.store)
    return {"database": reason, **found} if reason else found


def _at_once(sources: MonitorSources) -> Iterator[tuple[str, str]]:
    if sources.look().is_stopping:
        yield "stopping", "The server is stopping."
    writer = sources.store.writer
    if writer.failure is not None:
        yield "database", f"The database cannot be written: {writer.failure}"
    elif writer.committing > COMMIT_TIMEOUT:
        yield "database", f"The database has taken nothing for {writer.committing:.0f} s."


async def _of_database(store: Store) -> str | None:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            await store.database.read(lambda connection: connection.scalar(select(1)))
    except TimeoutError:
        return f"The database does not answer within {ANSWER_TIMEOUT:.0f} s."
    except StoreError as error:
        return f"The database cannot be read: {error}"
    return None


async def _troubles(sources: MonitorSources) -> Mapping[str, str]:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            return await sources.find_troubles()
    except OSError:  # TimeoutError is one: what does not answer is among the reasons
        return {}
