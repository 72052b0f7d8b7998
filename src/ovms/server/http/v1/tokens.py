"""``/account/tokens``: the API tokens of the caller's account.

A token is told once, when it is made. One that makes or changes another gives it no right that it
has not itself, and no longer life.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Path
from pydantic import Field

from ovms.server.accounts.tokens import (
    DEFAULT_LABEL,
    EVERYTHING,
    covers,
    make_token,
    parse_permit,
)
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AccountCall, Context, FreshAccountCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, GivenTime, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.storage import queries
from ovms.server.storage.database import Lane
from ovms.server.storage.tokens import SHORTEST_PREFIX
from ovms.server.values import TokenChange

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from ovms.server.accounts.login import Login
    from ovms.server.http.v1.callers import ApiCaller
    from ovms.server.values import Token

router = make_router("tokens")

TokenId = Annotated[int, Path(ge=1, le=2**63 - 1, description="Its `id`.")]
Rights = Annotated[
    list[Annotated[str, Field(max_length=32, pattern=r"^[a-z0-9.*]+$")]],
    Field(min_length=1, max_length=32),
]
Label = Annotated[str, Field(max_length=255)]


class TokenAnswer(ApiAnswer):
    """An API token, without its digits."""

    id: int
    first: str
    """Its first digits, by which its owner knows it again."""
    application: str
    """The program that uses it."""
    purpose: str
    """What for."""
    rights: list[str]
    """What it allows; `*` is everything."""
    created: Time
    last_used: Time | None
    """When it last logged in, to the minute."""
    expires: Time | None
    """When it ends, or has ended; `null` for never. It is deleted 30 days after that."""
    is_live: bool
    """It has not expired."""
    is_current: bool
    """This call was made with it."""


class NewTokenAnswer(TokenAnswer):
    """A token that was just made."""

    token: str
    """All its digits. They are told this once."""


class NewTokenBody(CallBody):
    """A token to make."""

    rights: Rights
    """What it allows, none that the caller has not: `view`, `location`, `command`, `pin`, `manage`,
    `account`, `server.admin`; of the field `auth`, `session`, `token.admin`, `v2`, `v3`; or `*`."""
    application: Label = DEFAULT_LABEL
    purpose: Label = DEFAULT_LABEL
    expires: GivenTime | None = None
    """When it ends; not later than the token that makes it. That is also what counts without it."""


class TokenBody(CallBody):
    """What to change of a token; what is left out stays."""

    rights: Rights | None = None
    """As for a new one; `null` leaves them."""
    application: Label | None = None
    """The program that uses it; `null` leaves it."""
    purpose: Label | None = None
    """What for; `null` leaves it."""
    expires: GivenTime | None = None
    """When it ends; `null` is never."""


@router.get("/account/tokens")
async def list_tokens(caller: AccountCall, context: Context) -> list[TokenAnswer]:
    """Return the tokens of the caller's account, the oldest first, each by its first digits."""
    look = partial(_list, owner=caller.login.owner)
    found = await context.store.database.read(look, Lane.LOGINS)
    return [_answer(each, caller, context.clock.time()) for each in found]


@router.post("/account/tokens", status_code=201)
async def add_token(
    body: NewTokenBody, caller: FreshAccountCall, context: Context
) -> NewTokenAnswer:
    """Make a token. Its digits are in this answer and in no other."""
    add = partial(_add, caller=caller.login, body=body, now=context.clock.time())
    token = await context.store.database.write(add)
    audit(context, caller, "token.add", detail=f"{token.token[:SHORTEST_PREFIX]} {token.permit}")
    about = _answer(token, caller, context.clock.time())
    return NewTokenAnswer(**dict(about), token=token.token)


@router.get("/account/tokens/{token_id}")
async def get_token(token_id: TokenId, caller: AccountCall, context: Context) -> TokenAnswer:
    """Return a token of the caller's account."""
    look = partial(_find, caller=caller.login, token_id=token_id)
    token = await context.store.database.read(look, Lane.LOGINS)
    return _answer(token, caller, context.clock.time())


