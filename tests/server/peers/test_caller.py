from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest

from ovms.base.clock import ManualClock
from ovms.net.client import ClientConnection, ConnectFailed, WelcomeRefused
from ovms.protocol import Message, Role
from ovms.protocol.records.sync import OwnerRecord, VehicleRecord
from ovms.protocol.times import parse_wire_time
from ovms.server.hub.hub import Hub, HubSettings
from ovms.server.peers import caller as caller_module
from ovms.server.peers.caller import Called, PeerCaller, RepeatedWelcome, call
from ovms.server.peers.exchange import PeerExchange
from ovms.server.storage.errors import DatabaseUnwritable
from ovms.server.storage.shared_records import Taken
from ovms.server.values import VehicleChange
from tests.net.ends import SECRET, End, ListeningEnd, listening
from tests.server.fakes import FakeTokens
from tests.server.hub.fakes import START, VERSION, FakeAlerts, FakeStorage, make_vehicle
from tests.server.peers.fakes import FakeStore
from tests.waiting import until

CAR = VehicleRecord("CAR1", 1, "s", "*", False, 10)
OWNER = OwnerRecord(1, "me", "", "", 1, False, 5)


class Ours:
    """A server that calls another one."""

    def __init__(self, place: ListeningEnd) -> None:
        self.clock = ManualClock(START)
        self.store = FakeStore(times=(10, 5))
        self.hub = Hub(
            FakeStorage({"CAR1": make_vehicle()}), FakeAlerts(), self.clock, HubSettings(VERSION)
        )
        self.exchange = PeerExchange()
        self.hub.add_observer(self.exchange)
        self.taken: list[tuple[list[str], set[int]]] = []
        self.trouble: list[Exception] = []
        self.calls = 0
        self.tokens = FakeTokens(own="OURS")
        called = Called(place.host, place.port, "ME", SECRET.decode())
        self.caller = PeerCaller(
            called, self.hub, self.exchange, self.store, self.clock,
            Random(1),  # noqa: S311 (jitter)
            self._on_taken, self.tokens, self._connect,
        )  # fmt: skip

    def _on_taken(self, changes: Sequence[VehicleChange], owners: set[int]) -> None:
        self.taken.append(([change.id for change in changes], owners))

    async def _connect(self, called: Called, token: str, words: Sequence[str]) -> ClientConnection:
        self.calls += 1
        if self.trouble:
            raise self.trouble.pop(0)
        return await call(called, token, words)

    @property
    def note(self) -> dict[str, object]:
        """How things stand, as the database has it."""
        return self.store.notes.get(("ME", "calls"), {})


@asynccontextmanager
async def calling(*ends: End) -> AsyncIterator[tuple[Ours, list[End]]]:
    """Have our server call another one, whose ends of the connections a test plays."""
    async with listening(*ends) as place:
        ours = Ours(place)
        task = asyncio.create_task(ours.caller.run())
        try:
            yield ours, place.made
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert ours.exchange.links == set()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_PAUSE", "LONGEST_PAUSE", "REFUSED_PAUSE"):
        monkeypatch.setattr(caller_module, name, 0.01)


async def told(end: End, *messages: Message) -> None:
    """Send messages to our server, then a ping, and wait until that is answered."""
    pongs = end.messages.count(Message("a"))
    for message in (*messages, Message("A")):
        assert end.line.send(message)
    await end.until(lambda end: end.messages.count(Message("a")) > pongs)


async def test_it_says_who_it_is_and_what_it_has() -> None:
    """The welcome names our id and the newest changes that were kept."""
    async with calling(End()) as (ours, made):
        await until(lambda: made and made[0].events)
        welcome = made[0].events[0]
        assert (welcome.role, welcome.vehicle_key) == (Role.SERVER, "ME")  # type: ignore[union-attr]
        assert welcome.words == (  # type: ignore[union-attr]
            "1970-01-01", "00:00:10", "1970-01-01", "00:00:05",
        )  # fmt: skip
        await until(lambda: ours.note.get("connected") is True)
    assert ours.note["connected"] is False
    assert ours.note["error"] == "the server was stopped"


async def test_a_newest_change_of_a_time_to_come() -> None:
    """What a wrong clock has left is not named: nothing would be told until then."""
    async with listening(End()) as place:
        ours = Ours(place)
        ours.store.times = (2 * int(START), 5)
        task = asyncio.create_task(ours.caller.run())
        await until(lambda: place.made and place.made[0].events)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        welcome = place.made[0].events[0]
        named = " ".join(welcome.words[:2])  # type: ignore[union-attr]
        assert parse_wire_time(named) == int(START)


