"""Every call of ``/api/v1`` by everybody who may and may not make it.

Files beside this one, ``calls_….py``, say apart from the code what each call needs. A call of which
none says it fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ovms.server.http.v1.app import make_v1
from ovms.server.http.v1.description import calls_of
from tests.server.http.v1.cases import Case, Need
from tests.server.http.v1.site import PREFIX, SESSION, ApiSite, open_api

if TYPE_CHECKING:
    from collections.abc import Iterator


VEHICLE_NEEDS = (
    Need.VIEW, Need.LOCATION, Need.COMMAND, Need.PIN, Need.MANAGE, Need.LINK, Need.SETTING,
)  # fmt: skip

ALLOWED_BY = {
    "view": {Need.VIEW},
    "location": {Need.VIEW, Need.LOCATION},
    "command": {Need.VIEW, Need.COMMAND},
    "pin": {Need.VIEW, Need.COMMAND, Need.PIN},
    "manage": {Need.VIEW, Need.MANAGE},
    "account": {Need.ACCOUNT},
    "server.admin": {Need.ADMIN},
    "auth": set(),
    "*": set(Need) - {Need.SESSION},
    SESSION: set(Need),
}
"""What each right of a token or a share is enough for."""


def _files() -> dict[str, dict[str, Case]]:
    """Return what the files say in whose names ``calls_`` stands."""
    return {
        file.stem: import_module(f"tests.server.http.v1.{file.stem}").CALLS
        for file in sorted(Path(__file__).parent.glob("calls_*.py"))
    }


FILES = _files()

CALLS = {call: case for calls in FILES.values() for call, case in calls.items()}


@dataclass(frozen=True)
class Who:
    """Somebody who calls."""

    owner: str | None
    permit: str = "*"
    share: str = ""
    """The rights with which CAR1 is shared with them."""

    def may(self, need: Need) -> bool:
        """Return whether they may make a call that needs this."""
        if need is Need.NOTHING:
            return True
        if self.owner is None:
            return False
        if need is Need.LOGIN:
            return True
        if need is Need.ADMIN and self.owner != "root":
            return False
        by_token = ALLOWED_BY[self.permit]
        if need is Need.OWNER:
            return self.owner == "bob" and Need.MANAGE in by_token
        if need not in by_token or (need is Need.OWNER_SETTING and self.owner != "bob"):
            return False
        if need in VEHICLE_NEEDS and self.owner != "bob":
            return bool(self.share) and need in ALLOWED_BY[self.share]
        return True

    def __str__(self) -> str:
        """Return what stands in the test's name."""
        share = f"-shares-{self.share}" if self.share else ""
        return f"{self.owner or 'nobody'}-{self.permit}{share}"


RIGHTS = ("view", "location", "command", "pin", "manage")

CALLERS = [
    Who(None),
    Who("alice"),
    *(Who("alice", share=each) for each in RIGHTS),
    *(Who("alice", each, "pin") for each in RIGHTS),
    *(Who("bob", each) for each in ALLOWED_BY),
    *(Who("root", each) for each in ("*", "server.admin", "view", SESSION)),
    Who("alice", SESSION),
    Who("alice", SESSION, "pin"),
]


REFUSALS = {
    (403, "no_right"),
    (403, "not_owner"),
    (403, "not_admin"),
    (403, "session_needed"),
    (404, "no_vehicle"),
}


def _routes() -> Iterator[str]:
    described = make_v1(None).openapi()  # type: ignore[arg-type]  # nothing is called
    for path, methods in described["paths"].items():
        for method in methods:
            yield f"{method.upper()} {path.removeprefix(PREFIX)}"


def test_all_calls_are_here() -> None:
    """Each route has its line in the table, and each line its route."""
    assert sorted(_routes()) == sorted(call for calls in FILES.values() for call in calls)


def test_ways_to_log_in() -> None:
    """The description says of each call whether a cookie alone will do, a token too, or nothing."""
    described = {
        f"{method} {path}": [*chain.from_iterable(call.get("security", ()))]
        for method, path, call in calls_of(make_v1(None).openapi())  # type: ignore[arg-type]
    }
    ways = {Need.NOTHING: [], Need.SESSION: ["cookie"]}
    assert described == {
        call: ways.get(case.need, ["bearer", "cookie"]) for call, case in CALLS.items()
    }


def _path(v1: ApiSite, call: str, case: Case) -> str:
    prepared = case.prepare(v1) if case.prepare is not None else {}
    return call.format(**{"vehicle_id": "CAR1"} | case.path | prepared)


@pytest.mark.parametrize("file", FILES)
async def test_who_may_not(v1: ApiSite, file: str) -> None:
    """Everybody else is refused, with the right status; so nothing is in the next call's way."""
    for call, case in FILES[file].items():
        path = _path(v1, call, case)
        for who in CALLERS:
            if who.may(case.need):
                continue
            v1.share_only(who.share)
            answer = await v1.call(path, who.owner, who.permit, **case.request)
            refused = answer.status_code, answer.json()["error"]["code"]
            if who.owner is None:
                assert refused == (401, "not_authenticated"), f"{call} by {who}"
            else:
                assert refused in REFUSALS, f"{call} by {who}"


@pytest.mark.parametrize("call", CALLS)
async def test_who_may(tmp_path: Path, call: str) -> None:
    """Who may make a call is not refused."""
    case = CALLS[call]
    callers = [who for who in CALLERS if who.may(case.need)]
    if case.need is Need.NOTHING:  # then rights do not matter, and a few callers are enough
        callers = [who for who in callers if who.owner is None or who.permit == SESSION]
    # What a call changes must not be in the next one's way.
    groups = [callers] if call.startswith("GET ") else [[who] for who in callers]
    for at, group in enumerate(groups):
        async with open_api(tmp_path / str(at)) as site:
            for who in group:
                site.share_only(who.share)
                path = _path(site, call, case)
                answer = await site.call(path, who.owner, who.permit, **case.request)
                assert answer.status_code not in (401, 403), f"{who}: {answer.text}"
                assert "no_vehicle" not in answer.text, str(who)
