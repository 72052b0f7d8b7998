"""Somebody in a room."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from ovms.protocol import Message, Role
from ovms.server.hub.interfaces import Line
from ovms.server.hub.pacing import Pacer


@dataclass(slots=True, eq=False)
class Member:
    """Somebody in a room. Times are monotonic seconds."""

    role: Role
    """``SERVER`` for another server: as a :class:`Car` for its car, else for its clients."""
    line: Line
    joined: float
    heard: float
    """When something that decrypted last came."""
    turns: deque[Message] = field(default_factory=deque)
    """Commands that wait until the one before is answered: answers come in order of asking."""
    is_busy: bool = False
    """A command of this client is being answered."""
    stream: asyncio.Task[None] | None = None
    """The answer that the server is giving it."""
    counted: tuple[int, int] = (0, 0)
    """Bytes received and sent on its line that are in the day's traffic already."""
    watching: int = 0
    """Apps that watch at another server."""

    @property
    def is_local(self) -> bool:
        """It is connected to this server."""
        return self.role is not Role.SERVER


@dataclass(slots=True, eq=False, kw_only=True)
class Car(Member):
    """The car itself, or who claims to be."""

    pacer: Pacer
    """The way to it: nothing goes to its line but through here."""
    is_proven: bool = False
    """Has sent a line that decrypts, so its welcome was no copy of an older one."""
    age: int = 0
    """Seconds since the next message of a car at another server came there."""

    def take_age(self) -> int:
        """Return the age of the message that has just come, in seconds, and reset it."""
        age, self.age = self.age, 0
        return age
