"""What the bodies of calls and answers have in common."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

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


_GIVEN: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def _check_given(value: object) -> object:
    if not isinstance(value, str) or not _GIVEN.fullmatch(value):
        raise ValueError("write a time with its zone, as 2026-11-27T02:30:00Z")
    return value


GivenTime = Annotated[AwareDatetime, BeforeValidator(_check_given), Field(strict=False)]
"""A time in the body of a call, with its zone: ``2026-11-27T02:30:00Z``."""


_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _check_date(value: object) -> object:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("write a date as 2026-11-27")
    return value


GivenDate = Annotated[date, BeforeValidator(_check_date), Field(strict=False)]
"""A date in the body of a call: ``2026-11-27``."""


SpanDate = Annotated[
    date, BeforeValidator(_check_date), WithJsonSchema({"type": "string", "format": "date"})
]
"""A date in the URL of a call."""


def time_of(seconds: float) -> datetime:
    """Return a time of Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)
