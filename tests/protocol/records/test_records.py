from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol import Message
from ovms.protocol.codes import CODES, parse_content
from ovms.protocol.records import (
    Capabilities,
    Field,
    Record,
    Tyres,
    legible,
    message_of,
)
from ovms.protocol.records.field_types import BitField, FlagField, HexField, NumberField
from ovms.protocol.records.tyres import SECTIONS, Readings

CORPUS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "corpus" / "records.json").read_text()
)[1:]
KNOWN = [case for case in CORPUS if case["values"] is not None]
UNKNOWN = [case for case in CORPUS if case["values"] is None]
RECORDS: dict[str, type[Record] | type[Capabilities] | type[Tyres]] = {
    code: kind
    for code, kind in CODES.records.items()
    if issubclass(kind, Record | Capabilities | Tyres)
}
TABLES = {code: kind for code, kind in RECORDS.items() if issubclass(kind, Record)}

Kind = type[Record] | type[Capabilities] | type[Tyres]


def data_of(case: dict[str, Any], key: str = "data") -> bytes:
    """Return a case's data as bytes."""
    text: str = case.get(key, case["data"])
    return text.encode("latin-1")


def made_of(case: dict[str, Any]) -> Record | Capabilities | Tyres:
    """Build a case's record from its values."""
    return RECORDS[case["code"]](
        **{name: value_of(case["code"], name, value) for name, value in case["values"].items()},
        extra=tuple(case.get("extra", [])),
    )


def value_of(code: str, name: str, value: Any) -> Any:
    """Return an attribute as its record has it."""
    match code, value:
        case "V", [*ranges]:
            return tuple(map(tuple, ranges))
        case "Y", [[*values], validity]:
            return Readings(tuple(values), validity)
        case "Y", [*names]:
            return tuple(names)
    field = next(field for field in TABLES[code].TABLE if field.name == name)
    return field.kind.names(value) if isinstance(field.kind, BitField) else value


# -- the corpus -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: f"{case['code']}: {case['comment']}")
def test_case(case: dict[str, Any]) -> None:
    """A record is read as the corpus says, and leaves as it came."""
    read = parse_content(Message(case["code"], data_of(case)))
    assert read == made_of(case)
    assert read is not None
    assert message_of(read) == Message(case["code"], data_of(case))


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: f"{case['code']}: {case['comment']}")
def test_case_written(case: dict[str, Any]) -> None:
    """A record that is made of values alone is written in our own spelling."""
    assert made_of(case).encode() == data_of(case, "written")


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: f"{case['code']}: {case['comment']}")
def test_case_as_json(case: dict[str, Any]) -> None:
    """A record's JSON has its bits one by one, and text that people can read."""
    named = RECORDS[case["code"]].parse(data_of(case)).as_json()
    assert json.loads(json.dumps(named, allow_nan=False)) == named
    for name, value in {**case.get("bits", {}), **case.get("json", {})}.items():
        assert named[name] == value
        assert type(named[name]) is type(value)


@pytest.mark.parametrize("case", UNKNOWN, ids=lambda case: case["comment"])
def test_no_record(case: dict[str, Any]) -> None:
    """A message without a record has no content."""
    assert parse_content(Message(case["code"], data_of(case))) is None


# -- the tables -----------------------------------------------------------------------------

LENGTHS = {"A": 0, "a": 0, "D": 21, "F": 10, "f": 1, "g": 10, "L": 19, "S": 42, "T": 1, "W": 9,
           "X": 24, "Z": 1}  # fmt: skip


def test_every_code_has_its_record() -> None:
    """The records are those of the guide and the field, with all their fields."""
    assert {code: len(table.TABLE) for code, table in TABLES.items()} == LENGTHS
    assert set(RECORDS) - set(TABLES) == {"V", "Y"}
    assert set(CODES.records) - set(RECORDS) == {"P"}
    assert all(code == kind.CODE for code, kind in RECORDS.items())


@pytest.mark.parametrize("table", TABLES.values())
def test_every_field_is_described(table: type[Record]) -> None:
    """Every field and bit of a record has a meaning, and a name of its own."""
    names = [field.name for field in table.TABLE]
    for field in table.TABLE:
        assert field.meaning or field.kind.describe() != "text"
        assert field.kind.describe()
        if isinstance(field.kind, BitField):
            members = field.kind.names.names()
            assert all(member.meaning for member in members.values())
            names += members
    assert len(set(names)) == len(names) == len(table().as_json())


