"""Calls about what was done: log-ins, commands and changes, by whom and from where."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime

from ovms.app.api.calls import ApiCalls, ApiModel, span, vehicle_path
from ovms.app.api.link import Query


class ApiAuditEntry(ApiModel, frozen=True, kw_only=True):
    """Something that was done."""

    id: str
    time: datetime
    action: str
    """Words with points between, such as ``login.failed`` or ``command``; more of them will
    come."""
    actor: str | None = None
    """The owner who did it; ``operator`` for the command line of the server; null if unknown."""
    account: str | None = None
    """Whose account it was done to, or whose vehicle; null if none or no longer there."""
    vehicle_id: str | None = None
    detail: str
    """A few words more, for people."""
    address: str | None = None
    """Where it came from; null if unknown, and of others with whom the vehicle is shared."""


class AuditCalls(ApiCalls):
    """Calls about the audit trail. ``action`` is one or what it begins with, as ``login``."""

    def audit(
        self,
        *,
        action: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> AsyncGenerator[ApiAuditEntry, None]:
        """Yield what was done to the caller's account and vehicles, the newest first."""
        query: Query = {"action": action} | span(since, until)
        return self._items("/account/audit", ApiAuditEntry, query)

    def vehicle_audit(
        self,
        vehicle_id: str,
        *,
        action: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> AsyncGenerator[ApiAuditEntry, None]:
        """Yield what was done to a vehicle, the newest first."""
        query: Query = {"action": action} | span(since, until)
        return self._items(vehicle_path(vehicle_id, "/audit"), ApiAuditEntry, query)

    def server_audit(
        self,
        *,
        action: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        actor: str | None = None,
        account: str | None = None,
        vehicle: str | None = None,
    ) -> AsyncGenerator[ApiAuditEntry, None]:
        """Yield what was done on the whole server, for administrators, the newest first."""
        query: Query = {"action": action, "actor": actor, "account": account, "vehicle": vehicle}
        return self._items("/admin/audit", ApiAuditEntry, query | span(since, until))
