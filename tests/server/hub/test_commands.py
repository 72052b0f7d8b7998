from __future__ import annotations

import pytest

from ovms.protocol import Message, Party, Role, Session
from ovms.server.hub.commands import (
    ANSWER_PAUSE,
    ANSWER_TIMEOUT,
    BROADCAST,
    LONGEST_COMMAND,
    PING_TIMEOUT,
    QUEUE_LIMIT,
    ROW_TIMEOUT,
    SEALED_LINGER,
    Asker,
    Broadcast,
    CommandQueue,
    wire_length,
)
from tests.server.hub.fakes import message, text_of


class Desk:
    """A command queue, what it sent, and the time."""

    def __init__(self, timeout: float = ANSWER_TIMEOUT) -> None:
        self.now = 0.0
        self.sent: list[str] = []
        self.refused: list[tuple[Asker, str]] = []
        self.held: list[str] = []
        """What cannot leave yet."""
        self.is_stuck = False
        self.landed: list[int] = []
        """What answers showed to have landed, in messages sent."""
        self.count = 0
        self.longest = LONGEST_COMMAND
        self.queue = CommandQueue(
            self, lambda asker, answer: self.refused.append((asker, text_of(answer))), timeout
        )

    # -- the way to the car -----------------------------------------------------------------

    def send_command(self, command: Message) -> None:
        """Send a command."""
        self._send(text_of(command))

    def send_ping(self) -> None:
        """Send a ping."""
        self._send("A")

    def _send(self, text: str) -> None:
        self.held.append(text)
        if not self.is_stuck:
            self.lets_go()

    def lets_go(self) -> None:
        """Let what was held leave."""
        self.is_stuck = False
        held, self.held = self.held, []
        for text in held:
            self.sent.append(text)
            self.count += 1
            if text == "A":
                self.queue.ping_left(self.now)
            else:
                self.queue.command_left(self.now, self.count)

    def withdraw_command(self) -> None:
        """Drop the command that has not left."""
        self.held = [text for text in self.held if text == "A"]

    def has_landed(self, mark: int) -> None:
        """Note what."""
        self.landed.append(mark)

    # -- the test's side --------------------------------------------------------------------

    def ask(self, asker: str, *commands: str) -> None:
        """Ask something."""
        for command in commands:
            self.queue.ask(asker, message(command), self.now)

    def answer(self, *answers: str) -> list[Asker | Broadcast | None]:
        """Have the car answer: who gets each answer."""
        return [self.queue.answered(message(answer), self.now) for answer in answers]

    def pong(self) -> None:
        """Have the car answer the ping."""
        self.queue.ping_answered(self.now)

    def passes(self, seconds: float) -> None:
        """Let time pass, then look at it once."""
        self.now += seconds
        self.queue.tick(self.now)

    def take(self) -> list[str]:
        """Return what was sent to the car since the last call."""
        sent, self.sent[:] = list(self.sent), []
        return sent


def test_one_command_at_a_time() -> None:
    """The next command is sent when the answer to the one before is whole."""
    desk = Desk()
    desk.ask("ann", "C20,1", "C22,1")
    desk.ask("bob", "C20,2")
    assert desk.take() == ["C20,1"]
    assert desk.answer("c20,0") == ["ann"]
    assert desk.take() == ["C22,1"]
    assert desk.answer("c22,1,wrong pin", "c20,0") == ["ann", "bob"]
    assert desk.take() == ["C20,2"]
    assert desk.queue.is_idle
    assert desk.refused == []


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
    desk = Desk()
    number = rows[0][1]
    desk.ask("ann", f"C{number}")
    desk.ask("bob", "C20")
    assert desk.answer(*rows) == ["ann"] * len(rows)
    assert desk.take() == [f"C{number}", "C20"]


def test_other_answers_do_not_count() -> None:
    """An answer of another number, or of none, is nobody's; the command in flight stays."""
    desk = Desk()
    desk.ask("ann", "C20", "C22")
    assert desk.answer("c41,0,late", "c", "c20", "cx,0") == [BROADCAST] * 4
    assert desk.take() == ["C20"]
    assert desk.answer("c20,0") == ["ann"]
    assert Desk().answer("c20,0", "EMcsealed") == [BROADCAST] * 2


