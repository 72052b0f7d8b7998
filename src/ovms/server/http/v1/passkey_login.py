"""``/session/passkey``: logging in with a passkey; nobody says a name or a password."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import Depends, Request, Response

from ovms.server.accounts.errors import LoginRefused
from ovms.server.accounts.login import FAILED
from ovms.server.accounts.passkeys import CounterWentBack, credential_id
from ovms.server.http.callers import address_of
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import ApiCaller, Context
from ovms.server.http.v1.cookies import cookie_of, is_secure, set_cookie
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import CallBody
from ovms.server.http.v1.passkeys import (
    WRONG,
    Checks,
    CredentialBody,
    PageSite,
    PasskeyOptions,
    passkey_failures,
)
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.session import WhoAnswer, from_here, who_answer
from ovms.server.storage.database import Lane
from ovms.server.storage.passkeys import find_passkey, use_passkey

if TYPE_CHECKING:
    from ovms.server.accounts.passkeys import PasskeyChecks, Site
    from ovms.server.http.context import HttpContext
    from ovms.server.values import Passkey

router = make_router("session")


class PasskeyLoginBody(CallBody):
    """What a browser answers to the options of a log-in."""

    credential: CredentialBody


@router.post("/session/passkey/options")
async def begin_passkey_login(
    context: Context, site: PageSite, checks: Checks, response: Response
) -> PasskeyOptions:
    """Return what the browser needs to log in with a passkey; nobody says a name."""
    response.headers["cache-control"] = "no-store"
    return PasskeyOptions(public_key=checks.login(site, context.clock.time()))


@router.post("/session/passkey", dependencies=[Depends(from_here)])
async def log_in_with_passkey(
    body: PasskeyLoginBody,
    request: Request,
    response: Response,
    context: Context,
    site: PageSite,
    checks: Checks,
) -> WhoAnswer:
    """Log in with a passkey; the answer sets the cookie of a new session.

    A passkey counts as two factors: no one-time code is asked for. A session whose cookie comes
    along ends.
    """
    address = address_of(request)
    counted = context.callers.accounts.counts.one("")
    wrong = ApiError(401, WRONG, "wrong_passkey")
    with passkey_failures(wrong), counted, checks.places.one(address):
        passkey = await _check(body.credential.as_json(), context, site, checks, address)
        key, live = await context.callers.web.open(
            passkey.owner_id,
            address=address,
            agent=request.headers.get("user-agent", ""),
            passkey_id=passkey.id,
            instead_of=cookie_of(request),
        )
    context.callers.count(live.login)
    caller = ApiCaller(live.login, address, is_secure(request), live.row)
    audit(context, caller, "login.passkey", detail=f"passkey {live.row.passkey_id}")
    set_cookie(request, response, key)
    return who_answer(caller, response)


async def _check(
    credential: dict[str, Any],
    context: HttpContext,
    site: Site,
    checks: PasskeyChecks,
    address: str,
) -> Passkey:
    """Return the passkey that a browser's answer proves. Raises :class:`LoginRefused`."""
    database, now = context.store.database, context.clock.time()
    find = partial(find_passkey, credential=credential_id(credential))
    passkey = await database.read(find, Lane.LOGINS)
    if passkey is None:
        context.audit.put_failure(FAILED, owner_id=None, detail="by a passkey", address=address)
        raise LoginRefused
    try:
        check = partial(checks.check_login, site, passkey, credential, now)
        sign_count = await asyncio.to_thread(check)
    except LoginRefused as error:
        _note_refused(context, passkey, error, address)
        raise
    use = partial(use_passkey, passkey=passkey, sign_count=sign_count, now=now)
    if not await database.write(use):
        raise LoginRefused
    return passkey


def _note_refused(
    context: HttpContext, passkey: Passkey, error: LoginRefused, address: str
) -> None:
    """Note that a known passkey did not log in; one whose counter went back has a copy."""
    is_copy = isinstance(error, CounterWentBack)
    said = "its counter went back: somebody may have a copy" if is_copy else "by passkey"
    action = "login.passkey_copied" if is_copy else FAILED
    detail = f"passkey {passkey.id}; {said}" if is_copy else f"{said} {passkey.id}"
    context.audit.put_failure(action, owner_id=passkey.owner_id, detail=detail, address=address)
