"""``/account/passkeys``: what an owner may log in with instead of a password.

A passkey is bound to the name of the server's pages, so all of this needs the setting
``public_url``. The authenticator asks for a finger or a PIN, so a passkey counts as two factors.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from fastapi import Depends, Path, Request, Response
from pydantic import Field

from ovms.server.accounts.errors import Busy, LoginRefused
from ovms.server.accounts.passkeys import PasskeyChecks, Site
from ovms.server.http.callers import BUSY_WAIT
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AccountCall, Context, FreshCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound
from ovms.server.storage.passkeys import (
    NAME_LENGTH,
    PASSKEY_LIMIT,
    add_passkey,
    list_passkeys,
    remove_passkey,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ovms.server.values import Passkey

router = make_router("account")

WRONG: Final = "The passkey is not right, or its time is over: ask for options again"

Text = Annotated[str, Field(max_length=16_000)]


class CredentialResponse(CallBody):
    """What an authenticator has signed; see WebAuthn. All in base64url."""

    model_config = CallBody.model_config | {"extra": "ignore"}

    clientDataJSON: Text  # noqa: N815 (the standard's name)
    attestationObject: Text | None = None  # noqa: N815
    """Of a new passkey."""
    authenticatorData: Text | None = None  # noqa: N815
    """Of a log-in."""
    signature: Text | None = None
    """Of a log-in."""
    userHandle: Text | None = None  # noqa: N815
    """Of a log-in."""


class CredentialBody(CallBody):
    """What the browser's `PublicKeyCredential.toJSON()` returns; other members do not count."""

    model_config = CallBody.model_config | {"extra": "ignore"}

    id: Text
    rawId: Text  # noqa: N815 (the standard's name)
    type: Annotated[str, Field(max_length=20)]
    response: CredentialResponse

    def as_json(self) -> dict[str, Any]:
        """Return it as browsers write it."""
        return self.model_dump(exclude_none=True)


class NewPasskeyBody(CallBody):
    """A passkey that a browser has made."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
    """What its owner calls it, such as the device."""
    credential: CredentialBody


class PasskeyOptions(ApiAnswer):
    """What a browser is asked."""

    public_key: dict[str, Any]
    """For `PublicKeyCredential.parseCreationOptionsFromJSON()`, or `parseRequestOptionsFromJSON()`
    of a log-in. Its challenge holds for five minutes, and once."""


class PasskeyAnswer(ApiAnswer):
    """A passkey."""

    id: str
    name: str
    created: Time
    last_used: Time | None
    """When it last logged in; null if never."""


PasskeyId = Annotated[str, Path(pattern="^[0-9]{1,18}$")]


async def site_of(context: Context) -> Site:
    """Return where the server's pages are; passkeys are bound to that name."""
    if context.public_url is None:
        raise ApiError(409, "The server's setting public_url is not set", "no_public_url")
    return Site.of(context.public_url)


async def checks_of(request: Request) -> PasskeyChecks:
    """Return what asks browsers for passkeys."""
    return cast("PasskeyChecks", request.app.state.passkeys)


PageSite = Annotated[Site, Depends(site_of)]
Checks = Annotated[PasskeyChecks, Depends(checks_of)]


@router.get("/account/passkeys")
async def list_account_passkeys(caller: AccountCall, context: Context) -> list[PasskeyAnswer]:
    """Return the owner's passkeys, the oldest first."""
    query = partial(list_passkeys, owner_id=caller.login.owner_id)
    return [_answer(each) for each in await context.store.database.read(query)]


@router.post("/account/passkeys/options")
async def begin_passkey(
    call: FreshCall, context: Context, site: PageSite, checks: Checks, response: Response
) -> PasskeyOptions:
    """Return what the browser needs to make a passkey."""
    login = call.login
    query = partial(list_passkeys, owner_id=login.owner_id)
    known = await context.store.database.read(query)
    if len(known) >= PASSKEY_LIMIT:
        raise ApiError(409, f"An account has {PASSKEY_LIMIT} passkeys at most", "too_many_passkeys")
    response.headers["cache-control"] = "no-store"
    made = checks.registration(site, login.owner_id, login.owner, known, context.clock.time())
    return PasskeyOptions(public_key=made)


@router.post("/account/passkeys", status_code=201)
async def create_passkey(
    body: NewPasskeyBody, call: FreshCall, context: Context, site: PageSite, checks: Checks
) -> PasskeyAnswer:
    """Keep a passkey that the browser has made with the options of this server."""
    owner_id, now = call.login.owner_id, context.clock.time()
    check = partial(checks.check_new, site, owner_id, body.credential.as_json(), now)
    wrong = ApiError(422, WRONG, "wrong_passkey")
    with passkey_failures(wrong), checks.places.one(call.caller.address):
        new = await asyncio.to_thread(check)
    add = partial(
        add_passkey, owner_id=owner_id, credential=new.id, public_key=new.public_key,
        sign_count=new.sign_count, name=body.name, now=now,
    )  # fmt: skip
    try:
        made = await context.store.database.write(add)
    except AlreadyExists:
        raise ApiError(409, "The passkey exists already", "passkey_exists") from None
    except InvalidValue as error:
        raise ApiError(409, str(error).capitalize(), "too_many_passkeys") from None
    audit(context, call.caller, "passkey.add", detail=f"passkey {made.id}")
    return _answer(made)


@router.delete("/account/passkeys/{passkey_id}", status_code=204)
async def remove_account_passkey(passkey_id: PasskeyId, call: FreshCall, context: Context) -> None:
    """Remove a passkey; the sessions that began with it end."""
    owner_id = call.login.owner_id
    remove = partial(
        remove_passkey, owner_id=owner_id, passkey_id=int(passkey_id), now=context.clock.time()
    )
    try:
        removed = await context.store.database.write(remove)
    except NotFound:
        raise ApiError(404, "There is no such passkey", "no_passkey") from None
    audit(context, call.caller, "passkey.remove", detail=f"passkey {removed.id}")
    for session in await context.callers.web.list_of(owner_id):
        if session.passkey_id == removed.id:
            await context.callers.web.end(owner_id, session.id)


@contextmanager
def passkey_failures(wrong: ApiError) -> Iterator[None]:
    """Raise what a check that fails is here; ``wrong`` for what is not right."""
    try:
        yield
    except LoginRefused:
        raise wrong from None
    except Busy:
        raise ApiError(503, "Too many log-ins at once", wait=BUSY_WAIT) from None


def _answer(passkey: Passkey) -> PasskeyAnswer:
    used = passkey.last_used
    return PasskeyAnswer(
        id=str(passkey.id),
        name=passkey.name,
        created=time_of(passkey.created),
        last_used=time_of(used) if used is not None else None,
    )