def test_what_is_no_command_is_dropped() -> None:
    """Without a number up to 65535 there is nothing to answer."""
    desk = Desk()
    desk.ask("ann", "C", "Cx", "C65536", "C65535")
    assert desk.take() == ["C65535"]
    assert desk.refused == []


def test_no_answer() -> None:
    """Without an answer the asker is told at the time-out, and the queue waits for a ping."""
    desk = Desk(timeout=30)
    desk.ask("ann", "C20")
    desk.passes(29.9)
    assert desk.refused == []
    desk.passes(0.1)
    desk.ask("ann", "C22")
    assert desk.refused == [("ann", "c20,1,no answer from the car")]
    assert desk.take() == ["C20", "A"]
    desk.passes(PING_TIMEOUT - 0.1)
    assert desk.take() == []
    desk.pong()
    assert desk.take() == ["C22"]
    desk.pong()
    assert desk.take() == []


def test_the_time_out_counts_from_the_sending() -> None:
    """A command that waited for others has its full time."""
    desk = Desk()
    desk.ask("ann", "C20", "C22")
    desk.passes(50)
    desk.answer("c20,0")
    desk.passes(50)
    assert desk.refused == []
    assert desk.answer("c22,0") == ["ann"]


def test_a_late_answer() -> None:
    """Until the ping is answered, an answer to the given-up command is dropped, and only it."""
    desk = Desk()
    desk.ask("ann", "C20")
    desk.passes(ANSWER_TIMEOUT)
    assert desk.answer("c22,0", "c20,0", "c20,0") == [BROADCAST, None, BROADCAST]
    desk.pong()
    desk.ask("bob", "C20")
    assert desk.answer("c20,0") == ["bob"]


def test_late_rows_of_an_unanswered_command() -> None:
    """All rows of a late answer are dropped, to the last."""
    desk = Desk()
    desk.ask("ann", "C1")
    desk.passes(ANSWER_TIMEOUT)
    assert desk.answer(*(f"c1,0,{n},3,x" for n in range(4))) == [None, None, None, BROADCAST]


def test_a_car_that_does_not_answer_pings() -> None:
    """It gets its next command all the same; the late answer is told from the next by its turn."""
    desk = Desk()
    desk.ask("ann", "C20")
    desk.ask("bob", "C20")
    desk.passes(ANSWER_TIMEOUT)
    desk.passes(PING_TIMEOUT)
    assert desk.take() == ["C20", "A", "C20"]
    assert desk.answer("c20,0,late", "c20,0,bob's") == [None, "bob"]


def test_a_pong_after_its_time() -> None:
    """What was never answered is forgotten with the pong, also when that comes late."""
    desk = Desk()
    desk.ask("ann", "C5")
    desk.passes(ANSWER_TIMEOUT)
    desk.passes(PING_TIMEOUT)
    desk.pong()
    desk.ask("bob", "C5")
    assert desk.answer("c5,0") == ["bob"]


def test_missing_rows() -> None:
    """An answer whose last rows do not come ends after a while, without a refusal."""
    desk = Desk()
    desk.ask("ann", "C1", "C20")
    assert desk.answer("c1,0,0,16,x") == ["ann"]
    desk.passes(ROW_TIMEOUT - 0.1)
    assert desk.answer("c1,0,1,16,x") == ["ann"]
    desk.passes(ROW_TIMEOUT - 0.1)
    assert desk.take() == ["C1"]
    desk.passes(0.1)
    assert desk.take() == ["A"]
    desk.pong()
    assert desk.take() == ["C20"]
    assert desk.refused == []


def test_rows_after_the_row_time_out() -> None:
    """Rows that come after all reach their asker, not the next one who asks the same."""
    desk = Desk()
    desk.ask("ann", "C1")
    desk.ask("bob", "C1")
    desk.answer("c1,0,0,3,x")
    desk.passes(ROW_TIMEOUT)
    assert desk.answer("c1,0,1,3,x", "c1,0,2,3,x") == ["ann", "ann"]
    desk.pong()
    assert desk.answer("c1,0,0,3,y") == ["bob"]


