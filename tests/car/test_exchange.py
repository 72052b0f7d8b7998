"""Requests and answers in many frames: what goes out on a link when, and what is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.frames import Frame
from ovms.car.vehicles.data.command_frames import Poll
from ovms.car.vehicles.data.conditions import ALWAYS, parse_condition
from ovms.car.vehicles.data.encodings import parse_template
from ovms.car.vehicles.data.isotp import (
    ANSWER_TIMEOUT,
    PAUSE,
    PENDING_TIMEOUT,
    WHOLE_TIMEOUT,
    IsoTpChannel,
)
from ovms.car.vehicles.data.links import IsoTpLink, framed
from ovms.car.vehicles.data.transport import LONGEST_ANSWER, IsoTpEndpoint

LINK = IsoTpLink("engine", 0x7E0, 0x7E8, False, None, "Answer")
GO_ON = "30 00 00 00 00 00 00 00"


def question(text: str, every: float = 10.0, link: IsoTpLink = LINK) -> Poll:
    """Make a question; ``text`` is the request."""
    data = framed(parse_template(text)).fill({})
    return Poll("x", link.asked_by, link.is_extended, data, every, ALWAYS, link)


def talk(*texts: str, every: float = 10.0) -> IsoTpChannel:
    """Make a link's talk with these questions."""
    return IsoTpChannel(LINK, [question(text, every) for text in texts], lambda _: None)


def asked(exchange: IsoTpChannel, now: float) -> list[str]:
    """Return what is sent now, as ``ID#data`` without padding."""
    return [
        f"{frame.id:X}#{frame.data.hex(' ').upper()}"
        for frame in [*exchange.proceed(now), *exchange.ask(now)]
    ]


def answer(exchange: IsoTpChannel, text: str, now: float) -> list[str]:
    """Have the control unit send a frame; give the answers that are complete."""
    got = exchange.receive(Frame(now, 0x7E8, bytes.fromhex(text)), now)
    return [payload.hex(" ").upper() for payload in got]


def test_one_question_at_a_time() -> None:
    """The next goes out when the answer is there, in full frames; then each again when due."""
    exchange = talk("01 0D", "01 42")
    assert asked(exchange, 0) == ["7E0#02 01 0D 00 00 00 00 00"]
    assert asked(exchange, 0.5) == []
    assert answer(exchange, "03 41 0D 32 AA AA AA AA", 0.6) == ["41 0D 32"]
    assert asked(exchange, 0.6) == ["7E0#02 01 42 00 00 00 00 00"]
    assert answer(exchange, "04 41 42 36 B0", 0.7) == ["41 42 36 B0"]
    assert asked(exchange, 9.9) == []
    assert asked(exchange, 10.0) == ["7E0#02 01 0D 00 00 00 00 00"]


@pytest.mark.parametrize(
    ("came", "is_over"),
    [
        ("03 41 0D 32", True),
        ("03 7F 01 12", True),
        ("03 7F 01 78", False),
        ("03 7F 09 12", False),
        ("03 41 42 32", False),
        ("03 49 0D 32", False),
        ("01 41", True),
        ("00", False),
        ("30 00 00", False),
        ("21 41 0D 32", False),
        ("04 41 0D", False),
        ("F3 41 0D 32", False),
    ],
)
def test_what_ends_a_question(came: str, is_over: bool) -> None:
    """An answer to it does, positive or negative; a plea for patience or anything else does not."""
    exchange = talk("01 0D", "01 42")
    asked(exchange, 0)
    answer(exchange, came, 0.1)
    assert bool(asked(exchange, 0.2)) is is_over


