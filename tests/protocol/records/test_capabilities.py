from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol.records import Capabilities

CORPUS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "corpus" / "records.json").read_text()
)[1:]
CASES = [case for case in CORPUS if case["code"] == "V"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["comment"])
def test_supports(case: dict[str, Any]) -> None:
    """Capabilities support the commands of their ranges, and no other."""
    read = Capabilities.parse(case["data"].encode("latin-1"))
    assert [n for n in case.get("supports", []) if not read.supports(n)] == []
    assert [n for n in case["lacks"] if read.supports(n)] == []


@given(st.sets(st.integers(0, 65535)) | st.sets(st.integers(0, 50)))
def test_capabilities_of(commands: set[int]) -> None:
    """Capabilities made of commands support exactly these, in ranges as long as can be."""
    made = Capabilities.of(commands)
    assert {n for low, high in made.commands for n in range(low, high + 1)} == commands
    assert all(a[1] + 1 < b[0] for a, b in pairwise(made.commands))
    assert all(made.supports(n) for n in commands)
    assert Capabilities.parse(made.encode()) == made


def test_capabilities_at_the_ends() -> None:
    """The lowest and the highest command are like any other."""
    assert Capabilities.of([0, 65535]).encode() == b"C0,C65535"
    assert Capabilities.of(range(65536)).encode() == b"C0-65535"
    assert Capabilities.of([]).encode() == b""


def test_capabilities_changed() -> None:
    """Capabilities that were changed are written anew."""
    assert replace(Capabilities.parse(b"C1,,X"), commands=((2, 3),)).encode() == b"C2-3,X"
