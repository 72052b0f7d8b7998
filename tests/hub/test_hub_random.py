"""The hub against a model of it: cars and clients come, go, ask and answer as they like."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.hub.fakes import START, VERSION, FakeKeeper, FakeLine, FakeVehicle, message

from ovms.base.clock import ManualClock
from ovms.hub.commands import PING_TIMEOUT
from ovms.hub.hub import Guest, Hub
from ovms.protocol import Role

ROWS = 3
REASONS = ("no answer from the car", "car is not connected", "too many commands are waiting")


@dataclass(eq=False)
class Actor:
    """Somebody who is connected to a vehicle or not."""

    name: str
    role: Role
    vehicle: str
    line: FakeLine = field(default_factory=FakeLine)
    guest: Guest | None = None
    z: str = ""
    """The last Z heard."""
    heard: list[str] = field(default_factory=list)
    """The rest of what was heard in this step."""
    todo: deque[tuple[str, float]] = field(default_factory=deque)
    """What a car was asked and has not done: pings and commands, and when they came."""
    is_slow: bool = False
    """A car that let a ping wait too long: its answers may get lost until it has answered."""

    def __repr__(self) -> str:
        """Name the actor in hypothesis's reports."""
        return self.name

    @property
    def is_active(self) -> bool:
        """Is connected, and the server has not closed the connection."""
        return self.guest is not None and not self.line.is_closed


@dataclass(eq=False)
class Ask:
    """A command and what became of it."""

    client: Actor
    guest: Guest
    text: str
    rows: int = 0
    """Parts of the answer that reached the client."""
    is_refused: bool = False

    @property
    def refusal(self) -> str:
        """How a refusal of it begins; nothing for a sealed one."""
        number = self.text[1:].partition(",")[0]
        return f"c{number},1," if self.text[0] == "C" else "-"

    @property
    def is_open(self) -> bool:
        """The client is there and may still hear of it."""
        return self.client.guest is self.guest and not self.is_refused


ACTORS = [
    *(Actor(f"car {n}", Role.CAR, vehicle) for n, vehicle in enumerate(("CAR1", "CAR1", "CAR2"))),
    *(Actor(f"app {n}", Role.APP, f"CAR{n % 2 + 1}") for n in range(6)),
    *(Actor(f"batch {n}", Role.BATCH, f"CAR{n + 1}") for n in range(2)),
]
cars = st.integers(0, 2)
clients = st.integers(3, len(ACTORS) - 1)


