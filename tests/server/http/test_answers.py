from __future__ import annotations

import pytest

from ovms.server.http.answers import encode_json, json_answer, text_answer


def test_json() -> None:
    """Keys are sorted, characters are UTF-8, nothing stands between, and a newline ends it."""
    assert encode_json({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'.encode()
    answer = json_answer({}, 201)
    assert (answer.status_code, answer.body) == (201, b"{}\n")
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(("wait", "header"), [(None, None), (0, "1"), (1.2, "2"), (30, "30")])
def test_text(wait: float | None, header: str | None) -> None:
    """Text is one line; when to call again is told in whole seconds, never in none."""
    answer = text_answer("Not now", 503, wait)
    assert (answer.status_code, answer.body) == (503, b"Not now\n")
    assert answer.headers.get("retry-after") == header
    assert "www-authenticate" not in answer.headers


def test_who_are_you() -> None:
    """Programs that send credentials only when they are asked are asked."""
    assert text_answer("No", 401).headers["www-authenticate"].startswith("Basic ")
