from __future__ import annotations

import pytest

from ovms.base.clock import ManualClock
from ovms.protocol import Message, Party, Role, Session
from ovms.protocol.commands import Answer, Command
from ovms.server.hub.commands import (
    ANSWER_PAUSE,
    ANSWER_TIMEOUT,
    BROADCAST,
    PING_TIMEOUT,
    QUEUE_LIMIT,
    ROW_TIMEOUT,
    SEALED_LINGER,
    Broadcast,
    CommandQueue,
    Outcome,
)
from ovms.server.hub.guard import Guard
from ovms.server.hub.pacing import LONGEST_COMMAND, Pacer, wire_length
from tests.server.hub.fakes import START, FakeLine, message, text_of


class HeldPacer(Pacer):
    """A pacer that sends nothing while a test holds it."""

    is_held = False

    def _room(self, length: int) -> int:
        return 0 if self.is_held else length


class AskedCar:
    """A command queue, what it sent, what became of the commands, and the time."""

    def __init__(self, timeout: float = ANSWER_TIMEOUT) -> None:
        self.clock = ManualClock(START)
        self.line = FakeLine()
        self.budget = LONGEST_COMMAND
        self.pacer = HeldPacer(self.line, self.clock, Guard(), self, set())
        self.queue: CommandQueue[str] = CommandQueue(self.pacer, timeout)
        self.refused: list[tuple[str, str]] = []
        self.finished: list[str] = []
        """Askers, once for each command that was over."""

    def _act(self, outcome: Outcome[str]) -> None:
        for ending in outcome.endings:
            self.finished.append(ending.asker)
            if ending.refusal is not None:
                self.refused.append((ending.asker, text_of(ending.refusal)))
        self.pacer.flush()

    def lets_go(self) -> None:
        """Let what was held be sent."""
        self.pacer.is_held = False
        self.pacer.flush()

    def ask(self, asker: str, *commands: str) -> None:
        """Ask something."""
        for text in commands:
            sent = message(text)
            command = Command.parse(sent.data) if sent.code == "C" else None
            number = command.number if command is not None else None
            self._act(self.queue.ask(asker, sent, number, self.clock.monotonic()))

    def answer(self, *answers: str) -> list[str | Broadcast | None]:
        """Have the car answer: who gets each answer."""
        receivers = []
        for answer in answers:
            came = message(answer)
            said = Answer.parse(came.data) if came.code == "c" else None
            outcome = self.queue.answered(came, said, self.clock.monotonic())
            self._act(outcome)
            receivers.append(outcome.receiver)
        return receivers

    def pong(self) -> None:
        """Have the car answer the ping."""
        self._act(self.queue.ping_answered(self.clock.monotonic()))

    def refuse_all(self) -> None:
        """Have the car gone."""
        self._act(self.queue.refuse_all())

    def passes(self, seconds: float) -> None:
        """Let time pass, then look at it once."""
        self.clock.advance(seconds)
        self._act(self.queue.tick(self.clock.monotonic()))

    def take(self) -> list[str]:
        """Return what was sent to the car since the last call."""
        return self.line.take()


def test_one_command_at_a_time() -> None:
    """The next command is sent when the answer to the one before is whole."""
    car = AskedCar()
    car.ask("ann", "C20,1", "C22,1")
    car.ask("bob", "C20,2")
    assert car.take() == ["C20,1"]
    assert car.answer("c20,0") == ["ann"]
    assert car.take() == ["C22,1"]
    assert car.answer("c22,1,wrong pin", "c20,0") == ["ann", "bob"]
    assert car.take() == ["C20,2"]
    assert car.queue.is_idle
    assert car.refused == []


@pytest.mark.parametrize(
    "rows",
    [
        [f"c1,0,{n},16,x" for n in range(16)],
        [f"c3,0,{n},32,x,y" for n in range(32)],
        ["c1,2"],
        ["c3,1,not now"],
        ["c1,0"],
        ["c7,0,line 1\rline 2,0,2"],
    ],
    ids=["features", "parameters", "unsupported", "failed", "no rows", "shell"],
)
def test_whole_answers(rows: list[str]) -> None:
    """An answer ends with its last row, or with the only message where it has none."""
    car = AskedCar()
    number = rows[0][1]
    car.ask("ann", f"C{number}")
    car.ask("bob", "C20")
    assert car.answer(*rows) == ["ann"] * len(rows)
    assert car.take() == [f"C{number}", "C20"]


