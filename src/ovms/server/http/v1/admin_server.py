"""``/admin/server`` and ``/admin/connections``: how the server is, and who is connected to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import Path, Query
from sqlalchemy import func, select

from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AdminCall, Context
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.storage.audit import AuditFilter, count_audit
from ovms.server.storage.database import Lane
from ovms.server.storage.schema import history_counts

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.http.monitor.status import ServerStatus
    from ovms.server.http.operations import ConnectionFacts

router = make_router("administration")

LATELY: Final = 3600.0
"""Seconds for which failed log-ins are counted."""

ConnectionRole = Literal["car", "app", "batch", "server", "stranger"]

ConnectionId = Annotated[int, Path(ge=1, le=2**63 - 1, description="Its `id`.")]
ConnectionLimit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
ConnectionAfter = Annotated[
    int, Query(ge=0, le=2**63 - 1, description="`next` of the page before.")
]
ConnectionSearch = Annotated[
    str, Query(max_length=100, description="Only those in whose vehicle, owner or address it is.")
]


class StorageAnswer(ApiAnswer):
    """The database and its disk, in bytes."""

    database: int
    log: int
    """What was written and is not in the database's file yet."""
    free: int
    """Left on the disk."""
    records: int
    """In the histories of all vehicles."""


class ServerBackupAnswer(ApiAnswer):
    """The backups that the server makes by itself."""

    hours: float
    """Between two of them."""
    last: Time | None
    """When the newest that is there was made."""
    bytes: int | None
    """How many it has."""
    is_failing: bool
    """The last try failed; `troubles` says why."""


class ServerCertificateAnswer(ApiAnswer):
    """A certificate of the server."""

    name: str
    """The folder that it is in; `default` is that of callers who ask for no other."""
    days: int
    """Until it ends; negative once it has."""


class ServerAnswer(ApiAnswer):
    """How the server is."""

    version: str
    since: Time
    """When it was started."""
    is_stopping: bool
    troubles: list[str]
    """What its operator should see to, a sentence each."""
    vehicles: int | None
    """All that there are; null while the database does not answer."""
    cars_online: int
    connections: dict[str, int]
    """Open ones, by kind: `car`, `app`, `batch`, `server`, `stranger`, `http`."""
    streams: int
    """Streams of server-sent events."""
    received_a_second: float
    """Messages, in the last minute."""
    sent_a_second: float
    """Messages, in the last minute."""
    waiting: dict[str, int]
    """What waits, by kind: `rows` and `records` to be written, `alerts`, `commands`, and others."""
    storage: StorageAnswer | None
    """Null while the disk does not answer."""
    outbox: dict[str, int] | None
    """Alerts that wait to be delivered, by channel; null while the database does not answer."""
    deliveries_failed: int
    """Tries to deliver that failed, since the start."""
    logins_failed: int
    """Log-ins to accounts that failed within the last hour."""
    refused: dict[str, int]
    """Callers that were refused since the start, by reason."""
    certificates: list[ServerCertificateAnswer]
    backup: ServerBackupAnswer | None
    """Null on a server that makes none by itself."""


class ConnectionFactsAnswer(ApiAnswer):
    """A connection at a port for modules and apps, or by WebSocket."""

    id: int
    role: ConnectionRole
    """`stranger` until it is welcomed."""
    vehicle_id: str | None
    """Null of a stranger."""
    owner: str | None
    """Who has logged in; null of cars, and of apps with the vehicle's secret."""
    address: str
    transport: Literal["plain", "tls", "ws", "wss"]
    since: Time
    bytes_received: int
    bytes_sent: int


class ConnectionsPage(ApiAnswer):
    """Connections, in the order in which they began."""

    items: list[ConnectionFactsAnswer]
    next: str | None
    """Ask for the next page with this as `after`; null on the last."""


@router.get("/admin/server")
async def get_server(_: AdminCall, context: Context) -> ServerAnswer:
    """Return how the server is: what `ovms serve status` shows, and failed log-ins of the hour."""
    if context.operations.take_status is None:
        raise ApiError(409, "The server has only begun to start", "starting")
    status = await context.operations.take_status()

    def look(connection: Connection) -> tuple[int, int]:
        records = connection.scalar(select(func.sum(history_counts.c.records))) or 0
        wanted = AuditFilter(action="login.failed", since=context.clock.time() - LATELY)
        return int(records), count_audit(connection, wanted)

    records, failed = await context.store.database.read(look, Lane.HISTORY)
    return _server(context, status, records, failed)


@router.get("/admin/connections")
async def list_connections(
    _: AdminCall,
    context: Context,
    limit: ConnectionLimit = 100,
    after: ConnectionAfter = 0,
    search: ConnectionSearch = "",
) -> ConnectionsPage:
    """Return who is connected at the ports for modules and apps, and by WebSocket."""
    found = [
        each
        for each in context.operations.connections()
        if each.number > after and _holds(each, search.casefold())
    ]
    shown = found[:limit]
    return ConnectionsPage(
        items=[_connection(context, each) for each in shown],
        next=str(shown[-1].number) if len(found) > limit else None,
    )


@router.delete("/admin/connections/{connection_id}", status_code=204)
async def end_connection(connection_id: ConnectionId, caller: AdminCall, context: Context) -> None:
    """End a connection. A car connects again by itself, and so do most apps."""
    ended = context.operations.end_connection(connection_id)
    if ended is None:
        raise ApiError(404, "There is no such connection", "no_connection")
    detail = f"{ended.role} at {ended.address}"
    audit(context, caller, "connection.end", vehicle_id=ended.vehicle_id or None, detail=detail)


def _server(
    context: HttpContext, status: ServerStatus, records: int, logins_failed: int
) -> ServerAnswer:
    disk, waiting, backup = status.storage, status.queues, status.backup
    return ServerAnswer(
        version=status.version,
        since=time_of(context.clock.time() - status.seconds),
        is_stopping=status.state == "stopping",
        troubles=status.troubles,
        vehicles=status.vehicles,
        cars_online=status.cars_online,
        connections=status.connections,
        streams=len(context.live),
        received_a_second=status.last_minute.received_a_second,
        sent_a_second=status.last_minute.sent_a_second,
        waiting={name: getattr(waiting, name) for name in waiting.__struct_fields__},
        storage=None if disk is None else StorageAnswer(
            database=disk.database, log=disk.log, free=disk.free, records=records
        ),
        outbox=status.outbox,
        deliveries_failed=status.deliveries_failed,
        logins_failed=logins_failed,
        refused=status.refused,
        certificates=[
            ServerCertificateAnswer(name=name, days=days)
            for name, days in sorted(status.certificate_days.items())
        ],
        backup=None if backup is None else ServerBackupAnswer(
            hours=backup.hours, last=backup.last, bytes=backup.bytes, is_failing=backup.is_failing
        ),
    )  # fmt: skip


def _holds(facts: ConnectionFacts, wanted: str) -> bool:
    places = (facts.vehicle_id, facts.owner, facts.address)
    return any(wanted in each.casefold() for each in places)


def _connection(context: HttpContext, facts: ConnectionFacts) -> ConnectionFactsAnswer:
    return ConnectionFactsAnswer(
        id=facts.number,
        role=facts.role,
        vehicle_id=facts.vehicle_id or None,
        owner=facts.owner or None,
        address=facts.address,
        transport=facts.transport,
        since=time_of(context.clock.time() - facts.seconds),
        bytes_received=facts.bytes_received,
        bytes_sent=facts.bytes_sent,
    )
