from __future__ import annotations

from typing import Any

import pytest

from ovms.car.answers import AnswerCallback
from ovms.car.command_handler import LONGEST_REASON, CommandHandler
from ovms.car.reports import CarIdentity
from ovms.car.settings import ModuleSettings
from ovms.car.state import CarState
from ovms.protocol.commands import COMMANDS, Answer, AnsweredBy, Command, Result
from ovms.protocol.records.alert import Alert


class StubbornCar:
    """A vehicle that answers as the test wants, and notes what it was handed."""

    def __init__(self) -> None:
        self.state = CarState(soc=50)
        self.identity = CarIdentity(
            "X", frozenset({15, 20}), write_enabled=True, currents=range(6, 9)
        )
        self.reply = (Result.OK, "")
        self.handed: list[Command] = []

    def advance(self, now: float) -> None:
        """Stand still."""

    def execute(self, command: Command, now: float, answer: AnswerCallback) -> None:
        """Answer as told."""
        self.handed.append(command)
        answer(Answer(command.number, *self.reply))


@pytest.fixture
def car() -> StubbornCar:
    """Return a car."""
    return StubbornCar()


def ask(orders: CommandHandler, line: str, *, is_sealed: bool = False) -> tuple[int, str]:
    """Give a command. Return the result and the text of its one answer."""
    command = Command.parse(line.encode())
    assert command is not None
    answers: list[Answer] = []
    orders.execute(command, 0, answers.append, is_sealed=is_sealed)
    (answer,) = answers
    assert answer.number == command.number
    return answer.result, answer.text


def orders_for(
    car: StubbornCar, alerts: list[Alert] | None = None, **options: Any
) -> CommandHandler:
    """Return the orders of a module in a car that may be written to."""
    take = alerts.append if alerts is not None else lambda alert: None
    return CommandHandler(car, ModuleSettings({31: "1"}), take, **options)


@pytest.mark.parametrize(
    ("line", "result"),
    [("15,6", 0), ("15,9", 1), ("15,x", 1), ("15", 1), ("20,1234", 0), ("20", 1), ("11", 2),
     ("40,1,x", 2), ("30", 2), ("5", 2), ("99", 3), ("0", 3), ("1", 0)],
)  # fmt: skip
def test_results_are_those_of_the_guide(car: StubbornCar, line: str, result: int) -> None:
    """0 done, 1 wrong, 2 not by this car, 3 not by anybody; the car gets what is well-formed."""
    command = Command.parse(line.encode())
    assert command is not None
    answers: list[Answer] = []
    orders_for(car).execute(command, 0, answers.append, is_sealed=False)
    assert {answer.result for answer in answers} == {result}
    assert bool(car.handed) is (result == 0 and line != "1")


@pytest.mark.parametrize("number", COMMANDS.answered_by(AnsweredBy.MODULE))
def test_the_module_carries_out_its_own_commands(car: StubbornCar, number: int) -> None:
    """No command that the table gives to the module reaches the vehicle."""
    text = {2: "9,10", 4: "20,x", 7: "stat"}.get(number, "")
    answers: list[Answer] = []
    handler = orders_for(car, restarts=True)
    handler.execute(Command(number, text), 0, answers.append, is_sealed=False)
    assert {answer.result for answer in answers} == {Result.OK}
    assert car.handed == []


@pytest.mark.parametrize("reason", ["", "  ", "a, b", "a\r\nb", "x" * 5000])
def test_a_failure_always_has_one_line_without_a_comma(car: StubbornCar, reason: str) -> None:
    """Whatever a vehicle gives as its reason."""
    car.reply = (Result.FAILED, reason)
    result, text = ask(orders_for(car), "20,1234")
    assert result == Result.FAILED
    assert 0 < len(text) <= LONGEST_REASON
    assert not set(text) & set(",\r\n")


def test_a_vehicle_may_change_its_mind(car: StubbornCar) -> None:
    """It may still say that it does not support what it lists."""
    car.reply = (Result.UNSUPPORTED, "")
    assert ask(orders_for(car), "20,1") == (2, "")


def test_what_is_offered_follows_feature_15(car: StubbornCar) -> None:
    """The car's commands are offered while it may be written to; the module's always."""
    settings = ModuleSettings({31: "1"})
    orders = CommandHandler(car, settings, lambda alert: None, restarts=True)
    assert orders.offered == {1, 2, 3, 4, 5, 6, 7, 15, 20}
    settings.set_feature(15, "0")
    assert orders.offered == {1, 2, 3, 4, 5, 6, 7}
    assert ask(orders, "20,1")[0] == Result.FAILED
    assert not car.handed


@pytest.mark.parametrize("line", ["4,10,known to the server", "4,2,K", "7,location"])
def test_in_paranoid_mode_the_server_cannot_look_or_set(car: StubbornCar, line: str) -> None:
    """Parameters and text commands must come sealed then; a plain one fails with a text."""
    settings = ModuleSettings({31: "1"})
    orders = CommandHandler(car, settings, lambda alert: None, is_paranoid=True)
    assert "sealed" in ask(orders, line)[1]
    assert settings.changed == {}
    assert ask(orders, "4,2,K", is_sealed=True) == (0, "")
    assert ask(orders, "20,1234") == (0, "")


def test_text_commands_and_alerts(car: StubbornCar) -> None:
    """7 answers text or says why not; 6 gives an alert of one field."""
    alerts: list[Alert] = []
    orders = orders_for(car, alerts)
    assert ask(orders, "7,stat") == (0, "Charge state unknown\rSOC: 50 %")
    assert ask(orders, "7,dance, now") == (1, "Unknown command")
    assert ask(orders, "7,feature 9 200") == (1, "feature 9 must be a number from 0 to 100")
    assert ask(orders, "6") == (0, "")
    assert alerts == [Alert("A", "Charge state unknown\rSOC: 50 %")]
