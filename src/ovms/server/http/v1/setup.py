"""``/setup``: the first administrator, by a token that the server has printed at its start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Request
from pydantic import Field

from ovms.server.http.callers import address_of
from ovms.server.http.v1.callers import Context
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody
from ovms.server.http.v1.reset import NewPassword, hashed_password
from ovms.server.http.v1.routing import make_router
from ovms.server.storage import names, queries

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.values import Owner

router = make_router("set-up")


class SetupAnswer(ApiAnswer):
    """What somebody who is not logged in can do here."""

    is_open: bool
    """The server has no owner yet: make the administrator with the token that it printed."""
    registration: bool
    """Whoever shows that mail arrives may make an account."""
    mail: bool
    """The server sends mail, so a forgotten password can be set again."""


class SetupBody(CallBody):
    """The first administrator."""

    token: Annotated[str, Field(min_length=1, max_length=128)]
    """What `ovms serve` has printed at its start."""
    name: Annotated[str, Field(min_length=1, max_length=64)]
    """A word without blanks and commas."""
    password: NewPassword
    """No blanks, at most 512 bytes."""
    email: Annotated[str, Field(max_length=254)] = ""
    """The mail address; empty for none."""


class AdministratorAnswer(ApiAnswer):
    """The new administrator."""

    name: str


@router.get("/setup")
async def get_setup(context: Context) -> SetupAnswer:
    """Return whether the server waits for its first administrator, and who may make accounts."""
    desk = context.desk
    return SetupAnswer(
        is_open=await _is_open(context),
        registration=desk.registration and desk.mailer.is_on,
        mail=desk.mailer.is_on,
    )


@router.post("/setup", status_code=201)
async def set_up(body: SetupBody, request: Request, context: Context) -> AdministratorAnswer:
    """Make the first administrator of a server without owners.

    The token holds until the server stops or has an owner; each start makes another one.
    """
    address = address_of(request)
    context.desk.mailer.check_try(address)
    token = context.desk.setup
    if token is None or not await _is_open(context):
        raise _over()
    if not token.is_right(body.token):
        raise ApiError(403, "That is not the token that the server has printed", "bad_token")
    name, email = names.owner_name(body.name), names.email(body.email)
    hashed = await hashed_password(context, body.password, address)

    def make(connection: Connection) -> Owner | None:
        if queries.has_owners(connection):
            return None
        now = context.clock.time()
        return queries.add_owner(
            connection, name, now, password_hash=hashed, email=email, admin=True
        )

    owner = await context.store.database.write(make)
    if owner is None:
        raise _over()
    context.desk.setup = None
    context.audit.put("setup", actor=owner.name, owner_id=owner.id, address=address)
    return AdministratorAnswer(name=owner.name)


async def _is_open(context: HttpContext) -> bool:
    if context.desk.setup is None:
        return False
    return not await context.store.database.read(queries.has_owners)


def _over() -> ApiError:
    return ApiError(409, "The server is set up already", "setup_over")
