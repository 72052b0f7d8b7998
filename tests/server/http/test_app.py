from __future__ import annotations

from tests.server.http.api import HttpSite


async def test_no_such_call(api: HttpSite) -> None:
    """What is no call is answered in plain text."""
    answer = await api.get("/api/nothing")
    assert (answer.status_code, answer.text) == (404, "Not found\n")
    assert answer.headers["content-type"].startswith("text/plain")
