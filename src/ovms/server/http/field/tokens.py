"""``/api/token``: the caller's API tokens.

Whoever may make these calls can see all tokens of the account, so their right is as much as all
rights.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final

from ovms.protocol.times import wire_time
from ovms.server.accounts.tokens import DEFAULT_LABEL, DEFAULT_PERMIT, make_token
from ovms.server.http.answers import json_answer
from ovms.server.http.bodies import fields_of
from ovms.server.http.errors import CallFailed
from ovms.server.http.routing import owner_call
from ovms.server.storage import queries
from ovms.server.storage.database import Lane
from ovms.server.storage.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from ovms.server.accounts.login import Login
    from ovms.server.http.callers import HttpCaller
    from ovms.server.http.context import HttpContext
    from ovms.server.values import Token

RIGHT: Final = "token.admin"

DEFAULTS: Final = {
    "application": DEFAULT_LABEL,
    "purpose": DEFAULT_LABEL,
    "permit": DEFAULT_PERMIT,
}
"""What a call that makes a token may say, and what counts if it does not."""


def routes(context: HttpContext) -> list[Route]:
    """Return the routes of these calls."""
    return [
        owner_call(context, "/api/token", list_tokens, right=RIGHT),
        owner_call(context, "/api/token", add_token, ("POST",), right=RIGHT),
        owner_call(context, "/api/token", no_token, ("DELETE",), right=RIGHT),
        owner_call(context, "/api/token/{token}", remove_token, ("DELETE",), right=RIGHT),
    ]


async def list_tokens(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """Answer with all tokens of the caller's account, the oldest first."""
    look = partial(_list, owner=caller.login.owner)
    found = await context.store.database.read(look, Lane.LOGINS)
    now = context.clock.time()
    live = (token for token in found if token.is_live(now))
    return json_answer([_described(token) | _times(token) for token in live])


async def add_token(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """Make a token, as form, multipart parts or query say; answer with it."""
    fields = await fields_of(request)
    # A part that is a file may end with the end of its line.
    said = {
        name: fields.get(name, "").strip() or request.query_params.get(name, "").strip() or default
        for name, default in DEFAULTS.items()
    }
    now = context.clock.time()
    try:
        add = partial(_add, caller=caller.login, now=now, said=said)
        token = await context.store.database.write(add)
    except InvalidValue as error:
        raise CallFailed(422, str(error)) from None
    return json_answer(_described(token), 201)


async def remove_token(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """Remove one of the caller's tokens."""
    remove = partial(
        _remove,
        owner_id=caller.login.owner_id,
        digits=request.path_params["token"],
        now=context.clock.time(),
    )
    try:
        token = await context.store.database.write(remove)
    except NotFound:
        raise _no_such_token() from None
    return json_answer({"owner": token.owner, "token": token.token})


async def no_token(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """Refuse a call that does not say which token to remove."""
    raise _no_such_token()


def _no_such_token() -> CallFailed:
    return CallFailed(404, "No such token")


def _list(connection: Connection, owner: str) -> list[Token]:
    return queries.list_tokens(connection, queries.get_owner(connection, owner))


def _add(connection: Connection, caller: Login, now: float, said: dict[str, str]) -> Token:
    """Make a token; one that a token makes lives no longer than that."""
    whose = queries.get_owner(connection, caller.owner)
    by = caller.credential.token_id
    maker = None if by is None else queries.find_own_token(connection, whose.id, by)
    expires = None if maker is None else maker.expires
    return queries.add_token(
        connection, whose, make_token(os.urandom), now, **said, expires=expires
    )


def _remove(connection: Connection, owner_id: int, digits: str, now: float) -> Token:
    token = queries.find_token(connection, digits)
    if token is None or token.owner_id != owner_id:
        raise NotFound("there is no such token")
    return queries.remove_token(connection, token.token, now)


def _described(token: Token) -> dict[str, str | None]:
    return {
        "owner": token.owner,
        "token": token.token,
        "application": token.application,
        "purpose": token.purpose,
        "permit": token.permit,
    }


def _times(token: Token) -> dict[str, str | None]:
    used = token.last_used
    return {
        "created": wire_time(token.created),
        "refreshed": wire_time(token.refreshed),
        "lastused": wire_time(used) if used is not None else None,
    }
