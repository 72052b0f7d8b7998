"""DBC files of the real world: their encodings, syntax and flaws."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import cantools.database
import pytest
from cantools.database import Database
from cantools.database.can import Signal
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.frames import Frame
from ovms.car.vehicles import find_type
from ovms.car.vehicles.data.dbc import BusFile
from ovms.car.vehicles.data.folder import read_folder
from ovms.car.vehicles.data.reading import DbcContents, read_contents
from ovms.car.vehicles.data.statements import LONGEST_STATEMENT, statements
from ovms.car.vehicles.data.text import decode_text
from ovms.car.vehicles.data.units import find_conversion
from ovms.car.vehicles.data.vehicle import DataVehicle

CASES = Path(__file__).parents[1] / "cases" / "types"

SOC = ' SG_ Soc : 0|8@1+ (0.5,0) [0|100] "%" A\n'


def soc_after(folder: Path, data: str, bus_id: int = 0x201) -> float | None:
    """Return the state of charge of a car of a folder after one frame."""
    car = DataVehicle(read_folder(folder))
    car.receive(Frame(0, bus_id, bytes.fromhex(data)), 0)
    return car.state.soc


def read(text: str) -> tuple[dict[str, Signal], list[tuple[int, str]]]:
    """Return the signals of a file by their whole names, and the lines and texts of its flaws."""
    contents = read_contents(text)
    found = {
        f"{message.name}.{signal.name}": signal
        for message in contents.messages
        for signal in message.signals
    }
    return found, [(flaw.line, flaw.text) for flaw in contents.flaws]


@pytest.mark.parametrize("name", ["gbk", "unused"])
def test_types_of_users(name: str) -> None:
    """A comment in a Chinese code page, and flaws that concern nobody, are no obstacle."""
    assert soc_after(CASES / name, "5A00000000000000") == 45


def test_flaws_of_a_users_type_are_told() -> None:
    """Each flaw is a warning with its line."""
    warnings = read_folder(CASES / "unused").warnings
    assert [(each.line, each.severity) for each in warnings] == [
        (6, "warning"), (8, "warning"), (13, "warning"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "unit", "comment"),
    [
        ("utf-8", "°C", "Außen"),
        ("utf-8-sig", "°C", "Außen"),
        ("cp1252", "°C", "Außen – Türen"),
        ("utf-16", "°C", "Außen"),
        ("utf-16-le", "°C", "电池"),
        ("utf-16-be", "°C", "电池"),
        ("utf-32", "°C", "电池"),
        ("gbk", "℃", "电池电量 仓库 状态"),
        ("gbk", "°C", "电池电量 仓库 状态"),
        ("shift_jis", "℃", "電圧"),
        ("euc_kr", "℃", "전압"),
        ("big5", "℃", "電壓"),
        ("latin-1", "°C", "\x81\x8d\x9d ü"),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_encodings(encoding: str, unit: str, comment: str, ends: str) -> None:
    """In whatever encoding a file is, its signals and units are read."""
    text = (
        f'VERSION ""\nBU_: A\nCM_ "{comment}";\nBO_ 1 M: 8 A\n'
        f' SG_ T : 0|8@1+ (1,-40) [0|0] "{unit}" A\n'
    )
    signals, flaws = read(decode_text(text.replace("\n", ends).encode(encoding)))
    assert flaws == []
    convert = find_conversion(signals["M.T"].unit or "", "°C")
    assert convert is not None
    assert convert(20) == 20
    assert find_conversion(signals["M.T"].unit or "", "V") is None


def test_names_that_are_no_ascii() -> None:
    """A signal whose name is in a Chinese code page is read by that name."""
    text = 'BU_: A\nBO_ 1 电池: 8 A\n SG_ 电量 : 0|8@1+ (1,0) [0|0] "" A\nCM_ "电池电量";\n'
    signals, flaws = read(decode_text(text.encode("gbk")))
    assert (list(signals), flaws) == (["电池.电量"], [])


@pytest.mark.parametrize(
    "signal",
    [
        "SG_ Soc : 0|8@1+ (0.5,0) [0|100] \"%\" A",
        "SG_ Soc: 0|8@1+(0.5,0)[0|100]\"%\"A,B",
        "\tSG_  Soc  :  0 | 8 @ 1 + ( 0.5 , 0 )  [ 0 | 100 ]  \"%\"  A , B ",
        "SG_ Soc :\n   0|8@1+ (0.5,0) [0|100]\n   \"%\" A,\n   B",
        "SG_ Soc : 0|8@1+ (5E-1,0.0) [0.|1e2] \"%\"",
        "SG_ Soc : 0|8@1+ (+0.5,-0) [0|100] \"%\" Vector__XXX // the charge",
    ],
)  # fmt: skip
def test_spellings_of_a_signal(signal: str) -> None:
    """Spaces, receivers, line breaks and forms of numbers do not matter."""
    signals, flaws = read(f"BU_:\nBO_ 513 Battery: 8 A\n{signal}\nBO_ 2 M: 8 A\n{SOC}")
    assert flaws == []
    assert list(signals) == ["Battery.Soc", "M.Soc"]
    soc = signals["Battery.Soc"]
    assert (soc.start, soc.length, soc.scale, soc.offset) == (0, 8, 0.5, 0)
    assert (soc.minimum, soc.maximum, soc.unit) == (0, 100, "%")


@pytest.mark.parametrize(
    "between",
    [
        'CM_ "a quotation "mark" too many";\n',
        'CM_ "one that is never closed;\n',
        'CM_ SG_ 1 Soc "over\ntwo; lines";\n',
        'CM_ 145 "of a message, without BO_";\n',
        'CM_ SG_ 304 "without a name";\n',
        'CM_ "BO_ 5 in a comment";\n',
        'CM_ "a \\"quoted\\" word";\n',
        'BA_DEF_ SG_  "Long" STRING ;\nBA_ "Long" SG_ 1 Soc "x;y";\n',
        "BO_TX_BU_ 1 : A,B;\n",
        "SIG_GROUP_ 1 Group 1 : Soc;\n",
        'EV_ Name: 0 [0|1] "" 0 1 DUMMY_NODE_VECTOR0 Vector__XXX;\n',
        "BU_: A B C\n D E\n",
        "NS_ :\n\tCM_\n\tBA_DEF_\n\tVAL_\n\tBO_TX_BU_\n\nBS_:\n",
        'VAL_ 1 Soc 0 "off" 1 "on" 2 "a;b" ;\n',
        'VAL_ Variable 0 "off";\n',
        "// BO_ 3 Comment: 8 A\n",
        'BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX\n SG_ Lost : 0|8@1+ (1,0) '
        '[0|0] "" A\n',
    ],
)  # fmt: skip
def test_what_is_between_messages(between: str) -> None:
    """Statements that are not needed hide no message, even if they are damaged."""
    text = f"BU_: A\nBO_ 1 One: 8 A\n{SOC}{between}\nBO_ 2 Two: 8 A\n{SOC}\n{between}"
    signals, flaws = read(text)
    assert [flaw for flaw in flaws if "BU_" not in flaw[1]] == []
    assert list(signals) == ["One.Soc", "Two.Soc"]


@pytest.mark.parametrize("name", ["2017_5", "0_COUNTER", "FILTER", "VERSION", "a-b", "Größe"])
def test_names_that_other_tools_refuse(name: str) -> None:
    """A name may begin with a digit, be a keyword, or have other characters."""
    signals, flaws = read(f"BU_:\nBO_ 1 {name}: 8 A\n{SOC.replace('Soc', name)}")
    assert (list(signals), flaws) == ([f"{name}.{name}"], [])


def test_two_messages_of_one_id() -> None:
    """Frames are read as both, and the second is told with its line."""
    text = f"BU_:\nBO_ 1 One: 8 A\n{SOC}BO_ 1 Two: 8 A\n{SOC}"
    contents = read_contents(text)
    assert [(flaw.line, flaw.text) for flaw in contents.flaws] == [
        (4, "Two has the id of One, 0x1: its frames are both")
    ]
    assert list(BusFile(contents).decode(Frame(0, 1, b"\x08"))) == [
        ("One", {"Soc": 8}), ("Two", {"Soc": 8}),
    ]  # fmt: skip


def test_a_flaw_disturbs_no_other_signal() -> None:
    """A signal behind two that overlap is read from its own bits."""
    text = (
        "BU_:\nBO_ 1 M: 8 A\n"
        ' SG_ One : 0|12@1+ (1,0) [0|0] "" A\n SG_ Two : 8|8@1+ (1,0) [0|0] "" A\n'
        ' SG_ Far : 60|12@1+ (1,0) [0|0] "" A\n SG_ Good : 24|8@1+ (1,0) [0|0] "" A\n'
    )
    frame = Frame(0, 1, bytes(range(8)))
    assert list(BusFile(read_contents(text)).decode(frame)) == [("M", {"Good": 3})]


def test_extended_multiplexing() -> None:
    """What a second multiplexer selects is read with ranges, and without them is left out."""
    text = (
        "BU_:\nBO_ 1 M: 8 A\n"
        ' SG_ A M : 0|8@1+ (1,0) [0|0] "" A\n SG_ B m1M : 8|8@1+ (1,0) [0|0] "" A\n'
        ' SG_ C m2 : 16|8@1+ (1,0) [0|0] "" A\n SG_ D m3 : 16|8@1+ (1,0) [0|0] "" A\n'
    )
    said = "SG_MUL_VAL_ 1 B A 1-1;\nSG_MUL_VAL_ 1 C B 2-2, 5-6;\nSG_MUL_VAL_ 1 D B 3-3;\n"
    signals, flaws = read(text + said)
    assert flaws == []
    assert (signals["M.C"].multiplexer_signal, signals["M.C"].multiplexer_ids) == ("B", [2, 5, 6])
    signals, flaws = read(text)
    assert [line for line, _ in flaws] == [5, 6]
    assert list(signals) == ["M.A", "M.B"]
    signals, flaws = read(text + said.replace("2-2", "0-99999999999"))
    assert flaws == [(8, "more than 65536 values select C")]
    assert list(signals) == ["M.A", "M.B", "M.D"]


def same(signal: Signal) -> tuple[Any, ...]:
    """Return all that matters of a signal."""
    return (
        signal.start, signal.length, signal.byte_order, signal.is_signed, signal.is_float,
        signal.scale, signal.offset, signal.minimum, signal.maximum, signal.unit,
        signal.is_multiplexer, sorted(signal.multiplexer_ids or []), signal.multiplexer_signal,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["obd2", "roadster"])
def test_our_files_are_read_as_the_library_does(name: str) -> None:
    """The reader of the library cantools finds the same signals."""
    found = find_type(name)
    assert found is not None
    assert found.folder is not None
    text = (found.folder / f"{name}.dbc").read_text("utf-8")
    database = cantools.database.load_string(text, "dbc")
    assert isinstance(database, Database)
    expected = {
        f"{message.name}.{signal.name}": same(signal)
        for message in database.messages
        for signal in message.signals
    }
    signals, flaws = read(text)
    assert flaws == []
    assert {name: same(signal) for name, signal in signals.items()} == expected


def test_long_names() -> None:
    """A name that a tool has cut to 32 characters counts as the whole one."""
    text = (
        f"BU_:\nBO_ 1 M: 8 A\n{SOC}"
        'BA_ "SystemSignalLongSymbol" SG_ 1 Soc "StateOfChargeOfTheHighVoltageBattery";\n'
        'BA_ "SystemMessageLongSymbol" BO_ 1 "MessageOfTheBattery";\n'
    )
    signals, _ = read(text)
    assert list(signals) == ["MessageOfTheBattery.StateOfChargeOfTheHighVoltageBattery"]


def test_the_longest_statement() -> None:
    """A statement may be so long; a longer one ends with its row, and hides no message."""
    for more in (0, 1):
        comment = 'CM_ "' + "x" * (LONGEST_STATEMENT - 7 + more) + '";'
        assert len(comment) == LONGEST_STATEMENT + more
        signals, _ = read(f"BU_:\n{comment}\nBO_ 1 M: 8 A\n{SOC}")
        assert list(signals) == ["M.Soc"]


TOKENS = [
    "BO_", "SG_", "VAL_", "CM_", "SG_MUL_VAL_", "SIG_VALTYPE_", "BA_", "BU_:", "NS_ :", " ", "\n",
    "1", "513", "4294967295", "M", "m1", "m1M", ":", "0|8@1+", "7|64@0-", "(1,0)", "(.5,)", "[0|1]",
    "[|]", '"%"', '"', ";", "//", "Name", "A,B", "BO_ 1 M: 8 A\n", SOC, "1-1", "9-0", "\x00", "电",
]  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=30))
def test_any_text_is_read(parts: list[str]) -> None:
    """Whatever a file holds, it is read without harm, and each flaw has a line of the file."""
    check("".join(parts))


WHOLE = (CASES.parents[2] / "src/ovms/car/vehicles/obd2/obd2.dbc").read_text("utf-8")


@given(st.data())
def test_a_damaged_file_is_read(data: st.DataObject) -> None:
    """A file with some characters lost, doubled or changed is read as far as it goes."""
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(text) - 1))
        size = data.draw(st.integers(0, 20))
        text = text[:at] + data.draw(st.sampled_from(TOKENS)) + text[at + size :]
    contents = check(text)
    assert len(contents.messages) <= text.count("BO_")


def check(text: str) -> DbcContents:
    """Read a file, decode frames of all its messages, and check the lines of its flaws."""
    contents = read_contents(text)
    rows = len(text.splitlines()) + 1
    assert all(1 <= flaw.line <= rows and flaw.text for flaw in contents.flaws)
    bus = BusFile(contents)
    for bus_id, is_extended in bus.ids:
        for size in (1, 3, 8):
            list(bus.decode(Frame(0, bus_id, bytes(range(size)), is_extended)))
    joined = "".join(each.text for each in statements(text))
    assert len(joined) <= len(text)
    return contents


def test_a_large_file_takes_no_longer_than_it_should() -> None:
    """A file of many messages, or of quotation marks that are never closed, is read in seconds."""
    began = time.process_time()
    text = "".join(f"BO_ {at} M{at}: 8 A\n{SOC}" for at in range(1, 1500))
    assert len(read_contents(text).messages) == 1499
    read_contents('CM_ "x\n' * 2000)
    read_contents("BO_ 1 M: 8 A\n" + 'SG_ "\n' * 5000)
    assert time.process_time() - began < 20