@router.patch("/account/tokens/{token_id}")
async def change_token(
    token_id: TokenId, body: TokenBody, caller: FreshAccountCall, context: Context
) -> TokenAnswer:
    """Change a token. What it logged in goes on with its new rights."""
    now = context.clock.time()
    change = partial(_change, caller=caller.login, token_id=token_id, body=body, now=now)
    token = await context.store.database.write(change)
    await context.callers.check_logins()
    audit(context, caller, "token.change", detail=f"{token.token[:SHORTEST_PREFIX]} {token.permit}")
    return _answer(token, caller, now)


@router.delete("/account/tokens/{token_id}", status_code=204)
async def remove_token(token_id: TokenId, caller: AccountCall, context: Context) -> None:
    """Remove a token. What it logged in is closed; so is the caller's own log-in by it."""
    now = context.clock.time()
    remove = partial(_remove, caller=caller.login, token_id=token_id, now=now)
    token = await context.store.database.write(remove)
    await context.callers.check_logins()
    audit(context, caller, "token.remove", detail=token.token[:SHORTEST_PREFIX])


def _list(connection: Connection, owner: str) -> list[Token]:
    return queries.list_tokens(connection, queries.get_owner(connection, owner))


def _find(connection: Connection, caller: Login, token_id: int) -> Token:
    token = queries.find_own_token(connection, caller.owner_id, token_id)
    if token is None:
        raise ApiError(404, "There is no such token, or it is not yours", "no_token")
    return token


def _add(connection: Connection, caller: Login, body: NewTokenBody, now: float) -> Token:
    maker = _maker(connection, caller)
    permit = _permit(body.rights, maker)
    expires = _until(body.expires, maker, is_given=body.expires is not None)
    owner = queries.get_owner(connection, caller.owner)
    digits = make_token(os.urandom)
    labels = body.application, body.purpose
    return queries.add_token(connection, owner, digits, now, *labels, permit, expires)


def _change(
    connection: Connection, caller: Login, token_id: int, body: TokenBody, now: float
) -> Token:
    token, maker = _find(connection, caller, token_id), _maker(connection, caller)
    changed = TokenChange()
    if body.rights is not None:
        changed["permit"] = _permit(body.rights, maker)
    if body.application is not None:
        changed["application"] = body.application
    if body.purpose is not None:
        changed["purpose"] = body.purpose
    if "expires" in body.model_fields_set:
        if not covers(maker.permit if maker is not None else EVERYTHING, token.permit):
            raise _too_much("A token with fewer rights cannot change when one with more ends")
        changed["expires"] = _until(body.expires, maker, is_given=True)
    return queries.change_token(connection, token, now, changed)


def _remove(connection: Connection, caller: Login, token_id: int, now: float) -> Token:
    return queries.remove_token(connection, _find(connection, caller, token_id).token, now)


def _maker(connection: Connection, caller: Login) -> Token | None:
    """Return the token that calls, ``None`` for a log-in by password."""
    token_id = caller.credential.token_id
    return None if token_id is None else _find(connection, caller, token_id)


def _permit(rights: list[str], maker: Token | None) -> str:
    """Return rights as they are stored. Raises :class:`ApiError` (403)."""
    permit = parse_permit(",".join(rights))
    if maker is not None and not covers(maker.permit, permit):
        raise _too_much("A token cannot give more rights than it has")
    return permit


def _until(expires: datetime | None, maker: Token | None, *, is_given: bool) -> float | None:
    """Return when a token ends. Raises :class:`ApiError` (403)."""
    latest = None if maker is None else maker.expires
    if not is_given:
        return latest
    end = None if expires is None else expires.timestamp()
    if latest is not None and (end is None or end > latest):
        raise _too_much("A token cannot give a longer life than it has")
    return end


def _too_much(text: str) -> ApiError:
    return ApiError(403, text, "exceeds_own_rights")


def _answer(token: Token, caller: ApiCaller, now: float) -> TokenAnswer:
    used, expires = token.last_used, token.expires
    return TokenAnswer(
        id=token.id,
        first=token.token[:SHORTEST_PREFIX],
        application=token.application,
        purpose=token.purpose,
        rights=token.permit.split(","),
        created=time_of(token.created),
        last_used=None if used is None else time_of(used),
        expires=None if expires is None else time_of(expires),
        is_live=token.is_live(now),
        is_current=token.id == caller.login.credential.token_id,
    )
