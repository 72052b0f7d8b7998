"""Owners hear of what their vehicles did: alerts by the rules that they set.

Each minute what is known of the vehicles is looked at, as it is stored: their latest messages, the
journeys that go on or were over lately, the places. So the way of a message costs nothing, and a
restart forgets nothing. What is told is stored before it is told: after a crash nobody hears of it
twice.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ovms.base.failures import FailureLog
from ovms.base.logs import get_logger
from ovms.protocol.modules import ModuleKind, module_kind
from ovms.protocol.records import CarFirmware
from ovms.server.journeys.reading import read_samples
from ovms.server.journeys.rules import RuleName
from ovms.server.journeys.samples import JourneyRecord
from ovms.server.journeys.values import JourneyKind, Parked
from ovms.server.journeys.watch import LATE, LiveState, WatchFacts, WatchResult, live_state, watch
from ovms.server.storage.database import Lane
from ovms.server.storage.errors import StoreError
from ovms.server.storage.journey_context import journey_context
from ovms.server.storage.journey_rules import (
    WatchedVehicle,
    has_charged,
    last_journeys,
    note_states,
    recent_journeys,
    watched_vehicles,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.base.clock import Clock
    from ovms.server.hub.hub import Hub
    from ovms.server.storage.store import Store

ALL_EVERY: Final = 3600.0
"""Seconds between two looks at all vehicles, for what is told without a rule that was set."""

ALL_FIRST: Final = 60.0
"""Seconds from a start to the first of these looks: before that all cars call again."""

CHUNK: Final = 200
"""Vehicles that are looked at in one read: some ten milliseconds."""

PARKED_BEFORE: Final = 20
"""Times parked from which it is known what a vehicle usually loses."""

KINDS: Final = {
    RuleName.CHARGE_STOPPED: JourneyKind.CHARGE,
    RuleName.ARRIVAL_SOC: JourneyKind.TRIP,
    RuleName.PARKED_LOSS: JourneyKind.PARKED,
}
"""The journeys that a rule needs."""

log = get_logger("ovms.server")

News = tuple[WatchedVehicle, WatchResult]


class JourneyWatch:
    """Tells owners of what their vehicles did. Belongs to one event loop."""

    def __init__(self, store: Store, hub: Hub, clock: Clock) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self._failures = FailureLog(log, "a vehicle's journeys were not watched")
        self._all_at = self._clock.monotonic() + ALL_FIRST
        """When all vehicles are looked at again."""

    async def check(self) -> None:
        """Look at the vehicles and tell what is to be told. Call it each minute.

        Raises :class:`~ovms.server.storage.errors.StoreError`.
        """
        now = self._clock.monotonic()
        of_all = now >= self._all_at
        after: str | None = ""
        while after is not None:
            look = partial(self._look, after=after, now=int(self._clock.time()), of_all=of_all)
            news, after = await self._store.database.read(look, Lane.HISTORY)
            for vehicle, result in news:
                await self._tell(vehicle, result)
        if of_all:
            self._all_at = now + ALL_EVERY

    def _look(
        self, connection: Connection, after: str, now: int, *, of_all: bool
    ) -> tuple[list[News], str | None]:
        """Return what there is of some vehicles behind an id, and the last of them.

        What fails with one vehicle keeps no other one from being looked at.
        """
        vehicles, last = watched_vehicles(connection, after, CHUNK, of_all=of_all)
        found = []
        for vehicle in vehicles:
            with self._failures.catch("watch"):
                result = watch(vehicle.rules, _facts(connection, vehicle, now))
                if result.alerts or result.states:
                    found.append((vehicle, result))
        return found, last

    async def _tell(self, vehicle: WatchedVehicle, result: WatchResult) -> None:
        if result.states:
            note = partial(
                note_states, vehicle_id=vehicle.id, rules=vehicle.rules, states=result.states
            )
            await self._store.database.write(note)
        if not result.alerts:
            return
        try:
            room = await self._hub.find(vehicle.id)
        except StoreError as error:
            log.warning("an owner was not told of journeys", reason=str(error))
            return
        if room is None:
            return
        for alert in result.alerts:
            room.raise_alert(alert)
        self._hub.release(room)


def _facts(connection: Connection, vehicle: WatchedVehicle, now: int) -> WatchFacts:
    rules = {name for name, _, _ in vehicle.rules}
    kinds = [kind for name, kind in KINDS.items() if name in rules]
    parked = partial(last_journeys, connection, vehicle.id, JourneyKind.PARKED, PARKED_BEFORE)
    has_places = not rules.isdisjoint({RuleName.PLACES, RuleName.CHARGE_MISSED})
    context = journey_context(connection, vehicle.id)
    return WatchFacts(
        now=now,
        zone=context.zone,
        live=_live(vehicle),
        places=context.places if has_places else (),
        journeys=recent_journeys(connection, vehicle.id, kinds, now - LATE) if kinds else (),
        charged=partial(has_charged, connection, vehicle.id),
        parked_before=lambda: [each for each in parked() if isinstance(each, Parked)],
    )


def _live(vehicle: WatchedVehicle) -> LiveState:
    firmware = vehicle.messages.get("F")
    records = sorted(
        JourneyRecord(int(each.time), each.code, 0, each.data)
        for each in vehicle.messages.values()
        if each.code != "F"
    )
    is_pic = module_kind(None if firmware is None else firmware.data) is ModuleKind.PIC
    samples = read_samples(records, is_pic=is_pic)
    if firmware is None:
        return live_state(samples)
    said = CarFirmware.parse(firmware.data).known()
    return live_state(samples, service_range=said.service_range, service_time=said.service_time)
