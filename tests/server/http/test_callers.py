from __future__ import annotations

import pytest

from ovms.server.accounts.throttle import BURST, FRESH_BURST
from ovms.server.http.callers import HttpCaller
from ovms.server.http.errors import CallFailed
from tests.server.http.api import PASSWORD, HttpSite


@pytest.mark.parametrize("parameters", [{}, {"username": "bob"}, {"password": PASSWORD}])
async def test_nobody(api: HttpSite, parameters: dict[str, str]) -> None:
    """A call without right credentials is answered with 401, in plain text."""
    answer = await api.client.get("/api/vehicles", params=parameters)
    assert (answer.status_code, answer.text) == (401, "Authentication failed\n")


async def test_too_many_tries(api: HttpSite) -> None:
    """Whoever guesses is told when the next try is allowed."""
    for _ in range(BURST + FRESH_BURST):
        assert (await api.get("/api/vehicles", username="bob", password="x")).status_code == 401
    answer = await api.get("/api/vehicles", username="bob", password="x")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")


async def test_whose_vehicle(api: HttpSite) -> None:
    """A vehicle is named in any case; another owner's is refused."""
    login = await api.accounts.log_in("bob", PASSWORD, "", "home")
    caller = HttpCaller(login, "home")
    assert caller.check_vehicle("car1") == "CAR1"
    with pytest.raises(CallFailed) as failed:
        caller.check_vehicle("CAR3")
    assert failed.value.status == 403
