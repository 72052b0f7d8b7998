"""``/account/totp``: one-time codes (TOTP), which a log-in by password then needs, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from fastapi import Request, Response
from pydantic import Field

from ovms.server.accounts.errors import WrongCode
from ovms.server.accounts.one_time_codes import key_uri
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AccountCall, Context, FreshCall, SessionCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody
from ovms.server.http.v1.routing import make_router

if TYPE_CHECKING:
    from ovms.server.http.context import HttpContext

router = make_router("account")


class TotpAnswer(ApiAnswer):
    """Whether one-time codes are on."""

    is_on: bool
    recovery_codes_left: int | None
    """How many recovery codes were not used yet; null while one-time codes are off."""


class TotpKeyAnswer(ApiAnswer):
    """What an app makes one-time codes from; it is not told again."""

    secret: str
    """For typing, in base32."""
    uri: str
    """For a QR code: `otpauth://…`."""


class TotpCodeBody(CallBody):
    """A one-time code."""

    code: Annotated[str, Field(max_length=64)]
    """What the app shows."""


class RecoveryCodesAnswer(ApiAnswer):
    """Codes that stand in for a one-time code, each once; they are not told again."""

    recovery_codes: list[str]


@router.get("/account/totp")
async def get_totp(caller: AccountCall, context: Context) -> TotpAnswer:
    """Return whether the owner's one-time codes are on."""
    left = await context.callers.accounts.codes.recovery_codes_left(caller.login.owner_id)
    return TotpAnswer(is_on=left is not None, recovery_codes_left=left)


@router.post("/account/totp")
async def begin_totp(
    call: FreshCall, request: Request, response: Response, context: Context
) -> TotpKeyAnswer:
    """Begin to set up one-time codes; they are on once a code confirms that an app has the key."""
    if await _is_on(context, call.login.owner_id):
        raise _on_already()
    key = context.callers.accounts.codes.begin(call.session.id)
    response.headers["cache-control"] = "no-store"
    return TotpKeyAnswer(secret=key, uri=key_uri(key, call.login.owner, _name(request, context)))


@router.post("/account/totp/confirm")
async def confirm_totp(
    body: TotpCodeBody, call: SessionCall, response: Response, context: Context
) -> RecoveryCodesAnswer:
    """Switch one-time codes on, by a code of the key that this session was told.

    From then on a log-in needs one. Apps and programs that log in by password alone (scheme 0x31,
    the field's API) are refused: give them tokens.
    """
    codes = context.callers.accounts.codes
    if not codes.has_begun(call.session.id):
        raise ApiError(409, "Begin by POST /account/totp", "not_begun")
    try:
        made = await codes.confirm(call.login.owner_id, call.session.id, body.code)
    except WrongCode:
        raise ApiError(403, "The code is not right", "wrong_code") from None
    if made is None:
        raise _on_already()
    audit(context, call.caller, "totp.on")
    response.headers["cache-control"] = "no-store"
    return RecoveryCodesAnswer(recovery_codes=made)


@router.delete("/account/totp", status_code=204)
async def end_totp(call: FreshCall, context: Context) -> None:
    """Switch one-time codes off. Does nothing while they are."""
    if await _is_on(context, call.login.owner_id):
        await context.callers.accounts.codes.switch_off(call.login.owner_id)
        audit(context, call.caller, "totp.off")


@router.post("/account/totp/recovery_codes")
async def renew_recovery_codes(
    call: FreshCall, response: Response, context: Context
) -> RecoveryCodesAnswer:
    """Make new recovery codes; the old ones are worth nothing from then on."""
    if not await _is_on(context, call.login.owner_id):
        raise ApiError(409, "One-time codes are off", "not_on")
    made = await context.callers.accounts.codes.renew_recovery_codes(call.login.owner_id)
    audit(context, call.caller, "totp.recovery_codes")
    response.headers["cache-control"] = "no-store"
    return RecoveryCodesAnswer(recovery_codes=made)


async def _is_on(context: HttpContext, owner_id: int) -> bool:
    return await context.callers.accounts.codes.recovery_codes_left(owner_id) is not None


def _on_already() -> ApiError:
    return ApiError(409, "One-time codes are on already", "already_on")


def _name(request: Request, context: HttpContext) -> str:
    """Return what an app calls the server: by its host, if that is one."""
    host = urlsplit(context.public_url).hostname if context.public_url else None
    host = host or request.headers.get("host", "").partition(":")[0]
    return f"OVMS {host}" if re.fullmatch(r"[A-Za-z0-9.-]{1,100}", host) else "OVMS"