def test_rows_that_nobody_can_place_any_more() -> None:
    """When the ping, too, stayed without an answer, late rows reach nobody."""
    desk = Desk()
    desk.ask("ann", "C1")
    desk.ask("bob", "C1")
    desk.answer("c1,0,0,3,x")
    desk.passes(ROW_TIMEOUT)
    desk.passes(PING_TIMEOUT)
    assert desk.answer("c1,0,1,3,x", "c1,0,2,3,x") == [None, None]
    assert desk.answer("c1,0,0,3,y") == ["bob"]


# -- what cannot leave yet ------------------------------------------------------------------


def test_the_time_of_a_command_begins_when_it_leaves() -> None:
    """What waits for room on the car's line is neither given up nor followed by a ping."""
    desk = Desk()
    desk.is_stuck = True
    desk.ask("ann", "C5", "C20")
    desk.passes(ANSWER_TIMEOUT - 1)
    assert (desk.sent, desk.refused) == ([], [])
    desk.lets_go()
    desk.passes(ANSWER_PAUSE - 1)
    assert desk.take() == ["C5"]
    desk.passes(1)
    assert desk.take() == ["A"]
    desk.pong()
    desk.passes(ANSWER_TIMEOUT - ANSWER_PAUSE - 1)
    assert desk.refused == []
    desk.passes(1)
    assert desk.refused == [("ann", "c5,1,no answer from the car")]


def test_a_command_that_cannot_leave() -> None:
    """It is withdrawn at the time-out, its asker told, and the next has its turn."""
    desk = Desk()
    desk.is_stuck = True
    desk.ask("ann", "C20,1", "C22")
    desk.passes(ANSWER_TIMEOUT)
    assert desk.refused == [("ann", "c20,1,no answer from the car")]
    desk.lets_go()
    assert desk.take() == ["C22"]
    assert desk.answer("c20,0", "c22,0") == [BROADCAST, "ann"]


def test_no_answer_before_the_question() -> None:
    """An answer that comes before the command has left is to something else."""
    desk = Desk()
    desk.is_stuck = True
    desk.ask("ann", "C20")
    assert desk.answer("c20,0", "EMcx") == [BROADCAST] * 2
    desk.lets_go()
    assert desk.answer("c20,0") == ["ann"]


def test_an_asker_goes_before_its_command() -> None:
    """A command that has not left yet is withdrawn, and the next one goes in its place."""
    desk = Desk()
    desk.is_stuck = True
    desk.ask("ann", "C20")
    desk.ask("bob", "C22")
    desk.queue.forget("ann")
    desk.passes(1)
    desk.lets_go()
    assert desk.take() == ["C22"]
    assert desk.refused == []


def test_the_time_of_a_ping_begins_when_it_leaves() -> None:
    """A car is not taken for one that answers no pings before it could get one."""
    desk = Desk()
    desk.ask("ann", "C20", "C22")
    desk.is_stuck = True
    desk.passes(ANSWER_TIMEOUT)
    desk.passes(PING_TIMEOUT - 1)
    desk.lets_go()
    desk.passes(PING_TIMEOUT - 1)
    assert desk.take() == ["C20", "A"]
    desk.passes(1)
    assert desk.take() == ["C22"]


def test_what_has_landed() -> None:
    """An answer shows that its own command has landed, in time or late, and no other."""
    desk = Desk()
    desk.ask("ann", "C1", "C20")
    desk.answer("c41,0", "c", "c20,0", "EMcx")
    assert desk.landed == [1]
    desk.answer("c1,0,0,2,x", "c1,0,1,2,x")
    assert desk.landed == [1, 1, 1]
    desk.ask("ann", "C22")
    desk.passes(ANSWER_PAUSE)
    desk.pong()
    assert desk.take() == ["C1", "C20", "A", "C22"]
    desk.answer("c20,0")
    desk.passes(ANSWER_TIMEOUT)
    desk.answer("c22,0")
    assert desk.landed[3:] == [2, 4]