# -- properties -----------------------------------------------------------------------------

WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=",\n"), min_size=1, max_size=20
)


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Draw values that a field can hold in full."""
    match field.kind:
        case NumberField(scale, places):
            return st.integers(-(10**9), 10**9).map(lambda n: float(f"{n}e-{places}") / scale)
        case HexField():
            return st.integers(0, 16**15 - 1)
        case FlagField():
            return st.booleans()
        case BitField(names):
            return st.integers(0, 0xFF).map(names)
    return WORDS


def records(table: type[Record]) -> st.SearchStrategy[Record]:
    """Draw records, some of their fields missing."""
    fields = {field.name: st.none() | values_of(field) for field in table.TABLE}
    extra = st.just(()) | st.lists(WORDS, max_size=2).map(tuple)
    return st.builds(table, **fields, extra=extra)


READINGS = st.builds(
    Readings,
    st.lists(st.none() | st.integers(0, 9999).map(lambda n: n / 10), max_size=5).map(tuple),
    st.sampled_from([-1, 0, 1]),
)
ALERTS = st.builds(
    Readings, st.lists(st.none() | st.integers(0, 2), max_size=5).map(tuple), st.just(1)
)


@st.composite
def tyres(draw: st.DrawFn) -> Tyres:
    """Draw tyres with some of the sections, those in front."""
    kinds = [READINGS, READINGS, READINGS, ALERTS, ALERTS]
    count = draw(st.integers(0, len(kinds)))
    sections: dict[str, Any] = dict(zip(SECTIONS, map(draw, kinds[:count]), strict=False))
    return Tyres(names=tuple(draw(st.lists(WORDS, max_size=5))), **sections)


RANGES = st.tuples(st.integers(0, 65535), st.integers(0, 65535))
CONTENTS: dict[str, st.SearchStrategy[Record | Capabilities | Tyres]] = {
    **{code: records(table) for code, table in TABLES.items()},
    "V": st.builds(Capabilities, commands=st.lists(RANGES).map(tuple)),
    "Y": tyres(),
}
FIELDS = st.sampled_from(
    [
        *("", "0", "1", "-1", "2", "4", "6", "100", "1.5", "nan", "1e400", "9" * 400),
        *("ff", "F" * 16, "K", "C1", "C2-5", "٣", "\udcff"),
    ]
)
DATA = st.binary() | st.lists(FIELDS, max_size=50).map(
    lambda fields: ",".join(fields).encode("utf-8", "surrogateescape")
)


def test_contents() -> None:
    """No record is left out of the properties."""
    assert set(CONTENTS) == set(RECORDS)


@pytest.mark.parametrize("code", RECORDS)
@given(data=st.data())
def test_round_trip(code: str, data: st.DataObject) -> None:
    """Any record is read as it was written."""
    content = data.draw(CONTENTS[code])
    read = parse_content(message_of(content))
    assert read == content
    assert read is not None
    assert read.as_json() == content.as_json()


@pytest.mark.parametrize("code", RECORDS)
@given(data=DATA)
def test_any_bytes(code: str, data: bytes) -> None:
    """Any bytes leave a record as they came, and can be named in JSON."""
    read = parse_content(Message(code, data))
    assert read is not None
    assert message_of(read) == Message(code, data)
    assert json.loads(json.dumps(read.as_json(), allow_nan=False)) == read.as_json()
    assert all(text.isascii() or text.encode() for text in map(legible, read.extra))


@pytest.mark.parametrize("table", [table for table in TABLES.values() if table.TABLE])
@given(data=st.data())
def test_change(table: type[Record], data: st.DataObject) -> None:
    """To change one field leaves the text of all others as it was."""
    wire = data.draw(DATA)
    at = data.draw(st.integers(0, len(table.TABLE) - 1))
    field = table.TABLE[at]
    value = data.draw(values_of(field))
    changed = replace(table.parse(wire), **{field.name: value})
    assert getattr(table.parse(changed.encode()), field.name) == value
    before = wire.split(b",")
    after = changed.encode().split(b",")
    assert len(after) >= len(before)
    assert after[:at] == (before + [b""] * at)[:at]
    assert after[at + 1 :] == before[at + 1 :]
