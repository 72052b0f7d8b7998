"""What the bodies of calls and answers have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, PlainSerializer

DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True)
"""The docstrings of a model's fields are their descriptions in OpenAPI."""


class ApiAnswer(BaseModel):
    """The body of an answer. All fields are always there; unknown is null."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")


class CallBody(BaseModel):
    """The body of a call. A field that it does not know is refused, not passed over."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid", strict=True)


def _iso(time: datetime) -> str:
    text = time.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


Time = Annotated[datetime, PlainSerializer(_iso)]
"""A time, in UTC with milliseconds: ``2026-11-27T02:30:00.000Z``."""


def time_of(seconds: float) -> datetime:
    """Return a time of Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)
