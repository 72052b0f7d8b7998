"""The routers of ``/api/v1``."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter

from ovms.server.http.v1.errors import ErrorBody

PREFIX: Final = "/api/v1"

DEFAULT_ERRORS: Final = (401, 403, 404, 422, 429, 500, 503)
"""Statuses of errors that any call may have."""

OTHER_ERRORS: Final = ("4XX", "5XX")
"""Any other error has the same body."""


def make_router(tag: str) -> APIRouter:
    """Return a router for calls that are described under ``tag``."""
    errors: dict[int | str, dict[str, Any]] = {
        each: {"model": ErrorBody} for each in (*DEFAULT_ERRORS, *OTHER_ERRORS)
    }
    return APIRouter(prefix=PREFIX, tags=[tag], responses=errors)