def test_a_car_that_turns_out_to_hold_less() -> None:
    """A command that waited and is too long by now is refused when its turn comes."""
    desk = Desk()
    desk.ask("ann", "C20", "C7," + "x" * 200, "C22", "C7," + "x" * 200)
    desk.longest = 200
    desk.ask("bob", "C7," + "x" * 200)
    assert desk.refused == [("bob", "c7,1,command too long")]
    desk.answer("c20,0")
    assert desk.take() == ["C20", "C22"]
    assert desk.refused[1:] == [("ann", "c7,1,command too long")]
    desk.answer("c22,0")
    assert desk.refused[2:] == [("ann", "c7,1,command too long")]
    assert desk.queue.is_idle


# -- sealed ---------------------------------------------------------------------------------


def test_sealed_answers() -> None:
    """They belong to the sealed command in flight, all rows of it, until a ping is answered."""
    desk = Desk()
    desk.ask("ann", "EMCone")
    desk.ask("bob", "EMCtwo")
    assert desk.answer("EMcx", "EMcy") == ["ann", "ann"]
    desk.passes(SEALED_LINGER)
    assert desk.take() == ["EMCone", "A"]
    assert desk.answer("EMcz") == ["ann"]
    desk.pong()
    assert desk.take() == ["EMCtwo"]
    assert desk.answer("EMcx") == ["bob"]


def test_a_sealed_answer_to_a_plain_command() -> None:
    """A car in paranoid mode seals every answer; order says whose it is."""
    desk = Desk()
    desk.ask("ann", "C20")
    desk.ask("bob", "C22")
    assert desk.answer("EMcx") == ["ann"]
    desk.passes(SEALED_LINGER)
    desk.pong()
    assert desk.answer("EMcx") == ["bob"]
    assert desk.refused == []


def test_a_plain_answer_to_a_sealed_command() -> None:
    """It is to something else."""
    desk = Desk()
    desk.ask("ann", "EMCone")
    assert desk.answer("c41,0") == [BROADCAST]


def test_a_sealed_command_is_never_refused() -> None:
    """Its number is not known: nobody could understand the refusal."""
    desk = Desk()
    desk.ask("ann", "EMCone", "EMCtwo", "EMC" + "x" * LONGEST_COMMAND)
    desk.passes(ANSWER_TIMEOUT)
    desk.queue.car_gone()
    assert desk.refused == []


def test_late_sealed_rows() -> None:
    """No row of a late sealed answer reaches the next asker, also when the ping is not answered."""
    desk = Desk()
    desk.ask("ann", "EMCone")
    desk.ask("bob", "EMCtwo")
    desk.passes(ANSWER_TIMEOUT)
    desk.passes(PING_TIMEOUT)
    assert desk.take() == ["EMCone", "A", "EMCtwo"]
    assert desk.answer("EMcx", "EMcy") == [None, None]
    desk.pong()
    assert desk.answer("EMcx") == ["bob"]


# -- coming and going -----------------------------------------------------------------------


def test_an_asker_that_has_gone() -> None:
    """Its waiting commands are dropped; the answer to the one in flight finds nobody."""
    desk = Desk()
    desk.ask("ann", "C20", "C22")
    desk.ask("bob", "C24")
    desk.queue.forget("ann")
    assert desk.answer("c20,0") == [None]
    assert desk.take() == ["C20", "C24"]


def test_an_asker_that_has_gone_is_not_told() -> None:
    """Neither the time-out nor late rows are for somebody who has gone."""
    desk = Desk()
    desk.ask("ann", "C20")
    desk.queue.forget("ann")
    desk.passes(ANSWER_TIMEOUT)
    desk.pong()
    desk.ask("bob", "C1")
    desk.answer("c1,0,0,3,x")
    desk.passes(ROW_TIMEOUT)
    desk.queue.forget("bob")
    assert desk.answer("c1,0,1,3,x") == [None]
    assert desk.refused == []


def test_the_car_has_gone() -> None:
    """Everybody who waits is told, each command once, and the queue is as new."""
    desk = Desk()
    desk.ask("ann", "C20", "C1")
    desk.ask("bob", "C22")
    desk.queue.car_gone()
    reason = "car is not connected"
    assert desk.refused == [("ann", f"c20,1,{reason}"), ("ann", f"c1,1,{reason}"),
                            ("bob", f"c22,1,{reason}")]  # fmt: skip
    assert desk.queue.is_idle
    assert desk.answer("c20,0") == [BROADCAST]
    desk.queue.car_gone()
    assert len(desk.refused) == 3


