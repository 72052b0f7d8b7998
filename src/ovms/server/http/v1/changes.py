"""How rooms and log-ins hear of a change at once: else they look every other second."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ovms.server.http.context import HttpContext


async def apply_changes(context: HttpContext, since: float) -> None:
    """Have rooms and log-ins know what was changed since then (Unix seconds)."""
    context.hub.refresh(await context.store.changed_since(since))
    await context.callers.check_logins()