def test_other_answers_do_not_count() -> None:
    """An answer of another number, or of none, is nobody's; the command in flight stays."""
    car = AskedCar()
    car.ask("ann", "C20", "C22")
    assert car.answer("c41,0,late", "c", "c20", "cx,0") == [BROADCAST] * 4
    assert car.take() == ["C20"]
    assert car.answer("c20,0") == ["ann"]
    assert AskedCar().answer("c20,0", "EMcsealed") == [BROADCAST] * 2


def test_no_answer() -> None:
    """Without an answer the asker is told at the time-out, and the queue waits for a ping."""
    car = AskedCar(timeout=30)
    car.ask("ann", "C20")
    car.passes(29.9)
    assert car.refused == []
    car.passes(0.1)
    car.ask("ann", "C22")
    assert car.refused == [("ann", "c20,1,no answer from the car")]
    assert car.take() == ["C20", "A"]
    car.passes(PING_TIMEOUT - 0.1)
    assert car.take() == []
    car.pong()
    assert car.take() == ["C22"]
    car.pong()
    assert car.take() == []


def test_the_time_out_counts_from_the_sending() -> None:
    """A command that waited for others has its full time."""
    car = AskedCar()
    car.ask("ann", "C20", "C22")
    car.passes(50)
    car.answer("c20,0")
    car.passes(50)
    assert car.refused == []
    assert car.answer("c22,0") == ["ann"]


def test_a_late_answer() -> None:
    """Until the ping is answered, an answer to the given-up command is dropped, and only it."""
    car = AskedCar()
    car.ask("ann", "C20")
    car.passes(ANSWER_TIMEOUT)
    assert car.answer("c22,0", "c20,0", "c20,0") == [BROADCAST, None, BROADCAST]
    car.pong()
    car.ask("bob", "C20")
    assert car.answer("c20,0") == ["bob"]


def test_late_rows_of_an_unanswered_command() -> None:
    """All rows of a late answer are dropped, to the last."""
    car = AskedCar()
    car.ask("ann", "C1")
    car.passes(ANSWER_TIMEOUT)
    assert car.answer(*(f"c1,0,{n},3,x" for n in range(4))) == [None, None, None, BROADCAST]


def test_a_car_that_does_not_answer_pings() -> None:
    """It gets its next command all the same; the late answer is told from the next by its turn."""
    car = AskedCar()
    car.ask("ann", "C20")
    car.ask("bob", "C20")
    car.passes(ANSWER_TIMEOUT)
    car.passes(PING_TIMEOUT)
    assert car.take() == ["C20", "A", "C20"]
    assert car.answer("c20,0,late", "c20,0,bob's") == [None, "bob"]


def test_a_pong_after_its_time() -> None:
    """What was never answered is forgotten with the pong, also when that comes late."""
    car = AskedCar()
    car.ask("ann", "C5")
    car.passes(ANSWER_TIMEOUT)
    car.passes(PING_TIMEOUT)
    car.pong()
    car.ask("bob", "C5")
    assert car.answer("c5,0") == ["bob"]


def test_missing_rows() -> None:
    """An answer whose last rows do not come ends after a while, without a refusal."""
    car = AskedCar()
    car.ask("ann", "C1", "C20")
    assert car.answer("c1,0,0,16,x") == ["ann"]
    car.passes(ROW_TIMEOUT - 0.1)
    assert car.answer("c1,0,1,16,x") == ["ann"]
    car.passes(ROW_TIMEOUT - 0.1)
    assert car.take() == ["C1"]
    car.passes(0.1)
    assert car.take() == ["A"]
    car.pong()
    assert car.take() == ["C20"]
    assert car.refused == []


def test_rows_after_the_row_time_out() -> None:
    """Rows that come after all reach their asker, not the next one who asks the same."""
    car = AskedCar()
    car.ask("ann", "C1")
    car.ask("bob", "C1")
    car.answer("c1,0,0,3,x")
    car.passes(ROW_TIMEOUT)
    assert car.answer("c1,0,1,3,x", "c1,0,2,3,x") == ["ann", "ann"]
    car.pong()
    assert car.answer("c1,0,0,3,y") == ["bob"]


