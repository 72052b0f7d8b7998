"""How much one vehicle may have of the history and of subscriptions: the bounds that are settings.

Without them, whoever knows a car's secret fills the disk, everybody's answers wait, and strangers
get mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ovms.protocol.codes import CODES
from ovms.protocol.records.history import CONNECTION_TYPE
from ovms.server.values import ALERT_TYPE

OWN_TYPES: Final = frozenset(
    {
        ALERT_TYPE,
        CONNECTION_TYPE,
        *(code for code in map(chr, range(33, 127)) if CODES[code].is_telemetry),
    }
)
"""The types of what the server itself keeps: alerts, the telemetry log, when a car was connected.
A car's bound of types does not keep them out."""

TYPES_A_VEHICLE: Final = 200
"""Record types of a car; modules have about thirty. Records of a further one are not kept."""

RECORDS_A_VEHICLE: Final = 500_000
"""Records of a vehicle: a year of what one says that is driven much. Then the oldest go."""

BYTES_A_VEHICLE: Final = 100_000_000
"""Bytes of them, as command 31 counts them; the disk needs nearly twice as many."""


@dataclass(frozen=True, slots=True)
class HistoryLimits:
    """What an operator can set of the bounds of a vehicle's history."""

    types: int = TYPES_A_VEHICLE
    records: int = RECORDS_A_VEHICLE
    bytes: int = BYTES_A_VEHICLE


HISTORY_DEFAULTS: Final = HistoryLimits()
"""Those of an operator who sets none."""

SHARED_LIMIT: Final = 200_000
"""Vehicles and owners of the database up to which records of other servers may add more."""

SUBSCRIPTION_LIMIT: Final = 20
"""Subscriptions of a vehicle: a family's phones, some of them replaced by now."""

MAILS_A_VEHICLE: Final = 3
"""Mail addresses of a vehicle that its apps may subscribe. Nobody asks the addressee, so whoever
knows the secret could have the server write to anybody. The operator may add more."""


@dataclass(frozen=True, slots=True)
class SubscriptionLimits:
    """What an operator can set of the bounds of a vehicle's subscriptions."""

    total: int = SUBSCRIPTION_LIMIT
    mails: int | None = MAILS_A_VEHICLE
    """Of one type that no app renews; ``None`` for as many as ``total``."""


VEHICLES_AN_OWNER: Final = 100
"""Vehicles that an owner may make; the operator may make more for them."""


@dataclass(frozen=True, slots=True)
class OwnerQuotas:
    """What an owner may have who has no limits of their own; 0 is no limit."""

    vehicles: int = VEHICLES_AN_OWNER
    bytes: int = 0
    """Of the history of all the owner's vehicles."""
