"""Somebody in a room."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from ovms.hub.interfaces import Line
from ovms.protocol import Message, Role


@dataclass(slots=True, eq=False)
class Member:
    """Somebody in a room. Times are monotonic seconds."""

    role: Role
    """``SERVER`` for another server, which is the car or a client here as :attr:`is_car` says."""
    line: Line
    joined: float
    heard: float
    """When something that decrypted last came."""
    sent: float
    """When something was last sent."""
    is_proven: bool = False
    """Has sent a line that decrypts, so its welcome was no copy of an older one."""
    pings: int = 0
    """Pings sent to it that are not answered."""
    turns: deque[Message] = field(default_factory=deque)
    """Commands that wait until the one before is answered: answers come in order of asking."""
    is_busy: bool = False
    """A command of this client is being answered."""
    stream: asyncio.Task[None] | None = None
    """The answer that the server is giving it."""
    counted: tuple[int, int] = (0, 0)
    """Bytes received and sent on its line that are in the day's traffic already."""
    is_car: bool = False
    """It is the car itself, claims to be, or is the server at which the car is."""
    watching: int = 0
    """Apps that watch at another server."""
    age: int = 0
    """Seconds since the next message of a car at another server came there."""

    @property
    def is_local(self) -> bool:
        """It is connected to this server."""
        return self.role is not Role.SERVER
