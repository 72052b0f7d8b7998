"""Answers in the order of asking, also where some come later. Pure.

A sealed answer does not show its command's number, and some servers and apps do not look at it:
order is all there is. So what is answered waits behind what is not answered yet. A server makes
sure with a ping that a car has said all that it had to say; while a sealed answer is owed the
ping's answer waits, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ovms.protocol import Message
from ovms.protocol.commands import Answer, Result

HELD_LIMIT = 50
"""Answers that wait behind one that is owed; then that one is given up."""

GIVEN_UP = "too many commands came behind it"

Ready = Callable[[Message], Message]
"""Makes an answer's message ready to be sent, in the form in which it was asked for."""


@dataclass(slots=True, eq=False)
class _Turn:
    """An answer's place in the order."""

    number: int = 0
    ready: Ready | None = None
    is_sealed: bool = False
    is_owed: bool = False
    is_void: bool = False
    """Nobody waits for it any more."""
    messages: list[Message] = field(default_factory=list)


class Answers:
    """The answers of one module that are not sent yet."""

    def __init__(self) -> None:
        self._turns: deque[_Turn] = deque()

    def give(self, messages: Sequence[Message]) -> None:
        """Answer the latest command."""
        self._turns.append(_Turn(messages=list(messages)))
        if len(self._turns) > HELD_LIMIT:
            self._give_up(self._turns[0])

    def pong(self, message: Message) -> list[Message]:
        """Answer a ping; returns what can be sent now."""
        if not any(turn.is_owed and turn.is_sealed for turn in self._turns):
            return [message]
        self.give([message])
        return self.take()

    def owe(self, number: int, ready: Ready, *, is_sealed: bool) -> Callable[[Answer], None]:
        """Owe the answer to the latest command, of that number; give what takes it later.

        What that is called with again is told, too, as an answer that nobody waits for.
        """
        turn = _Turn(number, ready, is_sealed, is_owed=True)
        self._turns.append(turn)

        def answer(answer: Answer) -> None:
            if turn.is_owed:
                turn.is_owed = False
                turn.messages.append(ready(answer.message))
            elif not turn.is_void:
                self.give([ready(answer.message)])

        return answer

    def take(self) -> list[Message]:
        """Return what can be sent now, and forget it."""
        messages: list[Message] = []
        while self._turns and not self._turns[0].is_owed:
            messages += self._turns.popleft().messages
        return messages

    def clear(self) -> None:
        """Forget everything: with the link, whoever asked has been told that it failed."""
        for turn in self._turns:
            turn.is_owed, turn.is_void = False, True
        self._turns.clear()

    @staticmethod
    def _give_up(turn: _Turn) -> None:
        if turn.is_owed and turn.ready is not None:
            failed = Answer(turn.number, Result.FAILED, GIVEN_UP)
            turn.is_owed, turn.is_void = False, True
            turn.messages.append(turn.ready(failed.message))
