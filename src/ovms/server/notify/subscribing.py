"""``p``: which of the requested subscriptions an app may have.

An app has proven that it knows the secret of its session's vehicle. For another vehicle of the same
owner it sends the secret. If a secret contains commas, a message can be read in two ways.
:func:`~ovms.protocol.records.alert.parse_subscriptions` returns both, and the wrong one proves
nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ovms.protocol.records.alert import AlertSubscription, parse_subscriptions
from ovms.protocol.spelling import vehicle_key
from ovms.server.notify.keys import NAME_LIMIT, app_id_problem, key_problem
from ovms.server.notify.registry import ChannelTypes
from ovms.server.values import Vehicle

TRIPLE_LIMIT: Final = 20
"""Vehicles in one message; each is looked up."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A requested subscription; it has no ``secret`` if it is for the session's vehicle."""

    app_id: str
    push_type: str
    key_type: str
    vehicle_id: str
    vehicle_name: str
    secret: str | None = field(repr=False)
    key: str = field(repr=False)
    ends: bool


class SubscriptionRefused(Exception):
    """A ``p`` that is refused; ``str()`` says why, without its contents."""


def read(own: str, data: bytes, types: ChannelTypes) -> list[Wish]:
    """Parse a ``p`` from a session of the vehicle ``own``. Raises :class:`SubscriptionRefused`."""
    every = parse_subscriptions(data)[: TRIPLE_LIMIT + 1]
    asked = [each for each in every if each.vehicle_id.isprintable()]  # no other can be looked up
    if not asked:
        raise SubscriptionRefused("malformed")
    first = asked[0]
    channel = types.get(first.push_type)
    if channel is None or not channel.is_for_apps:
        raise SubscriptionRefused("the push type is not one for apps")
    problem = app_id_problem(first.app_id) or _unprintable(first.key_type)
    if problem:
        raise SubscriptionRefused(problem)
    return [_wish(own, subscription) for subscription in asked]


def granted(
    own: str, wishes: Iterable[Wish], vehicles: Mapping[str, Vehicle], types: ChannelTypes
) -> Iterator[tuple[Wish, int]]:
    """Yield the wishes that are proven and valid, each with the vehicle's owner."""
    mine = vehicles.get(own)
    for wish in wishes:
        vehicle = vehicles.get(wish.vehicle_id)
        if mine is None or vehicle is None or vehicle.owner_id != mine.owner_id:
            continue
        is_proven = wish.secret is None or _equal(wish.secret, vehicle.secret)
        if is_proven and (wish.ends or key_problem(types[wish.push_type], wish.key) is None):
            yield wish, vehicle.owner_id


def _wish(own: str, asked: AlertSubscription) -> Wish:
    is_own = asked.is_simple and not asked.vehicle_id
    name = own if is_own else asked.vehicle_id[: NAME_LIMIT + 1]
    secret = None if is_own else asked.secret
    kind = (asked.app_id, asked.push_type, asked.key_type)
    return Wish(*kind, vehicle_key(name), name, secret, asked.key.strip(), asked.ends)


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())


def _unprintable(key_type: str) -> str | None:
    is_fine = len(key_type) <= NAME_LIMIT and key_type.isprintable()
    return None if is_fine else "no key type"
