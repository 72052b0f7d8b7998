"""What the description of ``/api/v1`` promises, in short lines: each call, and each field.

Run as a program it writes ``contract.txt`` anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ovms.server.http.v1.app import make_v1
from ovms.server.http.v1.description import calls_of, schema_name

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE: Final = Path(__file__).with_name("contract.txt")


def contract() -> list[str]:
    """Return the lines of what is promised now, sorted."""
    description = make_v1(None).openapi()  # type: ignore[arg-type]  # nothing is called
    return sorted({*_calls(description), *_bodies(description["components"]["schemas"])})


def _calls(description: dict[str, Any]) -> Iterator[str]:
    for method, path, call in calls_of(description):
        name = f"{method} {path}"
        yield f"{name} is {call['operationId']}"
        for way in call.get("security", ()):
            yield f"{name} takes the log-in {' and '.join(way)}"
        for parameter in call.get("parameters", ()):
            need = "needs" if parameter.get("required") else "takes"
            kind = _kind(parameter["schema"])
            yield f"{name} {need} {parameter['in']} {parameter['name']}: {kind}"
        body = call.get("requestBody")
        if body is not None:
            need = "needs" if body.get("required") else "takes"
            for media, content in body["content"].items():
                yield f"{name} {need} {media}: {_kind(content['schema'])}"
        for status, answer in call["responses"].items():
            if status.startswith("2"):
                for media, content in answer.get("content", {"nothing": {}}).items():
                    kind = _kind(content.get("schema", {}))
                    yield f"{name} answers {status} {media}: {kind}"


def _bodies(schemas: dict[str, Any]) -> Iterator[str]:
    for name, schema in schemas.items():
        for key, field in schema.get("properties", {}).items():
            need = "" if key in schema.get("required", ()) else "?"
            yield f"{name}.{key}{need}: {_kind(field)}"


def _kind(schema: dict[str, Any]) -> str:
    if name := schema_name(schema):
        return name
    if choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return " or ".join(_kind(each) for each in choices)
    if "enum" in schema or "const" in schema:
        return json.dumps(sorted(schema.get("enum", [schema.get("const")])))
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if kind == "object" and isinstance(more := schema.get("additionalProperties"), dict):
        return f"object of {_kind(more)}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind


if __name__ == "__main__":
    FILE.write_text("".join(f"{line}\n" for line in contract()), "utf-8")
