"""Commands that the server answers itself: 30 traffic, 31 what the history holds, 32 its records.

A long answer is sent page by page: each page is a short read of its own, so no snapshot of the
database is held, and the next is read only when the asker has taken the one before. Few rows are
sent at once, and each owner's answers have their turn: whoever asks for everything, again and
again, delays nobody else's, nor what cars and apps have to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from ovms.base.logs import get_logger
from ovms.base.turns import Turns
from ovms.protocol.commands import BY_NUMBER, Answer, Command, Result
from ovms.protocol.times import wire_time
from ovms.server.hub.interfaces import Line, Storage
from ovms.server.hub.permissions import may_read
from ovms.server.rights import VehicleRight
from ovms.server.values import HistoryEntry, HistoryKey

PAGE = 100
"""Records a page of history: a millisecond of reading, for which the event loop may wait because
the thread that reads has the interpreter's lock. 500 took five."""

ROWS_A_TURN = 50
"""Rows that are sent in one piece before others have their turn: about half a millisecond."""

TURN_PAUSE = 0.001
"""Seconds of others' turn: they wait for no more than one piece, half of the time for none."""

PAGE_TIMEOUT = 60.0
"""Seconds an asker has to take a page."""

ANSWER_TIMEOUT = 600.0
"""Seconds an asker has to take a whole answer: records do not expire meanwhile."""

log = get_logger("ovms.server.hub")


T = TypeVar("T")

Pieces = AsyncGenerator[Sequence[str], None]
"""Rows of an answer, up to :data:`ROWS_A_TURN` at a time."""


class TooSlow(Exception):
    """An asker did not take the answer that it asked for."""

    def __str__(self) -> str:
        """Return the reason."""
        return "does not take the answer that it asked for"


class RecordsGone(Exception):
    """Records that were counted for an answer made room for newer ones before they were sent."""

    def __str__(self) -> str:
        """Return the reason."""
        return "records made room for newer ones meanwhile"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and whose turn it takes to send the answer."""

    line: Line
    owner_id: int
    turns: Turns[int]
    rights: VehicleRight | None = None
    """See :attr:`Member.rights`."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and with which rights."""

    vehicle_id: str
    parameters: Sequence[str]
    rights: VehicleRight | None


async def answer(storage: Storage, vehicle_id: str, command: Command, asker: Asker) -> None:
    """Answer a command on a line within :data:`ANSWER_TIMEOUT`. Never fails."""
    line = asker.line
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            await _send_all(storage, vehicle_id, command, asker)
    except TimeoutError:
        line.close(TooSlow())
    except RecordsGone as gone:
        line.send(Answer(command.number, Result.FAILED, str(gone)).message)
    except Exception as error:
        log.warning("cannot read the history", vehicle=vehicle_id, reason=str(error))
        failure = Answer(command.number, Result.FAILED, "not available now")
        line.send(failure.message)


async def _send_all(storage: Storage, vehicle_id: str, command: Command, asker: Asker) -> None:
    line, sent = asker.line, 0
    make = ROWS[command.number]
    question = Question(vehicle_id, command.parameters, asker.rights)
    async with aclosing(make(storage, question)) as pieces:
        async for rows in pieces:
            async with asker.turns.take(asker.owner_id):
                await asyncio.sleep(TURN_PAUSE)
            sent += len(rows)
            answers = [Answer(command.number, Result.OK, row).message for row in rows]
            if not line.send_all(answers):
                return
            async with asyncio.timeout(PAGE_TIMEOUT):
                await line.drained()
    if not sent:
        text = BY_NUMBER[command.number].nothing
        line.send(Answer(command.number, Result.FAILED, text).message)


async def _days(storage: Storage, question: Question) -> Pieces:
    days = await storage.utilisation(question.vehicle_id)
    rows: list[str] = []
    for number, each in enumerate(days, 1):
        sums = (each.car_received, each.car_sent, each.apps_received, each.apps_sent)
        rows.append(f"{number},{len(days)},{each.day},{','.join(map(str, sums))}")
    for piece in _cut(rows):
        yield piece


async def _types(storage: Storage, question: Question) -> Pieces:
    since = parse_since(question.parameters[:1])
    summary = await storage.history_summary(question.vehicle_id, since)
    types = [kind for kind in summary if may_read(question.rights, kind.type)]
    rows: list[str] = []
    for number, kind in enumerate(types, 1):
        counts = f"{kind.distinct},{kind.total},{kind.bytes}"
        span = f"{wire_time(kind.first)},{wire_time(kind.last)}"
        rows.append(f"{number},{len(types)},{kind.type},{counts},{span}")
    for piece in _cut(rows):
        yield piece


async def _records(storage: Storage, question: Question) -> Pieces:
    vehicle_id, parameters = question.vehicle_id, question.parameters
    record_type = parameters[0] if parameters else ""
    since = parse_since(parameters[1:2])
    with storage.holding_expiry():
        count, last_id = await storage.history_count(vehicle_id, record_type, since)
        after: HistoryKey | None = None
        number = 0
        while number < count:
            page = await storage.history_page(vehicle_id, record_type, since, after, last_id, PAGE)
            if not page:
                raise RecordsGone
            for entries in _cut(page):
                yield [
                    f"{place},{count},{record_type},{_value(entry)}"
                    for place, entry in enumerate(entries, number + 1)
                ]
                number += len(entries)
            after = (page[-1].time, page[-1].number, page[-1].id)


ROWS: dict[int, Callable[[Storage, Question], Pieces]] = {
    30: _days,
    31: _types,
    32: _records,
}
"""What makes the rows of each command that the table has the server answer."""


def _cut(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[at : at + ROWS_A_TURN] for at in range(0, len(rows), ROWS_A_TURN))


def _value(entry: HistoryEntry) -> str:
    data = entry.data.decode("utf-8", "surrogateescape")
    return f"{wire_time(entry.time)},{entry.number},{data}"


def parse_since(parameters: Sequence[str]) -> int | None:
    """Return ``YYYY-MM-DD[ hh:mm:ss]``, UTC, in Unix seconds; ``None`` for anything else."""
    try:
        return int(datetime.fromisoformat(parameters[0].strip()).replace(tzinfo=UTC).timestamp())
    except (IndexError, ValueError, OverflowError):
        return None
