#!/usr/bin/env python3
"""Write the types of the web app's calls from the description of ``/api/v1``.

A test compares the file with what this writes. After a change of the API run
``.venv/bin/python scripts/api_types.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ovms.server.http.v1.app import make_v1
from ovms.server.http.v1.description import calls_of, schema_name

FILE = Path(__file__).resolve().parent.parent / "web" / "src" / "data" / "api-types.ts"

HEAD = """\
// Written by scripts/api_types.py from the description of /api/v1; change the server instead.
"""

WIDTH = 95
"""Characters of a line of a comment."""

SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean",
          "null": "null"}  # fmt: skip
"""What the kinds of JSON are called in TypeScript."""

CALLS_COMMENT = """\
/** Every call, by its method and path: what it takes and what it answers. */"""


def main() -> None:
    """Write the file; the working directory does not matter."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(api_types(), "utf-8")


def api_types() -> str:
    """Return the text of the file."""
    description = make_v1(None).openapi()  # type: ignore[arg-type]  # nothing is called
    lines = [HEAD]
    for name, schema in sorted(description["components"]["schemas"].items()):
        lines += schema_lines(name, schema)
    lines += [CALLS_COMMENT, "export interface Calls {"]
    for method, path, call in calls_of(description):
        lines += call_lines(f"{method} {path}", call)
    return "\n".join([*lines, "}", ""])


def schema_lines(name: str, schema: dict[str, Any]) -> Iterator[str]:
    """Yield the type of one body."""
    yield from comment(schema.get("description", ""), "")
    if "properties" not in schema:
        yield f"export type {name} = {type_of(schema)};"
    else:
        yield f"export interface {name} {{"
        needed = schema.get("required", ())
        for key, field in schema["properties"].items():
            yield from comment(field.get("description", ""), "  ")
            yield f"  {member(key, type_of(field), is_needed=key in needed)};"
        yield "}"
    yield ""


def call_lines(name: str, call: dict[str, Any]) -> Iterator[str]:
    """Yield the type of one call."""
    yield from comment(call["description"].partition("\n\n")[0], "  ")
    yield f"  {json.dumps(name)}: {{"
    yield f"    path: {parameters(call, 'path')};"
    yield f"    query: {parameters(call, 'query')};"
    yield f"    body: {body(call)};"
    yield f"    answer: {answer(call)};"
    yield "  };"


def parameters(call: dict[str, Any], place: str) -> str:
    """Return the type of the parameters that stand in the path or in the query."""
    found = [
        member(each["name"], type_of(each["schema"]), is_needed=each.get("required", False))
        for each in call.get("parameters", ())
        if each["in"] == place
    ]
    return f"{{ {'; '.join(found)} }}" if found else "Record<never, never>"


def body(call: dict[str, Any]) -> str:
    """Return the type of what a call sends as JSON."""
    if "requestBody" not in call:
        return "undefined"
    kind = type_of(call["requestBody"]["content"]["application/json"]["schema"])
    return kind if call["requestBody"].get("required") else f"{kind} | undefined"


def answer(call: dict[str, Any]) -> str:
    """Return the type of what a call answers when all is well."""
    good = next(each for status, each in call["responses"].items() if status.startswith("2"))
    content = good.get("content", {})
    for media, described in content.items():
        if media.endswith("json"):
            return type_of(described.get("schema", {}))
    return "string" if content else "undefined"


def member(key: str, kind: str, *, is_needed: bool) -> str:
    """Return one member of a type."""
    name = key if re.fullmatch(r"\w+", key) else json.dumps(key)
    return f"{name}: {kind}" if is_needed else f"{name}?: {kind} | undefined"


def type_of(schema: dict[str, Any]) -> str:
    """Return the type of what a schema describes."""
    if name := schema_name(schema):
        return name
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(map(type_of, choices)))
    if choices := schema.get("allOf"):
        return " & ".join(map(type_of, choices))
    if "enum" in schema or "const" in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        return " | ".join(map(json.dumps, values))
    return plain_type(schema)


def plain_type(schema: dict[str, Any]) -> str:
    """Return the type of what refers to nothing and is no choice."""
    kind = schema.get("type")
    if kind == "array":
        if items := schema.get("prefixItems"):
            return f"[{', '.join(map(type_of, items))}]"
        return f"Array<{type_of(schema.get('items', {}))}>"
    if kind == "object":
        more = schema.get("additionalProperties")
        return f"Record<string, {type_of(more) if isinstance(more, dict) else 'unknown'}>"
    return SIMPLE.get(str(kind), "unknown")


def comment(text: str, indent: str) -> Iterator[str]:
    """Yield a comment that says what something is, none if nothing is said."""
    words = " ".join(text.replace("*/", "* /").split())
    if words and len(words) + len(indent) <= WIDTH - 7:
        yield f"{indent}/** {words} */"
    elif words:
        yield f"{indent}/**"
        yield from (f"{indent} * {line}" for line in wrapped(words, WIDTH - len(indent)))
        yield f"{indent} */"


def wrapped(words: str, width: int) -> Iterator[str]:
    """Yield a text in lines, cut at blanks."""
    line = ""
    for word in words.split(" "):
        if line and len(line) + len(word) + 1 > width - 3:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


if __name__ == "__main__":
    main()
