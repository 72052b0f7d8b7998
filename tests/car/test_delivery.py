from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.base import logs
from ovms.car import delivery as bounds
from ovms.car.delivery import (
    A_SECOND,
    ALERT_AGE_LIMIT,
    ALERT_LIMIT,
    ITEM_LIMIT,
    LONGEST_RECORD,
    OPEN_LIMIT,
    PONG_TIMEOUT,
    RECORD_AGE_LIMIT,
    RESEND_AFTER,
    Delivery,
    Moment,
)
from ovms.car.delivery_store import Item
from ovms.protocol import Message
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.history import AckedRecord, HistoryRecord

UNIX = 1_750_000_000.0
PING = ("A", b"")

Sent = list[tuple[str, bytes]]


class FakeStore:
    """A disk in memory, which a later process may read."""

    def __init__(self, first_code: int = 1) -> None:
        self.next_code = first_code
        self.items: dict[int, Item] = {}

    def load(self) -> list[Item]:
        """Return what an earlier process left."""
        return [Item(i.code, i.content, i.made) for _, i in sorted(self.items.items())]

    def put(self, items: Sequence[Item]) -> None:
        """Keep."""
        for item in items:
            self.items[item.code] = Item(item.code, item.content, item.made)
            self.next_code = max(self.next_code, item.code + 1)

    def remove(self, codes: Sequence[int]) -> None:
        """Forget."""
        for code in codes:
            self.items.pop(code, None)


def at(seconds: float, *, jump: float = 0) -> Moment:
    """Return a moment, with a time of day that jumped."""
    return Moment(seconds, UNIX + seconds + jump)


def record(number: int = 1, data: bytes = b"x,y") -> HistoryRecord:
    """Return a record."""
    return HistoryRecord("*-TST", number, 60, data)


def alert(text: str = "burglars", kind: str = "A") -> Alert:
    """Return an alert."""
    return Alert(kind, text)


def sent(queue: Delivery, moment: float | Moment) -> Sent:
    """Return what is due, as code and data."""
    now = moment if isinstance(moment, Moment) else at(moment)
    return [(message.code, message.data) for message in queue.due(now)]


def h(code: int, timediff: int, number: int = 1) -> tuple[str, bytes]:
    """Return a record as it is sent."""
    return "h", b"%d,%d,*-TST,%d,60,x,y" % (code, timediff, number)


def p(text: str = "burglars", kind: str = "A") -> tuple[str, bytes]:
    """Return an alert as it is sent."""
    return "P", (kind + text).encode()


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """Catch what is logged."""
    logs.configure("debug", "text")
    with structlog.testing.capture_logs() as entries:
        yield entries


# -- records ------------------------------------------------------------------------------------


def test_a_record_is_sent_until_it_is_acknowledged() -> None:
    """At once, then every ten seconds with the difference as of then, until its code comes."""
    queue = Delivery()
    queue.add(record(), at(100))
    assert sent(queue, 100) == [h(1, 0)]
    assert sent(queue, 100 + RESEND_AFTER - 0.1) == []
    assert sent(queue, 100 + RESEND_AFTER) == [h(1, -10)]
    assert sent(queue, 125) == [h(1, -25)]
    queue.acknowledge(b"1")
    assert (sent(queue, 200), len(queue)) == ([], 0)


@pytest.mark.parametrize("data", [b"", b"2", b"-1", b"x", b"1,2", b" 1", b"1.0", b"9" * 5000])
def test_an_odd_acknowledgement_changes_nothing(data: bytes) -> None:
    """A code that is not open, or none at all, is ignored."""
    queue = Delivery()
    queue.add(record(), at(0))
    queue.due(at(0))
    queue.acknowledge(data)
    assert len(queue) == 1


def test_what_was_not_sent_cannot_be_acknowledged() -> None:
    """A code that is not out yet means nothing."""
    queue = Delivery()
    queue.add(record(), at(0))
    queue.acknowledge(b"1")
    assert len(queue) == 1


def test_five_a_second_at_most() -> None:
    """However many have gathered and however often one asks, alerts included; the oldest first."""
    queue = Delivery()
    for number in range(12):
        queue.add(alert(str(number)) if number % 3 else record(number), at(0))
    seen: list[tuple[float, bytes]] = []
    for tick in range(50):
        now = 100 + tick / 10
        for code, data in sent(queue, now):
            if code == "A":
                queue.pong()
            else:
                seen.append((now, data.split(b",")[3] if code == "h" else data[1:]))
    assert [number for _, number in seen] == [b"%d" % number for number in range(12)]
    assert all(sum(t <= time < t + 1 for time, _ in seen) <= A_SECOND for t, _ in seen)
    assert seen[-1][0] == 102


