"""Makes an example of a schema of the description: every key, nothing null."""

from __future__ import annotations

from typing import Any

from ovms.server.http.v1.description import schema_name
from tests.server.http.v1.test_openapi import SCHEMAS

WORDS = {"date-time": "2026-11-27T02:30:00.000Z", "date": "2026-11-27", "decimal": "3.50"}

PLAIN = {"integer": 1, "number": 1.5, "boolean": True, "null": None}


def example(schema: dict[str, Any]) -> Any:
    """Return an example of a schema."""
    if name := schema_name(schema):
        return example(SCHEMAS[name])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return example(schema[several][0])
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    match schema.get("type"):
        case "object" | None:
            fields = {key: example(each) for key, each in schema.get("properties", {}).items()}
            more = schema.get("additionalProperties")
            return fields | ({"key": example(more)} if isinstance(more, dict) else {})
        case "array":
            return [example(schema["items"])]
        case "string":
            return WORDS.get(schema.get("format", ""), "x")
        case kind:
            return PLAIN[str(kind)]
