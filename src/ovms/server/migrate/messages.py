"""The latest message of each code. The newer one counts, of there or of here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, tuple_

from ovms.protocol.codes import CODES
from ovms.server.migrate.report import MovedKind
from ovms.server.migrate.source import MESSAGES
from ovms.server.migrate.texts import text_of, time_of
from ovms.server.storage.schema import messages, vehicles

if TYPE_CHECKING:
    from ovms.server.migrate.context import Move

CUT_LENGTH: Final = 255
"""Characters that a message has there at most: one of so many was cut, perhaps within a field."""

CHUNK: Final = 500
"""Rows of a statement."""

m = messages.c


def move_messages(move: Move) -> None:
    """Take messages that are newer than what was taken, and than what is here."""
    newest = {id_: each["time"] for id_, each in move.taken(MovedKind.MESSAGES).items()}
    query = select(vehicles.c.id, vehicles.c.paranoid_token).where(vehicles.c.deleted.is_(None))
    tokens = {row.id: row.paranoid_token for row in move.connection.execute(query)}
    seen = dict(newest)
    for page in move.source.pages(MESSAGES):
        found = {}
        for row in page:
            message = _message(move, row, tokens)
            if message is None:
                continue
            id_, time = message["vehicle_id"], message["time"]
            seen[id_] = max(seen.get(id_, 0.0), time)
            if time >= newest.get(id_, 0.0):
                found[id_, message["code"]] = message
            else:
                move.kind(MovedKind.MESSAGES).unchanged += 1
        _store(move, found)
    move.remember(MovedKind.MESSAGES, {id_: {"time": time} for id_, time in seen.items()})


def _message(move: Move, row: Any, tokens: dict[str, str]) -> dict[str, Any] | None:
    """Return a row as it stands here; ``None`` for one that is left."""
    report = move.kind(MovedKind.MESSAGES)
    vehicle = move.vehicle_of(row.owner, text_of(row.vehicleid))
    if vehicle is None:
        report.leave_many("of a vehicle that is left")
        return None
    code, time = text_of(row.m_code), time_of(row.m_msgtime)
    token = text_of(row.m_ptoken) if row.m_paranoid else ""
    if row.m_valid is not None and not row.m_valid:
        report.leave_many("void there")
    elif len(code) != 1 or code > "\xff" or not CODES[code].is_stored:
        report.leave_many("of a code that is not kept")
    elif time is None:
        report.leave_many("without a time")
    elif row.m_paranoid and (not token or token != tokens[vehicle.id]):
        report.leave_many("sealed under an older password")
    else:
        data = _whole(move, text_of(row.m_msg), is_sealed=bool(token))
        words = {"vehicle_id": vehicle.id, "code": code, "time": time, "token": token}
        return {**words, "data": data}
    return None


def _whole(move: Move, text: str, *, is_sealed: bool) -> bytes:
    """Return a message without a last field that may be cut: a wrong number is worse than none."""
    if len(text) >= CUT_LENGTH and not is_sealed and "," in text:
        move.kind(MovedKind.MESSAGES).reasons["without their last field, which was cut there"] += 1
        text = text.rpartition(",")[0]
    return text.encode()


def _store(move: Move, found: dict[tuple[str, str], dict[str, Any]]) -> None:
    report, keys = move.kind(MovedKind.MESSAGES), [*found]
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        these = tuple_(m.vehicle_id, m.code).in_(chunk)
        query = select(m.vehicle_id, m.code, m.time, m.token, m.data).where(these)
        here = {(row.vehicle_id, row.code): row for row in move.connection.execute(query)}
        newer = [key for key in chunk if key not in here or _is_newer(found[key], here[key])]
        old = [key for key in newer if key in here]
        if old:
            move.connection.execute(delete(messages).where(tuple_(m.vehicle_id, m.code).in_(old)))
        if newer:
            move.connection.execute(insert(messages), [found[key] for key in newer])
        report.added += len(newer) - len(old)
        report.changed += len(old)
        report.unchanged += len(chunk) - len(newer)


def _is_newer(there: dict[str, Any], here: Any) -> bool:
    is_other = any(there[name] != getattr(here, name) for name in ("data", "token", "time"))
    return bool(is_other and there["time"] >= here.time)