@pytest.mark.parametrize(
    ("request_", "came", "is_over"),
    [
        ("22 F1 90", "06 62 F1 90 41 42 43", True),
        ("22 F1 90", "06 62 F1 8C 41 42 43", False),
        ("21 01", "04 61 01 20 30", True),
        ("21 01", "04 61 02 20 30", False),
        ("19 02 FF", "03 59 02 2C", True),
        ("31 01 02 03", "05 71 01 02 03 00", True),
        ("31 01 02 03", "05 71 01 02 04 00", False),
        ("3E", "01 7E", True),
        ("14 FF FF FF", "01 54", True),
        ("C1", "01 01", True),
    ],
)
def test_answers_repeat_what_was_asked(request_: str, came: str, is_over: bool) -> None:
    """An answer is known by its service and the identifier that it repeats."""
    exchange = talk(request_, "01 42")
    asked(exchange, 0)
    answer(exchange, came, 0.1)
    assert bool(asked(exchange, 0.2)) is is_over


def test_a_long_answer() -> None:
    """It is let go on, and complete with its last frame; the next question waits for that."""
    exchange = talk("09 02", "01 0D")
    asked(exchange, 0)
    assert answer(exchange, "10 14 49 02 01 57 56 57", 0.1) == []
    assert asked(exchange, 0.1) == [f"7E0#{GO_ON}"]
    assert answer(exchange, "21 5A 5A 5A 31 4B 5A 41", 0.2) == []
    assert asked(exchange, 0.2) == []
    text = "49 02 01 57 56 57 5A 5A 5A 31 4B 5A 41 57 31 32 33 34 35 36"
    assert answer(exchange, "22 57 31 32 33 34 35 36", 0.3) == [text]
    assert asked(exchange, 0.3) == ["7E0#02 01 0D 00 00 00 00 00"]


def test_a_request_to_everybody() -> None:
    """Requests go to the functional id; who answers at length is told by its own to go on."""
    link = IsoTpLink("engine", 0x18DA10F1, 0x18DAF110, True, 0x18DB33F1, "Answer")
    exchange = IsoTpChannel(link, [question("09 02", link=link)], lambda _: None)
    assert exchange.ask(0) == [Frame(0, 0x18DB33F1, b"\2\x09\2\0\0\0\0\0", True)]
    exchange.receive(Frame(1, 0x18DAF110, bytes.fromhex("1014490201575657"), True), 0.1)
    assert exchange.proceed(0.1) == [Frame(0.1, 0x18DA10F1, bytes.fromhex(GO_ON), True)]


def test_what_others_ask_is_none_of_ours() -> None:
    """Answers to others are read, long ones too, and never told to go on."""
    exchange = talk("09 02")
    for now, is_asking in ((0.0, False), (5.0, True)):
        if is_asking:
            assert len(asked(exchange, now)) == 1
        assert answer(exchange, "03 41 0D 32", now) == ["41 0D 32"]
        assert answer(exchange, "10 08 62 F1 90 01 02 03", now) == []
        assert exchange.proceed(now) == []
        assert answer(exchange, "21 04 05", now) == ["62 F1 90 01 02 03 04 05"]
        assert exchange.open_until == (now + ANSWER_TIMEOUT if is_asking else None)


def test_an_answer_that_does_not_come() -> None:
    """The next question goes out after a second, the same again when it is due again."""
    exchange = talk("01 0D", "01 42", every=3)
    asked(exchange, 0)
    assert asked(exchange, ANSWER_TIMEOUT - 0.01) == []
    assert asked(exchange, ANSWER_TIMEOUT) == ["7E0#02 01 42 00 00 00 00 00"]
    assert asked(exchange, 2.9) == []
    assert asked(exchange, 3) == ["7E0#02 01 0D 00 00 00 00 00"]


def test_who_has_been_due_for_longest_is_next() -> None:
    """A question that comes often does not keep the others waiting for ever."""
    often, rarely = question("01 0D", 0.5), question("01 42", 3)
    exchange = IsoTpChannel(LINK, [often, rarely], lambda _: None)
    sent = [
        frame.data[2] for now in range(12) for frame in (*exchange.proceed(now), *exchange.ask(now))
    ]
    assert sent == [0x0D, 0x42, *[0x0D, 0x0D, 0x0D, 0x42] * 2, 0x0D, 0x0D]


