"""The hub against a model of it: cars and clients come, go, ask and answer as they like."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ovms.base.clock import ManualClock
from ovms.protocol import Role
from ovms.server.hub.commands import ANSWER_TIMEOUT, PING_TIMEOUT
from ovms.server.hub.hub import Hub, HubSettings, RoomSession
from ovms.server.hub.pacing import PASSED_LIMIT, PAUSE, wire_length
from tests.server.hub.fakes import (
    START,
    VERSION,
    FakeAlerts,
    FakeLine,
    FakeStorage,
    make_vehicle,
    message,
)

ROWS = 3
HELD = 4
"""Messages that a car says at most before its proof."""
STUCK = 1 << 20
"""Bytes that a car has not acknowledged whose network takes nothing any more."""

LONGEST = 150
"""Bytes of the longest line that is sent to a car here."""
REASONS = ("no answer from the car", "car is not connected", "too many commands are waiting")


@dataclass(eq=False)
class Actor:
    """Somebody who is connected to a vehicle or not."""

    name: str
    role: Role
    vehicle: str
    line: FakeLine = field(default_factory=FakeLine)
    session: RoomSession | None = None
    z: str = ""
    """The last Z heard."""
    heard: list[str] = field(default_factory=list)
    """The rest of what was heard in this step."""
    todo: deque[tuple[str, float]] = field(default_factory=deque)
    """What a car was asked and has not done: pings and commands, and when they came."""
    row: int = 0
    """The next row of the answer to the first of them."""
    is_slow: bool = False
    """A car that let a ping wait too long: its answers may get lost until it has answered."""
    unread: list[tuple[str, int, float]] = field(default_factory=list)
    """What a car was sent and has not read as far as the server may know: text, bytes and time."""
    passed: int = 0
    """Messages of apps that were said for it and that it has not heard."""
    held: list[str] = field(default_factory=list)
    """What a car has said before its proof, and what must count with it."""

    def __repr__(self) -> str:
        """Name the actor in hypothesis's reports."""
        return self.name

    @property
    def is_active(self) -> bool:
        """Is connected, and the server has not closed the connection."""
        return self.session is not None and not self.line.is_closed


@dataclass(eq=False)
class Ask:
    """A command and what became of it."""

    client: Actor
    session: RoomSession
    text: str
    rows: int = 0
    """Parts of the answer that reached the client."""
    is_refused: bool = False

    @property
    def refusal(self) -> str:
        """How a refusal of it begins; nothing for a sealed one."""
        number = self.text[1:].partition(",")[0]
        return f"c{number},1," if self.text[0] == "C" else "-"

    def answer(self, row: int, is_last: bool) -> tuple[str, bool]:
        """Return the next part of the answer, and whether it is the last: a sealed one may say."""
        number, _, tag = self.text[1:].partition(",")
        if self.text[0] == "E":
            return f"EMc{self.text[3:]}row{row}", is_last
        if number == "1":
            return f"c1,0,{row},{ROWS},{tag}", row == ROWS - 1
        return f"c{number},0,{tag}", True

    @property
    def is_open(self) -> bool:
        """The client is there and may still hear of it."""
        return self.client.session is self.session and not self.is_refused


ACTORS = [
    *(Actor(f"car {n}", Role.CAR, vehicle) for n, vehicle in enumerate(("CAR1", "CAR1", "CAR2"))),
    *(Actor(f"app {n}", Role.APP, f"CAR{n % 2 + 1}") for n in range(6)),
    *(Actor(f"batch {n}", Role.BATCH, f"CAR{n + 1}") for n in range(2)),
]
which = st.integers(0, len(ACTORS) - 1)


def _pick(actors: list[Actor], at: int) -> list[Actor]:
    """Pick one of the actors, or none where there is none."""
    return [actors[at % len(actors)]] if actors else []


