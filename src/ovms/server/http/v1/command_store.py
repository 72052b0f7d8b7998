"""The commands that calls have sent, in memory: an hour each, so that their results can be read.

A restart forgets them, as it ends what was asked of cars.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from ovms.protocol.commands import Result
from ovms.server.hub.asking import AskedCommand, Reason, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ovms.base.clock import Clock
    from ovms.protocol.commands import Answer, Command, CommandSpec
    from ovms.server.hub.room import Room

COMMAND_TIMEOUT: Final = 180.0
"""Seconds for a command's answer, with the time that it waits behind others. Once it was sent, the
car's queue gives it up sooner."""

KEPT_LIFE: Final = 3600.0
"""Seconds that a command can be read again."""

KEPT_AN_OWNER: Final = 100
"""Commands of one caller's account that are kept; then the oldest that is over is forgotten."""

KEPT_LIMIT: Final = 2000
"""Commands of all that are kept, most of some hundred bytes; the same."""

FAILED_REASONS: Final = frozenset({Reason.PINS_LOCKED, Reason.TOO_MANY, Reason.TOO_LONG})
"""Why a command was refused without having been sent."""

WITHDRAWN_REASONS: Final = frozenset({Reason.WITHDRAWN, Reason.LOGIN_ENDED, Reason.RIGHT_LOST})
"""Why one was taken back before it was sent."""


@dataclass(slots=True, eq=False)
class KeptCommand:
    """A command that a call has sent. ``created`` and ``finished`` in Unix seconds."""

    owner_id: int
    """Whose call it was."""
    vehicle_id: str
    spec: CommandSpec
    parameters: dict[str, str]
    """As they may be told again."""
    created: float
    until: float
    """When it is forgotten, monotonic seconds."""
    id: str = field(default_factory=lambda: str(uuid4()))
    asked: AskedCommand | None = None
    answers: list[Answer] = field(default_factory=list)
    finished: float | None = None
    failure: Reason | None = None
    wait: float | None = None
    """Seconds until it may be tried again, if that is known."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def status(self) -> str:
        """Return what became of it so far."""
        if self.finished is None:
            return "waiting" if self.asked is not None and self.asked.is_waiting else "sent"
        if self.failure in WITHDRAWN_REASONS:
            return "withdrawn"
        if self.failure is not None:
            return "failed" if self.failure in FAILED_REASONS else "unanswered"
        return "done" if self.result is Result.OK else "failed"

    @property
    def result(self) -> Result | None:
        """Return what the car answered; ``None`` without an answer, or for a number unknown."""
        if self.failure is not None or not self.answers:
            return None
        worst = max(answer.result for answer in self.answers)
        return Result(worst) if worst in list(Result) else Result.FAILED

    def note(self, answer: Answer) -> None:
        """Note a row of the answer, or all of it."""
        self.answers.append(answer)
        self.tell()

    def tell(self) -> None:
        """Wake whoever waits for news."""
        self._news.set()
        self._news = asyncio.Event()

    async def news(self) -> None:
        """Return when there is news."""
        await self._news.wait()

    async def end(self) -> None:
        """Return when the command is over."""
        while self.finished is None:
            await self.news()


class CommandStore:
    """The commands of all calls, the oldest first. Belongs to one event loop."""

    def __init__(self) -> None:
        self._commands: dict[str, KeptCommand] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._commands)

    def start(self, room: Room, command: Command, kept: KeptCommand, clock: Clock) -> None:
        """Send a command, or have it wait for its turn, and keep what becomes of it.

        Raises :class:`Unanswered` if it is refused at once.
        """
        self._make_room(kept.owner_id, clock.monotonic())
        kept.asked = AskedCommand(room, command, kept.note)
        self._commands[kept.id] = kept
        task = asyncio.create_task(self._wait(kept, kept.asked, clock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def drop(self, kept: KeptCommand) -> None:
        """Forget a command."""
        self._commands.pop(kept.id, None)

    def find(
        self, owner_id: int, vehicle_id: str, command_id: str, clock: Clock
    ) -> KeptCommand | None:
        """Return a command that somebody has sent to a vehicle, or ``None``."""
        self._expire(clock.monotonic())
        kept = self._commands.get(command_id)
        is_it = kept is not None and (kept.owner_id, kept.vehicle_id) == (owner_id, vehicle_id)
        return kept if is_it else None

    def newest_first(self, owner_id: int, vehicle_id: str, clock: Clock) -> Iterator[KeptCommand]:
        """Yield what somebody has sent to a vehicle."""
        self._expire(clock.monotonic())
        for kept in reversed(self._commands.values()):
            if (kept.owner_id, kept.vehicle_id) == (owner_id, vehicle_id):
                yield kept

    async def _wait(self, kept: KeptCommand, asked: AskedCommand, clock: Clock) -> None:
        try:
            await asked.answers(COMMAND_TIMEOUT)
        except Unanswered as error:
            kept.failure, kept.wait = error.reason, error.wait
            kept.answers.clear()  # what the server says in the car's place is no answer
        kept.finished = clock.time()
        kept.tell()

    def _expire(self, now: float) -> None:
        for kept in list(self._commands.values()):
            if kept.until > now:
                return
            self.drop(kept)

    def _make_room(self, owner_id: int, now: float) -> None:
        """Forget the oldest that are over. Raises :class:`Unanswered` if all are under way."""
        self._expire(now)
        own = [each for each in self._commands.values() if each.owner_id == owner_id]
        if len(own) >= KEPT_AN_OWNER:
            self._drop_one(own)
        elif len(self._commands) >= KEPT_LIMIT:
            self._drop_one([*self._commands.values()])

    def _drop_one(self, some: list[KeptCommand]) -> None:
        oldest = next((each for each in some if each.finished is not None), None)
        if oldest is None:
            raise Unanswered(Reason.TOO_MANY)
        self.drop(oldest)
