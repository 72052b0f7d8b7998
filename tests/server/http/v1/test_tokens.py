from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.accounts.web_sessions import PROOF_LIFE
from ovms.server.storage import queries
from tests.server.http.v1.site import SESSION

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite

PATH = "/account/tokens"
LATER = "2023-11-15T22:13:20.000Z"
"""A day after the site's clock."""
LATEST = "2023-11-16T22:13:20.000Z"
DAY = 86400.0


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a call that failed."""
    return answer.status_code, answer.json()["error"]["code"]


async def make(v1: ApiSite, permit: str = "*", **body: Any) -> httpx.Response:
    """Have Bob make a token by another."""
    return await v1.call(f"POST {PATH}", permit=permit, json=body)


def expire(v1: ApiSite, permit: str, after: float) -> None:
    """Have a token of Bob's end after so many seconds."""
    with v1.database.writing() as connection:
        token = queries.get_token(connection, v1.token("bob", permit))
        now = v1.clock.time()
        queries.change_token(connection, token, now, {"expires": now + after})


async def test_a_token(v1: ApiSite) -> None:
    """Its digits are told once; it logs in with its rights, and when it did is told."""
    made = await make(v1, rights=["view", "command"], application="home", purpose="door")
    assert made.status_code == 201
    token = made.json()
    digits = token.pop("token")
    assert token == {
        "id": token["id"],
        "first": digits[:8],
        "application": "home",
        "purpose": "door",
        "rights": ["view", "command"],
        "created": "2023-11-14T22:13:20.000Z",
        "last_used": None,
        "expires": None,
        "is_live": True,
        "is_current": False,
    }
    assert (await v1.call(f"GET {PATH}/{token['id']}")).json() == token
    listed = await v1.call(f"GET {PATH}")
    assert token in listed.json()
    assert [each["is_current"] for each in listed.json()] == [True, False]
    assert digits not in listed.text
    headers = {"authorization": f"Bearer {digits}"}
    seen = await v1.call("GET /vehicles/CAR1", None, headers=headers)
    assert seen.json()["rights"] == ["view", "command"]
    assert (await v1.call(f"DELETE {PATH}/{token['id']}")).status_code == 204
    assert (await v1.call("GET /vehicles/CAR1", None, headers=headers)).status_code == 401
    assert refused(await v1.call(f"GET {PATH}/{token['id']}")) == (404, "no_token")


async def test_an_end(v1: ApiSite) -> None:
    """From its end on a token logs in no more, but is listed still."""
    token = (await make(v1, rights=["view"], expires="2023-11-15T23:13:20+01:00")).json()
    assert (token["expires"], token["is_live"]) == (LATER, True)
    headers = {"authorization": f"Bearer {token['token']}"}
    v1.clock.advance(DAY - 1)
    assert (await v1.call("GET /vehicles", None, headers=headers)).status_code == 200
    v1.clock.advance(1)
    await v1.http.accounts.check_logins()
    assert (await v1.call("GET /vehicles", None, headers=headers)).status_code == 401
    found = (await v1.call(f"GET {PATH}/{token['id']}")).json()
    assert found["is_live"] is False
    await v1.http.store.forget_ended(v1.clock.time() + 31 * DAY)
    assert refused(await v1.call(f"GET {PATH}/{token['id']}")) == (404, "no_token")


@pytest.mark.parametrize(
    ("permit", "rights", "is_allowed"),
    [("*", ["*"], True), ("account,pin", ["command", "view"], True),
     ("account,location", ["auth"], True), ("account,view", ["auth"], False),
     ("account", ["auth"], False), ("account", ["view"], False), ("account,view", ["*"], False),
     ("account,command", ["pin"], False), ("account,admin", ["token.admin"], True),
     ("account", ["server.admin"], False), ("account", ["account", "v2"], False)],
)  # fmt: skip
async def test_rights(v1: ApiSite, permit: str, rights: list[str], is_allowed: bool) -> None:
    """A token gives another no right that it has not, when it is made or later."""
    made = await make(v1, permit, rights=rights)
    assert made.status_code == (201 if is_allowed else 403)
    mine = (await make(v1, rights=["auth"])).json()["id"]
    changed = await v1.call(f"PATCH {PATH}/{mine}", permit=permit, json={"rights": rights})
    assert changed.status_code == (200 if is_allowed else 403)
    if not is_allowed:
        assert refused(made) == refused(changed) == (403, "exceeds_own_rights")
        assert (await v1.call(f"GET {PATH}/{mine}")).json()["rights"] == ["auth"]


