"""Whether a page of another site has a browser call, which no session's cookie may serve.

A browser says from which site a call comes, in ``Sec-Fetch-Site`` and in ``Origin``, and no script
can alter either. Programs that send the cookie of a session say one of them themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ovms.server.http.v1.cookies import is_secure

if TYPE_CHECKING:
    from starlette.requests import Request

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods of calls that change nothing."""

_PORTS: Final = {"http": 80, "https": 443}

Site = tuple[str, str, int]
"""Scheme, host and port."""


def is_from_here(request: Request, public_url: str | None = None) -> bool:
    """Return whether a call says that it comes from a page of this server, or from no page.

    ``public_url`` is where people find the server, if a proxy calls it by another name.
    """
    found = _said(request, public_url)
    return found is not None and found


def is_from_elsewhere(request: Request, public_url: str | None = None) -> bool:
    """Return whether a call says that it comes from a page of another site."""
    found = _said(request, public_url)
    return found is not None and not found


def _said(request: Request, public_url: str | None) -> bool | None:
    """Return whether the call comes from here, ``None`` if it does not say."""
    fetch = request.headers.get("sec-fetch-site")
    if fetch in ("same-origin", "none"):
        return True
    origins = request.headers.getlist("origin")
    if fetch == "cross-site":
        return False
    if not origins:
        return None if fetch is None else False
    return len(origins) == 1 and _is_ours(origins[0], request, public_url)


def _is_ours(origin: str, request: Request, public_url: str | None) -> bool:
    site = _site(origin)
    if site is None:
        return False
    if public_url is not None and site == _site(public_url):
        return True
    scheme, host, port = site
    if scheme == "http" and is_secure(request):
        return False  # anybody on the way can be a plain page
    return (scheme, host, port) == _site(f"{scheme}://{request.headers.get('host', '')}")


def _site(url: str) -> Site | None:
    """Return the site of a URL, ``None`` if it is none, as of ``null``."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]
