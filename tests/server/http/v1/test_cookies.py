from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from ovms.server.http.v1.cookies import clear_cookie, cookie_of, set_cookie


def request(scheme: str, cookie: str = "") -> Request:
    """Return a call with a cookie."""
    headers = [(b"cookie", cookie.encode())] if cookie else []
    scope: dict[str, Any] = {"type": "http", "headers": headers, "scheme": scheme}
    return Request(scope)


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("http", "ovms_session=abc; HttpOnly; Max-Age=7776000; Path=/; SameSite=lax"),
        ("https", "__Host-ovms_session=abc; HttpOnly; Max-Age=7776000; Path=/; SameSite=lax;"
                  " Secure"),
    ],
)  # fmt: skip
def test_attributes(scheme: str, said: str) -> None:
    """No script reads it, no other site sends it along, and over TLS it goes nowhere else."""
    call, answer = request(scheme), Response()
    set_cookie(call, answer, "abc")
    assert answer.headers["set-cookie"] == said
    answer = Response()
    clear_cookie(call, answer)
    forgotten = said.replace("abc", '""').replace("7776000", "0")
    assert answer.headers["set-cookie"] == forgotten


def test_each_its_own() -> None:
    """What a plain connection could have put there counts for nothing over TLS."""
    both = "ovms_session=plain; __Host-ovms_session=tls"
    assert cookie_of(request("http", both)) == "plain"
    assert cookie_of(request("https", both)) == "tls"
    assert cookie_of(request("https", "ovms_session=plain")) == ""
    assert cookie_of(request("http")) == ""