def test_rows_that_nobody_can_place_any_more() -> None:
    """When the ping, too, stayed without an answer, late rows reach nobody."""
    car = AskedCar()
    car.ask("ann", "C1")
    car.ask("bob", "C1")
    car.answer("c1,0,0,3,x")
    car.passes(ROW_TIMEOUT)
    car.passes(PING_TIMEOUT)
    assert car.answer("c1,0,1,3,x", "c1,0,2,3,x") == [None, None]
    assert car.answer("c1,0,0,3,y") == ["bob"]


# -- what cannot leave yet ------------------------------------------------------------------


def test_the_time_of_a_command_begins_when_it_leaves() -> None:
    """What waits for room on the car's line is neither given up nor followed by a ping."""
    car = AskedCar()
    car.pacer.is_held = True
    car.ask("ann", "C5", "C20")
    car.passes(ANSWER_TIMEOUT - 1)
    assert (car.take(), car.refused) == ([], [])
    car.lets_go()
    car.passes(ANSWER_PAUSE - 1)
    assert car.take() == ["C5"]
    car.passes(1)
    assert car.take() == ["A"]
    car.pong()
    car.passes(ANSWER_TIMEOUT - ANSWER_PAUSE - 1)
    assert car.refused == []
    car.passes(1)
    assert car.refused == [("ann", "c5,1,no answer from the car")]


def test_a_command_that_cannot_leave() -> None:
    """It is withdrawn at the time-out, its asker told, and the next has its turn."""
    car = AskedCar()
    car.pacer.is_held = True
    car.ask("ann", "C20,1", "C22")
    car.passes(ANSWER_TIMEOUT)
    assert car.refused == [("ann", "c20,1,no answer from the car")]
    car.lets_go()
    assert car.take() == ["C22"]
    assert car.answer("c20,0", "c22,0") == [BROADCAST, "ann"]


def test_no_answer_before_the_question() -> None:
    """An answer that comes before the command has left is to something else."""
    car = AskedCar()
    car.pacer.is_held = True
    car.ask("ann", "C20")
    assert car.answer("c20,0", "EMcx") == [BROADCAST] * 2
    car.lets_go()
    assert car.answer("c20,0") == ["ann"]


def test_an_asker_goes_before_its_command() -> None:
    """A command that has not left yet is withdrawn, and the next one goes in its place."""
    car = AskedCar()
    car.pacer.is_held = True
    car.ask("ann", "C20")
    car.ask("bob", "C22")
    car.queue.forget("ann")
    car.passes(1)
    car.lets_go()
    assert car.take() == ["C22"]
    assert car.refused == []


def test_the_time_of_a_ping_begins_when_it_leaves() -> None:
    """A car is not taken for one that answers no pings before it could get one."""
    car = AskedCar()
    car.ask("ann", "C20", "C22")
    car.pacer.is_held = True
    car.passes(ANSWER_TIMEOUT)
    car.passes(PING_TIMEOUT - 1)
    car.lets_go()
    car.passes(PING_TIMEOUT - 1)
    assert car.take() == ["C20", "A"]
    car.passes(1)
    assert car.take() == ["C22"]


def test_what_has_landed() -> None:
    """An answer shows that its own command has landed, in time or late, and no other."""
    car = AskedCar()
    car.ask("ann", "C1", "C20")
    car.answer("c41,0", "c", "c20,0")
    assert car.pacer.in_flight == wire_length(message("C1"))
    car.answer("EMcx")
    assert car.pacer.in_flight == 0
    car.answer("c1,0,0,2,x", "c1,0,1,2,x")
    car.ask("ann", "C22")
    car.passes(ANSWER_PAUSE)
    assert car.pacer.in_flight == wire_length(message("C20")) + wire_length(message("A"))
    car.pong()
    assert car.take() == ["C1", "C20", "A", "C22"]
    car.answer("c20,0")
    assert car.pacer.in_flight == wire_length(message("C22"))
    car.passes(ANSWER_TIMEOUT)
    car.answer("c22,0")
    assert car.take() == ["A"]
    assert car.pacer.in_flight == wire_length(message("A"))


