"""Groups: cars that show their positions to the clients of other cars, across rooms.

Names are compared without case, and are sent in upper case, as servers of the field do.

Whoever knows one secret can move a car at full speed before many watchers. So a position goes out
at most once an :data:`INTERVAL` for each car and group, always the newest, and all groups together
send at most so many messages a second; what is too much waits in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ovms.base.logs import get_logger
from ovms.protocol import Message
from ovms.server.hub.limits import GROUP_MESSAGES, GROUPS_A_CLIENT
from ovms.server.hub.member import Member

GROUPS_A_CAR = 8
"""Groups one car may be in; modules have one or two."""

CARS_A_GROUP = 1000
"""Cars of a group: as many as our app remembers. Further ones are not shown."""

WATCHERS_A_GROUP = 1000
"""Clients that watch a group; further ones are not told of it."""

WATCHERS_A_VEHICLE = 8
"""Clients of one vehicle that watch the same group: a family's. Then the first gives way."""

LONGEST_NAME = 64
"""Bytes of a group's name."""

LONGEST_POSITION = 512
"""Bytes of a position, the group's name included; a module's has under 100."""

INTERVAL = 10
"""Turns, ten a second, in which a car's position in a group is sent at most once."""

Send = Callable[[Member, Message], None]

log = get_logger("ovms.server.hub")


@dataclass(slots=True)
class Group:
    """Where its cars are, and who watches, in the order in which they came."""

    positions: dict[str, Message] = field(default_factory=dict)
    watchers: dict[Member, Send] = field(default_factory=dict)
    is_full: bool = False
    """Somebody found no place, and that has been logged."""

    @property
    def is_empty(self) -> bool:
        """Nobody is in it, and nobody watches."""
        return not self.positions and not self.watchers


Work = tuple[bytes, "str | Member"]
"""A group, and its car whose position goes to all, or its client who is sent all positions."""


