"""Callers that claim to be the car, and have not proven it yet.

Whoever knows an old conversation can repeat its welcome. So a caller is the car only once it has
proven itself (:attr:`ovms.protocol.Session.is_proven`). Until then it waits here. It is sent a ping
and nothing else, what it says is held, and it takes nobody's place.

Repeated welcomes must keep the car out no more than they let somebody in. So a caller whose token
was seen before never displaces one whose token is fresh. The tokens of a PIC module repeat, too:
among repeated ones chance decides. A token that more than two of them have gives way first. The
first caller of several with one token never does: it may be the car, and whoever repeats its token
has just overheard it.
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


class Crowded(Exception):
    """Too many wait to prove that they are the car."""

    def __str__(self) -> str:
        """Return the reason."""
        return "too many wait to prove that they are this car"


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
        self._waiting: tuple[WaitingCar, ...] = ()
        """The oldest first."""

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

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
        self._waiting += (newcomer,)
        if len(self._waiting) <= WAITING_CARS_LIMIT:
            return None
        repeated = [waiting for waiting in self._waiting if waiting.is_repeated]
        loser = self._one_of(repeated) if repeated else self._waiting[0]
        self.remove(loser.car)
        return loser.car

    def remove(self, car: Car) -> bool:
        """Let a caller wait no more; return whether it did."""
        count = len(self._waiting)
        self._waiting = tuple(each for each in self._waiting if each.car is not car)
        return len(self._waiting) < count

    def _one_of(self, repeated: list[WaitingCar]) -> WaitingCar:
        """Return which of several callers with repeated tokens gives way."""
        by_token: dict[str, list[WaitingCar]] = {}
        for waiting in repeated:
            by_token.setdefault(waiting.token, []).append(waiting)
        most = max(by_token.values(), key=len)
        if len(most) > 2:
            return self._random.choice(most[1:])
        firsts = [same[0] for same in by_token.values() if len(same) > 1]
        return self._random.choice([waiting for waiting in repeated if waiting not in firsts])
