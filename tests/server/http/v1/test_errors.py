from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.http.v1 import vehicles
from ovms.server.storage.errors import DatabaseError

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_no_such_call(v1: ApiSite) -> None:
    """It is answered in the body of all errors."""
    answer = await v1.call("GET /nothing")
    assert answer.status_code == 404
    assert answer.json() == {"error": {"code": "not_found", "message": "Not Found", "details": []}}


async def test_another_method(v1: ApiSite) -> None:
    """So is a method that a call does not have."""
    answer = await v1.call("DELETE /vehicles")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [("", 401, "not_authenticated"), ("Basic Ym9iOnJpZ2h0", 401, "not_authenticated"),
     ("Bearer x", 401, "not_authenticated"), (f"Bearer {'0' * 64}", 401, "not_authenticated")],
)  # fmt: skip
async def test_who_calls(v1: ApiSite, said: str, status: int, code: str) -> None:
    """A call without a right token says what to send."""
    answer = await v1.call("GET /vehicles", None, headers={"authorization": said})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["www-authenticate"] == 'Bearer realm="ovms"'


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(DatabaseError("away"), 503, "unavailable"), (ZeroDivisionError(), 500, "internal_error")],
)
async def test_unforeseen(
    v1: ApiSite, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    """What goes wrong behind a call is told without what it was."""

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(vehicles, "_answer", fail)
    answer = await v1.call("GET /vehicles")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 503)