def test_a_lost_link_sends_again_at_once_in_order() -> None:
    """What was under way comes first, with the same codes, before what is new."""
    queue = Delivery()
    for number in range(3):
        queue.add(record(number), at(0))
    assert len(queue.due(at(0))) == 3
    queue.acknowledge(b"2")
    queue.restart()
    queue.add(record(9), at(2))
    assert sent(queue, 2) == [h(1, -2, 0), h(3, -2, 2), h(4, 0, 9)]


def test_a_server_that_acknowledges_nothing_does_not_hold_alerts_up() -> None:
    """Only so many records are under way, and an alert goes past those that wait behind them."""
    queue = Delivery()
    for number in range(OPEN_LIMIT + 1):
        queue.add(record(number), at(0))
    codes = {data.split(b",")[0] for second in range(60) for _, data in sent(queue, second)}
    assert len(codes) == OPEN_LIMIT
    queue.add(alert(), at(60))
    assert [m.code for second in range(60, 70) for m in queue.due(at(second))].count("P") == 1
    queue.acknowledge(b"1")
    told = [data for second in range(70, 75) for _, data in sent(queue, second)]
    assert b"%d," % (OPEN_LIMIT + 1) in b" ".join(told)


def test_sealed_records_are_sent_once() -> None:
    """Nobody can acknowledge them; they are gone from the disk, too."""
    store = FakeStore()
    queue = Delivery(store, is_sealed=True)
    queue.add(record(), at(0))
    assert sent(queue, 3) == [h(1, -3)]
    assert (len(queue), store.items) == (0, {})
    queue.restart()
    assert sent(queue, 100) == []


def test_a_record_that_is_too_long_is_cut_once() -> None:
    """Each copy is the same but for the time difference, and what fits is left as it is."""
    queue = Delivery()
    head = len(record(data=b"").fields)
    for size in (LONGEST_RECORD - head, LONGEST_RECORD - head + 1, 5000):
        queue.add(record(data=b"x" * size), at(0))
    for second in (0, 5000):
        for message in queue.due(at(second)):
            acked = AckedRecord.parse(message.data)
            assert acked is not None
            assert len(acked.record.fields) == LONGEST_RECORD


# -- alerts -------------------------------------------------------------------------------------


def test_an_alert_is_delivered_by_the_ping_behind_it() -> None:
    """A ping follows; its answer is the delivery, and one from before it is not."""
    queue = Delivery()
    assert queue.ping(at(0)) == Message("A")
    queue.add(alert(), at(1))
    assert sent(queue, 1) == [p(), PING]
    queue.pong()
    assert len(queue) == 1
    queue.pong()
    assert len(queue) == 0
    queue.pong()
    queue.add(alert("again"), at(2))
    assert sent(queue, 2) == [p("again"), PING]
    assert len(queue) == 1


def test_any_later_ping_will_do() -> None:
    """One ping speaks for all alerts before it, and for none behind it."""
    queue = Delivery()
    queue.add(alert("1"), at(0))
    queue.add(alert("2"), at(0))
    assert sent(queue, 0) == [p("1"), p("2"), PING]
    queue.add(alert("3"), at(1))
    assert sent(queue, 1) == [p("3"), PING]
    queue.pong()
    assert len(queue) == 1
    queue.pong()
    assert len(queue) == 0


def test_an_alert_is_not_told_twice_on_one_link() -> None:
    """Without an answer another ping follows after a while; on the next link it is told again."""
    queue = Delivery()
    queue.add(alert(), at(0))
    assert sent(queue, 0) == [p(), PING]
    assert sent(queue, PONG_TIMEOUT - 0.1) == []
    assert sent(queue, PONG_TIMEOUT) == [PING]
    queue.restart()
    queue.pong()
    assert sent(queue, 100) == [p(), PING]
    queue.pong()
    assert sent(queue, 500) == []


# -- bounds -------------------------------------------------------------------------------------


