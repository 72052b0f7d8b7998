"""What was done, by whom and to what: the queries.

Each takes a connection inside a transaction. Entries outlive who did it and what it was done to.
Times are Unix seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, or_, select, update

from ovms.server.storage.schema import audit, owners, removed_owners, vehicles
from ovms.server.values import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

OPERATOR: Final = "operator"
"""Who does what the command line does."""

REMOVAL: Final = "owner.remove"
"""The action of an owner's removal, which says their number."""

SOMEBODY: Final = "somebody"
"""What entries say instead of the name of an owner who was removed."""

DETAIL_LENGTH: Final = 200
"""Characters that are kept of what an entry says besides."""

ADDRESS_LENGTH: Final = 64
"""Characters that are kept of an address."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are asked for; ``None`` is any."""

    owner_id: int | None = None
    vehicle_id: str | None = None
    actor: str | None = None
    action: str | None = None
    """An action, or the first words of several: ``login`` is ``login.failed``, too."""
    since: float | None = None
    until: float | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what must be true of an entry."""
        a = audit.c
        found: list[ColumnElement[bool]] = []
        if self.owner_id is not None:
            found.append(a.owner_id == self.owner_id)
        if self.vehicle_id is not None:
            found.append(a.vehicle_id == self.vehicle_id)
        if self.actor is not None:
            found.append(a.actor == self.actor)
        if self.action is not None:
            more = a.action.startswith(f"{self.action}.", autoescape=True)
            found.append(or_(a.action == self.action, more))
        if self.since is not None:
            found.append(a.time >= self.since)
        if self.until is not None:
            found.append(a.time < self.until)
        return found


def add_audit(connection: Connection, entries: Iterable[AuditEntry]) -> None:
    """Keep entries. One about a vehicle that names no owner is about the vehicle's.

    One that comes late, of an owner who is removed, says no more than :func:`forget_actor` leaves.
    """
    rows = [_values(connection, each) for each in entries]
    if rows:
        _forget_gone(connection, rows)
        connection.execute(insert(audit), rows)


def note_operator(
    connection: Connection,
    now: float,
    action: str,
    *,
    owner_id: int | None = None,
    vehicle_id: str | None = None,
    detail: str = "",
) -> None:
    """Keep what the command line does, in the transaction that does it."""
    entry = AuditEntry(now, action, OPERATOR, owner_id, vehicle_id, detail)
    add_audit(connection, [entry])


def list_audit(
    connection: Connection, wanted: AuditFilter, limit: int, before: int | None = None
) -> list[tuple[AuditEntry, str | None]]:
    """Return the newest entries and whose account each is about, by name, newest first.

    ``before`` is the id of the last one of the page before.
    """
    a = audit.c
    query = (
        select(a.time, a.action, a.actor, a.owner_id, a.vehicle_id, a.detail, a.address, a.id,
               owners.c.name)
        .outerjoin(owners, owners.c.id == a.owner_id)
        .where(*wanted.conditions())
        .order_by(a.id.desc())
        .limit(limit)
    )  # fmt: skip
    if before is not None:
        query = query.where(a.id < before)
    return [(AuditEntry(*row[:-1]), row[-1]) for row in connection.execute(query)]


def count_audit(connection: Connection, wanted: AuditFilter) -> int:
    """Return how many entries there are."""
    query = select(func.count()).select_from(audit).where(*wanted.conditions())
    return connection.scalar(query) or 0


def shown_address(entry: AuditEntry, reader: str) -> str:
    """Return where something came from, as an owner may know it; empty if it is not theirs to know.

    That is so of others with whom a vehicle is shared.
    """
    return entry.address if entry.actor in ("", OPERATOR, reader) else ""


def forget_actor(connection: Connection, owner_id: int, name: str) -> None:
    """Take an owner who is removed out of the entries, which stay: name, addresses and details.

    The name also where others' entries tell it.
    """
    mine = update(audit).where(or_(audit.c.owner_id == owner_id, audit.c.actor == name))
    connection.execute(mine.values(address="", detail=""))
    connection.execute(update(audit).where(audit.c.actor == name).values(actor=""))
    _forget_name(connection, name)


def _forget_gone(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Take owners who are removed out of entries that are not kept yet, but for the removal."""
    r, o = removed_owners.c, owners.c
    ids = {row["owner_id"] for row in rows} - {None}
    actors = {row["actor"] for row in rows} - {"", OPERATOR}
    found = connection.execute(select(r.id, r.name).where(or_(r.id.in_(ids), r.name.in_(actors))))
    gone = {row.id: row.name for row in found}
    if not gone:
        return
    names = {*gone.values()} - {
        *connection.scalars(select(o.name).where(o.name.in_(gone.values())))
    }
    for row in rows:
        is_done = row["actor"] in names or row["actor"] == gone.get(row["owner_id"])
        if is_done or (row["owner_id"] in gone and row["action"] != REMOVAL):
            row.update(detail="", address="")
        if is_done:
            row["actor"] = ""


def _forget_name(connection: Connection, name: str) -> None:
    """Take a name out of what the entries of others say: ``from NAME to OTHER``."""
    a = audit.c
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    query = select(a.id, a.detail).where(a.detail.contains(name, autoescape=True))
    for number, detail in connection.execute(query).all():
        told = word.sub(SOMEBODY, detail)
        if told != detail:
            connection.execute(update(audit).where(a.id == number).values(detail=told))


def forget_audit(connection: Connection, before: float, limit: int) -> int:
    """Delete up to ``limit`` entries that are older; return how many."""
    old = select(audit.c.id).where(audit.c.time < before).order_by(audit.c.time).limit(limit)
    return connection.execute(delete(audit).where(audit.c.id.in_(old))).rowcount


def _values(connection: Connection, entry: AuditEntry) -> dict[str, Any]:
    owner_id = entry.owner_id
    if owner_id is None and entry.vehicle_id is not None:
        find = select(vehicles.c.owner_id).where(vehicles.c.id == entry.vehicle_id)
        owner_id = connection.scalar(find)
    return {
        "time": entry.time,
        "owner_id": owner_id,
        "actor": _text(entry.actor),
        "vehicle_id": entry.vehicle_id,
        "action": entry.action,
        "detail": _text(entry.detail)[:DETAIL_LENGTH],
        "address": _text(entry.address)[:ADDRESS_LENGTH],
    }


def _text(text: str) -> str:
    """Return what a database takes: what is no text would keep all the others out, too."""
    return text.encode(errors="replace").decode()
