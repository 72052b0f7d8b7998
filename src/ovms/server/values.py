"""The server's value types, each declared once for all rooms that use it.

Secrets stay out of every ``repr``, and so out of logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.history import ALERT_TYPE, KeptRecord
from ovms.protocol.welcome import ProvisionRecord
from ovms.server.rights import VehicleRight

__all__ = [
    "ALERT_TYPE",
    "AccountState",
    "AlertRow",
    "AuditEntry",
    "DayTraffic",
    "FailedCall",
    "HistoryEntry",
    "HistoryKey",
    "ImportOwner",
    "ImportRow",
    "KeptRecord",
    "LatestMessage",
    "LogDays",
    "OutboxHead",
    "Owner",
    "Passkey",
    "PositionLink",
    "Provision",
    "ProvisionRecord",
    "PushDevice",
    "Share",
    "SharedPosition",
    "Subscription",
    "Token",
    "TokenChange",
    "Traffic",
    "TypeSummary",
    "Vehicle",
    "VehicleChange",
    "VehicleStatus",
    "VehicleType",
    "WaitingAlert",
    "WebSession",
]

VehicleType = Literal["car", "server"]

HistoryKey = tuple[int, int, int]
"""The position of a record in the history of its type: time, number, id."""

Traffic = tuple[int, int, int, int]
"""Bytes: car received, car sent, apps received, apps sent, each from the car's or apps' side."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who has vehicles. Times in Unix seconds.

    Without a ``password_hash`` nobody logs in by password.
    """

    id: int
    name: str
    email: str
    password_hash: str | None = field(repr=False)
    admin: bool
    created: float
    changed: float


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle, or another server that calls as one. Times in Unix seconds.

    ``owner`` is the owner's name. ``paranoid_token`` is that of the car's last ``ET``, ``""``
    while it is not in paranoid mode. ``log_days`` and ``log_position_days`` are how many days its
    telemetry and its positions are kept: 0 for not at all, ``None`` for the server's default.
    ``server`` is the id of the server that serves it, ``*`` for any. With ``tls_only`` nobody logs
    in to it over a connection without TLS. ``makes_journeys`` says whether journeys are made of
    its telemetry.
    """

    id: str
    owner_id: int
    owner: str
    name: str
    secret: str = field(repr=False)
    type: VehicleType
    paranoid_token: str = field(repr=False)
    created: float
    changed: float
    log_days: int | None = None
    log_position_days: int | None = None
    server: str = "*"
    tls_only: bool = False
    makes_journeys: bool = True

    @property
    def change(self) -> VehicleChange:
        """The vehicle as a change, as if it had just been made."""
        return VehicleChange(
            self.id, self.owner_id, self.secret, False, self.log_days, self.log_position_days,
            self.server, self.tls_only,
        )  # fmt: skip


class LogDays(TypedDict, total=False):
    """What to change of how long a vehicle's telemetry is kept; as in :class:`Vehicle`."""

    log_days: int | None
    log_position_days: int | None


@dataclass(frozen=True, slots=True)
class VehicleStatus:
    """A vehicle and who is connected to it; ``heard`` is when the car was last heard.

    ``plain`` is when somebody last logged in by its secret over a connection without TLS.
    """

    vehicle: Vehicle
    online: bool
    apps: int
    batch: int
    heard: float | None
    plain: float | None = None


@dataclass(frozen=True, slots=True)
class VehicleChange:
    """What a running server has to know of a vehicle that was changed.

    A removed one has no owner and an empty secret. The days are those of :class:`Vehicle`.
    """

    id: str
    owner_id: int | None
    secret: str = field(repr=False)
    deleted: bool
    log_days: int | None = None
    log_position_days: int | None = None
    server: str = "*"
    tls_only: bool = False


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A vehicle to import, valid; ``line`` is where it stands in the file, from 1.

    The rest is as in :class:`Vehicle`. What the file says of owners is in :class:`ImportOwner`.
    """

    line: int
    owner: str
    id: str
    secret: str = field(repr=False)
    name: str = ""
    type: VehicleType = "car"
    server: str = "*"
    tls_only: bool = False
    log_days: int | None = None
    log_position_days: int | None = None
    makes_journeys: bool = True


@dataclass(frozen=True, slots=True)
class ImportOwner:
    """An owner to make if there is none of the name, valid."""

    name: str
    email: str = ""
    password_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A record of the history; ``time`` is when it was made, whole Unix seconds."""

    time: int
    number: int
    id: int
    data: bytes = field(repr=False)

    @property
    def key(self) -> HistoryKey:
        """Its position among the records of its type."""
        return self.time, self.number, self.id


@dataclass(frozen=True, slots=True)
class TypeSummary:
    """What a vehicle's history holds of one type.

    ``distinct`` record numbers in ``total`` records of ``bytes`` (a record counts the lengths of
    type, data and vehicle id plus 20), made from ``first`` to ``last``, whole Unix seconds.
    """

    type: str
    distinct: int
    total: int
    bytes: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class DayTraffic:
    """A vehicle's bytes of one day, ``YYYY-MM-DD`` in UTC; the sums of :data:`Traffic`."""

    day: str
    car_received: int
    car_sent: int
    apps_received: int
    apps_sent: int


@dataclass(frozen=True, slots=True)
class Token:
    """An API token: it logs in in its owner's place. Times in Unix seconds.

    ``owner`` is the owner's name; ``permit`` lists its rights, with commas between. It logs in
    until it ``expires``, if that is given.
    """

    id: int
    owner_id: int
    owner: str
    token: str = field(repr=False)
    application: str
    purpose: str
    permit: str
    created: float
    refreshed: float
    last_used: float | None
    expires: float | None = None

    def is_live(self, now: float) -> bool:
        """Return whether it logs in at a time."""
        return self.expires is None or now < self.expires


