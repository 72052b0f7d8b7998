from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.http.v1 import vehicles
from ovms.server.storage.errors import DamagedDatabase, DatabaseError

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
    [(DatabaseError("away"), 503, "unavailable"), (ZeroDivisionError(), 500, "internal_error"),
     (DamagedDatabase("page 7"), 503, "unavailable")],
)  # fmt: skip
async def test_unforeseen(
    v1: ApiSite, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    """What goes wrong behind a call is told without what it was."""

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(vehicles, "_answer", fail)
    answer = await v1.call("GET /vehicles")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "page 7" not in answer.text
    assert ("retry-after" in answer.headers) == (str(error) == "away")


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b'{"id": "CAR9"}', "application/x-www-form-urlencoded",
         [("body", "Send JSON, with the header Content-Type: application/json")]),
        (b"[]", "application/json",
         [("body", "Input should be a valid dictionary or object to extract fields from")]),
        (b"{}", "application/json", [("body.id", "Field required")]),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_body(
    v1: ApiSite, content: bytes, kind: str, said: list[tuple[str, str]]
) -> None:
    """Who forgets the header, as curl -d does, is told so."""
    answer = await v1.call("POST /vehicles", content=content, headers={"content-type": kind})
    details = answer.json()["error"]["details"]
    assert (answer.status_code, [(each["field"], each["message"]) for each in details]) == (
        422,
        said,
    )


async def test_own_words(v1: ApiSite) -> None:
    """What our own checks say is told without the name of the exception that they raise."""
    share = {"rights": ["view"], "expires": "tomorrow"}
    answer = await v1.call("PUT /vehicles/CAR1/shares/alice", json=share)
    (detail,) = answer.json()["error"]["details"]
    assert detail["message"] == "write a time with its zone, as 2026-11-27T02:30:00Z"
