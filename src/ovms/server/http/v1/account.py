"""``/account``: the owner's sessions and password."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response
from pydantic import Field

from ovms.server.accounts.errors import LoginRefused
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AccountCall, ApiCaller, Context, SessionCall, SessionCaller
from ovms.server.http.v1.cookies import clear_cookie, set_cookie
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody
from ovms.server.http.v1.reset import check_new_password, hashed_password
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.session import (
    Password,
    SessionAnswer,
    WhoAnswer,
    login_failures,
    session_answer,
    who_answer,
)

router = make_router("account")

SessionId = Annotated[str, Path(pattern="^[0-9]{1,18}$", description="The `id` of a session.")]


class SessionsAnswer(ApiAnswer):
    """The owner's sessions."""

    items: list[SessionAnswer]
    """The one that was used last is the first; there are 50 at most."""


class PasswordBody(CallBody):
    """A new password."""

    old_password: Password | None = None
    """The password until now; needed unless the owner has none."""
    new_password: Annotated[str, Field(max_length=1024)]
    """At most 512 bytes, without blanks: apps could not send them."""


@router.get("/account/sessions")
async def list_sessions(caller: AccountCall, context: Context) -> SessionsAnswer:
    """Return where the owner is logged in with a cookie."""
    rows = await context.callers.web.list_of(caller.login.owner_id)
    return SessionsAnswer(items=[session_answer(row, caller.session) for row in rows])


@router.delete("/account/sessions", status_code=204)
async def end_other_sessions(caller: AccountCall, context: Context) -> None:
    """End all of the owner's sessions but the one by which this call was made."""
    but = caller.session.id if caller.session is not None else None
    count = await context.callers.web.end_all(caller.login.owner_id, but)
    audit(context, caller, "session.end", detail=f"{count} others")


@router.delete("/account/sessions/{session_id}", status_code=204)
async def end_session(
    session_id: SessionId,
    caller: AccountCall,
    request: Request,
    response: Response,
    context: Context,
) -> None:
    """End one of the owner's sessions."""
    if not await context.callers.web.end(caller.login.owner_id, int(session_id)):
        raise ApiError(404, "There is no such session", "no_session")
    if caller.session is not None and caller.session.id == int(session_id):
        clear_cookie(request, response)
    audit(context, caller, "session.end", detail=session_id)


@router.post("/account/password")
async def change_password(
    body: PasswordBody,
    call: SessionCall,
    request: Request,
    response: Response,
    context: Context,
) -> WhoAnswer:
    """Change the owner's password.

    All sessions end, and whatever else was logged in by the old one; the answer sets the cookie
    of a new session for whoever makes this call.
    """
    check_new_password(body.new_password)
    old = await _prove_old(body, call, context)
    hashed = await hashed_password(context, body.new_password, call.caller.address)
    web = context.callers.web
    try:
        key, live = await web.set_password(call.session, old, hashed)
    except LoginRefused:
        raise ApiError(409, "The password was changed meanwhile", "password_changed") from None
    caller = ApiCaller(live.login, call.caller.address, call.caller.is_secure, live.row)
    audit(context, caller, "password.change")
    set_cookie(request, response, key)
    return who_answer(caller, response)


async def _prove_old(body: PasswordBody, call: SessionCaller, context: Context) -> bytes:
    """Return the fingerprint of the owner's password until now, empty without one."""
    if not call.session.fingerprint:
        if not context.callers.web.is_fresh(call.session):
            raise ApiError(403, "Prove who you are by POST /session/proof", "proof_needed")
        return b""
    if body.old_password is None:
        raise ApiError(403, "The password until now is needed, too", "wrong_password")
    with login_failures(ApiError(403, "The old password is not right", "wrong_password")):
        found = await context.callers.accounts.check_password(
            call.login.owner, body.old_password, call.caller.address
        )
    return found.fingerprint
