"""Answers to commands, in the order of asking even if some of them come late. Pure.

A sealed answer does not show the number of its command, and some servers and apps do not look at
the number: the order is all that joins a command to its answer. So an answer waits until all
commands before it are answered. A server sends a ping to make sure that a car has sent all its
answers; while a sealed answer is missing, the answer to the ping waits too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ovms.protocol import Message
from ovms.protocol.commands import Answer, Result

HELD_LIMIT = 50
"""Answers that wait behind a missing one; then the missing one is given up."""

ANSWER_TIMEOUT = 55.0
"""Seconds until a missing answer is given up. A server waits 60; modem and bus give up sooner."""

GIVEN_UP = "too many commands came behind it"
NO_ANSWER = f"no answer within {ANSWER_TIMEOUT:g} s"

Ready = Callable[[Message], Message]
"""Makes an answer's message ready to be sent, in the form in which the command came."""

AnswerCallback = Callable[[Answer], None]
"""Takes the answer to one command, at once or later on the same event loop."""


@dataclass(slots=True, eq=False)
class _AnswerTurn:
    """The place of one command's answer in the order."""

    number: int = 0
    ready: Ready | None = None
    until: float = 0.0
    is_sealed: bool = False
    is_owed: bool = False
    is_void: bool = False
    """Nobody waits for the answer any more."""
    messages: list[Message] = field(default_factory=list)


class Answers:
    """The answers of one module that are not sent yet. ``now`` is real time in seconds."""

    def __init__(self) -> None:
        self._turns: deque[_AnswerTurn] = deque()

    def give(self, messages: Sequence[Message]) -> None:
        """Add messages behind all that waits."""
        self._add(_AnswerTurn(messages=list(messages)))

    def pong(self, message: Message) -> list[Message]:
        """Answer a ping with ``message``. Return what can be sent now."""
        if not any(turn.is_owed and turn.is_sealed for turn in self._turns):
            return [message]
        self.give([message])
        return self.take()

    def owe(self, number: int, ready: Ready, now: float, *, is_sealed: bool) -> AnswerCallback:
        """Return the callback for the answer to the latest command, which has that number.

        Each further call adds another message behind all that waits: the rows of a list, or the
        network's answer to a code.
        """
        turn = _AnswerTurn(number, ready, now + ANSWER_TIMEOUT, is_sealed, is_owed=True)
        self._add(turn)

        def answer(answer: Answer) -> None:
            if turn.is_void:
                return
            message = ready(answer.message)
            if turn.is_owed or (self._turns and self._turns[-1] is turn):
                turn.is_owed = False
                turn.messages.append(message)
            else:
                self.give([message])

        return answer

    def take(self) -> list[Message]:
        """Remove and return what can be sent now."""
        messages: list[Message] = []
        while self._turns and not self._turns[0].is_owed:
            messages += self._turns.popleft().messages
        return messages

    def expire(self, now: float) -> None:
        """Give up the answers that have been missing for too long."""
        for turn in self._turns:
            if turn.is_owed and now >= turn.until:
                self._give_up(turn, NO_ANSWER)

    def clear(self) -> None:
        """Drop everything: the server has told whoever asked that the command failed."""
        for turn in self._turns:
            turn.is_owed, turn.is_void = False, True
        self._turns.clear()

    def _add(self, turn: _AnswerTurn) -> None:
        self._turns.append(turn)
        if len(self._turns) > HELD_LIMIT:
            self._give_up(self._turns[0], GIVEN_UP)

    @staticmethod
    def _give_up(turn: _AnswerTurn, reason: str) -> None:
        if turn.is_owed and turn.ready is not None:
            failed = Answer(turn.number, Result.FAILED, reason)
            turn.is_owed, turn.is_void = False, True
            turn.messages.append(turn.ready(failed.message))
