"""Commands: to the car byte for byte, answers to whoever asked."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import Case, everything
from tests.conformance.sentences import Sentence, stands_for

UNUSED = "Command parameters are unused and ignored by the car"
GIVEN = "Command parameters are"
ANSWER = "Response parameters are unused, and will merely indicate the success or not"


def guide(heading: str, *texts: str) -> list[Sentence]:
    """Return sentences of the guide under a heading."""
    return [Sentence(f"guide: {heading}", text) for text in texts]


COMMANDS: dict[bytes, tuple[bytes, list[Sentence]]] = {
    b"C2,8,1": (b"c2,0", guide("2 - Set feature", GIVEN, ANSWER)),
    b"C4,7,a,b": (b"c4,0", guide("4 - Set parameter", GIVEN, ANSWER)),
    b"C5": (b"c5,0", guide("5 - Reboot", UNUSED, ANSWER)),
    b"C6": (b"c6,0", guide("6 – Charge Alert", UNUSED, ANSWER)),
    b"C10,3": (b"c10,0", guide("10 - Set Charge Mode", GIVEN, ANSWER)),
    b"C11": (b"c11,0", guide("11 - Start Charge", UNUSED, ANSWER)),
    b"C12": (b"c12,0", guide("12 - Stop Charge", UNUSED, ANSWER)),
    b"C15,13": (b"c15,0", guide("15 - Set Charge Current", GIVEN, ANSWER)),
    b"C16,0,70": (b"c16,0", guide("16 - Set Charge Mode and Current", GIVEN, ANSWER)),
    b"C17,1,1439": (b"c17,0", [*guide("17 - Set Charge Timer", GIVEN, ANSWER),
                               Sentence("interop 4", "17: minutes 0 to 1439, decimal")]),
    b"C18": (b"c18,0", guide("18 - Wakeup car", UNUSED, ANSWER)),
    b"C19": (b"c19,0", guide("19 - Wakeup temperature", UNUSED, ANSWER)),
    b"C20,1234": (b"c20,0", guide("20 - Lock Car", GIVEN, ANSWER, "N.B. unlock/lock does not")),
    b"C21,1234": (b"c21,0", guide("21 - Activate Valet Mode", GIVEN, ANSWER)),
    b"C22,1234": (b"c22,1,wrong pin",
                  guide("22 - Unlock Car", GIVEN, ANSWER, "N.B. unlock/lock does not")),
    b"C23,1234": (b"c23,0", guide("23 - Deactivate Value Mode", GIVEN, ANSWER)),
    b"C24,2": (b"c24,0", guide("24 - Home Link", GIVEN, ANSWER)),
    b"C25": (b"c25,0", guide("25 - Cooldown", UNUSED, ANSWER)),
    b"C40,+85212345678,Hello, world": (b"c40,0", guide("40 - Send SMS", GIVEN, ANSWER)),
    b"C41,*100#": (b"c41,0", guide("41 - Send MMI/USSD Codes", GIVEN, ANSWER)),
    b'C49,AT+CGDCONT=1,"IP"': (b"c49,0", guide("49 - Send raw AT Command", GIVEN, ANSWER)),
    b"C7,stat, with commas": (b"c7,0,Not charging\rSOC: 80%\r", [
        Sentence("interop 4", "7: text command for the module's shell, `C7,<text>`")]),
    b"C26,1": (b"c26,0", [Sentence("interop 4", "26: climate, `C26,1` or `0`")]),
    b"C41,*100#,1,2": (b"c41,0,a,b", [
        Sentence("interop 4", "40, 41, 49: the rest of the line too")]),
    b"C65535,x": (b"c65535,3", [*guide("Command message", "<data> is a comma-separated list of"),
                                *guide("Command response", "For result=2 or 3, the parameter")]),
    b"C0": (b"c0,2", guide("Command response", "<data> is a comma-separated list of")),
    b"C999,1": (b"c999,2,unrecognized",
                guide("Backwards Compatibility", "Unrecognised commands in the \"C\"")),
    b"C20,wrong": (b"c20,1,the fault, in words",
                   guide("Command response", "For result=1, the parameter is a textual string")),
    b"C20,9999": (b"c20,0,what,it,likes",
                  guide("Command response", "For result=0, the parameters depend on the command")),
}  # fmt: skip
"""What an app asks, and what the car answers."""


@stands_for("guide: Command message", "This message is sent <apptoserver> then <servertocar>")
@stands_for("guide: Command response", "This message is sent <cartoserver> then <servertoapp>")
@stands_for(
    "guide: Commands and Expected Responses", "the following commands and responses are expected"
)
@stands_for("interop 4", "Answers come strictly in order of asking and go to the one client that")
@pytest.mark.parametrize(
    ("asked", "answer"),
    [(asked, answer) for asked, (answer, _) in COMMANDS.items()],
    ids=[asked.decode() for asked in COMMANDS],
)
def test_a_command_and_its_answer(case: Case, asked: bytes, answer: bytes) -> None:
    """A command reaches the car byte for byte, and its answer the asker alone, byte for byte."""
    car, app, other, batch = case.car(), case.app(), case.app(), case.batch()
    everything(car, app, other, batch)
    app.say(asked)
    assert app.settle() == []
    assert car.settle() == [asked]
    car.say(answer)
    assert car.settle() == []
    assert everything(app, other, batch) == [[answer], [], []]
    assert case.app().login[1:-1] == []


vars(test_a_command_and_its_answer)["sentences"] += [
    sentence for _, sentences in COMMANDS.values() for sentence in sentences
]

ROWS = [
    pytest.param(b"1", 16, id="features of a PIC"),
    pytest.param(b"1", 32, id="features of an ESP32"),
    pytest.param(b"3", 32, id="parameters"),
]
SEQUENCE = "Response is a sequence of individual messages with each message containing"


@stands_for(
    "guide: 1 - Request feature list",
    UNUSED,
    SEQUENCE,
    "Registered features are",
    "Note that features 0 through 7 are 'volatile'",
    "Features 8 through 15 are 'permanent'",
    "These features are considered more stable, but optional",
)
@stands_for(
    "guide: 3 - Request parameter list", UNUSED, SEQUENCE, "Registered parameters are", "Note that"
)
@stands_for("interop 4", "1 and 3: one message a row, numbered from 0", "all rows of 1 and 3 to")
@pytest.mark.parametrize(("number", "count"), ROWS)
def test_rows_of_features_and_parameters(case: Case, number: bytes, count: int) -> None:
    """All rows of a list reach the asker, also from a car that leaves unset ones out in between."""
    car, app, other = case.car(), case.app(), case.app()
    everything(car, app, other)
    app.say(b"C" + number)
    assert car.hear() == b"C" + number
    other.say(b"C20,1234")
    other.settle()
    rows = [b"c%s,0,%d,%d,value %d" % (number, row, count, row) for row in range(count)]
    car.say(*rows)
    assert car.hear() == b"C20,1234"
    car.say(b"c20,0")
    car.settle()
    assert everything(app, other) == [rows, [b"c20,0"]]


@stands_for("interop 4", "Answers come strictly in order of asking")
@stands_for("interop 6", "Whoever sends a command takes the next `c` as its answer")
def test_answers_come_in_order_of_asking(case: Case) -> None:
    """Each of several askers gets the answers to its own commands, in the order of asking."""
    car, askers = case.car(), [case.app(), case.app(), case.batch()]
    everything(car, *askers)
    for turn in range(3):
        for at, asker in enumerate(askers):
            asker.say(b"C20,%d%d" % (at, turn))
            asker.settle()
    for turn in range(3):
        for at in range(3):
            assert car.hear() == b"C20,%d%d" % (at, turn)
            car.say(b"c20,0,%d%d" % (at, turn))
    car.settle()
    for at, asker in enumerate(askers):
        assert asker.settle() == [b"c20,0,%d%d" % (at, turn) for turn in range(3)]


@stands_for("interop 4", "Answers come strictly in order of asking")
def test_a_server_answer_waits_for_the_car(case: Case) -> None:
    """A command that the server answers itself is answered after the asker's earlier ones."""
    car, app = case.car(), case.app()
    car.settle()
    app.say(b"C20,1234", b"C31")
    assert car.hear() == b"C20,1234"
    assert app.settle() == []
    car.say(b"c20,0")
    assert app.hear() == b"c20,0"
    assert app.hear() == b"c31,1,No historical data available"


