"""The description of ``/api/v1``: what programs and people need is in it, for every call."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.http.v1.app import make_v1
from ovms.server.http.v1.description import TAGS, calls_of, schema_name

if TYPE_CHECKING:
    from collections.abc import Iterator

DESCRIPTION: dict[str, Any] = make_v1(None).openapi()  # type: ignore[arg-type]  # nothing is called
CALLS = {f"{method} {path}": call for method, path, call in calls_of(DESCRIPTION)}
SCHEMAS: dict[str, Any] = DESCRIPTION["components"]["schemas"]


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a part of the description."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from parts(each)


def reached(start: Any) -> set[str]:
    """Return the schemas that a part of the description refers to, directly or not."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for each in parts(waiting.pop()):
            name = schema_name(each)
            if name and name not in found:
                found.add(name)
                waiting.append(SCHEMAS[name])
    return found


def test_names_are_unique() -> None:
    """Each call has a name that is a function's name in other languages, and its own."""
    names = [call["operationId"] for call in CALLS.values()]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)+", name), name
        assert not keyword.iskeyword(name)


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_described(call: str) -> None:
    """It has a sentence, one tag that is described, and descriptions of what goes wrong."""
    described = CALLS[call]
    assert described["description"].strip().endswith("."), "the docstring is its description"
    assert len(described["tags"]) == 1
    assert described["tags"][0] in TAGS, "add the tag to TAGS in description.py"
    for status in ("4XX", "5XX"):
        body = described["responses"][status]["content"]["application/json"]["schema"]
        assert schema_name(body) == "ErrorBody", "make the router with make_router"


@pytest.mark.parametrize("call", CALLS)
def test_an_answer_is_described(call: str) -> None:
    """Each success is 204 without a body, or has a body of a described kind."""
    answers = {
        status: answer
        for status, answer in CALLS[call]["responses"].items()
        if status.startswith("2")
    }
    assert answers
    for status, answer in answers.items():
        content = answer.get("content", {})
        assert bool(content) == (status != "204"), status
        for kind, body in content.items():
            schema = body.get("schema")
            assert schema, f"{kind} has no schema: give the route a response model"
            if kind == "application/json":
                assert reached(schema), f"{kind} is not described: {schema}"


def test_tags_are_used() -> None:
    """No group of calls is empty, and the description lists them in order."""
    assert [tag["name"] for tag in DESCRIPTION["tags"]] == list(TAGS)
    assert set(TAGS) == {call["tags"][0] for call in CALLS.values()}


def test_fields_of_answers_are_always_there() -> None:
    """No field of an answer may be left out; what is unknown is null."""
    answers = {
        name
        for call in CALLS.values()
        for status, answer in call["responses"].items()
        if status.startswith("2")
        for name in reached(answer)
    }
    for name in sorted(answers - {"StreamedEvent"}):
        schema = SCHEMAS[name]
        assert set(schema.get("required", ())) == set(schema.get("properties", {})), name


def test_schemas_are_described() -> None:
    """Each body says what it is, and each of its numbers what it counts."""
    for name, schema in SCHEMAS.items():
        assert schema.get("description"), f"{name} has no docstring"
        for key, field in schema.get("properties", {}).items():
            kinds = {each.get("type") for each in parts(field)}
            if kinds & {"number"}:
                assert field.get("description"), f"{name}.{key} does not say its unit"


def test_who_may_call() -> None:
    """The ways to log in are described, and a call names those that it takes."""
    schemes = DESCRIPTION["components"]["securitySchemes"]
    assert schemes.keys() == {"bearer", "cookie"}
    assert all(each.get("description") for each in schemes.values())
    for name, call in CALLS.items():
        used = {scheme for each in call.get("security", ()) for scheme in each}
        assert used <= schemes.keys(), name


def test_the_page_names_calls_that_exist() -> None:
    """Every call that docs/api.md names with its method is in the description."""
    page = (Path(__file__).parents[4] / "docs" / "api.md").read_text("utf-8")
    named = re.findall(r"(GET|POST|PUT|PATCH|DELETE)\s+/api/v1(/[\w/{}.-]*)", page)
    assert len(named) > 10
    known = [re.sub(r"{[\w:]+}", "[^/]+", name) for name in (*CALLS, "GET /openapi.json")]
    for method, path in named:
        call = f"{method} {path.rstrip('.')}"
        assert any(re.fullmatch(each, call) for each in known), call
