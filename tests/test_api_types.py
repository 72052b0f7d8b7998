"""The types of the web app's calls are those of the API, and the generator knows all schemas."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "api_types.py"))


def test_the_file_is_current() -> None:
    """The file of the web app is what the description of the API gives."""
    written = (ROOT / "web" / "src" / "data" / "api-types.ts").read_text("utf-8")
    assert written == SCRIPT["api_types"](), "run .venv/bin/python scripts/api_types.py"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer"}, "number"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "number"),
        ({"enum": ["a", "b"], "type": "string"}, '"a" | "b"'),
        ({"const": "point"}, '"point"'),
        ({"type": "array", "items": {"$ref": "#/components/schemas/One"}}, "Array<One>"),
        ({"type": "array", "prefixItems": [{"type": "number"}] * 2}, "[number, number]"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "Record<string, string>"),
        ({}, "unknown"),
    ],
)
def test_a_schema_has_its_type(schema: dict[str, Any], expected: str) -> None:
    """What a schema describes is the same in TypeScript."""
    assert SCRIPT["type_of"](schema) == expected


def test_a_comment_does_not_end_early() -> None:
    """Text of the description cannot leave its comment, and long text is cut at blanks."""
    lines = list(SCRIPT["comment"]("a */ b " + "word " * 40, ""))
    assert [line for line in lines if "*/" in line] == [" */"]
    assert max(map(len, lines)) <= SCRIPT["WIDTH"]
