from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import pytest

from ovms.base.turns import Turns
from ovms.protocol import Message
from ovms.protocol.commands import Answer, Command
from ovms.protocol.records.history import KeptRecord
from ovms.server.hub import answers
from ovms.server.hub.answers import Asker, TooSlow, answer, parse_since
from tests.server.hub.fakes import START, FakeStorage
from tests.waiting import PATIENCE

NEW_YEAR = 1_577_836_800
"""2020-01-01 in UTC."""


class AskedStorage(FakeStorage):
    """A storage that remembers what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Any, ...]] = []

    async def history_summary(self, *words: Any) -> Any:
        """Count by type."""
        self.asked.append(words)
        return await super().history_summary(*words)

    async def history_count(self, *words: Any) -> Any:
        """Count a type."""
        self.asked.append(words)
        return await super().history_count(*words)

    async def history_page(self, *words: Any) -> Any:
        """Return the next entries."""
        self.asked.append(words)
        return await super().history_page(*words)


class FakeLine:
    """An asker that takes what it is sent, unless it is stuck."""

    peer = ""
    is_proven = True
    received = sent = unacknowledged = 0

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.pieces: list[int] = []
        self.closed: list[Exception | None] = []
        self.room = asyncio.Event()
        self.room.set()

    def send(self, message: Message) -> bool:
        """Take an answer."""
        found = Answer.parse(message.data)
        assert found is not None
        self.answers.append(found)
        return True

    def send_all(self, messages: Sequence[Message]) -> bool:
        """Take answers, and note how many came in a piece."""
        self.pieces.append(len(messages))
        taken = [self.send(each) for each in messages]
        return all(taken)

    async def drained(self) -> None:
        """Wait for room."""
        await self.room.wait()

    def close(self, error: Exception | None = None) -> None:
        """Hang up."""
        self.closed.append(error)


def asker(line: FakeLine, owner_id: int = 1, turns: Turns[int] | None = None) -> Asker:
    """Return who asks, alone unless told."""
    return Asker(line, owner_id, turns or Turns())


def storage_of(*data: bytes) -> AskedStorage:
    """Return a storage with records of type T, a second apart."""
    storage = AskedStorage()
    for number, each in enumerate(data):
        at = int(START) + number
        storage.history.append(KeptRecord("T", number, at, at + 60, each, None, float(at)))
    return storage


async def test_a_summary_is_asked_for_the_vehicle_and_since_when() -> None:
    """The day behind 31 reaches the storage; what follows it counts for nothing."""
    storage = storage_of(b"x")
    await answer(storage, "CAR1", Command(31, "2020-01-01,2019-01-01"), asker(FakeLine()))
    assert storage.asked == [("CAR1", NEW_YEAR)]


async def test_records_are_asked_for_the_vehicle_page_by_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Type and day behind 32 reach count and pages, which go on where the one before ended."""
    monkeypatch.setattr(answers, "PAGE", 1)
    storage, line = storage_of(b"x", b"y"), FakeLine()
    await answer(storage, "CAR1", Command(32, "T,2020-01-01,2019-01-01"), asker(line))
    key = (int(START), 0, 0)
    assert storage.asked == [
        ("CAR1", "T", NEW_YEAR),
        ("CAR1", "T", NEW_YEAR, None, 2, 1),
        ("CAR1", "T", NEW_YEAR, key, 2, 1),
    ]
    assert [row.text.split(",")[-1] for row in line.answers] == ["x", "y"]


async def test_few_rows_go_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page leaves in pieces, and others have their turn in between."""
    monkeypatch.setattr(answers, "PAGE", 5)
    monkeypatch.setattr(answers, "ROWS_A_TURN", 2)
    line = FakeLine()
    await answer(storage_of(*[b"x"] * 7), "CAR1", Command(32, "T"), asker(line))
    assert line.pieces == [2, 2, 1, 2]
    assert [row.text.split(",")[0] for row in line.answers] == [*"1234567"]


async def test_records_of_no_type() -> None:
    """Command 32 without a type asks for records of the empty type."""
    storage = storage_of(b"x")
    await answer(storage, "CAR1", Command(32, ""), asker(FakeLine()))
    assert storage.asked == [("CAR1", "", None)]


async def test_data_that_is_no_text_comes_as_it_was_kept() -> None:
    """Bytes that are not UTF-8 leave the server as the car sent them."""
    line = FakeLine()
    await answer(storage_of(b"\xff\xfe"), "CAR1", Command(32, "T"), asker(line))
    assert line.answers[0].message.data.endswith(b",\xff\xfe")


@pytest.mark.parametrize("bound", ["PAGE_TIMEOUT", "ANSWER_TIMEOUT"])
async def test_an_asker_that_takes_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """It is closed when the time for a page is over, or that for the whole answer."""
    monkeypatch.setattr(answers, bound, 0.01)
    line = FakeLine()
    line.room.clear()
    async with asyncio.timeout(PATIENCE):
        await answer(storage_of(b"x"), "CAR1", Command(32, "T"), asker(line))
    (reason,) = line.closed
    assert isinstance(reason, TooSlow)
    assert str(reason) == "does not take the answer that it asked for"


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the machine in another time zone."""
    monkeypatch.setenv("TZ", "Asia/Hong_Kong")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_from_greenwich")
def test_a_day_is_one_of_utc() -> None:
    """Wherever the server stands."""
    assert parse_since(["2020-01-01"]) == NEW_YEAR


async def test_owners_have_their_turns() -> None:
    """A short answer is complete after a few rows of a long one that was asked for before."""
    storage, turns, sent = storage_of(*[b"x"] * 10 * answers.ROWS_A_TURN), Turns[int](), list[int]()

    class Listed(FakeLine):
        def __init__(self, owner: int) -> None:
            super().__init__()
            self.owner = owner

        def send(self, message: Message) -> bool:
            sent.append(self.owner)
            return super().send(message)

    async def ask(owner: int, parameters: str) -> None:
        await answer(storage, "CAR1", Command(32, parameters), asker(Listed(owner), owner, turns))

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(ask(1, "T"))
        group.create_task(ask(2, "NONE"))
        group.create_task(ask(3, "T"))
    assert sent.index(2) < 3 * answers.ROWS_A_TURN
    assert last_of(sent, 3) < last_of(sent, 1) - 10 * answers.ROWS_A_TURN
    runs = [len([*run]) for _, run in groupby(sent)]
    assert len(sent) == 60 * answers.ROWS_A_TURN + 1
    assert max(runs[: 2 * 10]) <= answers.ROWS_A_TURN


def last_of(sent: list[int], owner: int) -> int:
    """Return the place of the last row that an owner was sent."""
    return len(sent) - 1 - sent[::-1].index(owner)


async def test_records_that_made_room_meanwhile() -> None:
    """Whoever was promised more rows than there are is told that no more will come."""

    class Shrinking(AskedStorage):
        async def history_count(self, *words: Any) -> Any:
            count, last = await super().history_count(*words)
            self.history.pop()
            return count, last

    storage, line = Shrinking(), FakeLine()
    storage.history += storage_of(b"x", b"y").history
    await answer(storage, "CAR1", Command(32, "T"), asker(line))
    assert [(row.result, row.text.split(",")[0]) for row in line.answers] == [
        (0, "1"),
        (1, "records made room for newer ones meanwhile"),
    ]
