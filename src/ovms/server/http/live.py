"""Streams of live state: who follows vehicles by server-sent events, and what is due to each.

A vehicle that somebody follows has a :class:`Feed`. What the car says within :data:`GAP` becomes
one event, made once for all who have the same right. A stream queues nothing: it knows what it has
seen of each vehicle, and when its caller can read it is sent what has changed since. Whoever is
more than one event behind gets the whole state anew. Only alerts wait, a few of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ovms.protocol import Role
from ovms.protocol.positions import says_position
from ovms.server.accounts.tokens import vehicle_rights
from ovms.server.failed_calls import FailureReason
from ovms.server.http.v1.decoded import LOCATION_GROUPS, STALE_AGE, VehicleState, iso
from ovms.server.http.watches import WatchLine
from ovms.server.hub.hub import Removed
from ovms.server.hub.latest import LatestMessages
from ovms.server.rights import VehicleRight
from ovms.server.storage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ovms.base.clock import Clock
    from ovms.protocol.records.alert import Alert
    from ovms.server.accounts.login import Login
    from ovms.server.hub.hub import Hub, RoomSession
    from ovms.server.storage.store import Store
    from ovms.server.values import FailedCall

GAP: Final = 0.2
"""Seconds within which what a car says becomes one event: it says all at once."""

PING_INTERVAL: Final = 15.0
"""Seconds between two pings of a stream: proxies close what is silent for a minute or half."""

STREAM_LIFE: Final = 3600.0
"""Seconds after which a stream ends, and its caller comes again."""

RETRY: Final = 3000
"""Milliseconds after which a browser comes again."""

STREAMS_AN_OWNER: Final = 50
"""Streams of one owner: a browser has six connections to a server."""

STREAMS_A_LINK: Final = 50
"""Streams of one link to a live position."""

STREAMS_LIMIT: Final = 2000
"""Streams of all callers, some 50 kB each with their connections."""

VEHICLES_A_STREAM: Final = 500
"""Vehicles that one stream follows."""

ALERTS_WAITING: Final = 20
"""Alerts that wait for a slow reader; then the oldest are left out. The history has them."""

FEEDS_A_WRITE: Final = 16
"""Vehicles that are told of before a stream's caller must have read some: 5 kB each."""

WOKEN_A_TURN: Final = 50
"""Streams that are woken before others have their turn: each takes some 40 µs."""


GROWTH: Final = "grew"
"""The word for journeys that only go on."""


class Level(Enum):
    """How much of a vehicle a stream shows."""

    VIEW = auto()
    """Everything but where it is."""
    LOCATION = auto()
    """Everything."""
    LINK = auto()
    """Only where it is."""


class EndReason(Enum):
    """Why a stream ends."""

    LOGIN = "login_ended"
    RIGHT = "right_ended"
    LINK = "link_ended"
    """The link has expired or was removed, or who made it may no longer."""
    WATCH = "watch_ended"
    LIFE = "too_old"
    STOPPING = "server_stops"
    TROUBLE = "try_again"
    """The database is away."""
    GONE = "caller_gone"
    """Nobody hears of it."""


class TooManyStreams(Exception):
    """A caller, or all of them, have as many streams as they may."""


class NoSuchVehicle(Exception):
    """The vehicle is gone."""


class LiveClosed(Exception):
    """The server stops."""


def event(name: str, content: object, number: int | None = None) -> bytes:
    """Return an event as it is sent."""
    line = b"" if number is None else b"id: %d\n" % number
    return b"event: %s\n%sdata: %s\n\n" % (name.encode(), line, msgspec.json.encode(content))


def position_json(state: VehicleState, now: float) -> dict[str, Any]:
    """Return what a link to a live position shows."""
    place = state.groups["location"]
    facts = {} if place is None else place.as_json(now, is_online=state.is_online)
    names = ("time", "age", "is_stale", "latitude", "longitude", "direction", "speed")
    return {name: facts.get(name) for name in names}


