from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from ovms.protocol.codes import (
    CODES,
    UNKNOWN,
    FromCar,
    FromClient,
    MessageCode,
    MessageCodes,
    Relay,
    Sealing,
    Sender,
)
from ovms.protocol.records import Status

SOURCE = Path(__file__).parents[2] / "src" / "ovms"
Q: dict[str, Any] = {"code": "Q", "meaning": "", "said_by": Sender.CAR}


def letters(**wanted: object) -> str:
    """Return the codes whose rows have some values."""
    return "".join(
        sorted(
            row.code
            for row in CODES.values()
            if all(getattr(row, name) is value for name, value in wanted.items())
        )
    )


def test_what_a_car_says() -> None:
    """From a car A a c E g H h P have their own meaning, what others say is dropped."""
    assert letters(from_car=FromCar.HANDLED) == "AEHPTacgh"
    assert letters(from_car=FromCar.DROPPED) == "CZfp"
    assert letters(from_car=FromCar.STORED) == "DFGLRSVWXYrz"


def test_what_a_client_says() -> None:
    """From a client commands and subscriptions are handled, the server's own codes dropped."""
    assert letters(from_client=FromClient.HANDLED) == "ACEGPp"
    assert letters(from_client=FromClient.DROPPED) == "TZacfg"
    assert letters(is_passed_on=True) == "DFHLRSVWXYhrz"


def test_what_goes_between_servers() -> None:
    """Of a car that is nowhere only what cars alone say; answers and the link's codes never."""
    assert letters(relay=Relay.ALWAYS) == "DFHLPSVWXYgh"
    assert letters(relay=Relay.NEVER) == "ACZacfp"
    assert letters(is_passed_on_by_peers=True) == "Rrz"


def test_paranoid_mode() -> None:
    """Everything but A a E g P is sealed, and what a car reports is stored sealed."""
    assert letters(is_sealed=False) == "AEPag"
    assert letters(sealing=Sealing.NEVER) == "AEa"
    assert letters(sealing=Sealing.STORED) == "DFLRSVWXYrz"


def test_what_is_logged() -> None:
    """What changes while a car runs is logged; L shows where it was."""
    assert letters(is_telemetry=True) == "DLSWXY"
    assert letters(is_position=True) == "L"


def test_what_apps_and_cars_ask() -> None:
    """Some codes are about the link, some come from a server alone, some are receipts."""
    assert letters(is_about_link=True) == "ACTZac"
    assert letters(is_only_servers=True) == "TZf"
    assert letters(is_receipt=True) == "ah"
    assert sorted(CODES, key=lambda code: (CODES[code].login_rank, code))[:3] == ["F", "S", "A"]


def test_a_code_without_a_row() -> None:
    """A code that nobody knows is stored, forwarded, sealed and relayed as it came."""
    row = CODES["J"]
    assert row is UNKNOWN
    assert "J" not in CODES
    assert (row.from_car, row.from_client) == (FromCar.STORED, FromClient.PASSED_ON)
    assert (row.sealing, row.relay) == (Sealing.STORED, Relay.WITH_CAR)
    assert row.is_passed_on_by_peers
    assert not row.is_telemetry
    assert not row.is_about_link
    assert not row.is_only_servers


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "QQ"},
        {"code": "\u0100"},
        {"record": Status},
        {"is_telemetry": True, "from_car": FromCar.HANDLED},
        {"is_position": True},
        {"is_position": True, "is_telemetry": True, "tells_place": False},
    ],
)
def test_a_row_that_contradicts_itself(wrong: dict[str, Any]) -> None:
    """No code, another code's record, a log of what is not stored: an error at once."""
    with pytest.raises(ValueError, match=r"Q|Ā|S"):
        MessageCode(**Q | wrong)


def test_a_row_is_added_once() -> None:
    """A code has one row, and a row has a code."""
    codes = MessageCodes([MessageCode(**Q)])
    assert codes["Q"].code == "Q"
    assert codes.records == {}
    for row in (MessageCode(**Q), UNKNOWN):
        with pytest.raises(ValueError, match="cannot have another row"):
            codes.add(row)


def letter_sets(code: str) -> list[int]:
    """Return the lines of a module where letters in a text are used as a set."""
    found = []
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(
                ast.Name("set" | "frozenset") | ast.Attribute(attr="fromkeys"),
                [ast.Constant(str(text)), *_],
            ):
                pass
            case ast.Compare(_, [ast.In() | ast.NotIn()], [ast.Constant(str(text))]) if (
                "code" in ast.unparse(node.left)
            ):
                pass
            case _:
                continue
        if text.isascii() and text.isalpha():
            found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    ("code", "is_set"),
    [
        ('LOGGED = frozenset("SDL")', True),
        ('if message.code not in "SDL": pass', True),
        ('HANDLERS = {**dict.fromkeys("SDL", None)}', True),
        ('CONTROL = frozenset("\\n")', False),
        ('if letter in "abc": pass', False),
        ('if message.code == "S": pass', False),
    ],
)
def test_letter_sets_are_seen(code: str, is_set: bool) -> None:
    """A set of codes is seen however it is written; other texts are none."""
    assert bool(letter_sets(code)) is is_set


def test_nobody_else_has_a_set_of_codes() -> None:
    """What is to be known of a code stands in the table, not in a module that asks."""
    found = {str(path): letter_sets(path.read_text("utf-8")) for path in SOURCE.rglob("*.py")}
    assert {path: lines for path, lines in found.items() if lines} == {}
