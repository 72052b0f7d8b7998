"""What the store keeps, as values. Secrets stay out of every ``repr``, and so out of logs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ovms.protocol.messages import LatestMessage

__all__ = [
    "ImportRow",
    "LatestMessage",
    "Owner",
    "Vehicle",
    "VehicleChange",
    "VehicleStatus",
    "VehicleType",
]

VehicleType = Literal["car", "server"]


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
    while it is not in paranoid mode.
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


@dataclass(frozen=True, slots=True)
class VehicleStatus:
    """A vehicle and who is connected to it; ``heard`` is when the car was last heard."""

    vehicle: Vehicle
    online: bool
    apps: int
    batch: int
    heard: float | None


@dataclass(frozen=True, slots=True)
class VehicleChange:
    """What a running server must know of a vehicle that was changed.

    A removed one has no owner and an empty secret.
    """

    id: str
    owner_id: int | None
    secret: str = field(repr=False)
    deleted: bool


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A vehicle to import, valid; ``line`` is where it stands in the file, from 1."""

    line: int
    owner: str
    id: str
    secret: str = field(repr=False)
    name: str = ""
