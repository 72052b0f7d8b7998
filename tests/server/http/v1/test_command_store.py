from __future__ import annotations

import asyncio

import pytest

from ovms.base.clock import ManualClock
from ovms.protocol.commands import BY_NAME, Command, Result
from ovms.server.http.v1 import command_store
from ovms.server.http.v1.command_store import KEPT_LIFE, CommandStore, KeptCommand
from ovms.server.hub.asking import ASKERS_LIMIT, Reason, Unanswered
from tests.server.hub.fakes import Place

START = 1000.0
SPEC = BY_NAME["charge-start"]
BOB, ALICE = 1, 2


class Site:
    """A store, and a car that it sends commands to."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.store = CommandStore()
        self.place = Place()
        self.car = self.place.car()

    def start(self, owner_id: int = BOB) -> KeptCommand:
        """Send a command."""
        now = self.clock.monotonic()
        kept = KeptCommand(owner_id, "CAR1", SPEC, {}, self.clock.time(), now + KEPT_LIFE)
        self.store.start(self.place.room, Command(11), kept, self.clock)
        return kept

    async def finish(self, *commands: KeptCommand) -> None:
        """Have the car answer."""
        for each in commands:
            self.car.says("c11,0")
            await each.end()

    def ids(self, owner_id: int = BOB) -> list[str]:
        """Return what is kept of somebody's."""
        return [each.id for each in self.store.newest_first(owner_id, "CAR1", self.clock)]


async def test_an_hour() -> None:
    """A command is forgotten after an hour."""
    site = Site()
    first = site.start()
    await site.finish(first)
    site.clock.advance(KEPT_LIFE - 1)
    second = site.start()
    assert site.ids() == [second.id, first.id]
    site.clock.advance(1)
    assert site.store.find(BOB, "CAR1", first.id, site.clock) is None
    assert site.store.find(BOB, "CAR1", second.id, site.clock) is second
    assert (site.ids(), len(site.store)) == ([second.id], 1)


async def test_whose_it_is() -> None:
    """Only who has sent it finds it, and only with the vehicle."""
    site = Site()
    kept = site.start()
    assert site.store.find(ALICE, "CAR1", kept.id, site.clock) is None
    assert site.store.find(BOB, "CAR2", kept.id, site.clock) is None
    assert site.ids(ALICE) == []


@pytest.mark.parametrize("limit", ["KEPT_AN_OWNER", "KEPT_LIMIT"])
async def test_too_many(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """The oldest that is over gives way; what is under way stays."""
    monkeypatch.setattr(command_store, limit, 3)
    site = Site()
    running, old, new = site.start(), site.start(), site.start()
    with pytest.raises(Unanswered) as error:
        site.start()
    assert error.value.reason is Reason.TOO_MANY
    assert old.asked is not None
    assert old.asked.withdraw()
    await old.end()
    last = site.start()
    assert site.ids() == [last.id, new.id, running.id]
    await site.finish(running, new, last)


async def test_a_refused_start() -> None:
    """What is refused at once is not kept."""
    site = Site()
    for _ in range(ASKERS_LIMIT):
        site.start()
    with pytest.raises(Unanswered):
        site.start()
    assert len(site.store) == ASKERS_LIMIT


async def test_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not answered in time is unanswered, and why is known."""
    monkeypatch.setattr(command_store, "COMMAND_TIMEOUT", 0.0)
    site = Site()
    kept = site.start()
    assert (kept.status, kept.result) == ("sent", None)
    await kept.end()
    assert (kept.status, kept.failure, kept.finished) == ("unanswered", Reason.NO_ANSWER, START)


async def test_what_the_worst_row_says() -> None:
    """A list of which one row failed has failed."""
    site = Site()
    kept = site.start()
    task = asyncio.create_task(kept.end())
    await site.finish(kept)
    await task
    assert (kept.status, kept.result) == ("done", Result.OK)
    site.car.says("c11,0")  # nobody asked
    assert len(kept.answers) == 1
