"""``/account/registration`` and ``/account/email``: accounts and addresses, confirmed by mail."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Request
from pydantic import Field

from ovms.server.http.callers import address_of
from ovms.server.http.v1.callers import Context, FreshCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody
from ovms.server.http.v1.reset import (
    CodeText,
    MailedAnswer,
    NewPassword,
    ShortText,
    check_mail,
    check_new_password,
    no_code,
)
from ovms.server.http.v1.routing import make_router
from ovms.server.storage import mail_codes, names, queries
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.mail_codes import MailedOwner, MailPurpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext

router = make_router("account")

DAY: Final = "a day"

OwnerName = Annotated[str, Field(min_length=1, max_length=64)]


class RegistrationBody(CallBody):
    """Who wants an account."""

    name: OwnerName
    """A word without blanks, commas, colons and slashes. One with `@` must be the mail address."""
    email: ShortText
    password: NewPassword
    """No blanks, at most 512 bytes."""


class CodeBody(CallBody):
    """What a mail said."""

    code: CodeText


class EmailBody(CallBody):
    """Another address."""

    email: ShortText


class RegisteredAnswer(ApiAnswer):
    """A new owner."""

    name: str


class EmailAnswer(ApiAnswer):
    """An owner's address."""

    email: str


@router.post("/account/registration", status_code=202)
async def ask_for_account(
    body: RegistrationBody, request: Request, context: Context
) -> MailedAnswer:
    """Mail a code that makes an account. The answer does not tell which names are taken.

    The mail does, to whoever reads it. Needs the server's setting `registration`.
    """
    check_registration(context)
    check_mail(context)
    check_new_password(body.password)
    asked = {"name": _name(body.name), "email": _email(body.email)}
    _check_stranger(**asked)
    context.desk.mailer.ask_registration(
        address_of(request), partial(_mail_registration, context, asked, body.password)
    )
    return MailedAnswer(message="A mail is on its way: it says how to go on.")


@router.post("/account/registration/confirm", status_code=201)
async def confirm_account(body: CodeBody, request: Request, context: Context) -> RegisteredAnswer:
    """Make the account for which a mail asked, and whose code this is."""
    check_registration(context)
    context.desk.mailer.check_try(address_of(request))
    make = partial(mail_codes.register, code=body.code, now=context.clock.time())
    owner = await context.store.database.write(make)
    if owner is None:
        raise no_code()
    context.audit.put(
        "registered", actor=owner.name, owner_id=owner.id, address=address_of(request)
    )
    return RegisteredAnswer(name=owner.name)


@router.post("/account/email", status_code=202)
async def ask_for_email(body: EmailBody, call: FreshCall, context: Context) -> MailedAnswer:
    """Mail a code to another address of the caller's, which counts once it comes back."""
    check_mail(context)
    owner_id, email = call.login.owner_id, _email(body.email)
    context.desk.mailer.ask(call.caller.address, partial(_mail_email, context, owner_id, email))
    return MailedAnswer(message="A mail is on its way: it says how to go on.")


@router.post("/account/email/confirm")
async def confirm_email(body: CodeBody, request: Request, context: Context) -> EmailAnswer:
    """Change an owner's address by the code of a mail; the old address is told."""
    context.desk.mailer.check_try(address_of(request))
    change = partial(mail_codes.change_email, code=body.code, now=context.clock.time())
    done = await context.store.database.write(change)
    if done is None:
        raise no_code()
    before, after = done
    if before.email:
        context.desk.mailer.put(partial(_tell_old, context, before))
    context.audit.put(
        "email.changed", actor=after.name, owner_id=after.id, address=address_of(request)
    )
    return EmailAnswer(email=after.email)


def check_registration(context: HttpContext) -> None:
    """Raise :class:`ApiError` (403) where strangers may make no accounts."""
    if not context.desk.registration:
        raise ApiError(403, "Only the operator makes accounts here", "registration_off")


async def _mail_registration(context: HttpContext, asked: Mapping[str, str], password: str) -> None:
    mailer, name, email = context.desk.mailer, asked["name"], asked["email"]
    if not mailer.has_room(email):
        return
    find = partial(queries.find_owner, name=name)
    is_taken = names.owner_key(name) in context.desk.reserved
    if is_taken or await context.store.database.read(find) is not None:
        await mailer.send(
            email,
            "Choose another name",
            f"Somebody, probably you, wants an account with the name {name}.",
            "That name is taken: register again with another one.",
        )
        return
    content = {**asked, "hash": await context.callers.accounts.hash_password(password, None)}
    code, now = mailer.new_code(), context.clock.time()

    def put(connection: Connection) -> bool:
        return mail_codes.put_code(connection, MailPurpose.REGISTER, code, content, now)

    if await context.store.database.write(put):
        await mailer.send(
            email,
            "Confirm your account",
            f"Somebody, probably you, wants an account with the name {name}.",
            mailer.how_to(MailPurpose.REGISTER, code, DAY),
            "If it was not you, do nothing: no account is made.",
        )


async def _mail_email(context: HttpContext, owner_id: int, email: str) -> None:
    mailer, code, now = context.desk.mailer, context.desk.mailer.new_code(), context.clock.time()
    if not mailer.has_room(email):
        return

    def put(connection: Connection) -> str | None:
        found = mail_codes.owner_of(connection, owner_id)
        if found is None:
            return None
        content = {"email": email, "old": found.email}
        is_put = mail_codes.put_code(connection, MailPurpose.EMAIL, code, content, now, owner_id)
        return found.name if is_put else None

    name = await context.store.database.write(put)
    if name is not None:
        await mailer.send(
            email,
            "Confirm your mail address",
            f"The account {name} is to have this mail address.",
            mailer.how_to(MailPurpose.EMAIL, code, DAY),
            "If you do not know of it, do nothing.",
        )


async def _tell_old(context: HttpContext, before: MailedOwner) -> None:
    await context.desk.mailer.send(
        before.email,
        "Your mail address was changed",
        f"The account {before.name} has another mail address now.",
        "If you did not change it, ask the operator of the server for help.",
    )


def _name(text: str) -> str:
    try:
        return names.owner_name(text)
    except InvalidValue as error:
        raise ApiError(422, _sentence(error), "bad_name") from None


def _check_stranger(name: str, email: str) -> None:
    """Raise :class:`ApiError` (422) for a name by which a stranger could deceive others.

    A mail with the name in it goes to whatever address the stranger gives, and must bear no link.
    Somebody else's address as a name would be taken for that owner.
    """
    if ":" in name or "/" in name:
        raise ApiError(422, "The owner name may not hold a colon or a slash", "bad_name")
    if "@" in name and names.owner_key(name) != names.owner_key(email):
        raise ApiError(422, "A name with @ must be the mail address", "bad_name")


def _email(text: str) -> str:
    try:
        return names.email(text)
    except InvalidValue as error:
        raise ApiError(422, _sentence(error), "bad_email") from None


def _sentence(error: InvalidValue) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