async def test_a_life_no_longer(v1: ApiSite) -> None:
    """A token that ends makes only those that end no later, and cannot end later itself."""
    own = next(each for each in (await v1.call(f"GET {PATH}", permit="account")).json()
               if each["is_current"])["id"]  # fmt: skip
    expire(v1, "account", DAY)
    made = await make(v1, "account", rights=["account"])
    assert made.json()["expires"] == LATER
    for body in ({"expires": LATEST}, {"expires": None}):
        changed = await v1.call(f"PATCH {PATH}/{own}", permit="account", json=body)
        assert refused(changed) == (403, "exceeds_own_rights")
    longer = await make(v1, "account", rights=["account"], expires=LATEST)
    assert refused(longer) == (403, "exceeds_own_rights")
    shorter = await v1.call(
        f"PATCH {PATH}/{own}", permit="account", json={"expires": "2023-11-15T00:00:00Z"}
    )
    assert shorter.json()["expires"] == "2023-11-15T00:00:00.000Z"


async def test_one_that_may_more(v1: ApiSite) -> None:
    """A token with fewer rights cannot have one with more live longer."""
    everything = (await make(v1, rights=["*"], expires=LATER)).json()["id"]
    answer = await v1.call(f"PATCH {PATH}/{everything}", permit="account", json={"expires": None})
    assert refused(answer) == (403, "exceeds_own_rights")


async def test_a_change(v1: ApiSite) -> None:
    """What is left out stays, and a null end is none; what it logged in has the new rights."""
    made = (await make(v1, rights=["view"], purpose="a", expires=LATER)).json()
    headers = {"authorization": f"Bearer {made['token']}"}
    await v1.call("GET /vehicles", None, headers=headers)
    path = f"{PATH}/{made['id']}"
    body = {"rights": ["pin"], "application": "b"}
    changed = (await v1.call(f"PATCH {path}", json=body)).json()
    assert (changed["rights"], changed["application"], changed["purpose"], changed["expires"]) == (
        ["pin"], "b", "a", LATER,
    )  # fmt: skip
    await v1.http.accounts.check_logins()
    seen = await v1.call("GET /vehicles/CAR1", None, headers=headers)
    assert seen.json()["rights"] == ["view", "command", "pin"]
    changed = (await v1.call(f"PATCH {path}", json={"expires": None, "purpose": "c"})).json()
    assert (changed["expires"], changed["purpose"]) == (None, "c")
    assert (await v1.call(f"PATCH {path}", json={})).json() == changed


@pytest.mark.parametrize(
    "body",
    [{}, {"rights": []}, {"rights": ["view", "fly"]}, {"rights": "view"}, {"rights": ["a,b"]},
     {"rights": ["view"], "expires": "2023-11-14T22:13:20Z"},
     {"rights": ["view"], "expires": "2024-11-14T22:13:20"},
     {"rights": ["view"], "expires": 1900000000},
     {"rights": ["view"], "expires": "9999-12-31T23:59:59-23:59"},
     {"rights": ["view"], "expires": "2024-13-14T22:13:20Z"},
     {"rights": ["view"], "purpose": "a\nb"}, {"rights": ["view"], "purpose": "x" * 256},
     {"rights": ["view"], "token": "0" * 64}],
)  # fmt: skip
async def test_what_cannot_be(v1: ApiSite, body: dict[str, Any]) -> None:
    """It is refused, and no token is made."""
    assert (await make(v1, **body)).status_code == 422
    assert len((await v1.call(f"GET {PATH}")).json()) == 1


async def test_of_others(v1: ApiSite) -> None:
    """Another's token is as one that is not there."""
    made = (await make(v1, rights=["view"])).json()["id"]
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        answer = await v1.call(f"{method} {PATH}/{made}", "alice", json=body)
        assert refused(answer) == (404, "no_token")
    assert (await v1.call(f"GET {PATH}/{2**63}")).status_code == 422


async def test_a_browser_left_open(v1: ApiSite) -> None:
    """A session makes and changes tokens with a fresh proof only: who has one stays in."""
    made = await v1.call("POST /account/tokens", permit=SESSION, json={"rights": ["*"]})
    one = f"/account/tokens/{made.json()['id']}"
    v1.clock.advance(PROOF_LIFE)
    for call, body in (("POST /account/tokens", {"rights": ["*"]}), (f"PATCH {one}", {})):
        answer = await v1.call(call, permit=SESSION, json=body)
        assert refused(answer) == (403, "proof_needed")
    assert (await v1.call(f"PATCH {one}", json={})).status_code == 200
    assert (await v1.call(f"DELETE {one}", permit=SESSION)).status_code == 204
