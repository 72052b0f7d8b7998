"""What a call says about who calls: name and password, or a session's cookie.

Name and password stand in the URL, as the field's clients send them, in the body of a form, or in
``Authorization: Basic``.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COOKIE: Final = "ovmsapisession"

_SESSION: Final = re.compile(rf'(?:^|[;,\s]){COOKIE}\s*=\s*"?([^\s";,]+)')
"""A session's id in a ``Cookie`` header, quoted or not. Some clients send the whole ``Set-Cookie``
value of whatever server, so attributes and other cookies stand anywhere."""


def session_ids(headers: Sequence[str]) -> list[str]:
    """Return the ids of sessions that ``Cookie`` headers name, the first first."""
    return [found.lower() for header in headers for found in _SESSION.findall(header)]


def named_in(fields: Mapping[str, str]) -> tuple[str, str] | None:
    """Return name and password, if a URL or a form says both."""
    user, password = fields.get("username", ""), fields.get("password", "")
    return (user, password) if user and password else None


def basic(header: str) -> tuple[str, str] | None:
    """Return name and password of an ``Authorization`` header, ``None`` if it has none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        raw = b64decode(value.strip(), validate=True)
    except ValueError:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # what browsers sent for long
    user, _, password = text.partition(":")
    return (user, password) if user and password else None