class Feed:
    """What the streams that follow one vehicle are told."""

    def __init__(self, live: LiveStreams, vehicle_id: str, latest: LatestMessages) -> None:
        self.vehicle_id = vehicle_id
        self.version = 0
        self.streams: dict[EventStream, None] = {}
        self._live = live
        self._latest = latest
        self._apps = 0
        self._changed: frozenset[str] = frozenset()
        """Groups that changed with this version."""
        self._stale: frozenset[str] = frozenset()
        self._stale_at = 0.0
        """When the next group becomes stale."""
        self._made: dict[tuple[Level, bool], bytes | None] = {}
        """Events of this version: for whom, and whether of everything."""
        self._made_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._unwoken: deque[EventStream] = deque()
        self.state = self._read()

    def _read(self) -> VehicleState:
        room = self._live.hub.rooms.get(self.vehicle_id)
        if room is not None:
            self._latest = room.latest
        self._apps = room.apps if room is not None else 0
        is_online = room is not None and room.car is not None
        state = VehicleState.of(self.vehicle_id, self._latest, is_online=is_online)
        now = self._live.clock.time()
        self._stale = frozenset(
            name
            for name, each in state.groups.items()
            if each is not None and each.is_stale(now, is_online=is_online)
        )
        ends = (each.time + STALE_AGE for each in state.groups.values() if each is not None)
        self._stale_at = min((end for end in ends if end >= now), default=float("inf"))
        return state

    # -- a listener of the room -------------------------------------------------------------

    def state_changed(self) -> None:
        """Look at the vehicle in a moment."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GAP, self.renew)

    def alert_raised(self, alert: Alert) -> None:
        """Tell everybody of an alert; its text is `null` for who may not see where the car is."""
        content = {"vehicle_id": self.vehicle_id, "time": iso(self._live.clock.time()),
                   **alert.as_json()}  # fmt: skip
        made = event("alert", content)
        hidden = event("alert", content | {"text": None}) if says_position(alert.text) else made
        for stream in self.streams:
            stream.add_alert(self, made, hidden)

    def call_failed(self, call: FailedCall) -> None:
        """Tell the vehicle's owner that somebody called as the car, and was refused."""
        message = FailureReason(call.reason).sentence
        content = {"vehicle_id": self.vehicle_id, "time": iso(call.time), "address": call.address,
                   "reason": call.reason, "message": message}  # fmt: skip
        made = event("connection", content)
        for stream in self.streams:
            stream.tell_failure(self, made)

    def journeys_changed(self, change: str) -> None:
        """Tell everybody that the vehicle's journeys have changed."""
        made = event("journeys", {"vehicle_id": self.vehicle_id, "change": change})
        for stream in self.streams:
            stream.tell_journeys(self, made, is_growth=change == GROWTH)

    def tick(self, now: float) -> None:
        """Look whether a group has become stale."""
        if now > self._stale_at:
            self.renew()

    def renew(self) -> None:
        """Look at the vehicle, and tell everybody if it has changed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        old, old_stale, old_presence = self.state, self._stale, self.presence
        self.state = state = self._read()
        changed = frozenset(n for n in state.groups if state.groups[n] != old.groups[n])
        changed |= self._stale ^ old_stale
        is_other = (state.is_paranoid, state.unit) != (old.is_paranoid, old.unit)
        if changed or is_other:
            self.version += 1
            self._changed = changed
            self._made.clear()
        if changed or is_other or self.presence != old_presence:
            self._wake()

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        is_under_way = bool(self._unwoken)
        self._unwoken = deque(self.streams)
        if not is_under_way:
            self._wake_some()

    def _wake_some(self) -> None:
        for _ in range(min(WOKEN_A_TURN, len(self._unwoken))):
            self._unwoken.popleft().wake(self)
        if self._unwoken:
            asyncio.get_running_loop().call_soon(self._wake_some)

    # -- events -----------------------------------------------------------------------------

    @property
    def presence(self) -> tuple[bool, int]:
        """Whether the car is there, and how many apps watch."""
        return self.state.is_online, self._apps

    def presence_event(self) -> bytes:
        """Return the event that tells who is there."""
        is_online, apps = self.presence
        content = {"vehicle_id": self.vehicle_id, "is_online": is_online, "apps": apps}
        return event("presence", content)

    def state_event(self, level: Level, seen: int | None) -> bytes:
        """Return what is new for a stream that has ``seen`` a version; ``None`` is nothing."""
        if seen == self.version:
            return b""
        is_full = seen != self.version - 1
        now = self._live.clock.time()
        if is_full and now - self._made_at >= 1:
            self._made.pop((level, True), None)  # its ages are those of then
        if (level, is_full) not in self._made:
            self._made[level, is_full] = self._make(level, now, is_full=is_full)
            self._made_at = now
        return self._made[level, is_full] or b""

    def _make(self, level: Level, now: float, *, is_full: bool) -> bytes | None:
        changed: Collection[str] = self.state.groups if is_full else self._changed
        if level is Level.LINK:
            if not is_full and "location" not in changed:
                return None
            return event("position", position_json(self.state, now), self._live.next_number())
        sees_location = level is Level.LOCATION
        if not is_full and not sees_location and changed:
            changed = [name for name in changed if name not in LOCATION_GROUPS]
            if not changed:
                return None
        content = self.state.as_json(now, sees_location=sees_location, only=changed)
        return event("state", {"is_full": is_full, **content}, self._live.next_number())


class SeenFeed:
    """What a stream has been told of a vehicle."""

    __slots__ = ("level", "presence", "version")

    def __init__(self, level: Level) -> None:
        self.level = level
        self.version: int | None = None
        self.presence: tuple[bool, int] | None = None


class EventStream:
    """One caller's stream."""

    def __init__(
        self, key: object, now: float, login: Login | None, *, is_secure: bool, is_single: bool
    ) -> None:
        self.key = key
        """Whose it is: streams of one key are counted together."""
        self.login = login
        self.is_secure = is_secure
        self.is_single = is_single
        """It follows one vehicle, and ends with the right to it."""
        self.began = now
        self.feeds: dict[Feed, SeenFeed] = {}
        self.watch: tuple[RoomSession, WatchLine] | None = None
        self.ended: EndReason | None = None
        self.pinged = now
        self.woken = asyncio.Event()
        self._due: dict[Feed, None] = {}
        self._alerts: deque[bytes] = deque(maxlen=ALERTS_WAITING)
        self._failures: dict[Feed, bytes] = {}
        self._journeys: dict[Feed, bytes] = {}
        self._others: list[bytes] = []
        """Events that come once for each vehicle at most, or once in all."""

    def level(self, vehicle_id: str) -> Level | None:
        """Return how much of a vehicle is shown; ``None`` for nothing."""
        if self.login is None:
            return Level.LINK
        rights = self.login.rights_on(vehicle_id) & vehicle_rights(self.login.permit)
        if VehicleRight.VIEW not in rights or (
            vehicle_id in self.login.tls_only and not self.is_secure
        ):
            return None
        return Level.LOCATION if VehicleRight.LOCATION in rights else Level.VIEW

    def follow(self, feed: Feed, level: Level) -> None:
        """Begin to follow a vehicle, or do so with another right."""
        self.feeds[feed] = SeenFeed(level)
        feed.streams[self] = None
        self.wake(feed)

    def drop(self, feed: Feed) -> None:
        """Follow a vehicle no more, and say so."""
        del self.feeds[feed]
        self._due.pop(feed, None)
        self._failures.pop(feed, None)
        self._journeys.pop(feed, None)
        self._others.append(event("removed", {"vehicle_id": feed.vehicle_id}))
        self.woken.set()

    def forget(self) -> None:
        """Follow nothing, and tell nothing of what was followed."""
        self.feeds.clear()
        self._due.clear()
        self._failures.clear()
        self._journeys.clear()
        self._alerts.clear()

    def wake(self, feed: Feed) -> None:
        """Tell of a vehicle what is new."""
        if feed in self.feeds:
            self._due[feed] = None
            self.woken.set()

    def add_alert(self, feed: Feed, made: bytes, hidden: bytes) -> None:
        """Tell of an alert, ``hidden`` without what may say where the car is."""
        level = self.feeds[feed].level
        if level is not Level.LINK:
            self._alerts.append(made if level is Level.LOCATION else hidden)
            self.woken.set()

    def tell_failure(self, feed: Feed, made: bytes) -> None:
        """Tell an owner of a call that failed; of several that wait, of the last one."""
        if self.login is not None and self.login.owns(feed.vehicle_id):
            self._failures[feed] = made
            self.woken.set()

    def tell_journeys(self, feed: Feed, made: bytes, *, is_growth: bool) -> None:
        """Tell of journeys; of several changes that wait, of the last one that is no growth."""
        if self.feeds[feed].level is not Level.LINK:
            if not is_growth or feed not in self._journeys:
                self._journeys[feed] = made
            self.woken.set()

    def ping(self, now: float, time: float) -> None:
        """Show that the server is there."""
        if now - self.pinged >= PING_INTERVAL and not self._others:
            self.pinged = now
            self._others.append(event("ping", {"time": iso(time)}))
            self.woken.set()

    def end(self, reason: EndReason) -> None:
        """End it. The first reason counts."""
        if self.ended is None:
            self.ended = reason
            self.woken.set()

    def take(self) -> bytes:
        """Return what is due now; the caller is woken for more."""
        self.woken.clear()
        parts: list[bytes] = []
        for feed in [*self._due][:FEEDS_A_WRITE]:
            del self._due[feed]
            seen = self.feeds[feed]
            parts.append(feed.state_event(seen.level, seen.version))
            if seen.level is not Level.LINK and seen.presence != feed.presence:
                if seen.presence is not None:
                    parts.append(feed.presence_event())
                seen.presence = feed.presence
            seen.version = feed.version
        if self._due:
            self.woken.set()
        told = (self._failures, self._journeys)
        parts += [made for each in told for made in each.values()]
        parts += [*self._alerts, *self._others]
        self._failures.clear()
        self._journeys.clear()
        self._alerts.clear()
        self._others.clear()
        if self.ended is not None:
            parts.append(event("end", {"reason": self.ended.value}))
        return b"".join(parts)