class TokenChange(TypedDict, total=False):
    """What to change of a token; as in :class:`Token`."""

    application: str
    purpose: str
    permit: str
    expires: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """A vehicle that is shared with an owner who is not its own. Times in Unix seconds.

    ``owner_id`` and ``owner`` are with whom; it ends at ``expires``, if that is given.
    """

    vehicle_id: str
    owner_id: int
    owner: str
    rights: VehicleRight
    expires: float | None
    created: float
    changed: float


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that was done: a log-in, a command, a change. Time in Unix seconds.

    It never holds a secret, PIN or token, nor a position or what a message says.
    """

    time: float
    action: str
    """Words with points between: ``login.failed``."""
    actor: str = ""
    """The name of whoever did it; empty if that is not known."""
    owner_id: int | None = None
    """Whose account it was done to; of a vehicle's, by default, its owner's."""
    vehicle_id: str | None = None
    detail: str = ""
    address: str = ""
    """Where it came from, without a port; empty of the command line."""
    id: int = 0
    """Its number in the database; later ones are greater."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """What an owner may log in with instead of a password. Times in Unix seconds."""

    id: int
    owner_id: int
    credential: bytes
    public_key: bytes
    sign_count: int
    """The counter of its authenticator at its last use; 0 of those that have none."""
    name: str
    created: float
    last_used: float | None


@dataclass(frozen=True, slots=True)
class FailedCall:
    """Why a vehicle's car last failed to connect. Times in Unix seconds."""

    vehicle_id: str
    time: float
    address: str
    """Where it came from, without a port."""
    reason: str
    """A word, as in :mod:`ovms.server.failed_calls`."""
    count: int
    """How often it failed since the car was last connected."""
    first: float
    """When it failed first."""


@dataclass(frozen=True, slots=True)
class Provision:
    """What a new car that asks by ``key``, usually its VIN, is told. Times in Unix seconds.

    ``owner`` is the name of the owner it was made for, ``None`` without one or after the removal;
    ``vehicle_id`` is the vehicle that the car becomes by it, ``None`` if nobody said.
    """

    key: str
    record: ProvisionRecord = field(repr=False)
    owner: str | None
    vehicle_id: str | None
    created: float
    changed: float
    last_used: float | None


@dataclass(frozen=True, slots=True)
class AccountState:
    """What an owner may log in by at the moment, and the owner's cars.

    ``permits`` are the rights of the tokens by their ids, ``vehicles`` the ids of the cars, sorted,
    and ``tls_only`` those of them that take logins over TLS only. ``shared`` has those among them
    that are somebody else's, with what the owner may do.
    """

    owner_id: int
    name: str
    password_hash: str | None = field(repr=False)
    permits: dict[int, str]
    vehicles: tuple[str, ...]
    tls_only: frozenset[str] = frozenset()
    shared: Mapping[str, VehicleRight] = field(default_factory=dict)
    admin: bool = False
    has_totp: bool = False
    """Whoever logs in by password must say a one-time code, too."""
    passkeys: frozenset[int] = frozenset()
    """The ids of the owner's passkeys."""


@dataclass(frozen=True, slots=True)
class WebSession:
    """A log-in in a browser, which goes on until it ends. Times in Unix seconds.

    ``fingerprint`` is that of the password's hash when it began, empty for an owner without one.
    ``passkey_id`` is the passkey by which it began, ``None`` for the password. ``address`` and
    ``agent`` are where the browser was, and what it calls itself. ``used`` is its last call, to the
    minute, and ``proved`` when the owner last proved who calls.
    """

    id: int
    owner_id: int
    fingerprint: bytes = field(repr=False)
    passkey_id: int | None
    address: str
    agent: str
    created: float
    used: float
    proved: float


@dataclass(frozen=True, slots=True)
class Subscription:
    """A vehicle's alerts, wanted by an app, at one place. Times in Unix seconds.

    ``push_type`` is the channel, ``key`` the address in the channel's terms, ``vehicle_name`` the
    vehicle's id in the app's own spelling. ``failing`` is since when all deliveries fail, or
    ``None``; ``failures`` is how many failed since then.
    """

    vehicle_id: str
    app_id: str
    push_type: str
    key_type: str
    key: str = field(repr=False)
    vehicle_name: str
    created: float
    changed: float
    failing: float | None
    failures: int


@dataclass(frozen=True, slots=True)
class PushDevice:
    """A browser or phone that an owner wants alerts pushed to. Times in Unix seconds.

    ``key`` is what its push service needs, ``name`` what people call it.
    """

    id: int
    owner_id: int
    key: str = field(repr=False)
    name: str
    created: float
    changed: float


@dataclass(frozen=True, slots=True)
class WaitingAlert:
    """An alert that waits for one subscription. Times in Unix seconds."""

    id: int
    kind: str
    text: str = field(repr=False)
    created: float
    due: float
    attempts: int


@dataclass(frozen=True, slots=True)
class OutboxHead:
    """A subscription that something waits for, and when its first alert is due."""

    vehicle_id: str
    app_id: str
    push_type: str
    due: float


AlertRow = tuple[str, str, str, float, float]
"""Vehicle id, kind, text, created, due."""


@dataclass(frozen=True, slots=True)
class PositionLink:
    """A link to a vehicle's live position. ``owner`` is the name of who made it."""

    id: int
    vehicle_id: str
    owner_id: int
    owner: str
    label: str
    created: float
    expires: float
    last_used: float | None


@dataclass(frozen=True, slots=True)
class SharedPosition:
    """What a link leads to: a vehicle's name, and whether it takes calls over TLS only."""

    link: PositionLink
    name: str
    tls_only: bool