@stands_for("interop 6", "send a car a command at a time, the next after the answer or a short")
def test_one_command_at_a_time(case: Case) -> None:
    """A car is sent its next command when it has answered the one before."""
    car, app = case.car(), case.app()
    car.settle()
    app.say(b"C20,1", b"C22,2")
    app.settle()
    assert car.settle() == [b"C20,1"]
    car.say(b"c20,0")
    assert car.hear() == b"C22,2"


@stands_for("interop 6", "refuse lines over 1024 with `c<cmd>,1,command too long`")
def test_a_command_that_is_too_long(case: Case) -> None:
    """A command whose line a car cannot take is refused, and the car hears nothing of it."""
    car, app = case.car(), case.app()
    car.settle()
    app.say(b"C7," + b"x" * 1100)
    assert app.hear() == b"c7,1,command too long"
    assert car.settle() == []


@stands_for("interop 4", "Asker gone, or answer late after the server gave up: dropped")
def test_an_answer_whose_asker_is_gone(case: Case) -> None:
    """An answer whose asker has gone reaches nobody else, and the next one its own asker."""
    car, gone, app = case.car(), case.app(), case.app()
    everything(car, gone, app)
    gone.say(b"C20,1")
    assert car.hear() == b"C20,1"
    app.say(b"C20,2")
    app.settle()
    gone.wire.close()
    assert car.hear() == b"Z1"
    car.say(b"c20,0,for the one who is gone")
    assert car.hear() == b"C20,2"
    car.say(b"c20,0,for the other")
    car.settle()
    assert app.settle() == [b"c20,0,for the other"]


