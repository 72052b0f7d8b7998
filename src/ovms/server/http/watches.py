"""Watches: who looks at a vehicle by HTTP counts as an app in its room, for a while.

``GET /api/vehicle/<id>`` makes or renews a watch, and nothing else does: a poller of other calls
would keep the car reporting each minute for ever, which costs its owner money. Nobody logs out
reliably, so a watch that is not renewed lapses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ovms.protocol import Role
from ovms.server.http.errors import CallFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ovms.protocol import Message
    from ovms.server.accounts.login import Login
    from ovms.server.http.callers import HttpCaller
    from ovms.server.hub.hub import Hub, RoomSession
    from ovms.server.hub.room import Room

WATCH_LIFE: Final = 120.0
"""Seconds for which a watch lasts that is not renewed."""

WATCHES_AN_OWNER: Final = 1000
"""Watches of one owner; then the one that would lapse first gives way. A vehicle has no more apps
than its room takes, these included."""

WatchKey = tuple[int, str, str]
"""Owner, session (without one the address), vehicle: each of these is one watcher."""


class WatchLine:
    """The line of a watch. It takes what the room sends and keeps nothing of it."""

    __slots__ = ("is_closed", "peer")

    is_proven: Final = True
    received: Final = 0
    sent: Final = 0
    unacknowledged: Final = 0

    def __init__(self, address: str) -> None:
        self.peer = f"{address}:http"
        self.is_closed = False
        """The room has shut it: the vehicle changed, or newer apps took its place."""

    def send(self, message: Message) -> bool:
        """Drop a message."""
        return not self.is_closed

    def send_all(self, messages: Sequence[Message]) -> bool:
        """Drop messages."""
        sent = [self.send(each) for each in messages]
        return all(sent)

    async def drained(self) -> None:
        """Return at once."""

    def close(self, error: Exception | None = None) -> None:
        """Have the watch end at the next tick: the room is in the middle of something."""
        self.is_closed = True


@dataclass(slots=True, eq=False)
class Watch:
    """Somebody who watches a vehicle, and until when, in monotonic seconds."""

    login: Login
    session: RoomSession
    line: WatchLine
    until: float

    @property
    def is_first(self) -> bool:
        """Whether no app has been there for longer."""
        apps = (each for each in self.session.room.clients if each.role is Role.APP)
        return next(apps, None) is self.session.member


class Watches:
    """All watches. Each ends with the login by which it was made: they are a holder of logins."""

    def __init__(self, hub: Hub, clock: Callable[[], float]) -> None:
        self._hub = hub
        self._clock = clock
        self._watches: dict[WatchKey, Watch] = {}
        """The one that lapses first comes first."""

    def __len__(self) -> int:
        """Count them."""
        return len(self._watches)

    def logins(self) -> Iterable[Login]:
        """Return the logins by which they were made."""
        return [watch.login for watch in self._watches.values()]

    def update(self, changes: Mapping[Login, Login | None]) -> None:
        """End the watches of logins that no longer hold, or have lost the vehicle."""
        for key, watch in [*self._watches.items()]:
            login = changes.get(watch.login, watch.login)
            if login is None or key[2] not in login.vehicles:
                self._end(key)
            else:
                watch.login = login

    async def renew(self, caller: HttpCaller, vehicle_id: str) -> Watch:
        """Return the caller's watch of a vehicle, which begins now if there is none.

        Raises :class:`CallFailed` (404) if the vehicle is gone, and what the storage raises.
        """
        room = await self._hub.find(vehicle_id)
        if room is None:
            raise CallFailed(404, "Not found")
        key, now = _key(caller, vehicle_id), self._clock()
        watch = self._watches.pop(key, None)
        if watch is not None and watch.line.is_closed:
            self._hub.leave(watch.session)
            watch = None
        if watch is None:
            watch = self._begin(room, caller)
        watch.login = caller.login
        watch.until = now + WATCH_LIFE
        watch.session.member.heard = now
        self._watches[key] = watch
        return watch

    def _begin(self, room: Room, caller: HttpCaller) -> Watch:
        line = WatchLine(caller.address)
        session = self._hub.enter(room, Role.APP, line)
        owned = [key for key in self._watches if key[0] == caller.login.owner_id]
        if len(owned) >= WATCHES_AN_OWNER:
            self._end(owned[0])
        return Watch(caller.login, session, line, 0.0)

    def end(self, caller: HttpCaller, vehicle_id: str) -> None:
        """End the caller's watch of a vehicle, if there is one."""
        self._end(_key(caller, vehicle_id))

    def end_session(self, session: str) -> None:
        """End all watches of a session that is over."""
        self._end_where(lambda key, watch: key[1] == session)

    def tick(self) -> None:
        """End what has lapsed, and what its room has shut. Call it each second."""
        now = self._clock()
        self._end_where(lambda key, watch: watch.line.is_closed or now >= watch.until)

    def close(self) -> None:
        """End all."""
        self._end_where(lambda key, watch: True)

    def _end_where(self, is_over: Callable[[WatchKey, Watch], bool]) -> None:
        for key in [key for key, watch in self._watches.items() if is_over(key, watch)]:
            self._end(key)

    def _end(self, key: WatchKey) -> None:
        watch = self._watches.pop(key, None)
        if watch is not None:
            self._hub.leave(watch.session)


def _key(caller: HttpCaller, vehicle_id: str) -> WatchKey:
    return caller.login.owner_id, caller.session or caller.address, vehicle_id