def test_the_car_has_gone_amid_an_answer() -> None:
    """Who has rows already gets no refusal behind them."""
    desk = Desk()
    desk.ask("ann", "C1")
    desk.answer("c1,0,0,16,x")
    desk.queue.car_gone()
    assert desk.refused == []


def test_the_car_has_gone_after_a_give_up() -> None:
    """Its late answers are gone with it."""
    desk = Desk()
    desk.ask("ann", "C20")
    desk.passes(ANSWER_TIMEOUT)
    desk.queue.car_gone()
    desk.ask("bob", "C20")
    assert desk.take() == ["C20", "A", "C20"]
    assert desk.answer("c20,0") == ["bob"]


# -- bounds ---------------------------------------------------------------------------------


def test_commands_at_the_bound() -> None:
    """So many may wait behind the one in flight; one more is refused, and the next goes again."""
    desk = Desk()
    desk.ask("ann", *["C20"] * (1 + QUEUE_LIMIT))
    assert desk.refused == []
    desk.ask("bob", "C22", "EMCsealed")
    assert desk.refused == [("bob", "c22,1,too many commands are waiting")]
    desk.answer("c20,0")
    desk.ask("bob", "C22")
    assert len(desk.refused) == 1


def test_given_up_commands_are_bounded() -> None:
    """A car that answers nothing at all does not make the queue grow."""
    desk = Desk()
    for _ in range(QUEUE_LIMIT + 5):
        desk.ask("ann", "C20")
        desk.passes(ANSWER_TIMEOUT)
        desk.passes(PING_TIMEOUT)
    assert len(desk.queue._given_up) == QUEUE_LIMIT


def test_length_at_the_bound() -> None:
    """A command that fits a module's buffer is sent, one byte more is refused."""
    desk = Desk()
    room = (LONGEST_COMMAND - 2) // 4 * 3 - len("MP-0 C7,")
    fits, too_long = "C7," + "x" * room, "C7," + "x" * (room + 1)
    assert wire_length(message(fits)) <= LONGEST_COMMAND < wire_length(message(too_long))
    desk.ask("ann", too_long)
    assert desk.refused == [("ann", "c7,1,command too long")]
    assert desk.take() == []
    desk.ask("ann", fits)
    assert desk.take() == [fits]


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
    desk = Desk()
    desk.ask("ann", "C5", "C20")
    desk.passes(ANSWER_PAUSE - 0.1)
    assert desk.take() == ["C5"]
    desk.passes(0.1)
    assert desk.take() == ["A"]
    desk.pong()
    assert desk.take() == ["C20"]
    assert desk.answer("c20,0") == ["ann"]
    assert desk.answer("c5,0") == ["ann"]
    desk.passes(100)
    assert desk.refused == []


def test_a_command_that_was_passed_by_times_out() -> None:
    """Its asker is told when its own time is over."""
    desk = Desk()
    desk.ask("ann", "C5", "C20")
    desk.passes(ANSWER_PAUSE)
    desk.pong()
    desk.answer("c20,0")
    desk.passes(60)
    assert desk.refused == [("ann", "c5,1,no answer from the car")]


def test_rows_of_a_command_that_was_passed_by() -> None:
    """Rows that come late reach the asker, until they are whole or stop."""
    desk = Desk()
    desk.ask("ann", "C1", "C20")
    desk.passes(ANSWER_PAUSE)
    desk.pong()
    assert desk.answer("c1,0,0,2,x") == ["ann"]
    assert desk.answer("c20,0") == ["ann"]
    desk.passes(100)
    assert desk.refused == []


def test_a_lonely_command_is_not_pinged() -> None:
    """Nobody waits behind it, so nothing is sent before its time is over."""
    desk = Desk()
    desk.ask("ann", "C5")
    desk.passes(59)
    assert desk.take() == ["C5"]
    desk.ask("bob", "C20")
    desk.passes(0.5)
    assert desk.take() == ["A"]


