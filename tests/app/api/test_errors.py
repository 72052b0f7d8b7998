from __future__ import annotations

import httpx
import pytest

from ovms.app import Error
from ovms.app.api.errors import (
    ApiNotFound,
    ApiRefused,
    NotAllowed,
    NotAuthenticated,
    RefusedDetail,
    TryLater,
    refusal_of,
)

BODY = {
    "error": {
        "code": "no_right",
        "message": "This needs the right command",
        "details": [{"field": "body.pin", "message": "is too long", "new": 1}],
        "new": 2,
    }
}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, ApiRefused), (401, NotAuthenticated), (403, NotAllowed), (404, ApiNotFound),
     (409, ApiRefused), (422, ApiRefused), (429, TryLater), (500, ApiRefused), (503, TryLater)],
)  # fmt: skip
def test_what_the_server_says(status: int, kind: type[ApiRefused]) -> None:
    """Each error has its class, and all that its body says."""
    answer = httpx.Response(status, json=BODY, headers={"retry-after": "7"})
    error = refusal_of(answer, answer.content)
    assert type(error) is kind
    assert isinstance(error, Error)
    assert (error.status, error.code, error.retry_after) == (status, "no_right", 7.0)
    assert error.details == (RefusedDetail("body.pin", "is too long"),)
    assert str(error) == "This needs the right command; body.pin: is too long"


@pytest.mark.parametrize("wait", ["Fri, 1 Jan", "-1", "1.5", "9" * 400])
@pytest.mark.parametrize(
    "text", ["<html>Bad gateway</html>", "", "{}", '{"error": 1}', "[" * 5000, '"\xff"']
)
def test_what_a_proxy_says(text: str, wait: str) -> None:
    """An error with another body says its status."""
    answer = httpx.Response(502, text=text, headers={"retry-after": wait})
    error = refusal_of(answer, answer.content)
    assert (str(error), error.code, error.retry_after) == ("HTTP status 502", "error", None)