@stands_for("interop 4", "An answer that nobody asked for goes to every client")
@stands_for("interop 4", "41 brings a second `c41` later")
def test_an_answer_that_nobody_asked_for(case: Case) -> None:
    """An answer without a question goes to every client: a network's reply to 41 comes so."""
    car, app, batch = case.car(), case.app(), case.batch()
    everything(car, app, batch)
    app.say(b"C41,*100#")
    assert car.hear() == b"C41,*100#"
    car.say(b"c41,0")
    car.settle()
    assert everything(app, batch) == [[b"c41,0"], []]
    car.say(b"c41,0,Your balance is 7")
    car.settle()
    assert everything(app, batch) == [[b"c41,0,Your balance is 7"]] * 2


@stands_for("interop 4", "the server answers `c<cmd>,1,<reason>`")
@pytest.mark.parametrize("asked", [b"C20,1234", b"C1", b"C7,stat", b"C65535"])
def test_a_command_for_an_absent_car(case: Case, asked: bytes) -> None:
    """Without a car, the server answers that the command failed, and why."""
    app = case.app()
    app.say(asked)
    number = asked[1:].partition(b",")[0]
    failed, _, reason = app.hear().rpartition(b",")
    assert failed == b"c%s,1" % number
    assert reason
    assert case.car().login == [b"Z1"]


@stands_for("interop 4", "Asker gone, or answer late after the server gave up: dropped")
def test_a_command_whose_car_leaves(case: Case) -> None:
    """A command under way when its car goes is answered as failed; none waits for the next car."""
    car, app = case.car(), case.app()
    car.settle()
    app.say(b"C20,1", b"C20,2")
    assert car.hear() == b"C20,1"
    car.wire.close()
    heard = sorted(app.hear() for _ in range(3))
    assert heard[0] == b"Z0"
    assert [each[:6] for each in heard[1:]] == [b"c20,1,"] * 2
    assert case.car().login == [b"Z1"]


@stands_for("interop 1", "Batch clients get `Z`, the stored messages and `T` like apps, may send")
def test_a_batch_client_commands(case: Case) -> None:
    """A batch client's command reaches the car, and the answer the batch client alone."""
    car, app, batch = case.car(), case.app(), case.batch()
    car.settle()
    batch.say(b"C24,0")
    assert car.hear() == b"C24,0"
    car.say(b"c24,0")
    car.settle()
    assert everything(batch, app) == [[b"c24,0"], []]


@stands_for("interop 4", "`C7` without a comma crashes the newest ESP32")
def test_a_shell_command_without_a_comma(case: Case) -> None:
    """The server refuses it in its turn; with a comma it reaches the car."""
    car, app = case.car(), case.app()
    car.settle()
    app.say(b"C7", b"C7,")
    assert app.hear()[:5] == b"c7,1,"
    assert car.hear() == b"C7,"


@stands_for(
    "interop 6",
    "Which module a car has is told by its `F`",
    "Not by the first digit",
    "Buffers, units of charge duration and timer, energies of `L`",
)
@pytest.mark.parametrize(
    ("firmware", "is_pic"),
    [
        (b"F3.1.4/TR2.0/V2/pic,VIN,18,1,TR", True),
        (b"F2.6.1/TR1.0/V1/,VIN", True),
        (b"F3.3.005,VIN,18,1,NL", False),
        (b"F2.8.1,VIN", False),
    ],
)
def test_the_buffer_of_a_module(case: Case, firmware: bytes, is_pic: bool) -> None:
    """A command that does not fit a PIC's buffer is refused for a PIC only."""
    car, app = case.car(), case.app()
    car.say(firmware)
    everything(car, app)
    command = b"7," + b"x" * 200
    app.say(b"C" + command)
    if is_pic:
        assert app.hear()[:5] == b"c7,1,"
        assert car.settle() == []
    else:
        assert car.hear() == b"C" + command
