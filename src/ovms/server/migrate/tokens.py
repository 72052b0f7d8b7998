"""API tokens: programs go on with those that they have."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from ovms.server.migrate.merging import Merged, merge
from ovms.server.migrate.report import MovedKind
from ovms.server.migrate.source import TOKENS
from ovms.server.migrate.texts import number_of, text_of, time_of
from ovms.server.storage import names
from ovms.server.storage.encryption import current_key
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.schema import tokens
from ovms.server.storage.tokens import LOOKUP, TOKEN_LIMIT, token_place

if TYPE_CHECKING:
    from ovms.server.migrate.context import Move
    from ovms.server.storage.moved import Fields, TakenRows

t = tokens.c


def move_tokens(move: Move) -> None:
    """Take tokens. What remembers them are their hashes: they are random, and long."""
    report, taken = move.kind(MovedKind.TOKENS), move.taken(MovedKind.TOKENS)
    there, rows = _read(move)
    here, ids = _find(move)
    owners = {id_: number for number, id_ in move.owner_ids.items()}

    def name_of(key: str) -> str:
        number = owners.get({**taken, **there}[key]["owner"], "?")
        return f"{key[:8]}… of owner {number}"

    merged = merge(taken, there, here, report, name_of=name_of)
    for key in merged.removed:
        move.connection.execute(delete(tokens).where(t.id == ids[key]))
        report.removed += 1
    for key, changes in merged.changed.items():
        row = update(tokens).where(t.id == ids[key])
        values = {name: value for name, value in changes.items() if name != "owner"}
        move.connection.execute(row.values(refreshed=move.now, **values))
        report.changed += 1
    _add(move, merged, here, rows)
    move.remember(MovedKind.TOKENS, merged.taken)


def _read(move: Move) -> tuple[TakenRows, dict[str, Any]]:
    report = move.kind(MovedKind.TOKENS)
    there: TakenRows = {}
    rows: dict[str, Any] = {}
    for page in move.source.pages(TOKENS):
        for row in page:
            number = number_of(row.owner)
            if number not in move.owner_ids:
                report.leave_many("of an owner who is left")
            elif number in move.blocked:
                report.leave_many("of an owner who is blocked there")
            else:
                try:
                    token, fields = names.api_token(text_of(row.token)), _fields(row)
                except InvalidValue as error:
                    report.leave(f"one of owner {number}", str(error))
                    continue
                key = hashlib.sha256(token.encode()).hexdigest()
                there[key] = {"owner": move.owner_ids[number], **fields}
                rows[key] = row
    return there, rows


def _fields(row: Any) -> Fields:
    return {
        "application": names.token_label(text_of(row.application)),
        "purpose": names.token_label(text_of(row.purpose)),
        "permit": names.permit(text_of(row.permit)),
    }


def _find(move: Move) -> tuple[dict[str, Fields], dict[str, int]]:
    """Return the tokens here by their hashes, and their ids."""
    key = current_key(move.connection)
    columns = (t.id, t.owner_id, t.lookup, t.encrypted, t.application, t.purpose, t.permit)
    here: dict[str, Fields] = {}
    ids: dict[str, int] = {}
    for row in move.connection.execute(select(*columns)).all():
        token = key.decrypt(token_place(row.lookup, row.owner_id), row.encrypted)
        digest = hashlib.sha256(token.encode()).hexdigest()
        ids[digest] = row.id
        here[digest] = {
            "owner": row.owner_id,
            "application": row.application,
            "purpose": row.purpose,
            "permit": row.permit,
        }
    return here, ids


def _add(move: Move, merged: Merged, here: dict[str, Fields], rows: dict[str, Any]) -> None:
    report, encryption = move.kind(MovedKind.TOKENS), current_key(move.connection)
    counts = Counter(each["owner"] for key, each in here.items() if key not in {*merged.removed})
    new = []
    for key, fields in merged.added.items():
        if counts[fields["owner"]] >= TOKEN_LIMIT:
            report.leave_many(f"of an owner who has {TOKEN_LIMIT} already")
            del merged.taken[key]
            continue
        counts[fields["owner"]] += 1
        row = rows[key]
        token = names.api_token(text_of(row.token))
        hashed = encryption.lookup(LOOKUP, token)
        created = time_of(row.created) or move.now
        new.append(
            {
                "owner_id": fields["owner"],
                "lookup": hashed,
                "encrypted": encryption.encrypt(token_place(hashed, fields["owner"]), token),
                "application": fields["application"],
                "purpose": fields["purpose"],
                "permit": fields["permit"],
                "created": created,
                "refreshed": time_of(row.refreshed) or created,
                "last_used": time_of(row.lastused),
            }
        )
    if new:
        move.connection.execute(insert(tokens), new)
    report.added += len(new)
