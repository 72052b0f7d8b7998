"""Somebody in a room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ovms.protocol import Message, Role
from ovms.protocol.commands import Command
from ovms.server.hub.commands import CommandQueue, Outcome
from ovms.server.hub.interfaces import Line
from ovms.server.hub.pacing import Pacer
from ovms.server.rights import VehicleRight

NOTHING: Outcome[Any] = Outcome(None, None, ())


SERVER: Final = Role.SERVER
"""By this name each message asks for it: through the class of an Enum it takes 80 ns longer."""


class Turn(msgspec.Struct, frozen=True, gc=False):
    """A command of a client, or the ping of another server, that is dealt with in its turn."""

    message: Message
    command: Command | None
    """What it says; ``None`` of a ping and of what is sealed."""


@dataclass(slots=True, eq=False)
class Member:
    """Somebody in a room. Times are monotonic seconds.

    What few members ever have is in tuples: while they are empty they take no memory.
    """

    role: Role
    """``SERVER`` for another server: as a :class:`Car` for its car, else for its clients."""
    line: Line
    joined: float
    heard: float
    """When something last came that counts: of a car nothing does before its proof."""
    turns: tuple[Turn, ...] = ()
    """Commands that wait until the one before is answered: answers come in order of asking."""
    is_busy: bool = False
    """A command of this client is being answered."""
    stream: asyncio.Task[None] | None = None
    """The answer that the server is giving it."""
    subscriptions: tuple[bytes, ...] = ()
    """What this client wants to be alerted by, the first of which is being checked."""
    counted: tuple[int, int] = (0, 0)
    """Bytes received and sent on its line that are in the day's traffic already."""
    watching: int = 0
    """Apps that watch at another server."""
    rights: VehicleRight | None = None
    """What whoever this is may do, with whom the vehicle is shared; ``None`` for all others."""
    on_idle: Callable[[], None] | None = None
    """Called when the last of this client's commands is over."""

    @property
    def is_local(self) -> bool:
        """It is connected to this server."""
        return self.role is not SERVER


@dataclass(slots=True, eq=False, kw_only=True)
class Car(Member):
    """The car itself, or a caller that waits to prove that it is."""

    pacer: Pacer
    """Sends it everything: nothing else writes to its line."""
    queue: CommandQueue[Member] | None = None
    """The commands for it, while it is the vehicle's car; ``None`` until it is asked something."""
    age: int = 0
    """Seconds since the next message of a car at another server came there."""

    def take_age(self) -> int:
        """Return the age of the message that has just come, in seconds, and reset it."""
        age, self.age = self.age, 0
        return age

    def ping_answered(self, now: float) -> Outcome[Member]:
        """Note that it has answered a ping; see :meth:`CommandQueue.ping_answered`."""
        if self.queue is not None:
            return self.queue.ping_answered(now)
        self.pacer.ping_answered()
        return NOTHING

    def end(self) -> Outcome[Member]:
        """Send it nothing more, and refuse what it was asked: its connection is over."""
        self.pacer.close()
        return NOTHING if self.queue is None else self.queue.refuse_all()
