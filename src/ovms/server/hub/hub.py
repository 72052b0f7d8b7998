"""All rooms, and the time limits of those who are in them.

A room exists while somebody is connected to its vehicle. It is loaded once, however many connect at
the same moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ovms.base.clock import Clock
from ovms.protocol import Message, Role
from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.alert import Alert, AlertKind
from ovms.server.hub.commands import ANSWER_TIMEOUT
from ovms.server.hub.context import RoomContext
from ovms.server.hub.interfaces import AlertService, Line, Storage
from ovms.server.hub.limits import HubLimits
from ovms.server.hub.loading import RoomLoader
from ovms.server.hub.member import Car, Member
from ovms.server.hub.observers import RoomObserver
from ovms.server.hub.room import Room
from ovms.server.hub.telemetry import LogSettings, TelemetryLog
from ovms.server.rights import VehicleRight
from ovms.server.values import Vehicle, VehicleChange

MINUTE = 60.0

IDLE_LIMITS = {Role.APP: 20 * MINUTE, Role.CAR: 16 * MINUTE, Role.BATCH: 5 * MINUTE}
"""Seconds of silence after which a connection is closed: apps ping every 3 to 5 minutes, cars
report every 10, batch tools come and go."""

CAR_PING_INTERVAL = 15 * MINUTE
"""Seconds after which a car that was sent nothing is pinged: a module that hears nothing for 16
minutes restarts its whole network."""

PROOF_TIMEOUT = 60.0
"""Seconds a car may be connected without a single line that decrypts."""

TRAFFIC_INTERVAL = 60.0
"""Seconds between two counts of the traffic: as much may be missing after a crash."""

TICK_PART = 500
"""Rooms that are looked at in one go, a millisecond: thousands would keep others waiting."""

CAR_REFUSED = "Somebody called as this car with a wrong password"

REFUSED_LIMIT = 100_000
"""Vehicles of which a refused login is remembered; each owner gets one alert."""

REFUSED_AGAIN = 3600.0
"""Seconds until a refused login is told again if the car was back meanwhile: somebody may call each
minute beside the car."""


@dataclass(frozen=True, slots=True)
class HubSettings:
    """What an operator can set of the hub."""

    version: str
    answer_timeout: float = ANSWER_TIMEOUT
    log: LogSettings = field(default_factory=LogSettings)
    limits: HubLimits = field(default_factory=HubLimits)


class Idle(Exception):
    """A connection was silent for too long."""


class Unproven(Exception):
    """A car was welcomed, but nothing it sent could be deciphered: its welcome was a copy."""


class Removed(Exception):
    """The vehicle was removed, or its owner or its secret changed."""

    def __str__(self) -> str:
        """Return the reason."""
        return "the vehicle was removed, or its owner or its secret changed"


@dataclass(slots=True, eq=False)
class RoomSession:
    """Somebody in a room: what handles a connection once it has been welcomed."""

    hub: Hub
    room: Room
    member: Member

    @property
    def is_answering(self) -> bool:
        """An answer to a batch client's command is still due.

        Cars wait for none, and an app that hangs up must not be counted any longer.
        """
        return self.member.role is Role.BATCH and self.member.is_busy

    def change_rights(self, rights: VehicleRight | None) -> None:
        """Go on with other rights; see :meth:`Room.change_rights`."""
        if rights != self.member.rights:
            self.room.change_rights(self.member, rights)

    def receive(self, message: Message) -> None:
        """Handle a message of the connection. Never fails: that would end the session."""
        self.receive_all((message,))

    def receive_all(self, messages: Sequence[Message]) -> bool:
        """Handle messages of the connection, in order. Never fails.

        Return whether much of what came is not done yet: subscriptions to check, records to save.
        """
        room, member = self.room, self.member
        for message in messages:
            try:
                room.receive(member, message)
            except Exception as error:
                place = f"{member.role.name.lower()}'s {message.code}"
                self.hub.guard.failed(place, error, room.vehicle.id)
        return room.is_behind(member)

    def closed(self, error: Exception | None) -> None:
        """Handle the end of the connection; ``error`` says why if it did not end in order."""
        self.hub.leave(self)


class Hub:
    """The rooms of all vehicles that somebody is connected to."""

    def __init__(
        self, storage: Storage, alerts: AlertService, clock: Clock, settings: HubSettings
    ) -> None:
        self.rooms: dict[str, Room] = {}
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._has_waiting = asyncio.Event()
        """Something waits for :meth:`pace`."""
        self._context = RoomContext(
            storage,
            alerts,
            clock,
            settings.version,
            self._spawn,
            settings.answer_timeout,
            settings.limits,
            on_wait=self._has_waiting.set,
        )
        self.guard = self._context.guard
        self.listeners = self._context.listeners
        self.groups = self._context.groups
        self.counts = self._context.counts
        self._logs: dict[str, TelemetryLog] = {}
        self._loader = RoomLoader(self._load)
        self._tasks: set[asyncio.Task[None]] = set()
        self._counted = clock.monotonic()

    @property
    def cars_paced(self) -> int:
        """Return for how many cars something waits until they have read what is under way."""
        return len(self._context.pacers)

    def add_observer(self, observer: RoomObserver) -> None:
        """Tell somebody of what happens in rooms from now on."""
        self._context.observers.add(observer)

    async def find(self, vehicle_id: str) -> Room | None:
        """Return the room of a vehicle (id in upper case); ``None`` if the vehicle is unknown.

        The caller must let somebody in at once or call :meth:`release`. Raises what the storage
        raises.
        """
        room = self.rooms.get(vehicle_id)
        if room is not None:
            return room
        room = await self._loader.find(vehicle_id)
        if room is None:
            return None
        room = self.rooms.get(vehicle_id, room)  # somebody may have opened it meanwhile
        return await self.find(vehicle_id) if room.is_void else room

    async def find_proven(
        self, vehicle_id: str, proves: Callable[[str], bool]
    ) -> tuple[Room | None, bool]:
        """Return the room of a vehicle as :meth:`find` does, and whether its secret is proven.

        ``proves`` checks a secret. Before a caller is refused, its vehicle is read again: the
        secret may have changed a moment ago, and a module that is refused gives up for good.
        """
        room = await self.find(vehicle_id)
        if room is None or proves(room.vehicle.secret):
            return room, room is not None
        if vehicle_id not in self.rooms:
            return room, False
        found = (await self._storage.load_vehicles([vehicle_id])).get(vehicle_id)
        if isinstance(found, Exception):
            raise found
        if found is None or not proves(found[0].secret):
            return room, False
        self.refresh([found[0].change])
        room = await self.find(vehicle_id)
        return room, room is not None and proves(room.vehicle.secret)

    async def _load(self, vehicle_ids: Sequence[str]) -> dict[str, Room | Exception]:
        """Make the rooms of vehicles, of those that exist."""
        found = await self._storage.load_vehicles(vehicle_ids)
        return {
            vehicle_id: each if isinstance(each, Exception) else self._make_room(*each)
            for vehicle_id, each in found.items()
        }

    def _make_room(self, vehicle: Vehicle, stored: Iterable[LatestMessage]) -> Room:
        room = Room(vehicle, self._context, self._telemetry(vehicle))
        room.latest.restore(stored)
        return room

    def _telemetry(self, vehicle: Vehicle) -> TelemetryLog:
        """Return a vehicle's telemetry log: it outlives the room, or it would log too often."""
        telemetry = self._logs.get(vehicle.id)
        if telemetry is None:
            days = vehicle.log_days, vehicle.log_position_days
            telemetry = TelemetryLog(vehicle.id, self._storage, self._settings.log, *days)
            self._logs[vehicle.id] = telemetry
        else:
            telemetry.keep_for(vehicle.log_days, vehicle.log_position_days)
        return telemetry

    def enter(
        self,
        room: Room,
        role: Role,
        line: Line,
        *,
        token: str = "",
        is_repeated: bool = False,
        rights: VehicleRight | None = None,
    ) -> RoomSession:
        """Let somebody into a room whose welcome was right; see :meth:`Room.join`.

        Raises :class:`Removed` if the vehicle went away, or changed its secret, since the look-up.
        """
        room = self._open(room)
        member = room.join(role, line, token=token, is_repeated=is_repeated, rights=rights)
        return RoomSession(self, room, member)

    def enter_upstream(self, room: Room, line: Line, claim: int) -> RoomSession:
        """Let a car at another server into a room; see :attr:`Relays.claim` for ``claim``.

        Raises :class:`Removed` as :meth:`enter`.
        """
        room = self._open(room)
        return RoomSession(self, room, room.relays.join_upstream(line, claim))

    def enter_relay(self, room: Room, line: Line) -> RoomSession:
        """Let another server into a room that is open, for its clients."""
        return RoomSession(self, room, room.relays.join(line))

    def claim_now(self) -> int:
        """Return the claim of a car that logs in now; see :attr:`Relays.claim`."""
        return int(self._clock.time() * 1000)

    def _open(self, room: Room) -> Room:
        """Return the vehicle's open room, which is this one if there is no other."""
        if room.is_void:
            raise Removed
        return self.rooms.setdefault(room.vehicle.id, room)

    def leave(self, session: RoomSession) -> None:
        """Let somebody out of a room. May be called again."""
        session.room.leave(session.member)
        self.release(session.room)

    def release(self, room: Room) -> None:
        """Drop a room that nobody is in."""
        is_used = room.car or room.waiting or room.clients or room.relays.members
        if not is_used and self.rooms.get(room.vehicle.id) is room:
            del self.rooms[room.vehicle.id]

    def tick(self) -> None:
        """Close the silent, ping cars, give up commands, log telemetry. Call it each second."""
        for _ in self.tick_in_parts():
            pass

    def tick_in_parts(self) -> Iterator[None]:
        """Do the same as :meth:`tick`, and yield where others may have their turn."""
        now = self._clock.monotonic()
        is_counting = now - self._counted >= TRAFFIC_INTERVAL
        if is_counting:
            self._counted = now
        for number, room in enumerate([*self.rooms.values()], 1):
            try:  # the failure of one room must not stop the others
                self._tick_room(room, now, is_counting)
            except Exception as error:
                self.guard.failed("tick", error, room.vehicle.id)
            if not number % TICK_PART:
                yield
        yield from self._tick_logs()

    async def keep_pace(self, seconds: float) -> None:
        """Call :meth:`pace` every so many seconds while something waits; never return."""
        while True:
            await self._has_waiting.wait()
            await asyncio.sleep(seconds)
            self.pace()
            if not self._context.pacers and self._context.groups.is_idle:
                self._has_waiting.clear()

    def pace(self) -> None:
        """Send what has waited for its turn, to cars and of groups."""
        for pacer in [*self._context.pacers]:
            try:
                pacer.flush()
            except Exception as error:
                self.guard.failed("pacing", error)
        try:
            self._context.groups.pump()
        except Exception as error:
            self.guard.failed("groups", error)

    def _tick_room(self, room: Room, now: float, is_counting: bool) -> None:
        room.tick(now)
        for member in room.members:
            self._watch(room, member, now)
        if is_counting:
            room.count_traffic()

    def _tick_logs(self) -> Iterator[None]:
        now = self._clock.time()
        for number, (vehicle_id, telemetry) in enumerate([*self._logs.items()], 1):
            try:
                telemetry.tick(now)
            except Exception as error:
                self.guard.failed("telemetry", error, vehicle_id)
            if vehicle_id not in self.rooms and telemetry.is_over(now):
                del self._logs[vehicle_id]
            if not number % TICK_PART:
                yield

    async def close(self) -> None:
        """Log what waits, and end what still runs. Everybody must have left."""
        for vehicle_id, telemetry in self._logs.items():
            try:
                telemetry.flush()
            except Exception as error:
                self.guard.failed("telemetry", error, vehicle_id)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.guard.failed("task", error)

    def _watch(self, room: Room, member: Member, now: float) -> None:
        if not member.is_local:
            return  # its own server closes it, and the link to that server has its own limits
        if now - member.heard >= IDLE_LIMITS[member.role]:
            member.line.close(Idle("silent for too long"))
        elif isinstance(member, Car):
            self._watch_car(room, member, now)

    def _watch_car(self, room: Room, car: Car, now: float) -> None:
        if car is room.car:
            if now - car.pacer.sent_at >= CAR_PING_INTERVAL:
                car.pacer.ping()
            return
        waiting = room.waiting.find(car)
        is_silent = waiting is not None and not waiting.has_spoken
        if is_silent and now - car.joined >= PROOF_TIMEOUT:
            car.line.close(Unproven("nothing it sent could be deciphered"))

    def refresh(self, vehicles: Iterable[VehicleChange]) -> None:
        """Handle changes of vehicles: close who was removed or has another secret or owner.

        The observers are told of another server, the telemetry logs of other times to keep.
        """
        for change in vehicles:
            room = self.rooms.get(change.id)
            if room is not None and _is_void(room.vehicle, change):
                del self.rooms[change.id]
                room.close(Removed())
            elif room is not None and change.server != room.server:
                room.server = change.server
                self._context.observers.server_changed(room)
            if change.id in self._logs:
                self._logs[change.id].keep_for(change.log_days, change.log_position_days)

    def forget_positions(self, now: float, days: int) -> None:
        """Forget last known positions that are older than the vehicle's days, else so many."""
        for room in self.rooms.values():
            room.forget_positions(now, days)

    def forget_data(self, vehicle_id: str) -> None:
        """Forget what a vehicle last said: its data were erased."""
        room = self.rooms.get(vehicle_id)
        if room is not None:
            room.latest.forget(lambda _: True)
        if vehicle_id in self._logs:
            self._logs[vehicle_id].forget()

    def car_refused(self, room: Room) -> None:
        """Alert the owner, once, that somebody called as this car and could not prove it.

        Whoever goes on after the car is back is told of again after an hour.
        """
        refused, told = self._context.refused, self._context.refused_at
        vehicle_id, now = room.vehicle.id, self._context.clock.monotonic()
        if vehicle_id in refused or len(refused) >= REFUSED_LIMIT:
            return
        if vehicle_id in told and now - told[vehicle_id] < REFUSED_AGAIN:
            return
        refused.add(vehicle_id)
        told.pop(vehicle_id, None)
        if len(told) >= REFUSED_LIMIT:
            del told[next(iter(told))]
        told[vehicle_id] = now
        room.raise_alert(Alert(AlertKind.ALERT.value, CAR_REFUSED))


def _is_void(known: Vehicle, change: VehicleChange) -> bool:
    """Return whether nobody who is connected to a vehicle may stay."""
    before = known.owner_id, known.secret, known.tls_only
    return (change.owner_id, change.secret, change.tls_only) != before