def test_records_are_bounded(logged: list[structlog.typing.EventDict]) -> None:
    """At the bound everything waits; beyond it the oldest record goes, not an alert, told once."""
    store = FakeStore()
    queue = Delivery(store)
    queue.add(alert(), at(0))
    for number in range(ITEM_LIMIT - 1):
        queue.add(record(number), at(0))
    assert len(queue) == len(store.items) == ITEM_LIMIT
    assert not [entry for entry in logged if entry["log_level"] == "warning"]
    queue.add(record(77), at(0))
    queue.add(alert(), at(0))
    assert len(queue) == len(store.items) == ITEM_LIMIT
    assert sorted(store.items)[:2] == [1, 4]
    (warning,) = [entry for entry in logged if entry["log_level"] == "warning"]
    assert warning["reason"] == "too many records"
    assert "burglars" not in str(logged)


def test_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits takes no more than so many bytes, and what was delivered takes none."""
    size = len(record().fields)
    monkeypatch.setattr(bounds, "BYTES_LIMIT", 3 * size)
    queue = Delivery()
    for number in range(3):
        queue.add(record(number), at(0))
    assert len(queue) == 3
    queue.due(at(0))
    queue.acknowledge(b"1")
    queue.restart()
    queue.add(record(3), at(2))
    assert sent(queue, 2) == [h(2, -2, 1), h(3, -2, 2), h(4, 0, 3)]
    queue.restart()
    queue.add(record(4, b"x,yz"), at(4))
    assert sent(queue, 4) == [h(4, -2, 3), ("h", b"5,0,*-TST,4,60,x,yz")]


def test_alerts_are_bounded() -> None:
    """Beyond the bound what only informs goes first, then the oldest."""
    queue = Delivery()
    for number in range(ALERT_LIMIT):
        queue.add(alert(str(number), "I" if number == 5 else "A"), at(0))
    assert len(queue) == ALERT_LIMIT
    queue.add(alert("new"), at(0))
    queue.add(alert("newer"), at(0))
    assert len(queue) == ALERT_LIMIT
    told = [data for second in range(ALERT_LIMIT) for code, data in sent(queue, second)
            if code == "P"]  # fmt: skip
    kept = [str(number) for number in range(1, ALERT_LIMIT) if number != 5]
    assert told == [p(text)[1] for text in [*kept, "new", "newer"]]


@pytest.mark.parametrize(
    ("content", "limit"), [(record(), RECORD_AGE_LIMIT), (alert(), ALERT_AGE_LIMIT)]
)
def test_what_is_too_old_is_given_up(
    content: Any, limit: float, logged: list[structlog.typing.EventDict]
) -> None:
    """Up to its age it is sent, after that forgotten, which is told."""
    queue = Delivery()
    queue.add(content, at(0))
    assert len(queue.due(at(limit))) > 0
    queue.restart()
    assert queue.due(at(limit + 1)) == []
    assert len(queue) == 0
    assert [e["reason"] for e in logged if e["log_level"] == "warning"] == ["too old"]


# -- time and restarts --------------------------------------------------------------------------


def test_a_restart_goes_on() -> None:
    """Everything is there, in order, with its codes and its age; new codes go on."""
    store = FakeStore(500)
    first = Delivery(store)
    for number in range(2):
        first.add(record(number), at(1000 * number))
    first.add(alert(), at(1001))
    first.due(at(1001))
    first.acknowledge(b"500")
    second = Delivery(store)
    second.add(record(9), Moment(5, UNIX + 5000))
    assert sent(second, Moment(5, UNIX + 5000)) == [h(501, -4000, 1), p(), h(503, 0, 9), PING]


def test_a_clock_that_is_set_does_not_move_records() -> None:
    """Their age is right in the same process, and in the next, which knows the right time."""
    store = FakeStore()
    first = Delivery(store)
    first.add(record(1), Moment(10, 100.0))  # a board without a clock begins in 1970
    first.look(Moment(20, UNIX))
    first.add(record(2), Moment(30, UNIX + 10))
    assert sent(first, Moment(40, UNIX + 20)) == [h(1, -30), h(2, -10, 2)]
    second = Delivery(store)
    assert sent(second, Moment(3, UNIX + 120)) == [h(1, -130), h(2, -110, 2)]
    second.look(Moment(4, UNIX - 9999))
    assert [item.made for item in store.items.values()] == [UNIX - 10, UNIX + 10]


@pytest.mark.parametrize(
    ("made", "now"), [(UNIX, UNIX - 500), (UNIX, 100.0), (100.0, UNIX), (100.0, 50.0)]
)
def test_a_clock_that_is_wrong_tells_no_age(made: float, now: float) -> None:
    """A record of before is then as old as the process, at least; it is never of the future."""
    store = FakeStore()
    Delivery(store).add(record(), Moment(0, made))
    second = Delivery(store)
    second.look(Moment(0, now))
    assert sent(second, Moment(7, now + 7)) == [h(1, -7)]


# -- everything at random -----------------------------------------------------------------------


class ServerEnd:
    """What a server does with records and pings, by its rule of sameness."""

    WINDOW = 600.0

    def __init__(self) -> None:
        self.copies: dict[tuple[bytes, bytes], float] = {}
        self.stored: list[tuple[float, bytes]] = []
        self.alerts: list[bytes] = []
        self.answers: list[Message] = []

    def hear(self, message: Message, now: float) -> None:
        """Take a message; give an answer on the way."""
        if message.code == "A":
            self.answers.append(Message("a"))
        elif message.code == "P":
            self.alerts.append(message.data)
        else:
            ack, timediff, fields = message.data.split(b",", 2)
            if now - self.copies.get((ack, fields), -1e9) > self.WINDOW:
                self.stored.append((now + int(timediff), fields))
            self.copies[ack, fields] = now
            self.answers.append(Message("h", ack))


Step = tuple[str, float]
steps = st.lists(
    st.tuples(
        st.sampled_from(["record", "record", "alert", "wait", "deaf", "cut", "restart", "answer"]),
        st.floats(0.1, 9),
    ),
    max_size=60,  # in all less than the server's ten minutes
)


def by_content(stored: tuple[float, bytes]) -> tuple[bytes, float]:
    """Return what sorts records."""
    return stored[1], stored[0]


@settings(max_examples=300)
@given(steps)
def test_whatever_happens_everything_arrives_once(story: list[Step]) -> None:
    """All arrives, a record is stored once and at its time; five a second go out, in order."""
    store, server, now, boot = FakeStore(), ServerEnd(), 0.0, 0.0
    queue = Delivery(store)
    made: list[tuple[float, bytes]] = []
    alerts: list[bytes] = []
    times: list[list[float]] = [[]]
    first: list[int] = []

    def turn(hears: bool) -> None:
        for message in queue.due(Moment(now - boot, UNIX + now)):
            if message.code != "A":
                times[-1].append(now)
            if message.code == "h":
                code = int(message.data.split(b",")[0])
                first.extend([code] if code not in first else [])
            if hears:
                server.hear(message, now)

    def answer() -> None:
        for message in server.answers:
            if message.code == "a":
                queue.pong()
            else:
                queue.acknowledge(message.data)
        server.answers.clear()

    finish: list[Step] = [("cut", 1.0), *[("answer", 1.0)] * (len(story) + 5)]
    for step, seconds in [*story, *finish]:
        if step == "record":
            made.append((now, record(len(made) // 3).fields))  # every third looks like others
            queue.add(record((len(made) - 1) // 3), Moment(now - boot, UNIX + now))
        elif step == "alert":
            alerts.append(b"A%d" % len(alerts))
            queue.add(alert(alerts[-1][1:].decode()), Moment(now - boot, UNIX + now))
        elif step == "restart":
            queue, boot = Delivery(store), now - 3
            times.append([])
        if step in ("cut", "restart"):
            queue.restart()
            server.answers.clear()
        now += seconds
        turn(hears=step != "deaf")
        if step == "deaf":  # what was said is lost with the link
            queue.restart()
            server.answers.clear()
        if step == "answer":
            answer()
    assert (len(queue), store.items) == (0, {})
    stored, expected = sorted(server.stored, key=by_content), sorted(made, key=by_content)
    assert [fields for _, fields in stored] == [fields for _, fields in expected]
    pairs = zip(stored, expected, strict=True)
    half = 0.5 + 1e-6  # whole seconds are told; 1.65 - 2 is not exactly half a second before 0.15
    assert all(abs(told - time) <= half for (told, _), (time, _) in pairs)
    assert set(server.alerts) == set(alerts)
    assert list(dict.fromkeys(server.alerts)) == alerts
    assert all(a < b for a, b in pairwise(first))
    for each in times:
        assert all(sum(t <= time < t + 1 for time in each) <= A_SECOND for t in each)
