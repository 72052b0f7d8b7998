from __future__ import annotations

from typing import Any

import pytest

from ovms.server.http.v1.docs_page import page_of

STRING = {"type": "string"}


def described(**call: Any) -> dict[str, Any]:
    """Return a description with one call."""
    call = {"operationId": "do_it", "summary": "Do it", "responses": {}, "tags": ["things"]} | call
    return {
        "info": {"title": "OVMS", "version": "1", "description": "An API."},
        "paths": {"/api/v1/it": {"post": call}},
        "components": {"schemas": {}},
    }


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (STRING, "string"),
        ({"type": "string", "format": "date-time"}, "string (date-time)"),
        ({"anyOf": [STRING, {"type": "null"}]}, "string or null"),
        ({"type": "array", "items": STRING}, "list of string"),
        ({"type": "object", "additionalProperties": STRING}, "object of string"),
        ({"enum": ["a", "b"]}, "<code>&quot;a&quot;</code> or <code>&quot;b&quot;</code>"),
        ({"$ref": "#/components/schemas/It"}, "<a href='#body-It'>It</a>"),
        ({}, "anything"),
    ],
)
def test_types(schema: dict[str, Any], text: str) -> None:
    """What a value is stands in a few words."""
    content = {"application/json": {"schema": schema}}
    page = page_of(described(requestBody={"content": content}), "/api/v1/openapi.json")
    assert f"<h4>Body</h4>{text} <span class='quiet'>application/json</span>" in page


def test_texts_are_escaped() -> None:
    """What the description says is shown as it is, names in backticks as code."""
    page = page_of(described(description="A <b> & ``c``.\n\nMore."), "/api/v1/openapi.json")
    assert "<p>A &lt;b&gt; &amp; <code>c</code>.</p><p>More.</p>" in page
    assert "<code>/it</code> <span>Do it</span>" in page
