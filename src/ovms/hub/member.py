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

    @property
    def is_car(self) -> bool:
        """It is the car itself, or claims to be."""
        return self.role is Role.CAR