class HubMachine(RuleBasedStateMachine):
    """The rules are what the actors do; each ends with a check of all that everybody heard."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock(START)
        self.keeper = FakeKeeper({each: FakeVehicle(each) for each in ("CAR1", "CAR2")})
        self.hub = Hub(self.keeper, self.clock, VERSION)
        self.actors = [Actor(each.name, each.role, each.vehicle) for each in ACTORS]
        self.live: dict[str, Actor | None] = {"CAR1": None, "CAR2": None}
        self.challengers: dict[str, list[Actor]] = {"CAR1": [], "CAR2": []}
        self.sent: dict[str, dict[str, bytes]] = {"CAR1": {}, "CAR2": {}}
        self.asks: dict[str, Ask] = {}

    def teardown(self) -> None:
        """End with an empty hub when everybody leaves."""
        for actor in self.actors:
            if actor.guest is not None:
                self._leave(actor)
        assert self.hub.rooms == {}
        self.loop.close()

    # -- coming and going -------------------------------------------------------------------

    @rule(at=st.integers(0, len(ACTORS) - 1))
    def joins(self, at: int) -> None:
        """Somebody connects."""
        actor = self.actors[at]
        if actor.guest is not None:
            return
        room = self.loop.run_until_complete(self.hub.find(actor.vehicle))
        assert room is not None
        actor.line, actor.is_slow = FakeLine(), False
        actor.todo.clear()
        actor.guest = self.hub.enter(room, actor.role, actor.line)
        if actor.role is Role.CAR and self.live[actor.vehicle] is None:
            self.live[actor.vehicle] = actor
        elif actor.role is Role.CAR:
            self.challengers[actor.vehicle].append(actor)
        self._listen()
        if actor.role is not Role.CAR:
            messages = self.sent[actor.vehicle]
            order = [*(c for c in "FS" if c in messages), *sorted(messages.keys() - {*"FS"})]
            assert actor.heard[:-1] == [c + messages[c].decode("latin-1") for c in order]
            assert actor.heard[-1][0] == "T"
            actor.heard.clear()
        self._check({})

    @rule(at=st.integers(0, len(ACTORS) - 1))
    def leaves(self, at: int) -> None:
        """Somebody hangs up, or notices that the server has."""
        actor = self.actors[at]
        if actor.guest is not None:
            self._leave(actor)
            self._listen()
            self._check({})

    def _leave(self, actor: Actor) -> None:
        guest, actor.guest = actor.guest, None
        assert guest is not None
        actor.line.is_closed = True
        self.hub.leave(guest)
        if actor is self.live[actor.vehicle]:
            waiting = self.challengers[actor.vehicle]
            self.live[actor.vehicle] = waiting.pop() if waiting else None
        elif actor in self.challengers[actor.vehicle]:
            self.challengers[actor.vehicle].remove(actor)

    # -- commands ---------------------------------------------------------------------------

    @rule(at=clients, kind=st.sampled_from(["C20", "C1", "unique", "sealed", "C30"]))
    def asks_the_car(self, at: int, kind: str) -> None:
        """A client sends a command: a usual one, one with rows, one for the server, or sealed."""
        client = self.actors[at]
        if not client.is_active:
            return
        assert client.guest is not None
        tag = f"t{len(self.asks)}"
        start = {"unique": f"C{1000 + len(self.asks)}", "sealed": "EMC"}.get(kind, kind)
        text = start + tag if kind == "sealed" else f"{start},{tag}"
        self.asks[tag] = Ask(client, client.guest, text)
        self._say(client, text)
        by_server = ["c30,1,No GPRS utilisation data available"]
        self._check({client: by_server} if kind == "C30" else {})

    @rule(at=cars, is_last=st.booleans())
    def answers(self, at: int, is_last: bool) -> None:
        """A car does what it was asked first: answers a ping or a command, or a row of it."""
        car = self.actors[at]
        if not car.is_active or not car.todo:
            return
        text, _ = car.todo[0]
        if text == "A":
            car.todo.popleft()
            car.is_slow = car.is_slow and any(each == "A" for each, _ in car.todo)
            self._say(car, "a")
            self._check({})
            return
        tag = text.removeprefix("EMC") if text[0] == "E" else text.partition(",")[2]
        ask = self.asks[tag]
        if text.startswith("C1,"):
            row = getattr(car, "row", 0)
            answer = f"c1,0,{row},{ROWS},{tag}"
            is_last = row == ROWS - 1
            car.row = 0 if is_last else row + 1  # type: ignore[attr-defined]
        elif text[0] == "E":
            answer = f"EMc{tag}"
        else:
            answer, is_last = f"c{text[1:].partition(',')[0]},0,{tag}", True
        if is_last:
            car.todo.popleft()
        self._say(car, answer)
        is_due = ask.is_open and ask.client.is_active
        if is_due and not (car.is_slow and answer not in ask.client.heard):
            ask.rows += 1
            self._check({ask.client: [answer]})
        else:
            self._check({})

    @rule(at=cars)
    def ignores(self, at: int) -> None:
        """A car never answers a command, or leaves the rest of its rows out."""
        car = self.actors[at]
        if car.todo and car.todo[0][0] != "A":
            car.todo.popleft()
            car.row = 0  # type: ignore[attr-defined]

    @rule(at=cars)
    def volunteers(self, at: int) -> None:
        """A car gives an answer that nobody asked for."""
        car = self.actors[at]
        if car.is_active:
            self._say(car, "c41,0,second")
            self._check({each: ["c41,0,second"] for each in self._clients(car.vehicle)})

    # -- messages and time ------------------------------------------------------------------

    @rule(at=cars, code=st.sampled_from("FSDx\xff"), data=st.binary(max_size=3))
    def reports(self, at: int, code: str, data: bytes) -> None:
        """A car sends a message."""
        car = self.actors[at]
        if not car.is_active:
            return
        text = code + data.decode("latin-1")
        self.sent[car.vehicle][code] = data
        self._say(car, text)
        told = [text, f"f{VERSION}", "T0"] if code == "F" else [text, "T0"]
        self._check({each: told for each in self._clients(car.vehicle)})

    @rule(at=clients)
    def passes_on(self, at: int) -> None:
        """A client sends something that is for the car, which only an app may."""
        client = self.actors[at]
        if client.is_active:
            self._say(client, "X1")
            car = self.live[client.vehicle]
            is_passed = client.role is Role.APP and car is not None and car.is_active
            self._check({car: ["X1"]} if car and is_passed else {})

    @rule(seconds=st.sampled_from([0.5, 1, 2, 5, 10, 30, 60, 300]))
    def time_passes(self, seconds: float) -> None:
        """Nobody does anything for a while; the unproven and the idle are closed."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.advance(min(1.0, end - self.clock.monotonic()))
            self.hub.tick()
            self._listen()
            now = self.clock.monotonic()
            for car in self.actors[:3]:
                late = [at for text, at in car.todo if text == "A" and now - at >= PING_TIMEOUT]
                car.is_slow = car.is_slow or bool(late)
        self._check({})

    # -- what everybody heard ---------------------------------------------------------------

    def _clients(self, vehicle: str) -> list[Actor]:
        there = [each for each in self.actors[3:] if each.vehicle == vehicle]
        return [each for each in there if each.is_active]

    def _say(self, actor: Actor, text: str) -> None:
        """Send a message; a car that waited takes over with it."""
        assert actor.guest is not None
        actor.guest.receive(message(text))
        waiting = self.challengers[actor.vehicle]
        if actor in waiting:
            waiting.remove(actor)
            old, self.live[actor.vehicle] = self.live[actor.vehicle], actor
            assert old is not None
            assert old.line.is_closed
        self._listen()

    def _listen(self) -> None:
        """Take what the lines were sent."""
        for actor in self.actors:
            for text in actor.line.take():
                if text[0] == "Z":
                    actor.z = text[1:]
                elif actor.role is Role.CAR and (text == "A" or text[0] in "CE"):
                    actor.todo.append((text, self.clock.monotonic()))
                elif not (actor.role is not Role.CAR and self._is_refusal(actor, text)):
                    actor.heard.append(text)

    def _is_refusal(self, client: Actor, text: str) -> bool:
        """Tell whether it refuses a command that is open, and note it."""
        mine = [ask for ask in self.asks.values() if ask.client is client and ask.is_open]
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
        """The last Z that somebody heard is the truth, and the car's the number of apps."""
        for vehicle, live in self.live.items():
            for client in self._clients(vehicle):
                assert client.z == ("1" if live else "0")
            apps = [each for each in self.actors[3:9] if each.vehicle == vehicle and each.guest]
            if live is not None and live.is_active:
                assert live.z == str(len(apps))
            room = self.hub.rooms.get(vehicle)
            assert (room.car if room else None) is (live.guest.member if live and live.guest else None)

    @invariant()
    def the_last_of_each_code_is_stored(self) -> None:
        """The keeper and the room have what was sent last, byte for byte."""
        for vehicle, messages in self.sent.items():
            kept = self.keeper.messages.get(vehicle, {})
            assert {code: each.data for code, each in kept.items()} == messages
            room = self.hub.rooms.get(vehicle)
            assert room is None or room.messages == kept

    @invariant()
    def a_car_has_one_command_at_a_time(self) -> None:
        """What is in flight to a car that answers its pings is one command."""
        for car in self.actors[:3]:
            if car.is_active and not car.is_slow:
                assert sum(text != "A" for text, _ in car.todo) <= 1

    @invariant()
    def rooms_are_not_kept_for_nobody(self) -> None:
        """A room exists while somebody is in it."""
        used = {actor.vehicle for actor in self.actors[3:] if actor.guest is not None}
        used |= {vehicle for vehicle, live in self.live.items() if live is not None}
        assert set(self.hub.rooms) == used
        for vehicle in used:
            present = self.keeper.presence[vehicle][0]
            assert present is (self.live[vehicle] is not None)


TestHub = HubMachine.TestCase
TestHub.settings = settings(
    max_examples=60,
    stateful_step_count=60,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
