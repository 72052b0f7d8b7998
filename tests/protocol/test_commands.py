from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol.commands import (
    BY_NAME,
    BY_NUMBER,
    CHARGE_MODE_NUMBERS,
    COMMANDS,
    Answer,
    AnsweredBy,
    Command,
    CommandSpec,
    CommandTable,
    Result,
    number_of,
)
from ovms.protocol.parameters import NumberParameter
from ovms.protocol.records.status import CHARGE_MODES

CORPUS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "corpus" / "commands.json").read_text()
)


def written(case: dict[str, Any]) -> bytes:
    """Return a case's data as we write it."""
    text: str = case.get("written", case["data"])
    return text.encode("latin-1")


@given(st.binary(max_size=8) | st.from_regex(rb"0*[0-9]{1,6}(,.*)?", fullmatch=True))
def test_the_number_alone(data: bytes) -> None:
    """It is that of the whole command, and there is none where the command cannot be read."""
    command = Command.parse(data)
    assert number_of(data) == (None if command is None else command.number)


@pytest.mark.parametrize("case", CORPUS["commands"], ids=lambda case: case["comment"])
def test_command(case: dict[str, Any]) -> None:
    """A command is read as the corpus says, and written back."""
    read = Command.parse(case["data"].encode("latin-1"))
    if case["command"] is None:
        assert read is None
        return
    assert read is not None
    expected = {"text": "", "parameters": [], **case["command"]}
    assert (read.number, read.text) == (expected["number"], expected["text"])
    assert list(read.parameters) == expected["parameters"]
    assert read.message.code == "C"
    assert read.message.data == written(case)


@pytest.mark.parametrize("case", CORPUS["answers"], ids=lambda case: case["comment"])
def test_answer(case: dict[str, Any]) -> None:
    """An answer is read as the corpus says, is known for the last one or not, and written back."""
    read = Answer.parse(case["data"].encode("latin-1"))
    if case["answer"] is None:
        assert read is None
        return
    assert read is not None
    for name, value in case["answer"].items():
        found = getattr(read, name)
        assert (list(found) if name == "parameters" else found) == value
    assert read.is_last is case["last"]
    assert read.message.code == "c"
    assert read.message.data == written(case)


NUMBERS = st.integers(0, 65535)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(NUMBERS, TEXTS)
def test_command_round_trip(number: int, text: str) -> None:
    """Any command is read as it was written."""
    command = Command(number, text)
    assert Command.parse(command.message.data) == command


@given(NUMBERS, st.sampled_from(Result) | NUMBERS, TEXTS)
def test_answer_round_trip(number: int, result: int, text: str) -> None:
    """Any answer is read as it was written."""
    answer = Answer(number, result, text)
    assert Answer.parse(answer.message.data) == answer