async def test_a_server_that_repeats_a_welcome() -> None:
    """It is not listened to: nothing that it says is kept."""
    async with calling(*(End() for _ in range(3))) as (ours, made):
        await until(lambda: ours.note.get("connected") is True)
        (token,) = [token for _, token in ours.tokens.remembered]
        assert token == "S" * 22
        assert made[0].events[0].token == "OURS"  # type: ignore[union-attr]
        ours.tokens.seen.add(token)
        made[0].line.abort()
        await until(lambda: ours.calls == 3)
        await until(lambda: ours.note.get("error") == str(RepeatedWelcome()))
        assert ours.note["connected"] is False


async def test_a_server_while_the_database_is_away() -> None:
    """Its token cannot be remembered: it is called again later."""
    async with calling(End(), End()) as (ours, _):
        ours.tokens.error = DatabaseUnwritable("the disk is full")
        await until(lambda: ours.note.get("error") == "the disk is full")
        ours.tokens.error = None
        await until(lambda: ours.note.get("connected") is True)


async def test_records_are_kept_and_told() -> None:
    """What comes is put on disk; once a ping is answered its second is whole."""
    async with calling(End()) as (ours, made):
        ours.store.answer = Taken([VehicleChange("CAR1", 1, "s", False)], {1})
        await until(lambda: made and made[0].events)
        await told(made[0], OWNER.message, CAR.message)
        await until(lambda: ours.store.taken == [OWNER, CAR])  # in one batch or two
        assert ours.taken[0] == (["CAR1"], {1})
        newer = VehicleRecord("CAR1", 1, "s", "*", False, 30)
        await told(made[0], newer.message)
        await until(lambda: ours.store.times[0] == 29)
        for _ in range(made[0].messages.count(Message("A"))):
            made[0].line.send(Message("a"))
        await until(lambda: ours.store.times == (30, 5))
        assert ours.note["vehicles"] == 2


async def test_strange_messages_are_passed_over() -> None:
    """Whatever else the other server says ends nothing."""
    async with calling(End()) as (ours, made):
        await until(lambda: made and made[0].events)
        strange = [Message(chr(code), b"\xff,,") for code in range(1, 256) if code != ord("A")]
        await told(made[0], *strange)
        assert ours.calls == 1


async def test_cars_of_both_meet() -> None:
    """A car of the other server is in our room while the link lasts."""
    async with calling(End()) as (ours, made):
        await until(lambda: made and made[0].events)
        await told(made[0], Message("r", b"CAR1,Z,1,5"), Message("r", b"CAR1,S,80"))
        assert ours.hub.rooms["CAR1"].car is not None
        await made[0].until(lambda end: Message("r", b"CAR1,z,0") in end.messages)
        made[0].line.close()
        await until(lambda: not ours.hub.rooms)


async def test_a_lost_link_is_made_again() -> None:
    """After a loss, a failure and a refusal it calls again, and the database tells why not."""
    async with calling(End(), End()) as (ours, made):
        await until(lambda: made and made[0].events)
        ours.trouble = [
            ConnectFailed("no route"),
            WelcomeRefused("unknown server"),
            OSError("disk"),
        ]
        made[0].line.close()
        await until(lambda: len(made) == 2 and made[1].events)
        assert ours.calls == 5
        await until(lambda: ours.note["connected"] is True)
        assert ours.note["error"] == ""


async def test_why_there_is_no_link() -> None:
    """The last reason stands in the database."""
    async with calling(End(b"another secret")) as (ours, _):
        await until(lambda: "error" in ours.note)
        assert "closed the connection before its welcome" in str(ours.note["error"])
        assert ours.note["connected"] is False


async def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is pinged, and when nothing comes the link is made anew."""
    monkeypatch.setattr(caller_module, "PING_INTERVAL", 0.02)
    monkeypatch.setattr(caller_module, "SILENCE_LIMIT", 0.06)
    async with calling(End(), End()) as (ours, made):
        await until(lambda: len(made) == 2)
        assert made[0].messages.count(Message("A")) >= 3
        assert ours.calls == 2


async def test_a_database_in_trouble() -> None:
    """Records that cannot be kept end the link: they are told again at the next."""
    async with calling(End(), End()) as (ours, made):
        await until(lambda: made and made[0].events)
        ours.store.error = OSError("the disk is away")
        made[0].line.send(CAR.message)
        await made[0].closes()
        ours.store.error = None
        await until(lambda: len(made) == 2 and made[1].events)
        await told(made[1], CAR.message)
        await until(lambda: ours.store.taken == [CAR])


@pytest.mark.parametrize(
    ("host", "address"), [("example.org", "example.org:1"), ("::1", "[::1]:1")]
)
def test_addresses(host: str, address: str) -> None:
    """An IPv6 address stands in brackets; the secret stays out of sight."""
    called = Called(host, 1, "ME", "hidden")
    assert called.address == address
    assert "hidden" not in repr(called)