def test_a_car_that_has_gone_refuses_what_was_passed_by() -> None:
    """Commands without an answer are refused, in flight, passed by or waiting."""
    desk = Desk()
    desk.ask("ann", "C5", "C20", "C22")
    desk.passes(ANSWER_PAUSE)
    desk.pong()
    desk.queue.car_gone()
    assert [text for _, text in desk.refused] == [
        "c5,1,car is not connected", "c20,1,car is not connected", "c22,1,car is not connected",
    ]  # fmt: skip


def test_a_command_of_the_same_number_does_not_pass() -> None:
    """Their answers could not be told apart: it waits for the first one's answer, others do not."""
    desk = Desk()
    desk.ask("ann", "C20,1", "C22")
    desk.ask("bob", "C20,2")
    desk.passes(ANSWER_PAUSE)
    desk.pong()
    assert desk.take() == ["C20,1", "A", "C22"]
    assert desk.answer("c22,0") == ["ann"]
    assert desk.take() == []
    assert desk.answer("c20,0,ann's") == ["ann"]
    assert desk.take() == ["C20,2"]
    assert desk.answer("c20,0,bob's") == ["bob"]


def test_a_command_of_the_same_number_goes_when_the_first_one_is_over() -> None:
    """The first asker is told at its time-out, and the next answer is the second one's."""
    desk = Desk()
    desk.ask("ann", "C20,1", "C22")
    desk.ask("bob", "C20,2")
    desk.passes(ANSWER_PAUSE)
    desk.pong()
    desk.answer("c22,0")
    desk.passes(ANSWER_TIMEOUT - ANSWER_PAUSE)
    assert desk.refused == [("ann", "c20,1,no answer from the car")]
    assert desk.take() == ["C20,1", "A", "C22", "C20,2"]
    assert desk.answer("c20,0,bob's") == ["bob"]


def test_no_ping_for_those_who_could_not_pass() -> None:
    """When all who wait ask the same, nothing is sent before the first one's time is over."""
    desk = Desk()
    desk.ask("ann", "C20,1", "C20,2")
    desk.passes(ANSWER_TIMEOUT - 1)
    assert desk.take() == ["C20,1"]
    desk.passes(1)
    desk.pong()
    assert desk.take() == ["A", "C20,2"]


@pytest.mark.parametrize("is_passed", [False, True])
def test_an_answer_after_a_pong(is_passed: bool) -> None:
    """A car that answers the ping first and the given-up command later tells it nobody, once."""
    desk = Desk()
    desk.ask("ann", "C1")
    if is_passed:
        desk.ask("ann", "C22")
        desk.passes(ANSWER_PAUSE)
        desk.pong()
        assert desk.answer("c22,0") == ["ann"]
        desk.passes(ANSWER_TIMEOUT)
    else:
        desk.passes(ANSWER_TIMEOUT)
        desk.pong()
    desk.ask("bob", "C20")
    assert desk.answer(*(f"c1,0,{row},3,x" for row in range(3))) == [None] * 3
    assert desk.answer("c20,0", "c1,2", "EMcsealed") == ["bob", BROADCAST, BROADCAST]


@pytest.mark.parametrize("command", ["C1", "EMCone"])
@pytest.mark.parametrize("is_passed", [False, True])
def test_a_sealed_answer_after_a_pong(command: str, is_passed: bool) -> None:
    """It is dropped as well; the next that nobody asked for is everyone's again."""
    desk = Desk()
    desk.ask("ann", command)
    if is_passed:
        desk.ask("ann", "C22")
        desk.passes(ANSWER_PAUSE)
        desk.pong()
        desk.answer("c22,0")
        desk.passes(ANSWER_TIMEOUT)
    else:
        desk.passes(ANSWER_TIMEOUT)
        desk.pong()
    assert desk.answer("EMclate", "EMcsecond") == [None, BROADCAST]


def test_overdue_answers_are_bounded() -> None:
    """A car that answers its pings and nothing else does not make the queue grow."""
    desk = Desk()
    for number in range(100, 105 + QUEUE_LIMIT):
        desk.ask("ann", f"C{number}")
        desk.passes(ANSWER_TIMEOUT)
        desk.pong()
    assert len(desk.queue._overdue) == QUEUE_LIMIT
    assert desk.answer("c104,0", "c105,0") == [BROADCAST, None]
    desk.queue.car_gone()
    assert desk.answer("c106,0") == [BROADCAST]
