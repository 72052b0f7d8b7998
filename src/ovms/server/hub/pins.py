"""How many wrong PINs a vehicle takes: then none for a while, which grows.

A car asks a PIN for commands 20 to 23 and answers a wrong one with 1. Other failures are answered
with 1, too, and cannot be told apart. The server that has the car counts, whosever client asked and
at whichever server. Commands that are sealed cannot be seen, so their PINs are not counted.

A right PIN resets all. But a car may answer a command for what is true already (lock a locked car)
with 0, whatever its PIN: so a success counts only against wrong PINs of the same command.

Pure: the caller gives the time, in seconds that never go back.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Final

from ovms.protocol.commands import Answer, Result

PIN_COMMANDS: Final = frozenset((20, 21, 22, 23))
"""Lock, valet on, unlock, valet off."""

WRONG_LIMIT: Final = 5
"""Wrong PINs within :data:`WRONG_WINDOW`; then the vehicle takes none."""

WRONG_WINDOW: Final = 3600.0
"""Seconds for which a wrong PIN counts."""

FIRST_LOCK: Final = 600.0
"""Seconds of the first lock-out. Each further one is twice as long, until a PIN is right."""

LONGEST_LOCK: Final = 86400.0
"""Seconds of the longest lock-out: then five PINs a day, and 10,000 take five years."""

CALM: Final = 30 * 86400.0
"""Seconds without a wrong PIN after which earlier lock-outs are forgotten."""

VEHICLES_LIMIT: Final = 100_000
"""Vehicles with wrong PINs, some 500 bytes each; the one whose last is the oldest gives way."""

LOCKED: Final = "too many wrong PINs"
"""How the reason of a refusal begins."""

_LOCKED = re.compile(rf"{LOCKED}; the next in (\d{{1,5}}) min", re.ASCII)


@dataclass(slots=True)
class PinTries:
    """What is remembered of one vehicle."""

    wrong: list[float] = field(default_factory=list)
    """When the last wrong PINs came."""
    commands: set[int] = field(default_factory=set)
    """The commands that they came with since all was reset."""
    locks: int = 0
    """Lock-outs since then."""
    until: float = 0.0
    """When the last lock-out ends."""


class PinLimiter:
    """Counts the wrong PINs of all vehicles."""

    def __init__(self) -> None:
        self._tries: dict[str, PinTries] = {}

    def __len__(self) -> int:
        """Return how many vehicles are remembered."""
        return len(self._tries)

    def refusal(self, vehicle_id: str, number: int | None, now: float) -> str:
        """Return why a vehicle takes no command ``number`` now; empty if it does.

        ``number`` is ``None`` for what is sealed.
        """
        tries = self._tries.get(vehicle_id)
        if number not in PIN_COMMANDS or tries is None or now >= tries.until:
            return ""
        return f"{LOCKED}; the next in {math.ceil((tries.until - now) / 60)} min"

    def take_answer(self, vehicle_id: str, answer: Answer, now: float) -> float:
        """Take a car's answer; return the seconds of the lock-out that it begins, or 0."""
        if answer.number not in PIN_COMMANDS:
            return 0.0
        if answer.result == Result.OK:
            self._take_right(vehicle_id, answer.number)
        elif answer.result == Result.FAILED:
            return self._take_wrong(vehicle_id, answer.number, now)
        return 0.0

    def _take_right(self, vehicle_id: str, number: int) -> None:
        tries = self._tries.get(vehicle_id)
        if tries is not None:
            tries.commands.discard(number)
            if not tries.commands:
                del self._tries[vehicle_id]

    def _take_wrong(self, vehicle_id: str, number: int, now: float) -> float:
        tries = self._tries.pop(vehicle_id, None)
        if tries is None or now - tries.wrong[-1] >= CALM:
            tries = PinTries()
        self._tries[vehicle_id] = tries
        if len(self._tries) > VEHICLES_LIMIT:
            del self._tries[next(iter(self._tries))]
        recent = [time for time in tries.wrong if now - time < WRONG_WINDOW]
        tries.wrong = [*recent, now][-WRONG_LIMIT:]
        tries.commands.add(number)
        if len(tries.wrong) < WRONG_LIMIT or now < tries.until:
            return 0.0
        lock = min(FIRST_LOCK * 2.0 ** min(tries.locks, 16), LONGEST_LOCK)
        tries.locks += 1
        tries.until = now + lock
        return lock


def locked_for(reason: str) -> float | None:
    """Return for how many seconds no PIN is taken, by a refusal's text; ``None`` for another.

    It may come from another server, which has the car.
    """
    found = _LOCKED.fullmatch(reason)
    return int(found[1]) * 60.0 if found else None