def test_a_car_that_turns_out_to_hold_less() -> None:
    """A command that waited and is too long by now is refused when its turn comes."""
    car = AskedCar()
    car.ask("ann", "C20", "C7," + "x" * 200, "C22", "C7," + "x" * 200)
    car.budget = 200
    car.ask("bob", "C7," + "x" * 200)
    assert car.refused == [("bob", "c7,1,command too long")]
    car.answer("c20,0")
    assert car.take() == ["C20", "C22"]
    assert car.refused[1:] == [("ann", "c7,1,command too long")]
    car.answer("c22,0")
    assert car.refused[2:] == [("ann", "c7,1,command too long")]
    assert car.queue.is_idle


# -- sealed ---------------------------------------------------------------------------------


def test_sealed_answers() -> None:
    """They belong to the sealed command in flight, all rows of it, until a ping is answered."""
    car = AskedCar()
    car.ask("ann", "EMCone")
    car.ask("bob", "EMCtwo")
    assert car.answer("EMcx", "EMcy") == ["ann", "ann"]
    car.passes(SEALED_LINGER)
    assert car.take() == ["EMCone", "A"]
    assert car.answer("EMcz") == ["ann"]
    car.pong()
    assert car.take() == ["EMCtwo"]
    assert car.answer("EMcx") == ["bob"]


def test_a_sealed_answer_to_a_plain_command() -> None:
    """A car in paranoid mode seals every answer; order says whose it is."""
    car = AskedCar()
    car.ask("ann", "C20")
    car.ask("bob", "C22")
    assert car.answer("EMcx") == ["ann"]
    car.passes(SEALED_LINGER)
    car.pong()
    assert car.answer("EMcx") == ["bob"]
    assert car.refused == []


def test_a_plain_answer_to_a_sealed_command() -> None:
    """It is to something else."""
    car = AskedCar()
    car.ask("ann", "EMCone")
    assert car.answer("c41,0") == [BROADCAST]


def test_a_sealed_command_is_never_refused() -> None:
    """Its number is not known: nobody could understand the refusal."""
    car = AskedCar()
    car.ask("ann", "EMCone", "EMCtwo", "EMC" + "x" * LONGEST_COMMAND)
    car.passes(ANSWER_TIMEOUT)
    car.refuse_all()
    assert car.refused == []


def test_late_sealed_rows() -> None:
    """No row of a late sealed answer reaches the next asker, also when the ping is not answered."""
    car = AskedCar()
    car.ask("ann", "EMCone")
    car.ask("bob", "EMCtwo")
    car.passes(ANSWER_TIMEOUT)
    car.passes(PING_TIMEOUT)
    assert car.take() == ["EMCone", "A", "EMCtwo"]
    assert car.answer("EMcx", "EMcy") == [None, None]
    car.pong()
    assert car.answer("EMcx") == ["bob"]


# -- coming and going -----------------------------------------------------------------------


def test_an_asker_that_has_gone() -> None:
    """Its waiting commands are dropped; the answer to the one in flight finds nobody."""
    car = AskedCar()
    car.ask("ann", "C20", "C22")
    car.ask("bob", "C24")
    car.queue.forget("ann")
    assert car.answer("c20,0") == [None]
    assert car.take() == ["C20", "C24"]


def test_an_asker_that_has_gone_is_not_told() -> None:
    """Neither the time-out nor late rows are for somebody who has gone."""
    car = AskedCar()
    car.ask("ann", "C20")
    car.queue.forget("ann")
    car.passes(ANSWER_TIMEOUT)
    car.pong()
    car.ask("bob", "C1")
    car.answer("c1,0,0,3,x")
    car.passes(ROW_TIMEOUT)
    car.queue.forget("bob")
    assert car.answer("c1,0,1,3,x") == [None]
    assert car.refused == []


def test_the_car_has_gone() -> None:
    """Everybody who waits is told, each command once, and the queue is as new."""
    car = AskedCar()
    car.ask("ann", "C20", "C1")
    car.ask("bob", "C22")
    car.refuse_all()
    reason = "car is not connected"
    assert car.refused == [("ann", f"c20,1,{reason}"), ("ann", f"c1,1,{reason}"),
                            ("bob", f"c22,1,{reason}")]  # fmt: skip
    assert car.queue.is_idle
    assert car.answer("c20,0") == [BROADCAST]
    car.refuse_all()
    assert len(car.refused) == 3