class HubMachine(RuleBasedStateMachine):
    """The rules are what the actors do; each ends with a check of all that everybody heard."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock(START)
        self.storage = FakeStorage({each: make_vehicle(each) for each in ("CAR1", "CAR2")})
        self.hub = Hub(self.storage, FakeAlerts(), self.clock, HubSettings(VERSION))
        self.hub._context.spawn = self.loop.run_until_complete
        self.actors = [Actor(each.name, each.role, each.vehicle) for each in ACTORS]
        self.live: dict[str, Actor | None] = {"CAR1": None, "CAR2": None}
        self.waiting: dict[str, list[Actor]] = {"CAR1": [], "CAR2": []}
        """Cars that have not proven themselves."""
        self.sent: dict[str, dict[str, tuple[bytes, bool]]] = {"CAR1": {}, "CAR2": {}}
        """The data that was sent last of each code, and whether it was sealed."""
        self.tokens = {"CAR1": "", "CAR2": ""}
        self.has_told: dict[str, Actor | None] = {"CAR1": None, "CAR2": None}
        """The connected car that has told its paranoid token on this connection."""
        self.asked: dict[str, Ask] = {}

    def teardown(self) -> None:
        """End with an empty hub when everybody leaves."""
        for actor in self.actors:
            if actor.session is not None:
                self._leave(actor)
        assert self.hub.rooms == {}
        assert self.hub._context.pacers == set()
        self.loop.close()

    def _lands(self, car: Actor, text: str) -> None:
        """Note that a car has read all up to what it answers now."""
        while text in [each for each, *_ in car.unread] and car.unread.pop(0)[0] != text:
            pass

    # -- coming and going -------------------------------------------------------------------

    @initialize(there=st.sets(which, min_size=6))
    def begins(self, there: set[int]) -> None:
        """Let some be there from the start."""
        for at in sorted(there):
            self._join(self.actors[at], is_proven=True)

    @rule(at=which, is_proven=st.booleans())
    def joins(self, at: int, is_proven: bool) -> None:
        """Connect somebody; a car proves itself with its next word, or by none for now."""
        for actor in _pick([each for each in self.actors if each.session is None], at):
            self._join(actor, is_proven)

    def _join(self, actor: Actor, is_proven: bool) -> None:
        room = self.loop.run_until_complete(self.hub.find(actor.vehicle))
        assert room is not None
        actor.line, actor.is_slow, actor.row, actor.passed = FakeLine(), False, 0, 0
        actor.todo.clear()
        actor.unread.clear()
        actor.held.clear()
        actor.line.is_proven = is_proven
        actor.session = self.hub.enter(room, actor.role, actor.line)
        if self.has_told[actor.vehicle] is actor:
            self.has_told[actor.vehicle] = None
        if actor.role is Role.CAR:
            self.waiting[actor.vehicle].append(actor)
        self._listen()
        if actor.role is not Role.CAR:
            assert actor.heard[:-1] == self._replay(actor.vehicle)
            assert actor.heard[-1][0] == "T"
            actor.heard.clear()
        self._check({})

    def _replay(self, vehicle: str) -> list[str]:
        """Return what a client must hear at login: the token once, before what needs it."""
        messages, announcement = self.sent[vehicle], [f"ET{self.tokens[vehicle]}"]
        heard: list[str] = []
        for code in [*(c for c in "FS" if c in messages), *sorted(messages.keys() - {*"FS"})]:
            data, is_sealed = messages[code]
            heard += announcement if is_sealed and announcement[0] not in heard else []
            heard.append(("EM" if is_sealed else "") + code + data.decode("latin-1"))
        told, live = self.has_told[vehicle], self.live[vehicle]
        is_owed = told is not None and told is live and announcement[0] not in heard
        return [*heard, *(announcement if is_owed else [])]

    @rule(at=which, is_sudden=st.integers(0, 5).map(lambda n: n == 5))
    def leaves(self, at: int, is_sudden: bool) -> None:
        """Hang up, or (oftener) notice that the server has."""
        there = [each for each in self.actors if each.session is not None]
        for actor in _pick([each for each in there if each.is_active is is_sudden], at):
            self._leave(actor)
            self._listen()
            self._check({})

    def _leave(self, actor: Actor) -> None:
        session, actor.session = actor.session, None
        assert session is not None
        actor.line.is_closed = True
        self.hub.leave(session)
        if actor is self.live[actor.vehicle]:
            self.live[actor.vehicle] = None
        if actor in self.waiting[actor.vehicle]:
            self.waiting[actor.vehicle].remove(actor)

    # -- callers without proof --------------------------------------------------------------

    @rule(at=which, texts=st.lists(st.sampled_from(["A", "a", "w1", "w2"]), max_size=3))
    def mutters(self, at: int, texts: list[str]) -> None:
        """Say something that proves nothing: nobody hears of it."""
        for stranger in _pick(self._strangers, at):
            assert stranger.session is not None
            for text in texts:
                if text == "a" and not (stranger.todo and stranger.todo.popleft()):
                    continue
                if len(stranger.held) == HELD:
                    break  # more pongs might have to wait
                stranger.held.append(text)
                stranger.session.receive(message(text))
            self.hub.pace()
            self._listen()
            self._check({})

    @rule(at=which)
    def can_prove_itself(self, at: int) -> None:
        """Have a car prove itself with its next word."""
        for stranger in _pick(self._strangers, at):
            stranger.line.is_proven = True

    @rule(at=which)
    def says_more_than_its_place_allows(self, at: int) -> None:
        """Say something on a connection that has given way: it is ignored."""
        there = [each for each in self.actors[:3] if each.session is not None]
        placeless = [each for each in there if each is not self.live[each.vehicle]]
        for car in _pick([p for p in placeless if p not in self.waiting[p.vehicle]], at):
            assert car.session is not None
            car.session.receive(message("S"))
            self._listen()
            self._check({})

    # -- commands ---------------------------------------------------------------------------

    @rule(at=which, kind=st.sampled_from(["C20", "C1", "unique", "sealed", "C30"]))
    def asks(self, at: int, kind: str) -> None:
        """Send a client's command: plain, with rows, for the server, or sealed."""
        for client in _pick(self._clients("CAR1", "CAR2"), at):
            self._ask(client, kind)

    def _ask(self, client: Actor, kind: str) -> None:
        assert client.session is not None
        if kind == "C30" and client.session.member.is_busy:
            return  # its answer would wait for its turn
        tag = f"t{len(self.asked)}"
        start = {"unique": f"C{1000 + len(self.asked)}", "sealed": "EMC"}.get(kind, kind)
        text = start + tag if kind == "sealed" else f"{start},{tag}"
        self.asked[tag] = Ask(client, client.session, text)
        self._say(client, text)
        by_server = ["c30,1,No GPRS utilisation data available"]
        self._check({client: by_server} if kind == "C30" else {})

    @rule(at=which, how=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=4))
    def answers(self, at: int, how: list[tuple[bool, bool]]) -> None:
        """Do what a car was asked first, or a part of it, or never: some steps of that."""
        for is_last, is_told in how:
            for car in _pick([each for each in self._cars if each.todo], at):
                self._work(car, is_last, is_told or is_last)

    def _work(self, car: Actor, is_last: bool, is_told: bool) -> None:
        text, _ = car.todo[0]
        if text == "A":
            car.todo.popleft()
            is_pinged = any(each == "A" for each, _ in car.todo)
            car.is_slow = car.is_slow and (is_pinged or car.line.unacknowledged > 0)
            if not any(each == "A" for each, _ in car.todo):
                while "A" in [each for each, *_ in car.unread]:
                    self._lands(car, "A")
            self._say(car, "a")
            self._check({})
        elif is_told:
            self._answer(car, text, is_last)
        else:
            self._done(car)

    def _answer(self, car: Actor, text: str, is_last: bool) -> None:
        """Send an answer, or a row of it, and see that only the client that asked gets it."""
        ask = self.asked[text.removeprefix("EMC") if text[0] == "E" else text.partition(",")[2]]
        answer, is_last = ask.answer(car.row, is_last)
        car.row += 1
        if is_last:
            self._done(car)
        is_due = ask.is_open and ask.client.is_active
        self._lands(car, text)
        self._say(car, answer)
        if is_due and not (car.is_slow and answer not in ask.client.heard):
            ask.rows += 1
            self._check({ask.client: [answer]})
        else:
            self._check({})

    def _done(self, car: Actor) -> None:
        car.todo.popleft()
        car.row = 0

    @rule(at=which)
    def volunteers(self, at: int) -> None:
        """Send a car's answer that nobody asked for."""
        for car in _pick(self._cars, at):
            self._say(car, "c41,0,second")
            self._check({each: ["c41,0,second"] for each in self._clients(car.vehicle)})

    # -- messages and time ------------------------------------------------------------------

    @rule(at=which, code=st.sampled_from("FSDx\xff"), data=st.binary(max_size=3))
    def reports(self, at: int, code: str, data: bytes) -> None:
        """Send a car's message."""
        for car in _pick(self._cars, at):
            self._report(car, code, data)

    def _report(self, car: Actor, code: str, data: bytes) -> None:
        text = code + data.decode("latin-1")
        self.sent[car.vehicle][code] = (data, False)
        self._say(car, text)
        told = [text, f"f{VERSION}", "T0"] if code == "F" else [text, "T0"]
        self._check(dict.fromkeys(self._clients(car.vehicle), told))

    @rule(at=which, token=st.sampled_from("uv"))
    def tells_token(self, at: int, token: str) -> None:
        """Go paranoid, or change the token: what was sealed under another is void."""
        for car in _pick(self._cars, at):
            vehicle = car.vehicle
            if token != self.tokens[vehicle]:
                kept = self.sent[vehicle].items()
                self.sent[vehicle] = {code: sent for code, sent in kept if not sent[1]}
            self.tokens[vehicle], self.has_told[vehicle] = token, car
            self._say(car, f"ET{token}")
            self._check({client: [f"ET{token}"] for client in self._clients(vehicle)})

    @rule(at=which, code=st.sampled_from("FSDxh"), data=st.binary(max_size=3))
    def reports_sealed(self, at: int, code: str, data: bytes) -> None:
        """Send a car's sealed message: stored as it is under a token, but never a sealed `h`."""
        for car in _pick(self._cars, at):
            text = "EM" + code + data.decode("latin-1")
            is_stored = code != "h" and bool(self.tokens[car.vehicle])
            if is_stored:
                self.sent[car.vehicle][code] = (data, True)
            self._say(car, text)
            told = [text]
            told += [f"f{VERSION}"] if code == "F" else []
            told += ["T0"] if is_stored else []
            self._check(dict.fromkeys(self._clients(car.vehicle), told))

    @rule(at=which, firmware=st.sampled_from(["3.3.005", "3.1.4/TR2.0/V2/"]))
    def names_its_firmware(self, at: int, firmware: str) -> None:
        """Say which buffer the module has."""
        for car in _pick(self._cars, at):
            self._report(car, "F", firmware.encode())

    @rule(at=which, count=st.sampled_from([1, 1, 2, 5]), size=st.sampled_from([0, 10, 100]))
    def passes_on(self, at: int, count: int, size: int) -> None:
        """Send a client's messages for the car, which only an app may."""
        for client in _pick(self._clients("CAR1", "CAR2"), at):
            car = self.live[client.vehicle]
            for _ in range(count):
                if client.role is Role.APP and car is not None and car.is_active:
                    car.passed = min(PASSED_LIMIT, car.passed + 1)
                self._say(client, "X" + "x" * size)
            self._check({})

    @rule(at=which, is_stuck=st.booleans())
    def stops_reading(self, at: int, is_stuck: bool) -> None:
        """Let a car's network take nothing any more, or again."""
        for car in _pick(self._cars, at):
            self._reads(car)
            car.line.unacknowledged = STUCK if is_stuck else 0
            car.is_slow = True

    @rule(seconds=st.sampled_from([0.5, 1, 2, 2, 5, 5, 10, 30, 60, 60, 300]))
    def time_passes(self, seconds: float) -> None:
        """Let time pass; the unproven and the idle are closed."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.advance(min(1.0, end - self.clock.monotonic()))
            self.hub.pace()
            self._listen()
            self.hub.tick()
            self._listen()
            now = self.clock.monotonic()
            for car in self.actors[:3]:
                late = [at for text, at in car.todo if text == "A" and now - at >= PING_TIMEOUT]
                car.is_slow = car.is_slow or bool(late)
                self._give_up_sealed(car)
        self._check({})

    def _give_up_sealed(self, car: Actor) -> None:
        """Note sealed commands that timed out: nobody is told, but their answers are late."""
        for text, at in car.todo:
            if text[0] == "E" and self.clock.monotonic() - at >= ANSWER_TIMEOUT:
                ask = self.asked[text.removeprefix("EMC")]
                ask.is_refused = ask.is_refused or not ask.rows

    # -- what everybody heard ---------------------------------------------------------------

    @property
    def _cars(self) -> list[Actor]:
        there = [each for each in self.actors[:3] if each.is_active]
        return [each for each in there if each not in self._strangers]

    @property
    def _strangers(self) -> list[Actor]:
        there = [each for each in self.actors[:3] if each.is_active]
        there = [each for each in there if each in self.waiting[each.vehicle]]
        return [each for each in there if not each.line.is_proven]

    def _clients(self, *vehicles: str) -> list[Actor]:
        there = [each for each in self.actors[3:] if each.vehicle in vehicles]
        return [each for each in there if each.is_active]

    def _say(self, actor: Actor, text: str) -> None:
        """Send a message; a car that waited takes over with it."""
        assert actor.session is not None
        actor.session.receive(message(text))
        self.hub.pace()
        if actor not in self.waiting[actor.vehicle]:
            self._listen()
            return
        self.waiting[actor.vehicle].remove(actor)
        old, self.live[actor.vehicle] = self.live[actor.vehicle], actor
        assert old is None or old.line.is_closed
        self._listen()
        self._take_held(actor)

    def _take_held(self, car: Actor) -> None:
        """Check that what a car said before its proof has come before the rest, in order."""
        kept = [text for text in car.held if text[0] == "w"]
        told = [text for each in kept for text in (each, "T0")]
        for client in self._clients(car.vehicle):
            assert client.heard[: len(told)] == told
            del client.heard[: len(told)]
        pongs = ["a"] * car.held.count("A")
        assert car.heard[: len(pongs)] == pongs
        del car.heard[: len(pongs)]
        for text in kept:
            self.sent[car.vehicle]["w"] = (text[1:].encode(), False)

    def _listen(self) -> None:
        """Take what the lines were sent."""
        for actor in self.actors:
            for text in actor.line.take():
                if actor.role is Role.CAR:
                    self._receive(actor, text)
                if text[0] == "Z":
                    actor.z = text[1:]
                elif actor.role is Role.CAR and (text == "A" or text[0] in "CE"):
                    actor.todo.append((text, self.clock.monotonic()))
                elif actor.role is Role.CAR and text[0] == "X":
                    actor.passed -= 1
                elif not (actor.role is not Role.CAR and self._is_refusal(actor, text)):
                    actor.heard.append(text)

    def _receive(self, car: Actor, text: str) -> None:
        """Note what comes to a car, which never has more to read than its budget."""
        self._reads(car)
        car.unread.append((text, wire_length(message(text)), self.clock.monotonic()))
        assert self._unread(car) <= self._budget(car), car.unread

    def _reads(self, car: Actor) -> None:
        """Note that a car has read what is acknowledged and was sent a pause ago."""
        now = self.clock.monotonic()
        while car.unread and now - car.unread[0][2] >= PAUSE and not car.line.unacknowledged:
            del car.unread[0]

    def _unread(self, car: Actor) -> int:
        return sum(length for _, length, _ in car.unread)

    def _budget(self, car: Actor) -> int:
        data, is_sealed = self.sent[car.vehicle].get("F", (b"", False))
        return 200 if b"/V2/" in data and not is_sealed else 1023

    def _is_pressed(self, car: Actor) -> bool:
        """Return whether something may wait for a car: there is no room for the longest line."""
        return self._unread(car) + LONGEST > self._budget(car)

    def _is_refusal(self, client: Actor, text: str) -> bool:
        """Return whether it refuses a command that is open, and note it."""
        mine = [ask for ask in self.asked.values() if ask.client is client and ask.is_open]
        for ask in mine:
            if text.startswith(ask.refusal) and text.endswith(REASONS) and not ask.rows:
                ask.is_refused = True
                return True
        return False

    def _check(self, expected: dict[Actor, list[str]]) -> None:
        """Nobody has heard anything but what was expected."""
        for actor in self.actors:
            heard, actor.heard = actor.heard, []
            assert heard == expected.get(actor, []), actor

    @invariant()
    def everybody_knows_who_is_there(self) -> None:
        """Compare the last Z that somebody heard with the truth."""
        for vehicle, live in self.live.items():
            for client in self._clients(vehicle):
                assert client.z == ("1" if live else "0")
            apps = [each for each in self.actors[3:9] if each.vehicle == vehicle and each.session]
            if live and live.is_active and not live.is_slow and not self._is_pressed(live):
                assert live.z == str(len(apps))
                assert live.passed == 0
            room = self.hub.rooms.get(vehicle)
            assert (room.car if room else None) is (
                live.session.member if live and live.session else None
            )

    @invariant()
    def the_last_of_each_code_is_stored(self) -> None:
        """Compare the storage and the room with what was sent last."""
        for vehicle, messages in self.sent.items():
            every = self.storage.messages.get(vehicle, {})
            kept = {code: each for code, each in every.items() if each.counts(self.tokens[vehicle])}
            assert {c: (each.data, bool(each.token)) for c, each in kept.items()} == messages
            assert self.storage.tokens.get(vehicle, "") == self.tokens[vehicle]
            room = self.hub.rooms.get(vehicle)
            assert room is None or room.latest.by_code == kept

    @invariant()
    def a_car_has_one_command_at_a_time(self) -> None:
        """Count what is in flight to a car that answers its pings."""
        for car in self._cars:
            if not car.is_slow:
                assert sum(text != "A" for text, _ in car.todo) <= 1

    @invariant()
    def rooms_are_not_kept_for_nobody(self) -> None:
        """See that a room exists while somebody is in it, and no longer."""
        used = {actor.vehicle for actor in self.actors[3:] if actor.session is not None}
        used |= {vehicle for vehicle, live in self.live.items() if live is not None}
        used |= {vehicle for vehicle, waiting in self.waiting.items() if waiting}
        assert set(self.hub.rooms) == used
        for vehicle in used:
            present = self.storage.presence.get(vehicle, (False,))[0]
            assert present is (self.live[vehicle] is not None)


TestHub = HubMachine.TestCase
TestHub.settings = settings(
    max_examples=100,
    stateful_step_count=60,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
