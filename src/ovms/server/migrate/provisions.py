"""Auto-provisioning records: what new cars are told, sealed as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from ovms.protocol.welcome import ProvisionRecord
from ovms.server.migrate.merging import merge
from ovms.server.migrate.report import MovedKind
from ovms.server.migrate.source import PROVISIONS
from ovms.server.migrate.texts import number_of, text_of, time_of
from ovms.server.storage import names, queries
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.provisions import provision_lookup
from ovms.server.storage.schema import provisions

if TYPE_CHECKING:
    from ovms.server.migrate.context import Move
    from ovms.server.storage.moved import Fields, TakenRows


def move_provisions(move: Move) -> None:
    """Take records."""
    report, taken = move.kind(MovedKind.PROVISIONS), move.taken(MovedKind.PROVISIONS)
    there, rows = _read(move)
    here = _find(move)
    merged = merge(taken, there, here, report)
    for key in merged.removed:
        queries.remove_provision(move.connection, key)
        report.removed += 1
    for key, fields in merged.changed.items():
        report.changed += _put(move, key, {**here[key], **fields}, rows[key])
    for key, fields in merged.added.items():
        report.added += _put(move, key, fields, rows[key])
    move.remember(MovedKind.PROVISIONS, merged.taken)


def _read(move: Move) -> tuple[TakenRows, dict[str, Any]]:
    report = move.kind(MovedKind.PROVISIONS)
    there: TakenRows = {}
    rows: dict[str, Any] = {}
    for page in move.source.pages(PROVISIONS):
        for row in page:
            if row.deleted:
                report.leave_many("deleted there")
                continue
            try:
                key = names.provision_key(text_of(row.ap_key))
            except InvalidValue as error:
                report.leave(text_of(row.ap_key)[:80], str(error))
                continue
            there[key] = {
                "token": text_of(row.ap_stoken),
                "digest": text_of(row.ap_sdigest),
                "record": text_of(row.ap_msg),
                "owner": move.owner_ids.get(number_of(row.owner)),
            }
            rows[key] = row
    return there, rows


def _find(move: Move) -> dict[str, Fields]:
    known = {each.name: each.id for each, _ in queries.list_owners(move.connection)}
    return {
        each.key: {
            "token": each.record.token,
            "digest": each.record.digest,
            "record": each.record.record,
            "owner": None if each.owner is None else known[each.owner],
        }
        for each in queries.list_provisions(move.connection)
    }


def _put(move: Move, key: str, fields: Fields, row: Any) -> bool:
    """Store a record, and when it was made and used; return false for one that is left."""
    record = ProvisionRecord(fields["token"], fields["digest"], fields["record"])
    try:
        queries.add_provision(move.connection, key, record, move.now, replace=True)
    except InvalidValue as error:
        move.kind(MovedKind.PROVISIONS).leave(key, str(error))
        return False
    changed = time_of(row.changed) or move.now
    this = update(provisions).where(provisions.c.lookup == provision_lookup(move.connection, key))
    values = {"created": changed, "changed": changed, "last_used": time_of(row.v_lastused)}
    move.connection.execute(this.values(owner_id=fields["owner"], **values))
    return True