def test_the_car_has_gone_amid_an_answer() -> None:
    """Who has rows already gets no refusal behind them."""
    car = AskedCar()
    car.ask("ann", "C1")
    car.answer("c1,0,0,16,x")
    car.refuse_all()
    assert car.refused == []


def test_the_car_has_gone_after_a_give_up() -> None:
    """Its late answers are gone with it."""
    car = AskedCar()
    car.ask("ann", "C20")
    car.passes(ANSWER_TIMEOUT)
    car.refuse_all()
    car.ask("bob", "C20")
    assert car.take() == ["C20", "A", "C20"]
    assert car.answer("c20,0") == ["bob"]


# -- bounds ---------------------------------------------------------------------------------


def test_commands_at_the_bound() -> None:
    """So many may wait behind the one in flight; one more is refused, and the next goes again."""
    car = AskedCar()
    car.ask("ann", *["C20"] * (1 + QUEUE_LIMIT))
    assert car.refused == []
    car.ask("bob", "C22", "EMCsealed")
    assert car.refused == [("bob", "c22,1,too many commands are waiting")]
    car.answer("c20,0")
    car.ask("bob", "C22")
    assert len(car.refused) == 1


def test_given_up_commands_are_bounded() -> None:
    """A car that answers nothing at all does not make the queue grow."""
    car = AskedCar()
    for _ in range(QUEUE_LIMIT + 5):
        car.ask("ann", "C20")
        car.passes(ANSWER_TIMEOUT)
        car.passes(PING_TIMEOUT)
    assert len(car.queue._given_up) == QUEUE_LIMIT


def test_length_at_the_bound() -> None:
    """A command that fits a module's buffer is sent, one byte more is refused."""
    car = AskedCar()
    room = (LONGEST_COMMAND - 2) // 4 * 3 - len("MP-0 C7,")
    fits, too_long = "C7," + "x" * room, "C7," + "x" * (room + 1)
    assert wire_length(message(fits)) <= LONGEST_COMMAND < wire_length(message(too_long))
    car.ask("ann", too_long)
    assert car.refused == [("ann", "c7,1,command too long")]
    assert car.take() == []
    car.ask("ann", fits)
    assert car.take() == [fits]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 500])
def test_wire_length(size: int) -> None:
    """It is what a session would put on the wire."""
    caller, server = Session(Party.CALLER, "a" * 22), Session(Party.SERVER, "b" * 22)
    list(server.receive_data(caller.send_welcome(Role.CAR, "CAR1", b"secret")))
    server.accept(b"secret")
    sent = Message("X", b"x" * size)
    assert len(server.send(sent)) == wire_length(sent)


def test_others_pass_a_command_that_is_not_answered() -> None:
    """After a short pause and a ping the next goes out; a late answer by number still counts."""
    car = AskedCar()
    car.ask("ann", "C5", "C20")
    car.passes(ANSWER_PAUSE - 0.1)
    assert car.take() == ["C5"]
    car.passes(0.1)
    assert car.take() == ["A"]
    car.pong()
    assert car.take() == ["C20"]
    assert car.answer("c20,0") == ["ann"]
    assert car.answer("c5,0") == ["ann"]
    car.passes(100)
    assert car.refused == []


def test_a_command_that_was_passed_by_times_out() -> None:
    """Its asker is told when its own time is over."""
    car = AskedCar()
    car.ask("ann", "C5", "C20")
    car.passes(ANSWER_PAUSE)
    car.pong()
    car.answer("c20,0")
    car.passes(60)
    assert car.refused == [("ann", "c5,1,no answer from the car")]


def test_rows_of_a_command_that_was_passed_by() -> None:
    """Rows that come late reach the asker, until they are whole or stop."""
    car = AskedCar()
    car.ask("ann", "C1", "C20")
    car.passes(ANSWER_PAUSE)
    car.pong()
    assert car.answer("c1,0,0,2,x") == ["ann"]
    assert car.answer("c20,0") == ["ann"]
    car.passes(100)
    assert car.refused == []


def test_a_lonely_command_is_not_pinged() -> None:
    """Nobody waits behind it, so nothing is sent before its time is over."""
    car = AskedCar()
    car.ask("ann", "C5")
    car.passes(59)
    assert car.take() == ["C5"]
    car.ask("bob", "C20")
    car.passes(0.5)
    assert car.take() == ["A"]


