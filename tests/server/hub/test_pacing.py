from __future__ import annotations

import pytest

from ovms.base.clock import ManualClock
from ovms.protocol import Role
from ovms.protocol.messages import LatestMessage
from ovms.server.hub.guard import Guard
from ovms.server.hub.pacing import (
    ESP32_BUDGET,
    LONGEST_COMMAND,
    MARK_INTERVAL,
    MARKS_LIMIT,
    OWED_LIMIT,
    PASSED_LIMIT,
    PAUSE,
    PIC_BUDGET,
    Pacer,
    budget_of,
    wire_length,
)
from tests.server.hub.fakes import START, FakeLine, Peer, Place, message

PIC = "F3.1.4/TR2.0/V2/pic,VIN"


def filling(size: int) -> str:
    """Return a message whose line has so many bytes (two more than a multiple of four)."""
    text = "X" + "x" * ((size - 2) // 4 * 3 - len("MP-0 X"))
    assert wire_length(message(text)) == size
    return text


class Road:
    """A pacer, its line and the time."""

    def __init__(self, budget: int = ESP32_BUDGET, welcome: int = 0) -> None:
        self.clock = ManualClock(START)
        self.line = FakeLine()
        self.line.sent = welcome
        self.budget = budget
        self.waiting: set[Pacer] = set()
        self.left: list[tuple[str, int]] = []
        self.pacer = Pacer(self.line, self.clock, Guard(), self, self.waiting)

    def passes_on(self, *texts: str) -> None:
        """Pass messages on."""
        for text in texts:
            self.pacer.pass_on(message(text))

    def commands(self, text: str) -> None:
        """Send a command, and note when it leaves."""
        self.pacer.command(message(text), lambda mark: self.left.append((text, mark)))

    def waits(self, seconds: float = PAUSE) -> list[str]:
        """Let time pass; what went to the car after that."""
        self.line.take()
        self.clock.advance(seconds)
        self.pacer.flush()
        return self.line.take()


@pytest.mark.parametrize(
    ("data", "token", "budget"),
    [
        (b"3.1.4/TR2.0/V2/pic,VIN", "", PIC_BUDGET),
        (b"2.6.1/TR1.0/V1/", "", PIC_BUDGET),
        (b"3.3.005,VIN", "", ESP32_BUDGET),
        (b"", "", ESP32_BUDGET),
        (b"3.1.4/TR2.0/V2/pic", "sealed", ESP32_BUDGET),
    ],
)
def test_budgets(data: bytes, token: str, budget: int) -> None:
    """Only a plain F says that it is a PIC's: what is sealed or missing tells nothing."""
    assert budget_of(LatestMessage("F", data, START, token)) == budget
    assert budget_of(None) == ESP32_BUDGET == LONGEST_COMMAND == 1023


def test_the_budget_at_the_bound() -> None:
    """What fits goes at once; one byte more waits until the pause is over."""
    road = Road(budget=60)
    road.passes_on(filling(50), "X")
    assert road.pacer.in_flight == 60
    assert len(road.line.take()) == 2
    road.passes_on("Y")
    assert road.line.take() == []
    assert road.waiting == {road.pacer}
    assert road.waits(PAUSE - 0.01) == []
    assert road.waits(0.01) == ["Y"]
    assert road.waiting == set()


def test_the_welcome_counts() -> None:
    """It is in flight, too, when the first message goes."""
    road = Road(budget=100, welcome=60)
    road.passes_on(filling(50))
    assert road.line.take() == []
    assert len(road.waits()) == 1


def test_what_is_not_acknowledged_has_not_landed() -> None:
    """However long that takes, nothing more is sent."""
    road = Road(budget=100)
    road.passes_on(filling(98), "X")
    road.line.unacknowledged = 1
    assert road.waits(3600) == []
    road.line.unacknowledged = 0
    assert road.waits(0) == ["X"]


def test_the_answer_to_a_command_shows_that_it_landed() -> None:
    """What went before the command has landed with it, what went after has not."""
    road = Road(budget=100)
    road.passes_on(filling(34))
    road.commands("C20")
    road.passes_on(filling(34), filling(62))
    assert road.left == [("C20", 34 + wire_length(message("C20")))]
    road.pacer.landed(road.left[0][1])
    assert road.pacer.in_flight == 34
    road.pacer.flush()
    assert len(road.line.take()) == 4


def test_the_answer_to_the_last_ping_shows_that_it_landed() -> None:
    """Answers to pings before it do not, and one too many does nothing."""
    road = Road(budget=100)
    road.pacer.ping()
    road.passes_on(filling(50))
    road.pacer.ping()
    road.passes_on("X")
    road.pacer.ping_answered()
    assert road.pacer.in_flight == 10 + 50 + 10 + wire_length(message("X"))
    road.pacer.ping_answered()
    assert road.pacer.in_flight == wire_length(message("X"))
    road.pacer.ping_answered()
    assert (road.pacer.pings, road.pacer.in_flight) == (0, wire_length(message("X")))


def test_one_ping_waits() -> None:
    """Several that wait are one, and count as one; the last that is to be told hears of it."""
    road = Road(budget=100)
    road.passes_on(filling(98))
    left: list[str] = []
    road.pacer.ping()
    road.pacer.ping(lambda mark: left.append("barrier"))
    road.pacer.ping()
    assert road.pacer.pings == 1
    assert road.waits() == ["A"]
    assert left == ["barrier"]
    road.passes_on(filling(90), "X")
    road.pacer.ping()
    road.pacer.ping_answered()
    assert road.line.take()[-1:] == ["A"]
    assert road.pacer.in_flight == 100
    assert road.pacer.pings == 1


def test_only_the_newest_number_of_apps_waits() -> None:
    """A car that was told nothing of twenty apps that came and went reports no oftener."""
    road = Road(budget=100)
    road.passes_on(filling(98))
    for apps in [*range(20), *range(20, -1, -1)]:
        road.pacer.tell_peers(apps)
    assert road.waits() == ["Z0"]


def test_the_weightiest_goes_first() -> None:
    """Commands, ping, number of apps, what is owed, what is passed on, each in its order."""
    road = Road(budget=100)
    road.passes_on(filling(98), "X1", "X2")
    road.pacer.acknowledge(b"1")
    road.pacer.pong()
    road.pacer.tell_peers(1)
    road.pacer.ping()
    road.commands("C20")
    assert road.waits() == ["C20", "A", "Z1", "h1", "a", "X1", "X2"]


def test_nothing_lighter_goes_before_what_does_not_fit() -> None:
    """Or a long command would wait for ever behind a stream of short messages."""
    road = Road(budget=110)
    road.passes_on(filling(50))
    road.commands("C7," + "x" * 50)
    road.pacer.acknowledge(b"1")
    assert road.waits(0) == []
    assert road.waits() == ["C7," + "x" * 50, "h1"]


def test_a_command_is_withdrawn() -> None:
    """It never leaves, and what waited behind it goes."""
    road = Road(budget=100)
    road.passes_on(filling(50))
    road.commands("C7," + "x" * 50)
    road.pacer.acknowledge(b"1")
    road.line.take()
    road.pacer.withdraw()
    assert road.line.take() == ["h1"]
    assert road.waits() == []
    assert road.left == []


def test_what_never_fits_is_dropped() -> None:
    """Too long a line goes nowhere, and does not hold the others up."""
    road = Road(budget=100)
    road.passes_on(filling(102), "X")
    road.commands("C7," + "x" * 100)
    assert road.line.take() == ["X"]
    assert road.waiting == set()
    assert road.left == []


def test_a_budget_that_shrinks() -> None:
    """A car that turns out to be a PIC gets no more until it has read; long lines are dropped."""
    road = Road()
    road.passes_on(filling(902), filling(302), "X")
    road.budget = PIC_BUDGET
    assert road.waits() == ["X"]


def test_what_waits_at_the_bound() -> None:
    """So many acknowledgements and passed on messages wait, and what comes then is dropped."""
    road = Road(budget=100)
    road.passes_on(filling(98))
    for number in range(OWED_LIMIT + 1):
        road.pacer.acknowledge(str(number).encode())
    road.passes_on(*(f"X{number}" for number in range(PASSED_LIMIT + 1)))
    heard: list[str] = []
    while road.waiting:
        heard += road.waits()
    assert [text for text in heard if text != "A"] == [
        *(f"h{number}" for number in range(OWED_LIMIT)),
        *(f"X{number}" for number in range(PASSED_LIMIT)),
    ]


def test_a_closed_line() -> None:
    """What cannot be sent does not count as sent, and nothing waits for it."""
    road = Road(budget=100)
    road.line.is_closed = True
    road.commands("C20")
    road.passes_on(filling(98), filling(98))
    assert (road.pacer.in_flight, road.left, road.waiting) == (0, [], set())


def test_a_pacer_is_closed() -> None:
    """What waits is dropped."""
    road = Road(budget=100)
    road.passes_on(filling(98), "X")
    road.pacer.close()
    road.pacer.acknowledge(b"1")
    assert road.waiting == set()
    assert road.waits() == []


def test_what_was_sent_a_pause_ago_lands_while_newer_bytes_flow() -> None:
    """A car that is sent something all the time never waits for a gap."""
    road = Road(budget=100)
    road.passes_on(filling(50))
    assert road.waits(PAUSE - 0.1) == []
    road.passes_on(filling(50), filling(50))
    assert len(road.line.take()) == 1
    assert road.waits(0.09) == []
    assert len(road.waits(0.01)) == 1
    assert road.pacer.in_flight == 100


def test_only_what_is_acknowledged_lands() -> None:
    """Of what was sent a pause ago, newer bytes may still be under way."""
    road = Road(budget=100)
    road.passes_on(filling(50))
    road.clock.advance(MARK_INTERVAL)
    road.passes_on(filling(50), filling(34), filling(34))
    road.line.unacknowledged = 51
    assert road.waits() == []
    road.line.unacknowledged = 50
    assert len(road.waits(0)) == 1
    assert road.pacer.in_flight == 50 + 34


def test_marks_at_the_bound() -> None:
    """What is sent within an interval is one mark; a car that acknowledges nothing has few."""
    road = Road()
    road.line.unacknowledged = 1000
    for number in range(3 * MARKS_LIMIT):
        road.passes_on("X")
        road.clock.advance(MARK_INTERVAL * 5 / 8)
        assert len(road.pacer._marks) == min(number // 2, MARKS_LIMIT)
    assert road.pacer.in_flight == len(road.line.take()) * wire_length(message("X"))
    road.line.unacknowledged = 0
    road.clock.advance(PAUSE)
    road.passes_on(filling(1022))
    assert len(road.line.take()) == 1


def test_a_steady_flow_of_acknowledgements() -> None:
    """Of 2,000 records at 60 a second each is acknowledged within 100 ms of its commit."""
    road = Road()
    committed: list[float] = []
    flight: list[tuple[float, int]] = []
    latest = 0.0
    while len(committed) < 2000 or road.waiting:
        road.clock.advance(1 / 60)
        now = road.clock.monotonic()
        flight = [(at, size) for at, size in flight if now - at < 0.05]
        road.line.unacknowledged = sum(size for _, size in flight)
        if len(committed) < 2000:
            road.pacer.acknowledge(str(100000 + len(committed)).encode())
            committed.append(now)
        road.pacer.flush()
        for text in road.line.take():
            flight.append((now, wire_length(message(text))))
            latest = max(latest, now - committed[int(text[1:]) - 100000])
    assert latest < 0.1


def test_a_car_that_reads_fast_has_its_records_acknowledged_as_fast() -> None:
    """When no more fit a ping follows, and with its answer the next ones go."""
    road = Road()
    for number in range(200):
        road.pacer.acknowledge(str(100000 + number).encode())
    road.pacer.flush()
    heard: list[str] = []
    while sent := road.line.take():
        assert sum(wire_length(message(text)) for text in sent) <= ESP32_BUDGET
        assert sent.count("A") == (sent[-1] == "A")
        heard += [text for text in sent if text != "A"]
        road.pacer.ping_answered()
    assert heard == [f"h{100000 + number}" for number in range(200)]
    assert road.waiting == set()


def test_acknowledgements_of_one_moment_are_one_piece() -> None:
    """Each write costs a system call, and the car a packet."""
    road = Road()
    for number in range(20):
        road.pacer.acknowledge(str(number).encode())
    assert road.line.take() == []
    road.pacer.flush()
    assert road.line.pieces == [20]


def test_acknowledgements_a_second_flow() -> None:
    """Forty acknowledgements a second reach a car that answers nothing, each within a second."""
    road = Road()
    heard: list[str] = []
    for number in range(400):
        road.pacer.acknowledge(str(100000 + number).encode())
        road.clock.advance(0.025)
        road.pacer.flush()
        heard += road.line.take()
        assert number - len(heard) < 40
    heard += road.waits()
    assert heard == [f"h{100000 + number}" for number in range(400)]


# -- in a room ------------------------------------------------------------------------------


class Reader:
    """A car that counts what has come and was not read yet: it never reads."""

    def __init__(self, place: Place, car: Peer) -> None:
        self.place = place
        self.car = car
        self.unread = 0
        self.most = 0
        self.heard: list[str] = []

    def looks(self) -> list[str]:
        """Take note of what has come."""
        texts = self.car.hears()
        self.unread += sum(wire_length(message(text)) for text in texts)
        self.most = max(self.most, self.unread)
        self.heard += texts
        return texts

    def _bytes(self, text: str) -> int:
        return wire_length(message(text))

    def reads_it_all(self, budget: int) -> None:
        """Read what has come each second, answer it, and see that the next is no more."""
        todo = [*self.heard]
        while self.place.context.pacers or todo:
            self.car.line.unacknowledged = sum(map(self._bytes, self.heard))
            self.place.passes(1)
            todo += self.looks()
            assert self.unread <= budget
            self.car.line.unacknowledged = 0
            self.unread = 0
            self.place.passes(1)
            todo += self.looks()
            while todo:
                text = todo.pop(0)
                assert self.unread <= budget
                if text[0] in "CA":
                    self.unread = 0
                    self.car.says("a" if text == "A" else f"c{text[1:4]},0")
                    todo += self.looks()


@pytest.mark.parametrize(("firmware", "budget"), [("F3.3.005", 1023), (PIC, 200)])
def test_a_burst(firmware: str, budget: int) -> None:
    """Whatever clients do at once, a car that reads nothing has no more than its budget to read."""
    place = Place()
    car = place.car()
    car.says(firmware)
    place.passes(1)
    reader = Reader(place, car)
    apps = [place.app() for _ in range(20)]
    for number in range(1000):
        apps[0].says(f"X{number}" + "x" * (number % 150))
        reader.looks()
    for number in range(50):
        apps[number % 20].says(f"C{number + 100},1")
        car.says(f"h{number},0,*-LOG-Trip,1,60,x")
        place.storage.save()
        reader.looks()
    for app in [place.app() for _ in range(20)]:
        reader.looks()
        app.leaves()
        reader.looks()
    assert budget / 2 < reader.most <= budget
    reader.reads_it_all(budget)
    counts = {kind: sum(text[0] == kind for text in reader.heard) for kind in "XCh"}
    assert counts == {"X": counts["X"], "C": 50, "h": 50}
    assert PASSED_LIMIT <= counts["X"] < 2 * PASSED_LIMIT
    assert [text for text in reader.heard if text[0] == "Z"][-1] == "Z20"
    answers = [f"c{number + 100},0" for number in range(50)]
    assert sorted(text for app in apps for text in app.hears() if text[0] == "c") == answers


@pytest.mark.parametrize(("sent", "answer"), [("C20", "c20,0"), ("A", "a")])
def test_what_waits_goes_with_the_answer(sent: str, answer: str) -> None:
    """What a car answers shows at once that there is room again, for pings and for commands."""
    place = Place()
    car, app = place.car(), place.app()
    car.hears()
    first, second = "X1" + "x" * 500, "X2" + "x" * 500
    app.says(first)
    if sent == "A":
        assert place.room.car is not None
        place.room.car.pacer.ping()
    else:
        app.says(sent)
    app.says(second)
    assert car.hears() == [first, sent]
    car.says(answer)
    assert car.hears() == [second]


def test_nothing_waits_for_a_car_that_has_gone() -> None:
    """Not for one that left, nor for one that was replaced, and it does not move on."""
    place = Place()
    old, app = place.car(), place.app()
    app.says(*["X" + "x" * 500] * 3)
    assert len(place.context.pacers) == 1
    new = place.joins(Role.CAR)
    new.says("a")
    assert place.context.pacers == set()
    assert new.hears() == ["A", "Z1"]
    app.says(*["X" + "x" * 500] * 3)
    new.leaves()
    assert place.context.pacers == set()
    assert old.line.is_closed
