"""The import of another server's database: its steps, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from ovms.server.migrate.context import Move, MoveOptions, OnProgress, be_quiet
from ovms.server.migrate.errors import SourceError
from ovms.server.migrate.history import move_history
from ovms.server.migrate.messages import move_messages
from ovms.server.migrate.owners import move_owners, remove_owners
from ovms.server.migrate.provisions import move_provisions
from ovms.server.migrate.report import MoveReport
from ovms.server.migrate.source import CARS, OWNERS, TABLES, SourceDatabase
from ovms.server.migrate.subscriptions import move_subscriptions
from ovms.server.migrate.tokens import move_tokens
from ovms.server.migrate.traffic import move_traffic
from ovms.server.migrate.vehicles import move_vehicles
from ovms.server.storage.audit import note_operator
from ovms.server.storage.moved import moved_sources
from ovms.server.storage.schema import history_counts

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


class _Undone(Exception):
    """Ends the transaction of a dry run."""


def move_in(
    database: Database,
    source: SourceDatabase,
    now: float,
    options: MoveOptions = MoveOptions(),  # noqa: B008 -- frozen
    progress: OnProgress = be_quiet,
) -> MoveReport:
    """Take what another server's database holds, or what changed there since it was taken.

    All or nothing of it; no server may run on ours. ``now`` is in Unix seconds. Raises
    :class:`SourceError` or :class:`~ovms.server.storage.errors.StoreError`.
    """
    _check(source)
    report = MoveReport(options.source or source.name)
    try:
        with database.writing() as connection:
            _take(Move(connection, source, report, now, options, progress))
            if options.is_dry:
                raise _Undone
    except _Undone:
        pass
    return report


def _check(source: SourceDatabase) -> None:
    missing = [table.name for table in (OWNERS, CARS) if not source.has(table)]
    if missing:
        raise SourceError(f"database {source.name} has no table {missing[0]}: is it the server's?")


def _take(move: Move) -> None:
    others = [each for each in moved_sources(move.connection) if each != move.report.source]
    if others and move.report.source not in moved_sources(move.connection):
        move.report.hints.append(
            f"nothing was taken from {move.report.source} before, but from {', '.join(others)}:"
            " if that is the same server, give its name (--source)"
        )
    for table in TABLES:
        if not move.source.has(table):
            move.report.absent.append(table.name)
    gone = move_owners(move)
    move_vehicles(move)
    remove_owners(move, gone)
    move_messages(move)
    move_traffic(move)
    move_history(move)
    move_subscriptions(move)
    move_tokens(move)
    move_provisions(move)
    _look_at_limits(move)
    counts = ", ".join(f"{kind}: {each.added}" for kind, each in move.report.kinds.items())
    note_operator(move.connection, move.now, "import", detail=f"{move.report.source}; {counts}")


def _look_at_limits(move: Move) -> None:
    """Say of which vehicles the server would delete records at once."""
    limits, c = move.options.limits, history_counts.c
    sums = func.sum(c.records), func.sum(c.bytes)
    query = select(c.vehicle_id, *sums).group_by(c.vehicle_id).order_by(c.vehicle_id)
    query = query.having((sums[0] > limits.records) | (sums[1] > limits.bytes))
    full = [row[0] for row in move.connection.execute(query) if row[0] in move.vehicles]
    if full:
        shown = ", ".join(full[:10]) + (", …" if len(full) > 10 else "")
        move.report.hints.append(
            f"{len(full)} vehicles have more history than the server keeps ({shown}): set"
            " limit_history_records and limit_history_bytes before it starts, or the oldest go"
        )
