"""``/api/cookie``: sessions begin and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.http.answers import text_answer
from ovms.server.http.credentials import COOKIE
from ovms.server.http.routing import owner_call

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from ovms.server.http.callers import HttpCaller
    from ovms.server.http.context import HttpContext


def routes(context: HttpContext) -> list[Route]:
    """Return the routes of these calls."""
    return [
        owner_call(context, "/api/cookie", log_in, ("GET", "POST")),
        owner_call(context, "/api/cookie", log_out, ("DELETE",)),
    ]


async def log_in(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """Begin a session; answer with its cookie, which has no attributes: clients take all of it."""
    session = context.callers.open_session(caller)
    context.audit.put(
        "session.open",
        actor=caller.login.owner,
        owner_id=caller.login.owner_id,
        detail="of the field's API",
        address=caller.address,
    )
    answer = text_answer("Login ok")
    answer.headers["set-cookie"] = f"{COOKIE}={session.id}"
    return answer


async def log_out(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """End the caller's session, if there is one."""
    context.callers.sessions.end(caller.session)
    return text_answer("Logout ok")