def test_a_car_that_has_gone_refuses_what_was_passed_by() -> None:
    """Commands without an answer are refused, in flight, passed by or waiting."""
    car = AskedCar()
    car.ask("ann", "C5", "C20", "C22")
    car.passes(ANSWER_PAUSE)
    car.pong()
    car.refuse_all()
    assert [text for _, text in car.refused] == [
        "c5,1,car is not connected", "c20,1,car is not connected", "c22,1,car is not connected",
    ]  # fmt: skip


def test_a_command_of_the_same_number_does_not_pass() -> None:
    """Their answers could not be told apart: it waits for the first one's answer, others do not."""
    car = AskedCar()
    car.ask("ann", "C20,1", "C22")
    car.ask("bob", "C20,2")
    car.passes(ANSWER_PAUSE)
    car.pong()
    assert car.take() == ["C20,1", "A", "C22"]
    assert car.answer("c22,0") == ["ann"]
    assert car.take() == []
    assert car.answer("c20,0,ann's") == ["ann"]
    assert car.take() == ["C20,2"]
    assert car.answer("c20,0,bob's") == ["bob"]


def test_a_command_of_the_same_number_goes_when_the_first_one_is_over() -> None:
    """The first asker is told at its time-out, and the next answer is the second one's."""
    car = AskedCar()
    car.ask("ann", "C20,1", "C22")
    car.ask("bob", "C20,2")
    car.passes(ANSWER_PAUSE)
    car.pong()
    car.answer("c22,0")
    car.passes(ANSWER_TIMEOUT - ANSWER_PAUSE)
    assert car.refused == [("ann", "c20,1,no answer from the car")]
    assert car.take() == ["C20,1", "A", "C22", "C20,2"]
    assert car.answer("c20,0,bob's") == ["bob"]


def test_no_ping_for_those_who_could_not_pass() -> None:
    """When all who wait ask the same, nothing is sent before the first one's time is over."""
    car = AskedCar()
    car.ask("ann", "C20,1", "C20,2")
    car.passes(ANSWER_TIMEOUT - 1)
    assert car.take() == ["C20,1"]
    car.passes(1)
    car.pong()
    assert car.take() == ["A", "C20,2"]


@pytest.mark.parametrize("is_passed", [False, True])
def test_an_answer_after_a_pong(is_passed: bool) -> None:
    """A car that answers the ping first and the given-up command later tells it nobody, once."""
    car = AskedCar()
    car.ask("ann", "C1")
    if is_passed:
        car.ask("ann", "C22")
        car.passes(ANSWER_PAUSE)
        car.pong()
        assert car.answer("c22,0") == ["ann"]
        car.passes(ANSWER_TIMEOUT)
    else:
        car.passes(ANSWER_TIMEOUT)
        car.pong()
    car.ask("bob", "C20")
    assert car.answer(*(f"c1,0,{row},3,x" for row in range(3))) == [None] * 3
    assert car.answer("c20,0", "c1,2", "EMcsealed") == ["bob", BROADCAST, BROADCAST]


@pytest.mark.parametrize("command", ["C1", "EMCone"])
@pytest.mark.parametrize("is_passed", [False, True])
def test_a_sealed_answer_after_a_pong(command: str, is_passed: bool) -> None:
    """It is dropped as well; the next that nobody asked for is everyone's again."""
    car = AskedCar()
    car.ask("ann", command)
    if is_passed:
        car.ask("ann", "C22")
        car.passes(ANSWER_PAUSE)
        car.pong()
        car.answer("c22,0")
        car.passes(ANSWER_TIMEOUT)
    else:
        car.passes(ANSWER_TIMEOUT)
        car.pong()
    assert car.answer("EMclate", "EMcsecond") == [None, BROADCAST]


def test_overdue_answers_are_bounded() -> None:
    """A car that answers its pings and nothing else does not make the queue grow."""
    car = AskedCar()
    for number in range(100, 105 + QUEUE_LIMIT):
        car.ask("ann", f"C{number}")
        car.passes(ANSWER_TIMEOUT)
        car.pong()
    assert len(car.queue._overdue) == QUEUE_LIMIT
    assert car.answer("c104,0", "c105,0") == [BROADCAST, None]
    car.refuse_all()
    assert car.answer("c106,0") == [BROADCAST]