def test_a_question_whose_condition_fails_is_passed_over() -> None:
    """It neither goes out nor keeps others waiting, and goes out as soon as it may."""
    when = parse_condition({"x": 1})
    known: dict[str, float] = {}
    first = Poll("x", 0x7E0, False, question("01 42").data, 10, when, LINK)
    exchange = IsoTpChannel(LINK, [first, question("01 0D")], known.get)
    assert asked(exchange, 0) == ["7E0#02 01 0D 00 00 00 00 00"]
    known["x"] = 1
    answer(exchange, "03 41 0D 32", 0.1)
    assert asked(exchange, 0.1) == ["7E0#02 01 42 00 00 00 00 00"]


def test_conditions_are_not_looked_at_all_the_time() -> None:
    """After a look that found none to ask there is none for a tenth of a second, or an answer."""
    known: dict[str, float] = {}
    looks: list[str] = []

    def look(name: str) -> float | None:
        looks.append(name)
        return known.get(name)

    waits = Poll("x", 0x7E0, False, question("01 42").data, 10, parse_condition({"x": 1}), LINK)
    exchange = IsoTpChannel(LINK, [waits], look)
    for now in (0, 0.01, 0.02, PAUSE, PAUSE + 0.01):
        assert asked(exchange, now) == []
    assert len(looks) == 2
    known["x"] = 1
    assert asked(exchange, PAUSE + 0.02) == []
    answer(exchange, "03 41 0D 32", PAUSE + 0.03)
    assert len(asked(exchange, PAUSE + 0.03)) == 1


def test_patience_has_an_end() -> None:
    """Who asks for patience has five seconds each time, and half a minute in all."""
    exchange = talk("22 F1 90")
    asked(exchange, 0)
    answer(exchange, "03 7F 22 78", 0.9)
    assert exchange.open_until == 0.9 + PENDING_TIMEOUT
    for now in range(1, 30):
        answer(exchange, "03 7F 22 78", now)
    assert exchange.open_until == WHOLE_TIMEOUT
    assert exchange.proceed(WHOLE_TIMEOUT) == []
    assert exchange.open_until is None


def test_an_answer_that_stops_half_way() -> None:
    """It is given up a second after its last frame; its rest, if that comes late, is nothing."""
    exchange = talk("09 02")
    asked(exchange, 0)
    answer(exchange, "10 14 49 02 01 57 56 57", 0.5)
    answer(exchange, "21 5A 5A 5A 31 4B 5A 41", 1.2)
    assert exchange.open_until == 1.2 + ANSWER_TIMEOUT
    exchange.proceed(2.2)
    assert exchange.open_until is None
    assert answer(exchange, "22 57 31 32 33 34 35 36", 2.3) == []


def test_frames_out_of_order() -> None:
    """An answer with a frame missing is none, and the next one is read all the same."""
    exchange = talk("09 02", every=5)
    asked(exchange, 0)
    answer(exchange, "10 14 49 02 01 57 56 57", 0.1)
    assert answer(exchange, "22 57 31 32 33 34 35 36", 0.2) == []
    assert answer(exchange, "21 5A 5A 5A 31 4B 5A 41", 0.3) == []
    assert asked(exchange, 5) == ["7E0#02 09 02 00 00 00 00 00"]
    answer(exchange, "10 08 49 02 01 57 56 57", 5.1)
    assert answer(exchange, "21 5A 5A", 5.2) == ["49 02 01 57 56 57 5A 5A"]


def frames_of(payload: bytes) -> list[str]:
    """Cut a long payload into frames, by hand."""
    head = bytes([0x10 | len(payload) >> 8, len(payload) & 0xFF])
    rest = range(6, len(payload), 7)
    following = (
        bytes([0x20 | (1 + at) % 16]) + payload[start : start + 7] for at, start in enumerate(rest)
    )
    return [(head + payload[:6]).hex(), *(frame.hex() for frame in following)]


