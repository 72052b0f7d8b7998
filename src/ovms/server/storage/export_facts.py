"""What an export says of an account, a vehicle and a place, as JSON.

Each query takes a connection inside a transaction. Secrets and digests are not in what they return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ovms.base.clock import iso_time
from ovms.protocol.positions import holds_position
from ovms.protocol.records import legible
from ovms.server.journeys.tariffs import tariff_as_json
from ovms.server.rights import format_rights
from ovms.server.storage.failed_calls import find_failed_call
from ovms.server.storage.journey_rules import list_rules
from ovms.server.storage.owners import get_owner
from ovms.server.storage.passkeys import list_passkeys
from ovms.server.storage.position_links import list_links
from ovms.server.storage.provisions import find_vehicle_provision
from ovms.server.storage.push_devices import list_devices
from ovms.server.storage.shares import list_shares
from ovms.server.storage.subscriptions import list_subscriptions
from ovms.server.storage.tokens import list_tokens
from ovms.server.storage.vehicles import list_vehicles, load_vehicle
from ovms.server.storage.web_sessions import list_sessions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from ovms.server.storage.places import PlaceDetails
    from ovms.server.values import FailedCall, Share, Vehicle

Facts = dict[str, Any]


def account_facts(connection: Connection, name: str, now: float) -> Facts:
    """Return the account, what is shared, and by what somebody gets in or is told of alerts."""
    owner = get_owner(connection, name)
    own = [each.vehicle for each in list_vehicles(connection, now, owner)]
    of_vehicles = [access_facts(connection, each, now) for each in own]
    received = list_shares(connection, now, owner=owner)
    return {
        "id": owner.id,
        "name": owner.name,
        "email": owner.email,
        "is_admin": owner.admin,
        "created": iso(owner.created),
        "vehicles": [each.id for each in own],
        "shares": [*_all(of_vehicles, "shares"), *_shares(received)],
        "tokens": [
            {"id": each.id, "application": each.application, "purpose": each.purpose,
             "rights": each.permit, "created": iso(each.created),
             "last_used": iso(each.last_used), "expires": iso(each.expires)}
            for each in list_tokens(connection, owner)
        ],
        "sessions": [
            {"id": each.id, "address": each.address, "agent": each.agent,
             "created": iso(each.created), "last_used": iso(each.used)}
            for each in list_sessions(connection, owner.id, now)
        ],
        "push_devices": [
            {"id": each.id, "name": each.name, "created": iso(each.created),
             "renewed": iso(each.changed)}
            for each in list_devices(connection, owner.id)
        ],
        "passkeys": [
            {"id": each.id, "name": each.name, "created": iso(each.created),
             "last_used": iso(each.last_used)}
            for each in list_passkeys(connection, owner.id)
        ],
        "links": _all(of_vehicles, "links"),
        "subscriptions": _all(of_vehicles, "subscriptions"),
    }  # fmt: skip


def access_facts(connection: Connection, vehicle: Vehicle, now: float) -> Facts:
    """Return with whom a vehicle is shared, its links, and who is told of its alerts."""
    return {
        "shares": _shares(list_shares(connection, now, vehicle)),
        "links": [
            {"vehicle": each.vehicle_id, "label": each.label, "by": each.owner,
             "created": iso(each.created), "expires": iso(each.expires),
             "last_used": iso(each.last_used)}
            for each in list_links(connection, vehicle.id, now)
        ],
        "subscriptions": [
            {"vehicle": each.vehicle_id, "app": each.app_id, "channel": each.push_type,
             "address": each.key if each.push_type == "mail" else None,
             "created": iso(each.created)}
            for each in list_subscriptions(connection, vehicle.id)
        ],
    }  # fmt: skip


def vehicle_facts(connection: Connection, vehicle: Vehicle, *, is_located: bool) -> Facts:
    """Return a vehicle, the latest of each message, and how its car calls.

    Messages that may say where it is only if ``is_located``.
    """
    loaded = load_vehicle(connection, vehicle.id)
    rules = list_rules(connection, vehicle.id)
    provision = find_vehicle_provision(connection, vehicle.id)
    failure = find_failed_call(connection, vehicle.id)
    return {
        "id": vehicle.id,
        "name": vehicle.name,
        "owner": vehicle.owner,
        "type": vehicle.type,
        "created": iso(vehicle.created),
        "tls_only": vehicle.tls_only,
        "log_days": vehicle.log_days,
        "log_position_days": vehicle.log_position_days,
        "makes_journeys": vehicle.makes_journeys,
        "provisioned_by": None if provision is None else provision.key,
        "last_failure": None if failure is None else _failure(failure),
        "latest": [
            {"code": each.code, "time": iso(each.time), "data": text_of(each.data),
             "is_sealed": bool(each.token)}
            for each in (loaded[1] if loaded else ())
            if is_located or not holds_position(each.code)
        ],
        "journey_rules": {name.value: msgspec.to_builtins(rules[name]) for name in rules},
    }  # fmt: skip


def place_facts(details: PlaceDetails) -> Facts:
    """Return a place and its tariffs."""
    place = details.place
    return {
        "id": place.id,
        "name": place.name,
        "latitude": place.position.latitude,
        "longitude": place.position.longitude,
        "radius": place.radius,
        "is_home": place.is_home,
        "zone": place.zone,
        "currency": place.currency,
        "created": iso(details.created),
        "changed": iso(details.changed),
        "tariffs": [
            {"valid_from": None if since is None else since.isoformat(), **tariff_as_json(tariff)}
            for since, tariff in details.tariffs
        ],
    }


def iso(time: float | None) -> str | None:
    """Return a time in ISO 8601; ``None`` for none."""
    return None if time is None else iso_time(time)


def text_of(data: bytes) -> str:
    """Return a record's data as text: bytes that are not UTF-8 are read as Latin-1."""
    return legible(data.decode("utf-8", "surrogateescape"))


def _all(of_vehicles: Iterable[Facts], name: str) -> list[Facts]:
    return [each for facts in of_vehicles for each in facts[name]]


def _shares(shares: Iterable[Share]) -> list[Facts]:
    return [
        {"vehicle": each.vehicle_id, "with": each.owner, "rights": format_rights(each.rights),
         "created": iso(each.created), "expires": iso(each.expires)}
        for each in shares
    ]  # fmt: skip


def _failure(call: FailedCall) -> Facts:
    return {
        "time": iso(call.time), "address": call.address, "reason": call.reason,
        "count": call.count, "first": iso(call.first),
    }  # fmt: skip
