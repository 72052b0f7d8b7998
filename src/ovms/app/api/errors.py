"""What a call of the API raises when the server answers with an error.

::

    app.Error
    └── ApiRefused            the server's answer is an error: status, code, message, details
        ├── NotAuthenticated  401: no log-in, or the token is wrong, removed or over
        ├── NotAllowed        403: the caller lacks a right
        ├── ApiNotFound       404: there is no such thing, or it is somebody else's
        └── TryLater          429, 503: retry_after says in how many seconds

Without an answer it is ``ConnectFailed``, ``Untrusted``, ``ConnectionLost`` or ``NoAnswer`` of
:mod:`ovms.app.errors`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from ovms.base.errors import Error

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class RefusedDetail:
    """What is wrong with one part of a call."""

    field: str
    """Where it stands, as ``body.name`` or ``query.limit``."""
    message: str


class ApiRefused(Error):
    """The server answered a call with an error."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: tuple[RefusedDetail, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        """The status of HTTP."""
        self.code = code
        """A word for programs, which does not change."""
        self.message = message
        """A sentence for people."""
        self.details = details
        self.retry_after = retry_after
        """Seconds after which the call may be repeated, if the server says so."""

    def __str__(self) -> str:
        """Return the sentence, and what is wrong with which part of the call."""
        parts = [f"{each.field}: {each.message}" for each in self.details]
        return "; ".join([self.message, *parts])


class NotAuthenticated(ApiRefused):
    """Nobody is logged in: the token is missing, wrong, removed or over."""


class NotAllowed(ApiRefused):
    """The caller lacks a right."""


class ApiNotFound(ApiRefused):
    """There is no such thing, or it is somebody else's."""


class TryLater(ApiRefused):
    """The caller has called too often, or the server cannot answer now."""


KINDS: Final = {
    401: NotAuthenticated,
    403: NotAllowed,
    404: ApiNotFound,
    429: TryLater,
    503: TryLater,
}

DIGITS_LIMIT: Final = 6
"""Digits of the seconds that a server may have us wait."""


class _RefusalContent(msgspec.Struct):
    code: str
    message: str
    details: tuple[RefusedDetail, ...] = ()


class _RefusalBody(msgspec.Struct):
    error: _RefusalContent


def refusal_of(answer: httpx.Response, body: bytes) -> ApiRefused:
    """Return what an answer that is no success says. A proxy's may say nothing that we know."""
    try:
        content = msgspec.json.decode(body, type=_RefusalBody).error
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        content = _RefusalContent("error", f"HTTP status {answer.status_code}")
    wait = answer.headers.get("retry-after", "")
    kind = KINDS.get(answer.status_code, ApiRefused)
    return kind(
        answer.status_code, content.code, content.message, content.details,
        float(wait) if wait.isascii() and wait.isdigit() and len(wait) <= DIGITS_LIMIT else None,
    )  # fmt: skip
