"""``/account/reset``: a new password, by mail."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Request
from pydantic import Field

from ovms.server.accounts.errors import Busy
from ovms.server.accounts.passwords import PasswordError, check_password
from ovms.server.http.callers import BUSY_WAIT, address_of
from ovms.server.http.v1.callers import Context
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody
from ovms.server.http.v1.routing import make_router
from ovms.server.storage import mail_codes
from ovms.server.storage.mail_codes import MailedOwner, MailPurpose

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext

router = make_router("account")

HOUR: Final = "an hour"

ShortText = Annotated[str, Field(min_length=1, max_length=254)]
NewPassword = Annotated[str, Field(min_length=1, max_length=512)]
CodeText = Annotated[str, Field(min_length=1, max_length=128)]


class ResetBody(CallBody):
    """Whose password is forgotten."""

    account: ShortText
    """The owner's name or mail address."""


class ResetConfirmBody(CallBody):
    """A new password."""

    code: CodeText
    """What the mail said."""
    password: NewPassword
    """The new password: no blanks, at most 512 bytes."""


class MailedAnswer(ApiAnswer):
    """What happens next."""

    message: str
    """A sentence for people."""


@router.post("/account/reset", status_code=202)
async def ask_for_reset(body: ResetBody, request: Request, context: Context) -> MailedAnswer:
    """Mail a code for a new password to the owner's address, if there are both.

    The answer is the same in any case. An owner without a password gets none.
    """
    check_mail(context)
    context.desk.mailer.ask(address_of(request), partial(mail_reset, context, body.account))
    return MailedAnswer(message="If that account has a mail address, a mail is on its way to it.")


@router.post("/account/reset/confirm", status_code=204)
async def confirm_reset(body: ResetConfirmBody, request: Request, context: Context) -> None:
    """Set a new password by the code of a mail, which holds once.

    All sessions of the owner end. Second factors and API tokens stay.
    """
    context.desk.mailer.check_try(address_of(request))
    now = context.clock.time()
    find = partial(mail_codes.find_code, purpose=MailPurpose.RESET, code=body.code, now=now)
    if await context.store.database.read(find) is None:
        raise no_code()
    hashed = await hashed_password(context, body.password, address_of(request))
    reset = partial(mail_codes.reset_password, code=body.code, password_hash=hashed, now=now)
    owner = await context.store.database.write(reset)
    if owner is None:
        raise no_code()
    context.callers.web.forget(owner.id)
    address = address_of(request)
    context.audit.put("password.reset", actor=owner.name, owner_id=owner.id, address=address)


async def mail_reset(context: HttpContext, account: str) -> None:
    """Mail a code to each owner whom a name or an address means."""
    find = partial(mail_codes.accounts_of, account=account)
    for owner in await context.store.database.read(find):
        await mail_reset_to(context, owner)


async def mail_reset_to(context: HttpContext, owner: MailedOwner) -> None:
    """Mail a code for a new password to an owner."""
    mailer = context.desk.mailer
    if not mailer.has_room(owner.email):
        return
    code, now = mailer.new_code(), context.clock.time()

    def put(connection: Connection) -> bool:
        content = {"email": owner.email}
        return mail_codes.put_code(connection, MailPurpose.RESET, code, content, now, owner.id)

    if await context.store.database.write(put):
        await mailer.send(
            owner.email,
            "Set a new password",
            f"Somebody, probably you, wants to set a new password for the account {owner.name}.",
            mailer.how_to(MailPurpose.RESET, code, HOUR),
            "If it was not you, do nothing: the password stays as it is.",
        )


def check_mail(context: HttpContext) -> None:
    """Raise :class:`ApiError` (409) where no mail server is set."""
    if not context.desk.mailer.is_on:
        raise ApiError(409, "This server sends no mail", "mail_off")


def no_code() -> ApiError:
    """Return the failure of a call with a code that does not hold."""
    return ApiError(404, "The code is wrong, was used, or is too old", "no_code")


def check_new_password(password: str) -> None:
    """Raise :class:`ApiError` (422) for a password that no app can send."""
    try:
        check_password(password)
    except PasswordError as error:
        text = str(error)
        raise ApiError(422, text[:1].upper() + text[1:], "bad_password") from None


async def hashed_password(context: HttpContext, password: str, address: str) -> str:
    """Return the hash of a new password. Raises :class:`ApiError` (422 or 503)."""
    check_new_password(password)
    try:
        return await context.callers.accounts.hash_password(password, address)
    except Busy:
        raise ApiError(503, "Too many passwords are set at once", wait=BUSY_WAIT) from None
