"""``/session``: logging in, with a cookie; who calls; a fresh proof of it; logging out."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Depends, Request, Response
from pydantic import Field

from ovms.server.accounts.errors import Busy, CodeNeeded, LoginRefused, Throttled, WrongCode
from ovms.server.accounts.login import FAILED, IN_BROWSER
from ovms.server.accounts.web_sessions import PROOF_LIFE
from ovms.server.http.callers import BUSY_WAIT, address_of
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import (
    ApiCaller,
    Caller,
    Context,
    SessionCall,
    SessionCaller,
    context_of,
)
from ovms.server.http.v1.cookies import clear_cookie, cookie_of, is_secure, set_cookie
from ovms.server.http.v1.cross_site import is_from_elsewhere
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.storage.web_sessions import ends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ovms.server.http.context import HttpContext
    from ovms.server.values import WebSession

router = make_router("session")

PROOF_BUCKET = "session"
"""What stands for the address where one-time codes are tried by somebody who is logged in."""

Means = Literal["password", "passkey", "token"]

Password = Annotated[str, Field(max_length=1024)]
Code = Annotated[str, Field(max_length=64)]


class LoginBody(CallBody):
    """Who logs in."""

    name: Annotated[str, Field(max_length=200)]
    """The owner's name, in any case."""
    password: Password
    one_time_code: Code | None = None
    """What the owner's app shows, or a recovery code; needed if one-time codes are on."""


class ProofBody(CallBody):
    """What shows again who calls: one of the two."""

    password: Password | None = None
    one_time_code: Code | None = None
    """What the owner's app shows, or a recovery code."""


class SessionAnswer(ApiAnswer):
    """A session, which a browser's cookie names."""

    id: str
    is_current: bool
    """It is the one by which this call was made."""
    means: Means
    """By what it began."""
    address: str
    """Where the browser was then."""
    agent: str
    """What it called itself then (User-Agent)."""
    created: Time
    used: Time
    """Its last call."""
    expires: Time
    """When it ends if no call comes before."""
    proof_expires: Time
    """Until when changes of the log-in need no new proof of who calls."""


class WhoAnswer(ApiAnswer):
    """Who calls, and how they are logged in."""

    owner: str
    is_admin: bool
    means: Means
    """By what the caller is logged in."""
    rights: list[str]
    """What the token may be used for; `*` is everything, as for every session."""
    session: SessionAnswer | None
    """The session; null of a token."""


async def from_here(request: Request) -> None:
    """Refuse a log-in that a page of another site has a browser make (403)."""
    if is_from_elsewhere(request, context_of(request).public_url):
        raise ApiError(403, "The call says that it comes from another site", "cross_site")


@router.post("/session", dependencies=[Depends(from_here)])
async def log_in(
    body: LoginBody, request: Request, response: Response, context: Context
) -> WhoAnswer:
    """Log in; the answer sets the cookie of a new session.

    A session whose cookie comes along ends. The error `one_time_code_needed` (401) says that the
    password is right and the owner's one-time codes are on: send one, too.
    """
    address = address_of(request)
    wrong = ApiError(401, "Wrong name or password", "wrong_login")
    with login_failures(wrong):
        found = await context.callers.accounts.check_password_and_code(
            body.name, body.password, address, body.one_time_code
        )
        key, live = await context.callers.web.open(
            found.owner.id,
            address=address,
            agent=request.headers.get("user-agent", ""),
            fingerprint=found.fingerprint,
            instead_of=cookie_of(request),
        )
    context.callers.count(live.login)
    caller = ApiCaller(live.login, address, is_secure(request), live.row)
    audit(context, caller, "login.password", detail=IN_BROWSER)
    set_cookie(request, response, key)
    return who_answer(caller, response)


@router.get("/session")
async def get_session(caller: Caller, response: Response) -> WhoAnswer:
    """Return who calls, by a session or a token."""
    return who_answer(caller, response)


@router.delete("/session", status_code=204)
async def log_out(
    call: SessionCall, request: Request, response: Response, context: Context
) -> None:
    """Log out: the session ends."""
    await context.callers.web.end(call.session.owner_id, call.session.id)
    clear_cookie(request, response)


@router.post("/session/proof")
async def prove_session(
    body: ProofBody, call: SessionCall, response: Response, context: Context
) -> WhoAnswer:
    """Prove again who calls, by password or one-time code.

    For ten minutes the calls are allowed that change by what the owner logs in.
    """
    if (body.password is None) == (body.one_time_code is None):
        raise ApiError(422, "Send a password or a one-time code, and not both")
    with login_failures(ApiError(403, "That is not right", "wrong_proof")):
        await _prove(call, body, context)
    await context.callers.web.prove(call.session)
    caller = call.caller
    row = await _session(context, call.session)
    return who_answer(ApiCaller(caller.login, caller.address, caller.is_secure, row), response)


@contextmanager
def login_failures(wrong: ApiError) -> Iterator[None]:
    """Raise what a log-in that fails is here; ``wrong`` for what is not right."""
    try:
        yield
    except Throttled as error:
        raise ApiError(429, "Too many tries", wait=error.wait) from None
    except CodeNeeded:
        raise ApiError(401, "A one-time code is needed, too", "one_time_code_needed") from None
    except WrongCode:
        if wrong.status != 401:
            raise wrong from None
        raise ApiError(401, "The one-time code is not right", "wrong_one_time_code") from None
    except LoginRefused:
        raise wrong from None
    except Busy:
        raise ApiError(503, "Too many log-ins at once", wait=BUSY_WAIT) from None


def who_answer(caller: ApiCaller, response: Response) -> WhoAnswer:
    """Return who calls."""
    response.headers["cache-control"] = "no-store"
    login, session = caller.login, caller.session
    return WhoAnswer(
        owner=login.owner,
        is_admin=login.admin,
        means="token" if session is None else means_of(session),
        rights=[word.strip() for word in login.permit.split(",")],
        session=session_answer(session, session) if session is not None else None,
    )


def means_of(session: WebSession) -> Means:
    """Return by what a session began."""
    return "password" if session.passkey_id is None else "passkey"


def session_answer(session: WebSession, current: WebSession | None) -> SessionAnswer:
    """Return a session, as it is told to its owner."""
    return SessionAnswer(
        id=str(session.id),
        is_current=current is not None and session.id == current.id,
        means=means_of(session),
        address=session.address,
        agent=session.agent,
        created=time_of(session.created),
        used=time_of(session.used),
        expires=time_of(ends(session)),
        proof_expires=time_of(session.proved + PROOF_LIFE),
    )


async def _prove(call: SessionCaller, body: ProofBody, context: HttpContext) -> None:
    accounts, login = context.callers.accounts, call.login
    if body.password is not None:
        await accounts.check_password(login.owner, body.password, call.caller.address)
    if body.one_time_code is not None:
        try:
            await accounts.codes.prove(login.owner_id, body.one_time_code, PROOF_BUCKET)
        except WrongCode:
            context.audit.put_failure(
                FAILED, owner_id=login.owner_id, detail="a proof, wrong one-time code",
                address=call.caller.address,
            )  # fmt: skip
            raise


async def _session(context: HttpContext, session: WebSession) -> WebSession:
    """Return a session as it is now."""
    rows = await context.callers.web.list_of(session.owner_id)
    return next((row for row in rows if row.id == session.id), session)
