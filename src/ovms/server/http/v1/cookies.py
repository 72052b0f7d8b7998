"""The cookie of a session: ``ovms_session``, over TLS ``__Host-ovms_session``.

A browser takes the second only over TLS and for this host, so no other host and no plain connection
can put one there. Cookies know no ports, so each kind of connection reads its own only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypedDict

from ovms.server.storage.web_sessions import LIFE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PLAIN: Final = "ovms_session"
SECURE: Final = f"__Host-{PLAIN}"


class CookieAttributes(TypedDict):
    """What a browser has to know of a cookie."""

    path: str
    secure: bool
    httponly: bool
    samesite: Literal["lax"]


def cookie_of(request: Request) -> str:
    """Return the session's cookie, ``""`` if the call has none."""
    return request.cookies.get(_name(request), "")


def set_cookie(request: Request, response: Response, key: str) -> None:
    """Have the browser keep a session's cookie, for this server, and out of reach of scripts."""
    response.set_cookie(_name(request), key, max_age=int(LIFE), **_attributes(request))


def clear_cookie(request: Request, response: Response) -> None:
    """Have the browser forget it."""
    response.set_cookie(_name(request), "", max_age=0, **_attributes(request))


def is_secure(request: Request) -> bool:
    """Return whether the caller's connection is encrypted; a trusted proxy says so."""
    return bool(request.scope["scheme"] == "https")


def _name(request: Request) -> str:
    return SECURE if is_secure(request) else PLAIN


def _attributes(request: Request) -> CookieAttributes:
    return {"path": "/", "secure": is_secure(request), "httponly": True, "samesite": "lax"}
