"""``/mqapi``: MQTT brokers ask who may log in, and what topics those may use.

A broker's plugin sends a form or JSON with ``username``, ``password``, ``topic``, ``acc`` and
``clientid``, some of them empty. 200 is yes and 403 no. ``acc`` makes no difference: who may read a
topic may write it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ovms.protocol.spelling import owner_key
from ovms.server.http.answers import text_answer
from ovms.server.http.bodies import fields_of
from ovms.server.http.callers import address_of
from ovms.server.http.errors import CallFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from ovms.server.http.context import HttpContext

    Question = Callable[[HttpContext, Mapping[str, str], str], Awaitable[bool]]

RIGHT = "v3"
"""What a token must permit for the broker."""

YES = "ok"
"""The text of yes, without a newline: plugins may be set to look at it, not at the status."""

PREFIX = "ovms"
"""The first level of all topics of owners."""


def routes(context: HttpContext) -> list[Route]:
    """Return the routes of these calls."""
    return [
        _question(context, "/mqapi/auth", may_log_in),
        _question(context, "/mqapi/superuser", is_superuser),
        _question(context, "/mqapi/acl", may_use),
    ]


def _question(context: HttpContext, path: str, ask: Question) -> Route:
    """Return the route of a question; without a name there is nobody to ask about."""

    async def answer(request: Request) -> Response:
        try:
            fields = await fields_of(request)
        except CallFailed:
            fields = {}
        if not fields.get("username"):
            raise CallFailed(404, "Not found")
        is_allowed = await ask(context, fields, address_of(request))
        return PlainTextResponse(YES) if is_allowed else text_answer("Forbidden", 403)

    return Route(path, answer, methods=["POST"])


async def may_log_in(context: HttpContext, fields: Mapping[str, str], address: str) -> bool:
    """Return whether name and password are right, and the login may use the broker.

    Raises :class:`CallFailed` (429 or 503).
    """
    user, password = fields["username"], fields.get("password", "")
    try:
        await context.callers.log_in(user, password, RIGHT, address, by_broker=True)
    except CallFailed as error:
        if error.status == 401:
            return False
        raise
    return True


async def is_superuser(context: HttpContext, fields: Mapping[str, str], address: str) -> bool:
    """Return whether somebody may use all topics."""
    wanted = context.mqtt_superuser
    return wanted is not None and owner_key(wanted) == owner_key(fields["username"])


async def may_use(context: HttpContext, fields: Mapping[str, str], address: str) -> bool:
    """Return whether somebody may use a topic, or subscribe to a pattern of topics."""
    if await is_superuser(context, fields, address):
        return True
    return is_own_topic(fields["username"], fields.get("topic", ""))


def is_own_topic(user: str, topic: str) -> bool:
    """Return whether a topic, or all that a pattern matches, is below an owner's.

    Topics are compared with case, as brokers do. A name that is a pattern, or more than one level,
    has none.
    """
    prefix = f"{PREFIX}/{user}/"
    is_level = user != "" and not any(sign in user for sign in "/+#\0")
    return is_level and len(topic) > len(prefix) and topic.startswith(prefix)
