"""What the steps of an import share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ovms.server.migrate.report import MovedKind
from ovms.server.notify.registry import ChannelTypes
from ovms.server.storage.limits import SUBSCRIPTION_LIMIT, HistoryLimits
from ovms.server.storage.moved import forget_months, load_moved, save_moved

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.migrate.report import KindReport, MoveReport
    from ovms.server.migrate.source import SourceDatabase
    from ovms.server.storage.moved import TakenRows

DEFAULTS: Final = HistoryLimits()

OnProgress = Callable[[MovedKind, int, int], object]
"""Hears what is taken, how much of it is done, and how much there is."""


def be_quiet(what: MovedKind, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class MoveOptions:
    """How to move in."""

    is_dry: bool = False
    """Do everything, and undo it."""
    adopts_owners: bool = False
    """An owner of the same name here is the same person."""
    owner: str | None = None
    """The name of the owner here who has the vehicles of those who are not there any more."""
    source: str | None = None
    """What the source is remembered by, instead of its own name."""
    types: ChannelTypes = field(default_factory=dict)
    """The channels of alerts."""
    subscriptions: int = SUBSCRIPTION_LIMIT
    """Subscriptions that a vehicle may have."""
    limits: HistoryLimits = DEFAULTS
    """What the server keeps of a vehicle's history."""


@dataclass(frozen=True, slots=True)
class MovedVehicle:
    """A vehicle that was taken and is here: its id, its owner here, and how it is named there."""

    id: str
    owner_id: int
    there_owner: int
    there_id: str


@dataclass(slots=True)
class Move:
    """An import that is under way, inside a transaction."""

    connection: Connection
    source: SourceDatabase
    report: MoveReport
    now: float
    """Unix seconds."""
    options: MoveOptions
    progress: OnProgress = be_quiet
    owner_ids: dict[int, int] = field(default_factory=dict)
    """Our ids of owners who were taken and are here, by their numbers there."""
    blocked: set[int] = field(default_factory=set)
    """The numbers of those who may not log in there."""
    living_owners: set[int] = field(default_factory=set)
    """The numbers of all owners there who are not deleted."""
    vehicles: dict[str, MovedVehicle] = field(default_factory=dict)
    """The vehicles that were taken and are here, by id."""

    def taken(self, kind: MovedKind) -> TakenRows:
        """Return what was taken of a kind."""
        return load_moved(self.connection, self.report.source, kind)

    def remember(self, kind: MovedKind, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Remember what was taken of a kind."""
        save_moved(self.connection, self.report.source, kind, rows)

    def forget(self, vehicle_ids: Collection[str]) -> None:
        """Forget what was taken of the messages, traffic and history of vehicles that went."""
        if not vehicle_ids:
            return
        forget_months(self.connection, self.report.source, vehicle_ids)
        for kind in (MovedKind.MESSAGES, MovedKind.TRAFFIC):
            rows = self.taken(kind)
            self.remember(kind, {id_: rows[id_] for id_ in rows.keys() - {*vehicle_ids}})

    def kind(self, kind: MovedKind) -> KindReport:
        """Return what is told of a kind."""
        return self.report[kind]

    def vehicle_of(self, owner: object, vehicle_id: str) -> MovedVehicle | None:
        """Return the vehicle here that a row there is about, by its columns.

        ``None`` for one that was left. Without an owner in the row it is found by its id.
        """
        found = self.vehicles.get(vehicle_id.upper())
        is_it = found is not None and (owner is None or owner == found.there_owner)
        return found if is_it else None
