"""How rooms and log-ins hear of a change at once: else they look every other second."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ovms.server.http.context import HttpContext
    from ovms.server.values import VehicleChange


async def apply_changes(context: HttpContext, since: float) -> None:
    """Have rooms and log-ins know what was changed since then (Unix seconds)."""
    await apply_those(context, await context.store.changed_since(since))


async def apply_those(context: HttpContext, changes: Iterable[VehicleChange]) -> None:
    """Have rooms and log-ins know of changes of vehicles."""
    context.hub.refresh(changes)
    await context.callers.check_logins()
