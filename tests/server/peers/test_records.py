from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ovms.base.clock import ManualClock
from ovms.protocol import Message
from ovms.protocol.records.sync import OwnerRecord, VehicleRecord
from ovms.server.peers import records as records_module
from ovms.server.peers.records import (
    LEFT_OUT_LIMIT,
    RECORDS_LIMIT,
    REFUSED_LIMIT,
    LeftOutLog,
    RecordReceiver,
    RecordSender,
)
from ovms.server.storage.shared_records import Taken
from ovms.server.values import VehicleChange
from tests.server.conftest import Log
from tests.server.peers.fakes import FakeStore
from tests.waiting import until

LEFT_OUT = "a vehicle is not sent to other servers: its secret has a comma or is damaged"


def car(number: int, changed: float, server: str = "*") -> tuple[tuple[float, str], VehicleRecord]:
    """Make a vehicle that changed, and its place."""
    name = f"CAR{number}"
    return (changed, name), VehicleRecord(name, 1, "s", server, False, int(changed))


def owner(number: int, changed: float) -> tuple[tuple[float, int], OwnerRecord]:
    """Make an owner who changed, and the place."""
    return (changed, number), OwnerRecord(number, f"o{number}", "", "", 1, False, int(changed))


class Push:
    """A sender, and what it has sent."""

    def __init__(
        self,
        store: FakeStore,
        times: tuple[int, int] = (0, 0),
        left_out: LeftOutLog | None = None,
    ) -> None:
        self.clock = ManualClock(100.9)
        self.sent: list[str] = []
        self.pauses = 0
        self.sender = RecordSender(
            store, "ME", times, self.clock, self._send, self._drained, left_out or LeftOutLog()
        )

    def _send(self, message: Message) -> bool:
        self.sent.append(message.data.decode().split(",")[0])
        return True

    async def _drained(self) -> None:
        self.pauses += 1

    async def pushes(self) -> list[str]:
        """Push, and give what was sent."""
        self.sent.clear()
        await self.sender.push()
        return self.sent


async def test_what_is_newer_than_named_is_pushed() -> None:
    """Owners, then vehicles of any server and this one, oldest first, page after page."""
    store = FakeStore(
        [car(1, 9.9), car(2, 10.5), car(3, 11.0), car(4, 20.0, "OTHER"), car(5, 20.0, "ME"),
         car(6, 21.0)],
        [owner(1, 5.9), owner(2, 6.0)],
    )  # fmt: skip
    push = Push(store, (10, 5))
    assert await push.pushes() == ["O2", "VCAR3", "VCAR5", "VCAR6"]
    assert (push.sender.vehicles, push.sender.owners, push.pauses) == (3, 1, 3)
    assert await push.pushes() == []


async def test_never_means_everything() -> None:
    """Who names no time gets all there is."""
    push = Push(FakeStore([car(1, 1.0)], [owner(1, 1.0)]))
    assert await push.pushes() == ["O1", "VCAR1"]


async def test_the_second_that_runs_waits() -> None:
    """A change is pushed when its second is over, so that a second is told whole or not at all."""
    store = FakeStore([car(1, 100.1)])
    push = Push(store)
    assert await push.pushes() == []
    store.vehicles.append(car(2, 100.8))
    push.clock.advance(0.2)
    assert await push.pushes() == ["VCAR1", "VCAR2"]
    store.vehicles.append(car(1, 101.5))
    push.clock.advance(1)
    assert await push.pushes() == ["VCAR1"]


