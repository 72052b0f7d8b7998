"""Who gets a vehicle's alerts: the phones and addresses that apps have subscribed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from ovms.server.migrate.merging import Merged, merge
from ovms.server.migrate.report import MovedKind
from ovms.server.migrate.source import NOTIFIES
from ovms.server.migrate.texts import text_of, time_of
from ovms.server.notify.keys import NAME_LIMIT, app_id_problem, key_problem
from ovms.server.storage.encryption import current_key, decrypt
from ovms.server.storage.schema import notifications
from ovms.server.storage.subscriptions import drop_ended, key_place, remove_subscription

if TYPE_CHECKING:
    from ovms.server.migrate.context import Move, MovedVehicle
    from ovms.server.storage.moved import Fields, TakenRows

n = notifications.c


def move_subscriptions(move: Move) -> None:
    """Take subscriptions, of each vehicle at most as many as it may have, the newest ones."""
    report, taken = move.kind(MovedKind.SUBSCRIPTIONS), move.taken(MovedKind.SUBSCRIPTIONS)
    drop_ended(move.connection)  # what does not count any more would be in the way
    there, renewed = _read(move)
    here = _find(move)
    merged = merge(taken, there, here, report)
    for key in merged.removed:
        remove_subscription(move.connection, *_split(key))
        report.removed += 1
    _change(move, merged)
    _add(move, merged, here, renewed)
    move.remember(MovedKind.SUBSCRIPTIONS, merged.taken)


def _key(vehicle_id: str, app_id: str) -> str:
    return f"{vehicle_id}/{app_id}"  # a vehicle's id has no such sign


def _split(key: str) -> tuple[str, str]:
    vehicle_id, _, app_id = key.partition("/")
    return vehicle_id, app_id


def _read(move: Move) -> tuple[TakenRows, dict[str, float]]:
    """Return the subscriptions there, and when each was renewed last."""
    report = move.kind(MovedKind.SUBSCRIPTIONS)
    there: TakenRows = {}
    renewed: dict[str, float] = {}
    for page in move.source.pages(NOTIFIES):
        for row in page:
            vehicle = move.vehicle_of(row.owner, text_of(row.vehicleid))
            if vehicle is None:
                report.leave_many("of a vehicle that is left")
            elif move.owner_ids.get(vehicle.there_owner, vehicle.owner_id) != vehicle.owner_id:
                report.leave_many("of a vehicle that has another owner here")
            elif row.active is not None and not row.active:
                report.leave_many("ended there")
            else:
                app_id = text_of(row.appid)
                fields = _fields(row)
                problem = _problem(move, app_id, fields)
                if problem is not None:
                    report.leave(f"{fields['type']} of {vehicle.id}", problem)
                    continue
                key = _key(vehicle.id, app_id)
                there[key] = fields
                renewed[key] = time_of(row.lastupdated) or move.now
    return there, renewed


def _fields(row: Any) -> Fields:
    return {
        "type": text_of(row.pushtype),
        "key type": text_of(row.pushkeytype),
        "key": text_of(row.pushkeyvalue).strip(),
        "vehicle name": text_of(row.vehicleid),
    }


def _problem(move: Move, app_id: str, fields: Fields) -> str | None:
    """Return why a subscription cannot be taken; ``None`` if it can."""
    channel = move.options.types.get(fields["type"])
    if channel is None:
        return "there is no such channel"
    kind = fields["key type"]
    if len(kind) > NAME_LIMIT or not kind.isprintable():
        return "it has no key type"
    return app_id_problem(app_id) or key_problem(channel, fields["key"])


def _find(move: Move) -> dict[str, Fields]:
    columns = (n.vehicle_id, n.app_id, n.push_type, n.key_type, n.key, n.vehicle_name)
    return {
        _key(row.vehicle_id, row.app_id): {
            "type": row.push_type,
            "key type": row.key_type,
            "key": decrypt(move.connection, key_place(row.vehicle_id, row.app_id), row.key),
            "vehicle name": row.vehicle_name,
        }
        for row in move.connection.execute(select(*columns)).all()
    }


def _change(move: Move, merged: Merged) -> None:
    encryption = current_key(move.connection)
    for key, changes in merged.changed.items():
        vehicle_id, app_id = _split(key)
        values = {_COLUMNS[name]: value for name, value in changes.items()}
        if "key" in values:
            values["key"] = encryption.encrypt(key_place(vehicle_id, app_id), values["key"])
        row = update(notifications).where(n.vehicle_id == vehicle_id, n.app_id == app_id)
        fresh = {"failing": None, "failures": 0}
        move.connection.execute(row.values(changed=move.now, **values, **fresh))
        move.kind(MovedKind.SUBSCRIPTIONS).changed += 1


_COLUMNS = {
    "type": "push_type", "key type": "key_type", "key": "key", "vehicle name": "vehicle_name",
}  # fmt: skip


def _add(move: Move, merged: Merged, here: dict[str, Fields], renewed: dict[str, float]) -> None:
    report, encryption = move.kind(MovedKind.SUBSCRIPTIONS), current_key(move.connection)
    counts = Counter(_split(key)[0] for key in here if key not in {*merged.removed})
    rows = []
    for key in sorted(merged.added, key=lambda each: -renewed[each]):
        vehicle_id, app_id = _split(key)
        if counts[vehicle_id] >= move.options.subscriptions:
            limit = move.options.subscriptions
            report.leave_many(f"of a vehicle that has {limit} newer ones (limit_subscriptions)")
            del merged.taken[key]
            continue
        counts[vehicle_id] += 1
        fields = merged.added[key]
        vehicle: MovedVehicle = move.vehicles[vehicle_id]
        rows.append(
            {
                "vehicle_id": vehicle_id,
                "app_id": app_id,
                "owner_id": vehicle.owner_id,
                "push_type": fields["type"],
                "key_type": fields["key type"],
                "key": encryption.encrypt(key_place(vehicle_id, app_id), fields["key"]),
                "vehicle_name": fields["vehicle name"],
                "created": renewed[key],
                "changed": renewed[key],
            }
        )
    if rows:
        move.connection.execute(insert(notifications), rows)
    report.added += len(rows)