class Groups:
    """Where the cars of each group are, and who watches.

    Call :meth:`pump` ten times a second from the call of ``on_wait`` until :attr:`is_idle`.
    """

    def __init__(
        self,
        groups_a_client: int = GROUPS_A_CLIENT,
        messages_a_second: int = GROUP_MESSAGES,
        on_wait: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_wait = on_wait
        self._limit = groups_a_client
        self._share = max(1, messages_a_second // 10)
        self._groups: dict[bytes, Group] = {}
        self._cars: dict[str, set[bytes]] = {}
        self._clients: dict[Member, set[bytes]] = {}
        self._vehicles: dict[Member, str] = {}
        self._due: dict[Work, None] = {}
        """What is to be sent, in turn."""
        self._sent: set[Work] = set()
        """Positions that were sent in this interval."""
        self._later: dict[Work, None] = {}
        """Those of them that have changed since: they wait for the next."""
        self._left = self._share
        """Messages that may be sent until the next turn; what was too much is taken off it."""
        self._turn = 0

    def move(self, vehicle_id: str, data: bytes) -> None:
        """Handle a car's ``g``, which begins with the group's name: send it to all who watch."""
        name, comma, rest = data.partition(b",")
        name = name.upper()
        if not _is_name(name) or len(data) > LONGEST_POSITION:
            return
        if not self._may_enter(vehicle_id, name):
            return
        group = self._groups.setdefault(name, Group())
        group.positions[vehicle_id] = Message("g", vehicle_id.encode() + b"," + name + comma + rest)
        self._cars.setdefault(vehicle_id, set()).add(name)
        work = (name, vehicle_id)
        if work in self._sent:
            self._later[work] = None
        elif group.watchers:
            self._due[work] = None
            self._on_wait()
            self._send_due()

    def watch(self, watcher: Member, vehicle_id: str, name: bytes, send: Send) -> None:
        """Let a client of a vehicle watch a group.

        It gets the current positions now, and then each change.
        """
        name = name.split(b",", 1)[0].upper()
        watched = self._clients.get(watcher, set())
        if not _is_name(name) or (name not in watched and len(watched) >= self._limit):
            return
        if name not in watched and not self._let_watch(watcher, vehicle_id, name, send):
            return
        self._due[name, watcher] = None
        self._on_wait()
        self._send_due()

    def names_of(self, vehicle_id: str) -> set[bytes]:
        """Return the names of the groups that a car is in."""
        return set(self._cars.get(vehicle_id, ()))

    def positions_in(self, name: bytes) -> dict[str, bytes]:
        """Return the position of each car of a group by its id, as clients get it."""
        group = self._groups.get(name)
        return {} if group is None else {key: each.data for key, each in group.positions.items()}

    def car_gone(self, vehicle_id: str) -> None:
        """Forget the positions of a car that is gone."""
        for name in self._cars.pop(vehicle_id, ()):
            self._groups[name].positions.pop(vehicle_id)
            self._drop(name)
            self._later.pop((name, vehicle_id), None)
            self._due.pop((name, vehicle_id), None)

    def client_gone(self, watcher: Member) -> None:
        """Forget what a client watched."""
        for name in [*self._clients.get(watcher, ())]:
            self._stop(watcher, name)

    @property
    def is_idle(self) -> bool:
        """Nothing waits, and all that may be sent in an interval may be sent again."""
        return not (self._due or self._later or self._sent) and self._left == self._share

    def pump(self) -> None:
        """Send what has waited for its turn."""
        self._left = min(self._left, 0) + self._share
        self._turn += 1
        if self._turn % INTERVAL == 0:
            self._due.update(self._later)
            self._later.clear()
            self._sent.clear()
        self._send_due()

    def _may_enter(self, vehicle_id: str, name: bytes) -> bool:
        """Return whether a car may be in a group, because it is or because there is room."""
        inside = self._cars.get(vehicle_id, ())
        if name in inside:
            return True
        group = self._groups.get(name)
        return len(inside) < GROUPS_A_CAR and (group is None or len(group.positions) < CARS_A_GROUP)

    def _let_watch(self, watcher: Member, vehicle_id: str, name: bytes, send: Send) -> bool:
        group = self._groups.setdefault(name, Group())
        mine = [each for each in group.watchers if self._vehicles[each] == vehicle_id]
        if len(mine) >= WATCHERS_A_VEHICLE:
            self._stop(mine[0], name)
        elif len(group.watchers) >= WATCHERS_A_GROUP:
            if not group.is_full:
                group.is_full = True
                log.warning("group not shown: too many watch it", vehicle=vehicle_id)
            return False
        group = self._groups.setdefault(name, group)
        group.watchers[watcher] = send
        self._clients.setdefault(watcher, set()).add(name)
        self._vehicles[watcher] = vehicle_id
        return True

    def _stop(self, watcher: Member, name: bytes) -> None:
        """Let a client no longer watch a group."""
        self._due.pop((name, watcher), None)
        del self._groups[name].watchers[watcher]
        self._drop(name)
        watched = self._clients[watcher]
        watched.discard(name)
        if not watched:
            del self._clients[watcher], self._vehicles[watcher]

    def _drop(self, name: bytes) -> None:
        if self._groups[name].is_empty:
            del self._groups[name]

    def _send_due(self) -> None:
        while self._due and self._left > 0:
            work = next(iter(self._due))
            del self._due[work]
            name, who = work
            group = self._groups[name]
            if isinstance(who, Member):
                self._left -= self._send_all(group, who)
            else:
                self._sent.add(work)
                self._left -= self._send_one(group, who)

    def _send_all(self, group: Group, watcher: Member) -> int:
        send = group.watchers[watcher]
        for message in group.positions.values():
            send(watcher, message)
        return len(group.positions)

    def _send_one(self, group: Group, vehicle_id: str) -> int:
        message = group.positions[vehicle_id]
        for watcher, send in [*group.watchers.items()]:
            send(watcher, message)
        return len(group.watchers)


def _is_name(name: bytes) -> bool:
    return 0 < len(name) <= LONGEST_NAME