class LiveStreams:
    """All streams. Each ends with the login by which it was opened: they are a holder of logins."""

    def __init__(self, hub: Hub, store: Store, clock: Clock) -> None:
        self.hub = hub
        self.clock = clock
        self._store = store
        self._streams: dict[EventStream, None] = {}
        self._counts: dict[object, int] = {}
        self._feeds: dict[str, Feed] = {}
        self._number = 0
        self._is_closed = False
        self._adding: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Return how many streams there are."""
        return len(self._streams)

    def next_number(self) -> int:
        """Return the id of a new event."""
        self._number += 1
        return self._number

    def open(
        self,
        key: object,
        login: Login | None = None,
        *,
        limit: int = STREAMS_AN_OWNER,
        is_secure: bool = True,
        is_single: bool = True,
    ) -> EventStream:
        """Open a stream that follows nothing yet; it must be left.

        Raises :class:`TooManyStreams` or :class:`LiveClosed`.
        """
        if self._is_closed:
            raise LiveClosed
        if len(self._streams) >= STREAMS_LIMIT or self._counts.get(key, 0) >= limit:
            raise TooManyStreams
        now = self.clock.monotonic()
        stream = EventStream(key, now, login, is_secure=is_secure, is_single=is_single)
        self._streams[stream] = None
        self._counts[key] = self._counts.get(key, 0) + 1
        return stream

    async def follow(self, stream: EventStream, vehicle_id: str) -> None:
        """Have a stream follow a vehicle, if it may. Does nothing for one that it follows.

        Raises :class:`NoSuchVehicle`, and what the storage raises.
        """
        feed = self._feeds.get(vehicle_id)
        if feed is None:
            found = await self._store.load_vehicle(vehicle_id)
            if found is None:
                raise NoSuchVehicle
            latest = LatestMessages(found[0].paranoid_token)
            latest.restore(found[1])
            feed = self._feeds.get(vehicle_id)
            if feed is None:
                feed = self._feeds[vehicle_id] = Feed(self, vehicle_id, latest)
                self.hub.listeners.add(vehicle_id, feed)
        level = stream.level(vehicle_id)  # as of now: it may have changed meanwhile
        if level is None and stream.is_single:
            stream.end(EndReason.RIGHT)
        if stream in self._streams and level is not None and feed not in stream.feeds:
            stream.follow(feed, level)
        self._release(feed)

    async def watch(self, stream: EventStream, vehicle_id: str, address: str) -> None:
        """Have a stream count as an app in a vehicle's room for as long as it lives.

        Raises :class:`NoSuchVehicle`, and what the storage raises.
        """
        room = await self.hub.find(vehicle_id)
        if room is None:
            raise NoSuchVehicle
        line = WatchLine(address)
        try:
            session = self.hub.enter(room, Role.APP, line)
        except Removed:
            raise NoSuchVehicle from None
        if stream in self._streams:
            stream.watch = session, line
        else:
            self.hub.leave(session)

    def leave(self, stream: EventStream) -> None:
        """Have a stream end, however far it has come. May be called again."""
        stream.end(EndReason.GONE)
        if stream not in self._streams:
            return
        del self._streams[stream]
        self._counts[stream.key] -= 1
        if not self._counts[stream.key]:
            del self._counts[stream.key]
        self._unfollow(stream)
        if stream.watch is not None:
            self.hub.leave(stream.watch[0])

    def _unfollow(self, stream: EventStream) -> None:
        for feed in stream.feeds:
            del feed.streams[stream]
            self._release(feed)
        stream.forget()

    def _release(self, feed: Feed) -> None:
        if not feed.streams and self._feeds.get(feed.vehicle_id) is feed:
            del self._feeds[feed.vehicle_id]
            self.hub.listeners.remove(feed.vehicle_id)
            feed.close()

    def call_failed(self, call: FailedCall) -> None:
        """Tell who follows a vehicle of its own that a call as its car failed."""
        feed = self._feeds.get(call.vehicle_id)
        if feed is not None:
            feed.call_failed(call)

    def journeys_changed(self, vehicle_id: str, change: str) -> None:
        """Tell who follows a vehicle that its journeys have changed, and how in a word."""
        feed = self._feeds.get(vehicle_id)
        if feed is not None:
            feed.journeys_changed(change)

    def tick(self) -> None:
        """Ping, and end what is over. Call it each second."""
        now, time = self.clock.monotonic(), self.clock.time()
        for feed in [*self._feeds.values()]:
            feed.tick(time)
        for stream in self._streams:
            if now - stream.began >= STREAM_LIFE:
                stream.end(EndReason.LIFE)
            if stream.watch is not None:
                session, line = stream.watch
                session.member.heard = now
                if line.is_closed:
                    stream.end(EndReason.WATCH)
            stream.ping(now, time)
            if stream.login is None:
                stream.woken.set()  # a link may have ended, and nothing of its vehicle be due

    def hide(self, stream: EventStream, reason: EndReason = EndReason.LINK) -> None:
        """End a stream whose caller may see nothing more; what is due is not told."""
        self._unfollow(stream)
        stream.end(reason)

    def end_link(self, key: object) -> None:
        """End the streams of a link that was removed."""
        for stream in self._streams:
            if stream.key == key:
                self.hide(stream)

    def close(self) -> None:
        """End all in order: each says so to its caller. No other can be opened."""
        self._is_closed = True
        for stream in self._streams:
            stream.end(EndReason.STOPPING)

    # -- a holder of logins -----------------------------------------------------------------

    def logins(self) -> Iterable[Login]:
        """Return the logins by which streams were opened."""
        return [stream.login for stream in self._streams if stream.login is not None]

    def update(self, changes: Mapping[Login, Login | None]) -> None:
        """End the streams of logins that no longer hold; show others what they may see now."""
        for stream in [*self._streams]:
            if stream.login is None or stream.login not in changes:
                continue
            login = changes[stream.login]
            if login is None:
                self.hide(stream, EndReason.LOGIN)
            else:
                stream.login = login
                self._follow_rights(stream, login)

    def _follow_rights(self, stream: EventStream, login: Login) -> None:
        for feed, seen in [*stream.feeds.items()]:
            level = stream.level(feed.vehicle_id)
            if level is None and stream.is_single:
                self.hide(stream, EndReason.RIGHT)
            elif level is None:
                stream.drop(feed)
                del feed.streams[stream]
                self._release(feed)
            elif level is not seen.level:
                stream.follow(feed, level)
        if not stream.is_single:
            known = {feed.vehicle_id for feed in stream.feeds}
            new = [each for each in login.vehicles if each not in known and stream.level(each)]
            room = VEHICLES_A_STREAM - len(known)
            if new[:room]:
                task = asyncio.create_task(self._add(stream, new[:room]), name="more vehicles")
                self._adding.add(task)
                task.add_done_callback(self._adding.discard)

    async def _add(self, stream: EventStream, vehicle_ids: Iterable[str]) -> None:
        """Have a stream follow vehicles that were not its caller's before."""
        try:
            for vehicle_id in vehicle_ids:
                await self.follow(stream, vehicle_id)
        except NoSuchVehicle:
            pass  # removed already; the logins will say so
        except StoreError:
            stream.end(EndReason.TROUBLE)