@given(st.binary() | st.from_regex(rb"\A(1|3|30|31|32),0,[0-9]{0,12},[0-9]{0,12}(,.*)?\Z"))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are a command and an answer, or none."""
    command, answer = Command.parse(data), Answer.parse(data)
    if command is not None:
        assert Command.parse(command.message.data) == command
        assert len(command.parameters) <= data.count(b",")
    if answer is not None:
        assert Answer.parse(answer.message.data) == answer
        assert answer.is_last in (True, False)


def test_rows_with_endless_digits() -> None:
    """A row number of more digits than Python converts is no row number."""
    answer = Answer.parse(b"30,0," + b"9" * 5000 + b",5")
    assert answer is not None
    assert answer.is_last


@given(number=st.sampled_from([1, 3, 30, 31, 32]), total=st.integers(1, 90))
def test_rows(number: int, total: int) -> None:
    """Of the rows that a command is answered with, exactly the last is known for it."""
    first = BY_NUMBER[number].first_row
    assert first is not None
    rows = [Answer(number, Result.OK, f"{first + i},{total},x") for i in range(total)]
    assert [row.is_last for row in rows] == [False] * (total - 1) + [True]


GUIDE = [1, 2, 3, 4, 5, 6, 10, 11, 12, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 30, 31, 32,
         40, 41, 49]  # fmt: skip
FIELD = [7, 26]


def test_table() -> None:
    """The table has the guide's commands and the field's, each once, in order."""
    assert [spec.number for spec in COMMANDS] == sorted(GUIDE + FIELD)
    assert [spec.number for spec in COMMANDS if spec.by_server] == [30, 31, 32]
    assert [spec.number for spec in COMMANDS if spec.first_row == 0] == [1, 3]
    assert [spec.number for spec in COMMANDS if spec.first_row == 1] == [30, 31, 32]
    assert {spec.number for spec in COMMANDS if spec.whole_line} >= {7, 40, 41, 49}
    assert all(spec.parameters for spec in COMMANDS if spec.whole_line)
    assert {spec.name: spec.number for spec in BY_NAME.values()} == {
        spec.name: spec.number for spec in COMMANDS
    }


def test_charge_modes() -> None:
    """Every charge mode has its number, and there is none without a word."""
    assert tuple(CHARGE_MODE_NUMBERS) == CHARGE_MODES
    assert list(CHARGE_MODE_NUMBERS.values()) == [0, 1, 3, 4]


def test_who_answers() -> None:
    """The module has 1 to 7, the car 10 to 26, the server 30 to 32, the modem the rest."""
    by = {who: sorted(COMMANDS.answered_by(who)) for who in AnsweredBy}
    assert by[AnsweredBy.MODULE] == [1, 2, 3, 4, 5, 6, 7]
    assert by[AnsweredBy.VEHICLE] == [n for n in GUIDE + FIELD if 10 <= n <= 26]
    assert by[AnsweredBy.SERVER] == [30, 31, 32]
    assert by[AnsweredBy.MODEM] == [40, 41, 49]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("11,x", None),
        ("2,31,255", None),
        ("4,31,any, thing", None),
        ("20,12x", "PIN must be 1 to 8 digits"),
        ("16,3", "expected mode and current"),
        ("31", None),
        ("32", "expected type and since"),
        ("32,*-LOG-Trip", None),
        ("32,*-LOG-Trip,2020-01-01 00:00:00", None),
        ("40,+49,a text, with a comma", None),
    ],
)
def test_parameters_are_checked_with_the_table(line: str, problem: str | None) -> None:
    """A row says what is wrong with parameters for it; some may be left out."""
    command = Command.parse(line.encode())
    assert command is not None
    assert BY_NUMBER[command.number].problem(command.parameters) == problem


@pytest.mark.parametrize(
    ("name", "given", "sent"),
    [
        ("charge-mode", ("range",), ("3",)),
        ("charge-mode-current", ("storage", "16"), ("1", "16")),
        ("climate", ("on", "off"), ("1", "off")),
        ("lock", ("on",), ("on",)),
        ("charge-start", ("range",), ("range",)),
        ("charge-mode", (), ()),
    ],
)
def test_words_become_numbers(name: str, given: tuple[str, ...], sent: tuple[str, ...]) -> None:
    """The words of a choice are sent as numbers; all else as it is, also what is too much."""
    assert BY_NAME[name].in_numbers(given) == sent


AMPS = NumberParameter("amps", 1, 255)
SPEC: dict[str, Any] = {"number": 27, "name": "horn", "parameters": (AMPS,), "meaning": ""}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"parameters": ("amps",)}, TypeError),
        ({"number": 65536}, ValueError),
        ({"number": -1}, ValueError),
        ({"name": "the horn"}, ValueError),
        ({"name": ""}, ValueError),
        ({"parameters": (AMPS, AMPS)}, ValueError),
        ({"optional": 2}, ValueError),
        ({"optional": -1}, ValueError),
        ({"parameters": (), "whole_line": True}, ValueError),
        ({"answered_by": AnsweredBy.SERVER}, ValueError),
    ],
)
def test_a_row_that_lacks_something(wrong: dict[str, Any], error: type[Exception]) -> None:
    """A row without what it needs is an error when it is made, not when somebody asks."""
    assert CommandSpec(**SPEC).parameter_names == ("amps",)
    with pytest.raises(error, match=r"horn|'the horn'|''"):
        CommandSpec(**SPEC | wrong)


@pytest.mark.parametrize("taken", [{"number": 28}, {"name": "lights"}])
def test_numbers_and_names_are_taken_once(taken: dict[str, Any]) -> None:
    """A second row of a number or of a name is an error, and changes nothing."""
    table = CommandTable([CommandSpec(**SPEC)])
    with pytest.raises(ValueError, match="in the table already"):
        table.add(CommandSpec(**SPEC | taken))
    assert [row.name for row in table] == ["horn"]


def test_what_the_server_answers() -> None:
    """Three commands never reach a car; what is not in the table does."""
    assert [number for number in range(100) if Command(number).by_server] == [30, 31, 32]
