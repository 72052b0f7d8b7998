"""Callers that claim to be the car, and have not proven it yet.

Whoever knows an old conversation can repeat its welcome. So a caller is the car only once it has
proven itself (:attr:`ovms.protocol.Session.is_proven`). Until then it waits here. It is sent a ping
and nothing else, what it says is held, and it takes nobody's place.

Repeated welcomes must keep the car out no more than they let somebody in. So a token waits once,
and a caller whose token was seen before never displaces one whose token is fresh. Among repeated
ones chance decides, because the tokens of a PIC module repeat, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from ovms.protocol import Message
from ovms.server.hub.member import Car

WAITING_CARS_LIMIT = 32
"""Callers that may wait to prove that they are the same car. A car that calls again leaves one or
two dead connections behind; the rest is room for it beside repeated welcomes."""

HELD_LIMIT = 4096
"""Bytes that are held of a caller without proof: its first line at most, because the next one
begins beyond the server's ping. A longer one that proves nothing is no module's, and is dropped."""


@dataclass(slots=True, eq=False)
class WaitingCar:
    """A caller that has proven nothing yet."""

    car: Car
    token: str
    """The client token of its welcome."""
    is_repeated: bool
    """The vehicle has seen the token before: the welcome may be a copy."""
    held: list[Message] = field(default_factory=list)
    """What it has said."""
    has_spoken: bool = False
    """It has said something that deciphers, if only an echo of the server's ping."""

    def hold(self, message: Message) -> None:
        """Keep a message until the proof comes."""
        self.has_spoken = True
        held = sum(len(each.data) for each in self.held)
        if held + len(message.data) <= HELD_LIMIT:
            self.held.append(message)


class WaitingCars:
    """The callers that wait to prove that they are one vehicle's car."""

    __slots__ = ("_random", "_waiting")

    def __init__(self, random: Random) -> None:
        self._random = random
        self._waiting: list[WaitingCar] = []
        """The oldest first."""

    @property
    def cars(self) -> list[Car]:
        """All that wait, the oldest first."""
        return [waiting.car for waiting in self._waiting]

    def find(self, car: Car) -> WaitingCar | None:
        """Return what is known of a caller that waits; ``None`` if it does not."""
        return next((waiting for waiting in self._waiting if waiting.car is car), None)

    def add(self, car: Car, token: str, is_repeated: bool) -> Car | None:
        """Let a caller wait; return the one that must be closed for it, which may be itself."""
        newcomer = WaitingCar(car, token, is_repeated)
        loser = self._loser(newcomer)
        if loser is not newcomer:
            self._waiting.append(newcomer)
        if loser is None:
            return None
        self.remove(loser.car)
        return loser.car

    def remove(self, car: Car) -> bool:
        """Let a caller wait no more; return whether it did."""
        waiting = self.find(car)
        if waiting is not None:
            self._waiting.remove(waiting)
        return waiting is not None

    def _loser(self, newcomer: WaitingCar) -> WaitingCar | None:
        """Return who gives way to a newcomer, or is it; ``None`` if there is room for all."""
        if newcomer.token in [waiting.token for waiting in self._waiting]:
            return newcomer  # the first may be the car, and whoever repeats it overheard it
        if len(self._waiting) < WAITING_CARS_LIMIT:
            return None
        repeated = [waiting for waiting in self._waiting if waiting.is_repeated]
        if repeated:
            return self._random.choice(repeated)
        return newcomer if newcomer.is_repeated else self._waiting[0]
