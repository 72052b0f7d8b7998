from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from ovms.server.http.v1.cross_site import is_from_elsewhere, is_from_here

HERE = "https://ovms.example"

CASES: list[tuple[str, dict[str, str], str, bool | None]] = [
    ("nothing said", {}, "https", None),
    ("same origin", {"sec-fetch-site": "same-origin"}, "https", True),
    ("typed by hand", {"sec-fetch-site": "none"}, "https", True),
    ("another site", {"sec-fetch-site": "cross-site"}, "https", False),
    ("another port or name of the site", {"sec-fetch-site": "same-site"}, "https", False),
    ("no such word", {"sec-fetch-site": "Same-Origin"}, "https", False),
    ("empty", {"sec-fetch-site": ""}, "https", False),
    ("origin alone", {"origin": HERE}, "https", True),
    ("in capitals", {"origin": "https://OVMS.example"}, "https", True),
    ("its port said", {"origin": f"{HERE}:443"}, "https", True),
    ("another port", {"origin": f"{HERE}:444"}, "https", False),
    ("another host", {"origin": "https://else.example"}, "https", False),
    ("a longer host", {"origin": f"{HERE}.else.example"}, "https", False),
    ("a shorter host", {"origin": "https://example"}, "https", False),
    ("null", {"origin": "null"}, "https", False),
    ("no URL", {"origin": "https://[ovms"}, "https", False),
    ("no port", {"origin": f"{HERE}:x"}, "https", False),
    ("another scheme", {"origin": "ftp://ovms.example"}, "https", False),
    ("empty origin", {"origin": ""}, "https", False),
    ("a plain page, a call over TLS", {"origin": "http://ovms.example"}, "https", False),
    ("its port too", {"origin": "http://ovms.example:443"}, "https", False),
    ("both plain", {"origin": "http://ovms.example"}, "http", True),
    ("TLS ends at a proxy that is not trusted", {"origin": HERE}, "http", True),
    ("the proxy's own name for it",
     {"origin": HERE, "host": "127.0.0.1:6868"}, "http", False),
    ("a browser that says more",
     {"origin": HERE, "host": "127.0.0.1:6868", "sec-fetch-site": "same-origin"}, "http", True),
    ("both say so", {"origin": HERE, "sec-fetch-site": "same-origin"}, "https", True),
    ("they differ", {"origin": HERE, "sec-fetch-site": "cross-site"}, "https", False),
    ("a page of the same site, and an origin of ours",
     {"origin": HERE, "sec-fetch-site": "same-site"}, "https", True),
    ("port in the host", {"origin": f"{HERE}:6869", "host": "ovms.example:6869"}, "https", True),
    ("an address", {"origin": "http://[::1]:6868", "host": "[::1]:6868"}, "http", True),
    ("no host", {"origin": HERE, "host": ""}, "https", False),
]  # fmt: skip


def request(headers: dict[str, str], scheme: str, *more: tuple[str, str]) -> Request:
    """Return a call with these headers."""
    pairs = [*({"host": "ovms.example"} | headers).items(), *more]
    raw = [(name.encode(), value.encode()) for name, value in pairs]
    scope: dict[str, Any] = {"type": "http", "headers": raw, "scheme": scheme, "method": "POST"}
    return Request(scope)


@pytest.mark.parametrize(
    ("headers", "scheme", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_where_from(headers: dict[str, str], scheme: str, said: bool | None) -> None:
    """A call is from here if it says so, from elsewhere if it says that, and may say neither."""
    call = request(headers, scheme)
    assert is_from_here(call) == (said is True)
    assert is_from_elsewhere(call) == (said is False)


def test_public_url() -> None:
    """The address that the operator told counts, too, whatever a proxy calls the server."""
    call = request({"origin": HERE, "host": "127.0.0.1:6868"}, "http")
    assert is_from_here(call, f"{HERE}/app")
    assert is_from_here(call, f"{HERE}:443")
    assert not is_from_here(call, "https://else.example")
    assert not is_from_here(call, "http://ovms.example")
    assert not is_from_here(call, "no url")


def test_said_twice() -> None:
    """Two origins are none."""
    assert not is_from_here(request({"origin": HERE}, "https", ("origin", HERE)))
