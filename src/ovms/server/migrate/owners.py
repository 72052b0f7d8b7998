"""Owners: their names, addresses and passwords.

A password's hash of the CMS is kept, and made anew at the next log-in. One that stands there in
clear is hashed now; what remembers it is another hash, and encrypted.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from ovms.protocol.spelling import composed
from ovms.server.accounts.cms_hashes import is_cms_hash
from ovms.server.accounts.passwords import rehash_password, verify_password
from ovms.server.migrate.merging import Merged, merge
from ovms.server.migrate.report import MovedKind
from ovms.server.migrate.source import OWNERS
from ovms.server.migrate.texts import number_of, text_of
from ovms.server.storage import names, queries
from ovms.server.storage.audit import OPERATOR, add_audit
from ovms.server.storage.errors import InvalidValue, OwnerHasVehicles
from ovms.server.storage.schema import owners
from ovms.server.values import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ovms.server.migrate.context import Move
    from ovms.server.storage.moved import Fields, TakenRows

ACTIVE: Final = 1
"""The status of an owner who may log in."""

ANOTHERS: Final = ""
"""Stands for the name of an owner here who was taken as another one there, who is perhaps gone."""

_OTHER_HASH: Final = re.compile(r"U?\$[A-Za-z0-9-]{1,16}\$")
"""How hashes begin, of whichever program."""

o = owners.c


@dataclass(slots=True)
class OwnersThere:
    """The owners of the other server, by number, and their passwords that stand there in clear."""

    rows: TakenRows = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """What they are called there."""
    passwords: dict[str, str] = field(default_factory=dict, repr=False)


def move_owners(move: Move) -> dict[int, str]:
    """Take owners; return the ids here of those to remove once their vehicles are gone."""
    report, taken = move.kind(MovedKind.OWNERS), move.taken(MovedKind.OWNERS)
    there = _read(move, taken)
    here, ids = _find(move, taken, there)

    def adopts(old: Mapping[str, Any], now: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if now["name"] == ANOTHERS:
            return None
        is_same = all(now[name] == value for name, value in old.items())
        return old if is_same or move.options.adopts_owners else None

    def name_of(key: str) -> str:
        return f"{key} {there.names.get(key) or taken.get(key, {}).get('name', '')}"

    merged = merge(taken, there.rows, here, report, adopts, name_of)
    hashes = _hashes(move, merged, there)
    _change(move, merged, here, ids, hashes, name_of)
    _add(move, merged, ids, hashes)
    move.owner_ids = {int(key): ids[key] for key in merged.taken if key in ids}
    for key in merged.taken.keys() & ids.keys():
        merged.taken[key]["id"] = ids[key]
    move.remember(MovedKind.OWNERS, merged.taken)
    move.progress(MovedKind.OWNERS, len(there.rows), len(there.rows))
    return {ids[key]: name_of(key) for key in merged.removed}


def remove_owners(move: Move, gone: Mapping[int, str]) -> None:
    """Remove owners by their ids here, each with a name; those who have vehicles here stay."""
    report = move.kind(MovedKind.OWNERS)
    for owner_id, name in gone.items():
        here = move.connection.scalar(select(o.name).where(o.id == owner_id))
        if here is None:
            continue
        try:
            queries.remove_owner(move.connection, here, move.now)
        except OwnerHasVehicles:
            report.keep(name, "was removed there, and has vehicles here")
        else:
            report.removed += 1


# -- there ------------------------------------------------------------------------------------


def _read(move: Move, taken: TakenRows) -> OwnersThere:
    there, report = OwnersThere(), move.kind(MovedKind.OWNERS)
    rows = [row for page in move.source.pages(OWNERS) for row in page]
    move.progress(MovedKind.OWNERS, 0, len(rows))
    report.leave_many("deleted there", sum(bool(row.deleted) for row in rows))
    named = [row for row in rows if not row.deleted and text_of(row.name).strip()]
    nameless = sum(not row.deleted for row in rows) - len(named)
    report.leave_many("without a name: nobody logs in as that", nameless)
    called = _names(move, named)
    for row in named:
        number, key = number_of(row.owner), str(row.owner)
        move.living_owners.add(number)
        there.names[key] = text_of(row.name)
        there.rows[key] = {
            "name": called[key],
            "email": _email(move, row),
            "password": _password(move, row, there),
        }
        if row.status is not None and number_of(row.status) != ACTIVE:
            move.blocked.add(number)
            report.tell(f"{key} {there.names[key]}", "is blocked there: has no password here")
    return there


def _names(move: Move, rows: list[Any]) -> dict[str, str]:
    """Return what each owner is called here. Whose name is allowed keeps it."""
    found: dict[str, str] = {}
    used: set[str] = set()
    refused: list[tuple[Any, str]] = []
    for row in rows:
        name = text_of(row.name)
        try:
            checked = names.owner_name(name)
            if names.owner_key(checked) in used:
                raise InvalidValue(f"there is another owner {checked}")
        except InvalidValue as error:
            refused.append((row, str(error)))
        else:
            found[str(row.owner)] = checked
            used.add(names.owner_key(checked))
    for row, reason in refused:
        name = _allowed(text_of(row.name))
        if not name or names.owner_key(name) in used:
            name = f"{name or 'owner'}-{row.owner}"
        found[str(row.owner)] = name
        used.add(names.owner_key(name))
        told = f"is {name} here: {reason}"
        move.kind(MovedKind.OWNERS).tell(f"{row.owner} {text_of(row.name)}", told)
    return found


def _allowed(name: str) -> str:
    """Return a name without what is not allowed in one, with room for a number behind it."""
    words = re.sub(r"[\s,]+", "_", composed(name).strip())
    return "".join(each for each in words if each.isprintable())[: names.MAX_OWNER_NAME - 12]


def _email(move: Move, row: Any) -> str:
    try:
        return names.email(text_of(row.mail).strip())
    except InvalidValue as error:
        move.kind(MovedKind.OWNERS).tell(
            f"{row.owner} {text_of(row.name)}", f"has no mail: {error}"
        )
        return ""


def _password(move: Move, row: Any, there: OwnersThere) -> str:
    """Return the hash of a password, or what remembers one in clear; ``""`` for none."""
    password = text_of(getattr(row, "pass"))
    if not password or (row.status is not None and number_of(row.status) != ACTIVE):
        return ""
    if is_cms_hash(password):
        return password
    if _OTHER_HASH.match(password):
        told = "has no password here: its hash is of a kind that is not known"
        move.kind(MovedKind.OWNERS).tell(f"{row.owner} {text_of(row.name)}", told)
        return ""
    there.passwords[str(row.owner)] = password
    return "clear:" + hashlib.sha256(f"{row.owner}:{password}".encode()).hexdigest()


# -- here -------------------------------------------------------------------------------------


def _find(
    move: Move, taken: TakenRows, there: OwnersThere
) -> tuple[dict[str, Fields], dict[str, int]]:
    """Return owners here who were taken, or have the name of one there, and their ids."""
    query = select(o.id, o.name, o.name_key, o.email, o.password_hash, o.changed)
    rows = move.connection.execute(query).all()
    by_id, by_name = {row.id: row for row in rows}, {row.name_key: row for row in rows}
    here: dict[str, Fields] = {}
    ids: dict[str, int] = {}
    known = {each["id"] for each in taken.values()}
    for key in {*taken, *there.rows}:
        before = taken.get(key)
        if before is not None:
            row = by_id.get(before["id"])
        else:
            row = by_name.get(names.owner_key(there.rows[key]["name"]))
        if row is None:
            continue
        name = row.name if before is not None else there.rows[key]["name"]
        if before is None and row.id in known:
            name = ANOTHERS
        else:
            ids[key] = row.id
        password = _password_here(row, before, there, key)
        here[key] = {"name": name, "email": row.email, "password": password}
    return here, ids


def _password_here(row: Any, before: Fields | None, there: OwnersThere, key: str) -> str:
    """Return a password here as it is compared: a hash that was made anew is no change."""
    hashed = row.password_hash or ""
    if before is not None:
        is_ours = hashed == before.get("hash") or row.changed == before.get("changed")
        return str(before["password"]) if is_ours else hashed
    password = there.passwords.get(key)
    if password is not None and verify_password(hashed or None, password).ok:
        return str(there.rows[key]["password"])
    return hashed


def _hashes(move: Move, merged: Merged, there: OwnersThere) -> dict[str, str | None]:
    """Return the hashes to store of owners whose password is to be set."""
    wanted = [key for key, each in {**merged.added, **merged.changed}.items() if "password" in each]
    clear = [key for key in wanted if key in there.passwords]
    made: dict[str, str | None] = {
        key: there.rows[key]["password"] or None for key in wanted if key not in there.passwords
    }
    with ThreadPoolExecutor() as threads:
        for key, hashed in zip(
            clear,
            threads.map(rehash_password, [there.passwords[key] for key in clear]),
            strict=True,
        ):
            made[key] = hashed
            move.progress(MovedKind.OWNERS, len(made), len(wanted))
    return made


def _change(
    move: Move,
    merged: Merged,
    here: dict[str, Fields],
    ids: dict[str, int],
    hashes: dict[str, str | None],
    name_of: Any,
) -> None:
    report = move.kind(MovedKind.OWNERS)
    found = move.connection.execute(select(o.name_key, o.id))
    keys = {row.name_key: row.id for row in found}
    for key, changes in merged.changed.items():
        values: Fields = {"changed": move.now}
        name = here[key]["name"]
        if "name" in changes:
            if keys.get(names.owner_key(changes["name"]), ids[key]) != ids[key]:
                report.keep(name_of(key), f"its name {changes['name']} is another owner's here")
            else:
                values |= {"name": changes["name"], "name_key": names.owner_key(changes["name"])}
                keys[values["name_key"]] = ids[key]
        if "email" in changes:
            values |= {"email": changes["email"], "email_confirmed": None}
        if "password" in changes:
            queries.set_password(move.connection, name, hashes[key], move.now)
            merged.taken[key]["hash"] = hashes[key]
        move.connection.execute(update(owners).where(o.id == ids[key]).values(values))
        merged.taken[key]["changed"] = move.now
        report.changed += 1


def _add(move: Move, merged: Merged, ids: dict[str, int], hashes: dict[str, str | None]) -> None:
    rows = [
        {
            "name": each["name"], "name_key": names.owner_key(each["name"]),
            "email": each["email"], "password_hash": hashes[key], "admin": False,
            "created": move.now, "changed": move.now,
        }
        for key, each in merged.added.items()
    ]  # fmt: skip
    if not rows:
        return
    move.connection.execute(insert(owners), rows)
    found = {row.name_key: row.id for row in move.connection.execute(select(o.name_key, o.id))}
    for key, each in merged.added.items():
        ids[key] = found[names.owner_key(each["name"])]
        merged.taken[key] |= {"hash": hashes[key], "changed": move.now}
    entries = [AuditEntry(move.now, "owner.add", OPERATOR, ids[key]) for key in merged.added]
    add_audit(move.connection, entries)
    move.kind(MovedKind.OWNERS).added += len(rows)