async def test_pushing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes are pushed as they come, and a database in trouble only delays them."""
    monkeypatch.setattr(records_module, "LOOK", 0.001)
    store = FakeStore([car(1, 1.0)], error=OSError("the disk is away"))
    push = Push(store)
    told: list[list[str]] = []

    async def begun() -> None:
        told.append([])

    async def pushed(ids: Sequence[str]) -> None:
        told.append(list(ids))

    task = asyncio.create_task(push.sender.run(begun, pushed))
    await asyncio.sleep(0.01)
    assert push.sent == []
    store.error = None
    await until(lambda: push.sent == ["VCAR1"])
    store.vehicles.append(car(2, 2.0))
    await until(lambda: push.sent == ["VCAR1", "VCAR2"])
    await until(lambda: told == [[], ["CAR2"]])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Take:
    """A receiver with a store in memory, and the changes that it reported."""

    def __init__(self, newest: tuple[int, int] = (0, 0)) -> None:
        self.store = FakeStore()
        self.told: list[tuple[list[str], set[int]]] = []
        self.receiver = RecordReceiver(self.store, "M", newest, ManualClock(100.0), self._tell)

    def _tell(self, changes: Sequence[VehicleChange], owners: set[int]) -> None:
        self.told.append(([change.id for change in changes], owners))


async def test_what_comes_is_kept() -> None:
    """Records are kept together; whoever must hear of a change does."""
    take = Take()
    take.store.answer = Taken([VehicleChange("CAR1", 1, "s", False)], {1}, ["CAR2 was made here"])
    for record in (car(1, 10)[1], owner(1, 12)[1]):
        take.receiver.receive(record.message.data)
    assert await take.receiver.keep()
    assert not await take.receiver.keep()
    assert take.store.taken == [car(1, 10)[1], owner(1, 12)[1]]
    assert take.told == [(["CAR1"], {1})]
    assert (take.receiver.vehicles, take.receiver.owners) == (1, 1)


async def test_a_second_is_whole_when_a_ping_is_answered() -> None:
    """Until then the second before is the newest that is named at the next login."""
    take = Take((5, 5))
    take.receiver.receive(car(1, 10)[1].message.data)
    await take.receiver.keep()
    assert take.store.times == (9, 5)
    seen = take.receiver.seen
    take.receiver.receive(car(2, 11)[1].message.data)
    await take.receiver.keep()
    assert take.store.times == (10, 5)
    await take.receiver.whole(take.receiver.seen)
    assert take.store.times == (11, 5)
    await take.receiver.whole(seen)  # an older ping's answer takes nothing back
    assert take.store.times == (11, 5)


async def test_a_change_of_a_time_to_come() -> None:
    """It is taken, and the next login names no later time than now: what follows is told."""
    take = Take((5, 5))
    for record in (car(1, 5000)[1], owner(1, 5000)[1]):
        take.receiver.receive(record.message.data)
    await take.receiver.keep()
    await take.receiver.whole(take.receiver.seen)
    assert len(take.store.taken) == 2
    assert take.store.times == (100, 100)


async def test_what_waits_is_not_whole() -> None:
    """A ping's answer between records that are not on disk yet says nothing of them."""
    take = Take()
    take.receiver.receive(car(1, 10)[1].message.data)
    await take.receiver.whole(take.receiver.seen)
    assert take.store.times == (0, 0)


async def test_a_disk_in_trouble_loses_nothing() -> None:
    """What could not be kept is told again at the next login: no time was kept."""
    take = Take((5, 5))
    take.store.error = OSError("the disk is away")
    take.receiver.receive(car(1, 10)[1].message.data)
    with pytest.raises(OSError, match="the disk is away"):
        await take.receiver.keep()
    assert take.receiver.newest == (5, 5)


@pytest.mark.parametrize("data", [b"", b"V", b"Xstrange", b"VCAR1,x,s,*,0,yesterday"])
async def test_malformed_records_are_passed_over(data: bytes) -> None:
    """They change nothing."""
    take = Take()
    take.receiver.receive(data)
    assert not await take.receiver.keep()


def test_a_flood_is_kept_in_between() -> None:
    """So many records wait at most, and not one more."""
    take = Take()
    for number in range(RECORDS_LIMIT):
        assert not take.receiver.is_full
        take.receiver.receive(car(number, 10)[1].message.data)
    assert take.receiver.is_full


async def test_refusals_are_logged_and_counted(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of records that are refused is a few lines of the log; the same reason is one."""
    take = Take()
    refused = [f"vehicle CAR{number} was made here" for number in range(REFUSED_LIMIT + 5)] * 2

    async def refuse(*words: object) -> Taken:
        return Taken(refused=refused)

    monkeypatch.setattr(take.store, "take", refuse)
    take.receiver.receive(car(1, 10)[1].message.data)
    assert await take.receiver.keep()
    assert len(log.lines("a record was refused")) == REFUSED_LIMIT
    assert [line["count"] for line in log.lines("more records were refused")] == [5]


@pytest.mark.parametrize("secret", ["a,b", ""])
async def test_a_secret_with_a_comma_is_left_out(log: Log, secret: str) -> None:
    """Such a vehicle, or one without a readable secret, is not sent; the log says so once."""
    place, record = car(1, 1.0)
    odd = replace(record, secret=secret)
    store = FakeStore([(place, odd), car(2, 2.0)])
    left_out = LeftOutLog()
    for _ in range(2):
        push = Push(store, left_out=left_out)
        assert await push.pushes() == ["VCAR2"]
        assert push.sender.vehicles == 1
    assert [line["vehicle"] for line in log.lines(LEFT_OUT)] == ["CAR1"]


def test_the_log_of_what_is_left_out_is_bounded(log: Log) -> None:
    """So many vehicles are logged, and no more."""
    left_out = LeftOutLog()
    for number in range(LEFT_OUT_LIMIT + 1):
        left_out.note(f"CAR{number}")
    assert len(log.lines(LEFT_OUT)) == LEFT_OUT_LIMIT
