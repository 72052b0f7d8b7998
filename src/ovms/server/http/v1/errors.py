"""What goes wrong in a call of ``/api/v1``, and the one body that says so."""

from __future__ import annotations

import math
from typing import Final

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from ovms.server.http.errors import CallFailed
from ovms.server.http.v1.models import DOCUMENTED
from ovms.server.storage.errors import (
    AlreadyExists,
    InvalidValue,
    LastAdministrator,
    NotFound,
    OwnerHasVehicles,
    QuotaReached,
    RecordError,
)

CODES: Final = {
    400: "bad_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many",
    500: "internal_error",
    502: "unreadable_answer",
    503: "unavailable",
    504: "no_answer",
}
"""The code of an error that has none of its own, by status."""


RECORD_ERRORS: Final[dict[type[RecordError], tuple[int, str]]] = {
    InvalidValue: (422, "invalid"),
    NotFound: (404, "not_found"),
    AlreadyExists: (409, "taken"),
    OwnerHasVehicles: (409, "has_vehicles"),
    QuotaReached: (409, "quota"),
    LastAdministrator: (409, "last_admin"),
}
"""The status and the code of what the storage cannot do."""


class ErrorDetail(BaseModel):
    """What is wrong with one part of a call."""

    field: str = Field(description="Where it stands, as `body.name` or `query.limit`.")
    message: str


class ErrorContent(BaseModel):
    """What went wrong."""

    code: str = Field(description="A word for programs; it does not change.")
    message: str = Field(description="A sentence for people; it may change.")
    details: list[ErrorDetail] = Field(default_factory=list)


class ErrorBody(BaseModel):
    """The body of every answer that is no success."""

    model_config = DOCUMENTED

    error: ErrorContent


class ApiError(Exception):
    """A call of ``/api/v1`` fails with a status, a code for programs, and a sentence for people.

    ``wait`` in seconds goes into ``Retry-After``, the methods that ``allow`` names into ``Allow``.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "",
        *,
        wait: float | None = None,
        details: list[ErrorDetail] | None = None,
        allow: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or CODES.get(status, "error")
        self.wait = wait
        self.details = details or []
        self.allow = allow


def error_answer(error: ApiError) -> JSONResponse:
    """Return the answer to a call that failed. No other function makes this body."""
    content = ErrorContent(code=error.code, message=str(error), details=error.details)
    headers = {"cache-control": "no-store"}
    if error.wait is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.wait)))
    if error.allow:
        headers["allow"] = error.allow
    if error.status == 401:
        headers["www-authenticate"] = 'Bearer realm="ovms"'
    body = ErrorBody(error=content).model_dump()
    return JSONResponse(body, error.status, headers)


def from_field(error: CallFailed) -> ApiError:
    """Return what a failure of code that both APIs share is here."""
    return ApiError(error.status, str(error), wait=error.wait)


def from_record(error: RecordError) -> ApiError:
    """Return what it is here that the storage cannot do what was asked."""
    status, code = RECORD_ERRORS.get(type(error), (409, "conflict"))
    text = str(error)
    return ApiError(status, text[:1].upper() + text[1:], code)