def test_the_longest_answer() -> None:
    """4095 bytes are read; who announces more is not let go on, and nothing is kept of it."""
    exchange = talk("22 F1 90", every=5)
    asked(exchange, 0)
    payload = bytes.fromhex("62F190") + bytes(at % 251 for at in range(LONGEST_ANSWER - 3))
    *first, last = frames_of(payload)
    assert [answer(exchange, frame, 0.1) for frame in first] == [[]] * len(first)
    assert answer(exchange, last, 0.1) == [payload.hex(" ").upper()]
    asked(exchange, 5)
    assert answer(exchange, "10 00 00 00 10 00 62 F1", 5.1) == []
    assert exchange.proceed(5.1) == []
    assert answer(exchange, "21 90 01 02 03 04 05 06", 5.2) == []


@pytest.mark.parametrize(
    ("frame", "is_request"),
    [
        (Frame(0, 0x7E0, b"\2\x10\3\0"), True),
        (Frame(0, 0x7E0, b"\1\x3e"), True),
        (Frame(0, 0x7E0, b"\0\x3e"), False),
        (Frame(0, 0x7E0, b"\2\x3e"), False),
        (Frame(0, 0x7E0, b"\x30\0\0"), False),
        (Frame(0, 0x7E1, b"\1\x3e"), False),
        (Frame(0, 0x7E0, b"\1\x3e", True), False),
    ],
)
def test_requests_of_commands_are_waited_for(frame: Frame, is_request: bool) -> None:
    """A frame to the link that is a whole request keeps it busy, another does not."""
    exchange = talk("01 0D")
    exchange.note(frame, 0)
    assert bool(asked(exchange, 0.1)) is not is_request
    assert answer(exchange, "02 50 03", 0.2) == ["50 03"]


@given(st.lists(st.tuples(st.floats(0, 2), st.binary(max_size=8), st.booleans()), max_size=60))
def test_any_garbage_is_survived(garbage: list[tuple[float, bytes, bool]]) -> None:
    """Whatever comes, at most one request is open, for half a minute at most; then all is well."""
    exchange = talk("09 02", "01 0D", every=1)
    now = 0.0
    for pause, data, asks in garbage:
        now += pause
        got = exchange.receive(Frame(now, 0x7E8, data), now)
        assert all(0 < len(payload) <= LONGEST_ANSWER for payload in got)
        frames = exchange.proceed(now)
        assert [frame.data for frame in frames] in ([], [bytes.fromhex(GO_ON)])
        if asks:
            assert len(exchange.ask(now)) <= 1
        assert exchange.open_until is None or now <= exchange.open_until <= now + WHOLE_TIMEOUT
    exchange.proceed(now + WHOLE_TIMEOUT)
    while exchange.ask(now + WHOLE_TIMEOUT)[0].data[1] != 0x09:
        answer(exchange, "03 41 0D 32", now + WHOLE_TIMEOUT)
    answer(exchange, "10 08 49 02 01 57 56 57", now + WHOLE_TIMEOUT)
    assert len(exchange.proceed(now + WHOLE_TIMEOUT)) == 1
    assert answer(exchange, "21 5A 5A", now + WHOLE_TIMEOUT) == ["49 02 01 57 56 57 5A 5A"]


@given(st.binary(min_size=1, max_size=LONGEST_ANSWER), st.booleans())
def test_both_ends_understand_each_other(payload: bytes, is_extended: bool) -> None:
    """What one end sends is what the other receives, whatever its length."""
    one, other = IsoTpEndpoint(1, 2, is_extended), IsoTpEndpoint(2, 1, is_extended)
    one.send(payload, 0)
    got: list[bytes] = []
    while frames := [*one.take()]:
        for frame in frames:
            assert (len(frame.data), frame.id, frame.is_extended) == (8, 1, is_extended)
            got += other.receive(frame, 0)
        for frame in other.take():
            one.receive(frame, 0)
    assert got == [payload]
    assert (one.is_sending, other.is_receiving) == (False, False)
